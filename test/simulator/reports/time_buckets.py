"""Cuts time into the buckets of a report, and names them.

Minutes, hours, days, weeks from Monday and months are the calendar's: a bucket begins where the calendar's does, even
before the report's first day, but holds only events of the report's days. Buckets of a number of days begin with the
report's first day. Hours and minutes are called `2025-01-02 10:00:00`, all others `2025-01-02`, their first day.
"""

from datetime import date, datetime, time, timedelta

EPOCH = datetime(1970, 1, 1)
MILLISECOND = timedelta(milliseconds=1)
UNITS = {
    "minute": timedelta(minutes=1),
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(days=7),
}


def moment(time_ms: int) -> datetime:
    return EPOCH + time_ms * MILLISECOND


def milliseconds(moment: datetime) -> int:
    return (moment - EPOCH) // MILLISECOND


def midnight(day: date) -> datetime:
    return datetime.combine(day, time())


def start_of(unit: str, moment: datetime) -> datetime:
    """The beginning of the calendar's unit that the moment is in."""
    if unit == "minute":
        return moment.replace(second=0, microsecond=0)
    if unit == "hour":
        return moment.replace(minute=0, second=0, microsecond=0)
    day = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    if unit == "week":
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if unit == "month" else day


def later(unit: str, moment: datetime, count: int) -> datetime:
    """So many units after the moment. A month after the 31st is the last day of a shorter month."""
    if unit != "month":
        return moment + count * UNITS[unit]
    months = moment.year * 12 + moment.month - 1 + count
    first = moment.replace(year=months // 12, month=months % 12 + 1, day=1)
    length = (first + timedelta(days=31)).replace(day=1) - first
    return first + timedelta(days=min(moment.day, length.days) - 1)


class Buckets:
    def __init__(self, from_date: date, to_date: date, unit: str = "day", days: int | None = None):
        """Calendar buckets of the unit, or, with `days`, of so many days each."""
        self.first, self.end = midnight(from_date), midnight(to_date) + UNITS["day"]
        self.unit = unit
        self.days = days

    def start(self, time_ms: int) -> datetime:
        """The beginning of the bucket that the moment is in: what the bucket is known by."""
        at = moment(time_ms)
        if self.days is None:
            return start_of(self.unit, at)
        return self.first + (at - self.first) // timedelta(days=self.days) * timedelta(days=self.days)

    def later(self, start: datetime, count: int = 1) -> datetime:
        """Where the bucket begins that comes so many after this one; also for any other moment."""
        return start + count * timedelta(days=self.days) if self.days else later(self.unit, start, count)

    def all(self) -> list[datetime]:
        """Every bucket of the report, whether anything happened in it or not."""
        starts = [self.start(milliseconds(self.first))]
        while (following := self.later(starts[-1])) < self.end:
            starts.append(following)
        return starts

    def label(self, start: datetime) -> str:
        return str(start) if self.days is None and self.unit in ("minute", "hour") else str(start.date())
