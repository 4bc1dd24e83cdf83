"""Keeps a table of a Mixpanel project's events current: python sync.py shop.duckdb 2025-01-01

Credentials come from the environment. Run it as often as you like: it fetches only days that are new or may have changed."""
import sys
from datetime import date

import duckdb_mixpanel

database, from_date = sys.argv[1], date.fromisoformat(sys.argv[2])
con = duckdb_mixpanel.connect(database)
# max_wait waits if the hourly limit is used up. on_failure leaves out a day that Mixpanel can't give, and the next run fetches it.
con.sql(
    f"PRAGMA mixpanel_sync_events('events', from_date = '{from_date}', max_wait = '1 hour', on_failure = 'skip')"
).show()
# The row that came last: fetched_at is the time of its oldest request, which may be an earlier one's.
latest = "SELECT failed_ranges FROM _metadata WHERE table_name = 'events' ORDER BY rowid DESC LIMIT 1"
[(missing,)] = con.execute(latest).fetchall()
# Exits with 1 if a day is missing, so that the scheduler reports it.
sys.exit(f"missing: {missing}" if missing != "[]" else 0)
