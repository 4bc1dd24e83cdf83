"""Describes the simulated Mixpanel project: who may see it, which days it has, and the recipe of their events."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from .shop import Recipe


@dataclass(frozen=True)
class Project:
    from_date: date = date(2025, 1, 1)
    """Here and in `today`, ISO text will do."""
    days: int = 30
    events_per_day: int = 1000
    seed: int = 1
    event_bytes: int = 0
    """Rows shorter than this are padded to it; 0 leaves them as they are, about 880 bytes on average."""
    repeat_blocks: int = 1
    """A day's rows are sent this many times over: gigabytes of export from megabytes of memory."""
    weird_rate: float = 0.01
    """The share of odd rows, and the same share of late and of duplicate ones; 0 for clean data."""
    equal_rows: bool = False
    """Odd rows that lack `$insert_id` come twice, as two events that are the same in every respect."""
    time_zone: str = "UTC"
    """Any other zone makes a project from before 2023: `time` is its wall clock, written down as if it were UTC."""
    since_2023: bool = False
    """Export days and times are UTC, whatever the zone; reports go by the zone."""
    region: str = "us"
    """Where it lives. Asked for in another region, below `/eu` for instance, it is not known."""
    is_free: bool = False
    """On the free plan, which has no query API: 402 there."""
    redirects_slashes: bool = False
    """Routes that Mixpanel's own client asks with a slash at the end redirect to it where it is missing."""
    today: date | None = None
    """The project's today, the last day that an export may ask for; None for the real one."""
    profiles: int = 2500
    """How many users have a profile; the more, the longer ago they joined."""
    companies: int = 40
    """How many groups have one."""
    page_size: int = 1000
    """Profiles a page."""
    terse_pages: bool = True
    """Pages of profiles after the first say neither `total` nor `page_size`."""
    short_pages: bool = False
    """Pages of profiles hold three quarters of `page_size`, although more follow."""
    retention_timestamps: bool = False
    """Retention is answered by midnights instead of days."""
    max_data_history_days: int | None = None
    """How far back event names may be asked for; None for any time."""
    project_id: int = 12345
    other_project_ids: tuple[int, ...] = ()
    """Further projects that the credentials may see; they hold the same events."""
    name: str = "The Shop"

    def __post_init__(self):
        for name in ("from_date", "today"):
            value = getattr(self, name)
            if isinstance(value, str):
                object.__setattr__(self, name, date.fromisoformat(value))
        ZoneInfo(self.time_zone)  # a wrong name is better heard of here than in the first request

    @property
    def recipe(self) -> Recipe:
        zone = "UTC" if self.since_2023 else self.time_zone
        return Recipe(self.seed, self.events_per_day, self.event_bytes, self.weird_rate, zone, self.equal_rows)

    @property
    def report_zone(self) -> ZoneInfo | None:
        """The zone whose days reports have, where they are not the days of exports."""
        return ZoneInfo(self.time_zone) if self.since_2023 and self.time_zone != "UTC" else None

    @property
    def dates(self) -> list[date]:
        return [self.from_date + timedelta(days=number) for number in range(self.days)]

    @property
    def last_day(self) -> date:
        return self.from_date + timedelta(days=max(self.days, 1) - 1)

    @property
    def project_ids(self) -> tuple[int, ...]:
        return (self.project_id, *self.other_project_ids)

    def current_day(self) -> date:
        return self.today or datetime.now(ZoneInfo(self.time_zone)).date()

    def newest_day(self) -> date:
        """The day that "the last 31 days" end with. Events stop with the project's last day, so such questions are
        answered as if it were still that day: a project of January has event names in December too."""
        return min(self.current_day(), self.last_day)

    def computed_at(self) -> str:
        """When reports say that they were computed: at the end of the newest day."""
        return datetime.combine(self.newest_day(), time(23, 59, 59, 252_314), UTC).isoformat()
