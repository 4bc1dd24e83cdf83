"""Which DuckDB is served by which of the two files."""

SERVED = {
    # C API v1.2.0 is loaded by every version since; C API v2.0.0 by that version alone.
    "v1": [f"v1.{minor}.{patch}" for minor, last in [(2, 2), (3, 2), (4, 5), (5, 6)] for patch in range(last + 1)],
    "v2": ["v2.0.0"],
}
RANGE = f"DuckDB {SERVED['v1'][0]} to {SERVED['v1'][-1]} and {SERVED['v2'][0]}"
