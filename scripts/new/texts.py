"""Writes the `.test` file, the section and the line in the README of a new function."""
from __future__ import annotations

import re

from .columns import TYPES
from .rust import Function


def test(function: Function) -> str:
    columns = function.answer.columns
    described = "\n".join(f"{name}\t{TYPES[kind][0]}" for name, kind in columns.items()) or "answer\tJSON"
    rows = "\n".join("\t".join(row) for row in function.answer.rows)
    whole = f"""query {"".join(TYPES[kind][1] for kind in columns.values())}
SELECT {", ".join(f'"{name}"' if not re.fullmatch("[a-z_]+", name) else name for name in columns)} FROM {function.call}
----
{rows}""" if rows else f"""# TODO: what the answer says.
query I
SELECT count(*) FROM {function.call}
----
1"""
    return f"""# name: test/sql/{function.family}/{function.module}.test
# description: {function.name} against the simulator of the client tests
# group: [{function.family}]

require-env MP_API_BASE_URL

require mixpanel

query TT
SELECT column_name, column_type FROM (DESCRIBE FROM {function.call})
----
{described}

{whole}

# TODO: what users get wrong
statement error
FROM {function.name}(1, 2, 3)
----
{function.name}
"""


def title(function: Function) -> str:
    return f"{function.module.replace('_', ' ').capitalize()}: `{function.name}`"


def anchor(function: Function) -> str:
    return re.sub(r"[^\w -]", "", title(function).lower()).replace(" ", "-")


def section(function: Function) -> str:
    columns = "\n".join(f"| `{name}` | {TYPES[kind][0]} | TODO |" for name, kind in function.answer.columns.items()) or "| `answer` | JSON | TODO |"
    return f"""## {title(function)}

Returns TODO, sorted by TODO.

```sql
FROM {function.call};
```

| column | type | description |
|---|---|---|
{columns}

Endpoint: `{function.operation.method} {function.operation.path}`.

"""


def line(function: Function, page: str) -> str:
    return f"| [`{function.name}({', '.join(function.subjects)})`]({page}#{anchor(function)}) | TODO: what it returns |\n"
