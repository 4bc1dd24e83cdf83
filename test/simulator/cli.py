"""Reads the command line."""

import argparse
import signal
import threading
from dataclasses import replace

from .http1 import REGIONS
from .limits import ALLOWANCES, Limits
from .project import Project
from .simulator import Simulator


def main() -> None:
    options = _parser().parse_args()
    project = Project(
        from_date=options.from_date,
        days=options.days,
        events_per_day=options.events_per_day,
        seed=options.seed,
        event_bytes=options.event_bytes,
        repeat_blocks=options.repeat_blocks,
        weird_rate=options.weird_rate,
        time_zone=options.time_zone,
        today=options.today,
        profiles=options.profiles,
        page_size=options.page_size,
        since_2023=options.since_2023,
        region=options.region,
        is_free=options.free_plan,
        redirects_slashes=options.redirect_slashes,
        project_id=options.project_id[0],
        other_project_ids=tuple(options.project_id[1:]),
    )
    hourly = options.requests_per_hour
    allowances = {api: replace(allowance, per_hour=hourly) for api, allowance in ALLOWANCES.items()} if hourly else {}
    simulator = Simulator(
        project,
        limits=Limits(allowances) if hourly else options.limits,
        latency=options.latency_ms / 1000,
        bytes_per_second=options.bytes_per_second,
        cache_dir=options.cache_dir,
        host=options.host,
        port=options.port,
    )
    if options.warm:
        simulator.warm()
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    with simulator:
        print(f"listening on {simulator.url}", flush=True)
        stopped.wait()


def _parser() -> argparse.ArgumentParser:
    usual = Project()
    parser = argparse.ArgumentParser(
        prog="simulator",
        description="A stand-in for Mixpanel's HTTP API. Point the extension at it with MP_API_BASE_URL.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    add = parser.add_argument
    add("--host", default="127.0.0.1")
    add("--port", type=int, default=0, help="0 takes a free one; the first line of output names it")
    add("--from-date", default=str(usual.from_date), metavar="YYYY-MM-DD", help="the first day with events")
    add("--days", type=int, default=usual.days)
    add("--events-per-day", type=int, default=usual.events_per_day)
    add("--seed", type=int, default=usual.seed)
    add(
        "--event-bytes",
        type=int,
        default=usual.event_bytes,
        metavar="N",
        help="pad shorter rows to N bytes; 0 pads none",
    )
    add("--repeat-blocks", type=int, default=usual.repeat_blocks, metavar="K", help="send a day's rows K times over")
    add(
        "--weird-rate",
        type=float,
        default=usual.weird_rate,
        metavar="SHARE",
        help="the share of odd rows; 0 for clean data",
    )
    add("--time-zone", default=usual.time_zone, metavar="ZONE", help="other than UTC: a project from before 2023, unless --since-2023")
    add("--since-2023", action="store_true", help="export in UTC, reports in the zone: a project from 2023 or later")
    add("--region", default=usual.region, choices=REGIONS, help="where the project lives, for clients that ask by region")
    add("--free-plan", action="store_true", help="402 from the query API")
    add("--redirect-slashes", action="store_true", help="some app routes redirect to themselves with a slash at the end")
    add("--today", metavar="YYYY-MM-DD", help="the project's today; the real one by default")
    add("--profiles", type=int, default=usual.profiles, help="how many users have a profile")
    add("--page-size", type=int, default=usual.page_size, help="profiles a page")
    add("--project-id", type=int, nargs="+", default=[usual.project_id], help="the ids of projects that may be read")
    add("--latency-ms", type=float, default=0, help="before the first byte of every answer")
    add("--bytes-per-second", type=float, default=0, help="per connection; 0 is as fast as possible")
    add("--limits", action=argparse.BooleanOptionalAction, default=False, help="enforce Mixpanel's rate limits")
    add("--requests-per-hour", type=int, metavar="N", help="enforce that many instead of 60, and say so in headers")
    add("--warm", action="store_true", help="make all days before listening")
    add("--cache-dir", metavar="DIR", help="keep generated days there for the next start")
    return parser
