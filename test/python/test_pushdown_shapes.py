"""Tests `WHERE` on DuckDB 2.x in queries of every shape: a condition never narrows a scan that it does not belong to."""
from __future__ import annotations

import random

import pytest
from conftest import only_v2
from narrowing import DAYS, NAMES, both, odd_simulator, sim  # noqa: F401  fixtures are known by their names

pytestmark = only_v2

SHAPES = [
    "SELECT count(*) FROM SRC a LEFT JOIN SRC b ON a.distinct_id = b.distinct_id AND b.event_name = 'Purchase'",
    "SELECT count(*), count(b.event_name) FROM SRC a LEFT JOIN SRC b ON a.distinct_id = b.distinct_id AND a.event_name = 'Purchase'",
    "SELECT count(*) FROM SRC a LEFT JOIN SRC b USING (distinct_id) WHERE b.event_name = 'Purchase' OR b.event_name IS NULL",
    "SELECT count(*) FROM SRC a RIGHT JOIN SRC b ON a.insert_id = b.insert_id AND a.event_name = 'Purchase'",
    "SELECT count(*) FROM SRC a FULL JOIN SRC b ON a.insert_id = b.insert_id AND b.event_name = 'Search' WHERE a.event_time < '2025-01-02'",
    "SELECT count(*) FROM SRC a JOIN SRC b USING (distinct_id) WHERE a.event_name = 'Purchase' AND b.event_name = 'Search'",
    "SELECT count(*) FROM SRC SEMI JOIN (FROM SRC WHERE event_name = 'Purchase') USING (distinct_id)",
    "SELECT count(*) FROM SRC ANTI JOIN (FROM SRC WHERE event_name = 'Purchase') USING (distinct_id)",
    "SELECT count(*) FROM SRC a ASOF JOIN (FROM SRC WHERE event_name = 'Purchase') b ON a.distinct_id = b.distinct_id AND a.event_time >= b.event_time",
    "SELECT count(*) FROM SRC WHERE distinct_id IN (SELECT distinct_id FROM SRC WHERE event_name = 'Purchase')",
    "SELECT count(*) FROM SRC WHERE distinct_id NOT IN (SELECT distinct_id FROM SRC WHERE event_name = 'Purchase' AND distinct_id IS NOT NULL)",
    "SELECT count(*) FROM SRC a WHERE EXISTS (FROM SRC b WHERE b.distinct_id = a.distinct_id AND b.event_name = 'Purchase')",
    "SELECT count(*) FROM SRC a WHERE NOT EXISTS (FROM SRC b WHERE b.distinct_id = a.distinct_id AND b.event_name = 'Purchase')",
    "SELECT count(*) FROM SRC WHERE event_name = (SELECT max(event_name) FROM SRC WHERE event_name < 'S')",
    "SELECT count(*) FROM SRC WHERE event_time > (SELECT max(event_time) FROM SRC) - INTERVAL 1 DAY",
    "SELECT count(*) FROM (VALUES ('Purchase'), ('Search')) v(event_name) JOIN SRC USING (event_name)",
    "WITH c AS (FROM SRC) SELECT (SELECT count(*) FROM c WHERE event_name = 'Purchase'), (SELECT count(*) FROM c WHERE event_name = 'Search'), (SELECT count(*) FROM c)",
    "WITH c AS MATERIALIZED (FROM SRC) SELECT (SELECT count(*) FROM c WHERE event_name = 'Purchase'), (SELECT count(*) FROM c WHERE event_time < '2025-01-02')",
    "WITH c AS NOT MATERIALIZED (FROM SRC) SELECT (SELECT count(*) FROM c WHERE event_name = 'Purchase'), (SELECT count(*) FROM c WHERE event_time < '2025-01-02')",
    "WITH c AS NOT MATERIALIZED (FROM SRC WHERE event_time < '2025-01-04') SELECT count(*) FROM c a JOIN c b USING (distinct_id) WHERE a.event_name = 'Purchase' AND b.event_name = 'Search'",
    "SELECT insert_id FROM SRC WHERE event_name = 'Purchase' UNION ALL SELECT insert_id FROM SRC WHERE event_time < '2025-01-02'",
    "SELECT count(*) FROM (FROM SRC UNION ALL FROM SRC) WHERE event_name = 'Purchase'",
    "SELECT insert_id FROM SRC EXCEPT ALL SELECT insert_id FROM SRC WHERE event_name = 'Purchase'",
    "SELECT insert_id FROM SRC INTERSECT SELECT insert_id FROM SRC WHERE event_name = 'Purchase'",
    "FROM (SELECT event_name, count(*) FROM SRC GROUP BY ALL) WHERE event_name = 'Purchase'",
    "SELECT event_name, count(*) FROM SRC GROUP BY ALL HAVING event_name IN ('Purchase', 'Search')",
    "FROM (SELECT event_name, count(*) OVER () FROM SRC) WHERE event_name = 'Purchase'",
    "FROM (SELECT event_name, event_time, row_number() OVER (ORDER BY event_time, insert_id) FROM SRC) WHERE event_time > '2025-01-04'",
    "FROM (SELECT event_name FROM SRC ORDER BY event_time, insert_id LIMIT 50) WHERE event_name = 'Purchase'",
    "SELECT DISTINCT ON (event_name) event_name, event_time FROM SRC ORDER BY event_name, event_time",
    "FROM (SELECT DISTINCT ON (distinct_id) distinct_id, event_name FROM SRC ORDER BY distinct_id, event_time, event_name) WHERE event_name = 'Purchase'",
    "SELECT count(*) FILTER (event_name = 'Purchase'), count(*) FILTER (event_name = 'Search') FROM SRC",
    "SELECT count(*) FILTER (event_name = 'Purchase') FROM SRC WHERE event_name IN ('Purchase', 'Search')",
    "PIVOT (SELECT event_name, distinct_id FROM SRC) ON event_name IN ('Purchase', 'Search') USING count(*)",
    "SELECT count(*) FROM SRC WHERE event_name = 'Purchase' AND properties ->> 'plan' IS NOT NULL",
    "SELECT event_name, event_time FROM SRC WHERE event_name = 'Purchase' ORDER BY event_time DESC, insert_id LIMIT 3",
    "SELECT max(event_time) FROM SRC WHERE event_name = 'Purchase'",
    "SELECT distinct_id FROM SRC WHERE event_time < '2025-01-02' AND event_name = 'Purchase'",
    "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r WHERE n < 3) SELECT n, (SELECT count(*) FROM SRC WHERE length(event_name) = n + 5) FROM r",
]


@pytest.mark.parametrize("query", SHAPES)
def test_queries_of_every_shape_give_the_same(both, query):
    both(query)


@pytest.mark.parametrize("query", SHAPES[:6] + SHAPES[16:22])
def test_a_view_gives_the_same(both, query):
    both(query, "viewed")


class Conditions:
    """Random conditions, of what users write and what they don't."""

    def __init__(self, seed: int):
        self.random = random.Random(seed)

    def name(self) -> str:
        return "'{}'".format(self.random.choice(NAMES).replace("'", "''"))

    def times(self) -> tuple[str, str]:
        """Two constants of one type: DuckDB compares with no mixture of them."""
        forms = ["'{}'", "DATE '{}'", "TIMESTAMP '{} 12:00'", "TIMESTAMP '{} 23:59:59.999'", "TIMESTAMP_NS '{} 01:00:00'",
                 "TIMESTAMPTZ '{} 03:00+02'"]  # fmt: skip
        form, days = self.random.choice(forms), ["2024-12-31", *DAYS, "2025-01-06"]
        return form.format(self.random.choice(days)), form.format(self.random.choice(days))

    def atom(self) -> str:
        name, other, (time, later) = self.name(), self.name(), self.times()
        compare = self.random.choice(["=", "<>", "<", "<=", ">", ">="])
        return self.random.choice([
            f"event_name {compare} {name}", f"{name} {compare} event_name", f"event_name IN ({name}, {other})",
            f"event_name NOT IN ({name}, {other})", f"event_name IS NOT DISTINCT FROM {name}", f"event_name BETWEEN {name} AND {other}",
            f"event_time {compare} {time}", f"{time} {compare} event_time", f"event_time BETWEEN {time} AND {later}",
            f"event_time NOT BETWEEN {time} AND {later}", f"event_time::DATE = {time}::DATE", f"event_time IN ({time}, {later})",
            f"event_time IS DISTINCT FROM {time}", "insert_id IS NULL", "distinct_id = ''", "event_name = distinct_id", "true", "NULL",
        ])  # fmt: skip

    def condition(self, depth: int = 0) -> str:
        kind = self.random.random()
        if depth > 3 or kind < 0.35:
            return self.atom()
        if kind > 0.9:
            return f"NOT ({self.condition(depth + 1)})"
        word = " AND " if kind < 0.62 else " OR "
        return "(" + word.join(self.condition(depth + 1) for _ in range(self.random.randint(2, 3))) + ")"


@pytest.mark.parametrize("seed", range(4))
def test_random_conditions_give_the_same(both, seed):
    conditions = Conditions(seed)
    for _ in range(25):
        both(f"SELECT event_name, event_time, insert_id FROM SRC WHERE {conditions.condition()}")
        both(f"SELECT count(*) FROM SRC WHERE {conditions.condition()}")
    both(
        f"WITH c AS NOT MATERIALIZED (SELECT event_name, event_time, distinct_id, insert_id FROM SRC WHERE {conditions.condition()}) "
        f"SELECT 1, insert_id FROM c WHERE {conditions.condition()} UNION ALL SELECT 2, insert_id FROM c WHERE {conditions.condition()}"
    )
