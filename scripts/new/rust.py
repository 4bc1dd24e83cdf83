"""Writes the Rust file of a new function."""
from __future__ import annotations

import json
from dataclasses import dataclass

from .columns import Answer
from .specification import Operation


@dataclass
class Function:
    name: str
    family: str
    operation: Operation
    answer: Answer

    @property
    def module(self) -> str:
        return self.name.removeprefix("mixpanel_")

    @property
    def constant(self) -> str:
        return self.module.upper()

    @property
    def call(self) -> str:
        return f"{self.name}({', '.join(repr(value) for value in self.subjects.values())})"

    @property
    def subjects(self) -> dict[str, str]:
        """Positional arguments, with a value for each that examples use."""
        return {_snake(name): "x" for name in self.operation.subjects}


def source(function: Function) -> str:
    is_app = function.operation.api == "app"
    return (_listing if function.family == "discovery" else _report)(function, is_app)


def _listing(function: Function, is_app: bool) -> str:
    common = "TARGET" if is_app else "QUERY"
    uses_results = function.answer.is_in_an_envelope and function.answer.things is not None
    of_super = [name for name, used in (("project_request", function.operation.is_of_a_project), ("results::results", uses_results)) if used]
    made, asks_json = _read(function)
    return f"""{_head(function, "cached")}
{f"use super::{{{', '.join(of_super)}}};" if of_super else ""}
use crate::{{
    contract::{{Arguments, BoundTable, Function, {_contract(function)}Result, Session, Table}},
    functions::{{listing::listing, parameters::{common}, target}},
    {_json(function, asks_json and not uses_results)}
    {"" if function.operation.is_of_a_project else "mixpanel::{Api, Request},"}
}};

{_constant(function, common, "bind")}

{_example(function)}
fn bind(arguments: Arguments, session: &Session) -> Result<Box<dyn BoundTable>> {{
    let target = target(&arguments, session)?;
    let request = {_request(function, "target")};
    {made}
    listing(&arguments, target, request, read, table)
}}
"""


def _report(function: Function, is_app: bool) -> str:
    made, asks_json = _read(function)
    arguments = "arguments" if function.subjects else "_arguments"
    return f"""{_head(function, "one request, remembered for a minute")}

use super::{{Question, REPORT}};
use crate::{{
    contract::{{Arguments, Function, {_contract(function)}Result, Table}},
    {_json(function, asks_json)}
    mixpanel::{{Api, Request}},
}};

{_constant(function, "REPORT", "|arguments, session| question(&arguments)?.bound(&arguments, session)")}

{_example(function)}
fn question({arguments}: &Arguments) -> Result<Question> {{
    let request = {_request(function, None)};
    {made}
    Ok(Question::new(request, read, table))
}}
"""


def _head(function: Function, how: str) -> str:
    given = "..." if function.subjects else ""
    return f"//! `{function.name}({given})`: TODO: what the rows are. `{function.operation.method} {function.operation.path}`, {how}.\n"


def _contract(function: Function) -> str:
    return "Param, SqlType, params, " if function.subjects else ""


def _json(function: Function, parses: bool) -> str:
    if function.answer.things is None:
        return ""
    return "json::{Record, parse}," if parses else "json::Record,"


def _constant(function: Function, common: str, bind: str) -> str:
    own = "".join(f'Param::positional("{name}", SqlType::Varchar, "TODO: what it is"),' for name in function.subjects)
    parameters = f"params![&[{own}], {common}]" if own else common
    return f"""pub const {function.constant}: Function = Function {{
    name: "{function.name}",
    description: "TODO: what the rows are, in a sentence or two.",
    example: "FROM {function.call};",
    parameters: {parameters},
    bind{"" if bind == "bind" else f": {bind}"},
    ..Function::PLAIN
}};"""


def _example(function: Function) -> str:
    text = json.dumps(function.answer.example, ensure_ascii=False)
    lines = [f"`{text[:100]}{'...' if len(text) > 100 else ''}`" if function.answer.example is not None else "TODO: an answer."]
    if function.operation.parameters:
        lines.append(f"TODO: the route also takes {', '.join(f'`{name}`' for name in function.operation.parameters)}.")
    return "\n///\n".join(f"/// {line}" for line in lines)


def _request(function: Function, target: str | None) -> str:
    operation = function.operation
    parts = operation.route.split("/")
    fixed = []
    while parts and not parts[0].startswith("{"):
        fixed.append(parts.pop(0))
    rest = "".join(f'.segment(arguments.required_text("{_snake(part[1:-1])}")?)' if part.startswith("{") else f'.segment("{part}")' for part in parts)
    if operation.is_of_a_project and target:
        return f'project_request(&{target}, "{"/".join(fixed)}")?{rest}'
    return f'Request::{operation.method.lower()}(Api::{operation.api.title()}, "{"/".join(fixed)}"){rest}'


def _read(function: Function) -> tuple[str, bool]:
    """How the answer becomes a table, and whether that parses a list itself."""
    answer = function.answer
    if answer.things is None:
        return (
            "// TODO: columns of its own. This is the whole answer.\n"
            "let read = |text: &str| Ok(vec![text.to_owned()]);\n"
            'let table = Table::new().json_ref("answer", |answer: &String| Some(answer));'
        ), False
    in_envelope = answer.is_in_an_envelope and function.family == "discovery"
    found = 'results(text, "a list")?' if in_envelope else 'parse(text, "a list")?'
    made = f'Record::sorted("a row", {found}, "id")' if answer.is_sorted else f'Record::list("a row", {found})'
    cells = [
        f'.{kind}("{name}", |row{": &Record" if at == 0 else ""}| row.{"id" if name == "id" else kind}("{name}"))'
        for at, (name, kind) in enumerate(answer.columns.items())
    ]
    return f"let read = |text: &str| Ok({made});\nlet table = Table::new(){''.join(cells)};", not in_envelope


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)
