"""Keep a table of a Mixpanel project's events current: python sync.py shop.duckdb 2025-01-01

Credentials come from the environment. Run it as often as you like: it asks only for days that are new, or that were asked for too early."""
import sys
from datetime import date

import duckdb_mixpanel

database, from_date = sys.argv[1], date.fromisoformat(sys.argv[2])
con = duckdb_mixpanel.connect(database)
# A spent hour is waited for. A day that Mixpanel can't give is left out, and asked for again the next time.
con.sql(
    f"PRAGMA mixpanel_sync_events('events', from_date = '{from_date}', max_wait = '1 hour', on_failure = 'skip')"
).show()
[(missing,)] = con.execute("SELECT failed_ranges FROM _metadata ORDER BY fetched_at DESC LIMIT 1").fetchall()
# Not 0 where a day is missing, so that the scheduler says so.
sys.exit(f"missing: {missing}" if missing != "[]" else 0)
