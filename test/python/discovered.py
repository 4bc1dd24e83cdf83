"""Computes what a discovery function must return for a body, with plain Python from the body itself.

Each reader returns the rows, or raises for a body that is another shape than promised."""
from __future__ import annotations

import json
from datetime import datetime
from typing import Any


class Unexpected(Exception):
    """The function must say UNEXPECTED_RESPONSE."""


def events(body: Any) -> list[tuple]:
    names = listed(body)
    if not all(isinstance(name, str) for name in names):
        raise Unexpected
    return sorted((name,) for name in names)


def properties(body: Any) -> list[tuple]:
    def count(entry: Any) -> int | None:
        number = entry.get("count") if isinstance(entry, dict) else entry
        return number if number is None else whole(number)

    return most_first([(name, count(entry)) for name, entry in shaped(body, dict).items()])


def most_first(found: list[tuple]) -> list[tuple]:
    """By the count, which comes second, and by name where it is the same or missing."""
    return sorted(found, key=lambda row: (row[1] is None, -(row[1] or 0), row[0]))


def property_values(body: Any) -> list[tuple]:
    return [(text(value),) for value in listed(body)]


def top_events(body: Any) -> list[tuple]:
    events = shaped(body, dict)["events"]
    return most_first([(event["event"], whole(event["amount"]), event["percent_change"]) for event in events])


def funnels(body: Any) -> list[tuple]:
    return by_name([(identifier(funnel, "funnel_id"), text(funnel.get("name"))) for funnel in listed(body)])


def cohorts(body: Any) -> list[tuple]:
    return by_name(
        [
            (
                identifier(cohort, "id"), text(cohort.get("name")), cohort.get("count"), cohort.get("description"),
                moment(cohort.get("created")), bool(cohort["is_visible"]), text(cohort.get("data_group_id")),
            )
            for cohort in listed(body)
        ]
    )  # fmt: skip


def bookmarks(body: Any) -> list[tuple]:
    return by_name(
        [
            (
                identifier(mark, "id"), mark.get("name"), mark.get("type"), mark.get("description"),
                moment(mark.get("created")), moment(mark.get("modified")), mark.get("creator_name"),
                mark.get("workspace_id"), mark.get("dashboard_id"), mark.get("params"),
            )
            for mark in results(body)
        ]
    )  # fmt: skip


def bookmark(body: Any) -> list[tuple]:
    """The one of a single answer."""
    return bookmarks({"results": [shaped(shaped(body, dict).get("results"), dict)]})


def lexicon_schemas(body: Any) -> list[tuple]:
    rows = []
    for entry in results(body):
        if not {"entityType", "name", "schemaJson"} <= set(entry):
            raise Unexpected
        rows.append((entry["entityType"], entry["name"], *schema(entry["schemaJson"])))
    return sorted(rows, key=lambda row: row[:2])


def lexicon_schema(body: Any) -> list[tuple]:
    """The rows of one schema, without entity_type and name, which the answer does not say."""
    found = shaped(body, dict)
    if "results" in found and "properties" not in found:
        found = found["results"]
    return [schema(shaped(found, dict))]


def schema(found: dict) -> tuple:
    about = (found.get("metadata") or {}).get("com.mixpanel") or {}
    return (
        found.get("description"), found.get("properties"), about.get("displayName"), about.get("tags"),
        about.get("hidden"), about.get("dropped"), about.get("contacts"), found,
    )  # fmt: skip


def annotations(body: Any) -> list[tuple]:
    rows = []
    for note in results(body):
        if "date" not in note:
            raise Unexpected
        user = note.get("user") or {}
        name = " ".join(part for part in (user.get("first_name"), user.get("last_name")) if part)
        tags = note.get("tags")
        row = (identifier(note, "id"), moment(note["date"]), note.get("description"), name or None,
               tags if tags is None else [tag["name"] for tag in tags])  # fmt: skip
        rows.append(row)
    return sorted(rows, key=lambda row: (row[1], row[0]))


def workspaces(body: Any) -> list[tuple]:
    return by_name([(identifier(view, "id"), view["name"], view["is_global"]) for view in results(body)])


def annotation_tags(body: Any) -> list[tuple]:
    return by_name([(identifier(tag, "id"), tag["name"], tag.get("has_annotations")) for tag in results(body)])


def dashboards(body: Any) -> list[tuple]:
    return by_name(
        [
            (
                identifier(board, "id"), board.get("title"), board.get("description"), moment(board.get("created")),
                moment(board.get("modified")), board.get("creator_name"), board.get("is_private"),
                board.get("is_restricted"), board.get("is_favorited"), moment(board.get("pinned_date")),
                board.get("time_filter"), board.get("filters"),
            )
            for board in results(body)
        ]
    )  # fmt: skip


def dashboard(body: Any) -> list[tuple]:
    board = shaped(shaped(body, dict).get("results"), dict)
    identifier(board, "id")
    layout, contents, rows, shown = board.get("layout") or {}, board.get("contents") or {}, [], []
    for row, name in enumerate(layout.get("order", []), 1):
        for position, cell in enumerate(layout["rows"][name]["cells"], 1):
            kind, number = cell["content_type"], cell["content_id"]
            shown.append((kind, str(number)))
            rows.append((row, position, kind, number, contents.get(kind, {}).get(str(number))))
    loose = [(None, None, kind, int(number), card) for kind, cards in contents.items()
             for number, card in cards.items() if (kind, number) not in shown]  # fmt: skip
    found = []
    for row, position, kind, number, card in rows + loose:
        said = card or {}
        bookmark = number if kind == "report" else said.get("bookmark_id") if kind == "report-link" else None
        report_type = said.get("type") if kind in ("report", "report-link") else None
        found.append((row, position, kind, number, bookmark, said.get("name"), report_type, said.get("description"),
                      said.get("params"), card))  # fmt: skip
    return found


def feature_flags(body: Any) -> list[tuple]:
    members = ("key", "name", "status", "description", "context", "serving_method", "tags", "experiment_id")
    return sorted(
        [
            (
                named(flag, "id"), *(flag.get(name) for name in members), moment(flag.get("created")),
                moment(flag.get("modified")), flag.get("creator_name"), flag.get("ruleset"),
            )
            for flag in results(body)
        ],
        key=lambda row: row[2],
    )  # fmt: skip


def experiments(body: Any) -> list[tuple]:
    later = ("tags", "variants", "metrics", "settings", "exposures_cache", "results_cache", "feature_flag")
    return sorted(
        [
            (
                named(one, "id"), *(one.get(name) for name in ("name", "status", "description", "hypothesis")),
                *(moment(one.get(name)) for name in ("start_date", "end_date", "created")), *(one.get(name) for name in later),
            )
            for one in results(body)
        ],
        key=lambda row: row[1],
    )  # fmt: skip


def lookup_tables(body: Any) -> list[tuple]:
    return by_name(
        [
            (
                identifier(table, "id"), table["name"], either(table, "dataGroupId"), moment(either(table, "createdAt")),
                moment(either(table, "lastModifiedAt")), either(table, "hasMappedProperties"),
            )
            for table in results(body)
        ]
    )  # fmt: skip


def cohort_definitions(body: Any) -> list[tuple]:
    members = ("name", "description", "count", "is_visible", "is_locked", "verified", "data_group_id")
    found = []
    for cohort in results(body):
        definition = {name: cohort[name] for name in ("selector", "behaviors", "groups") if name in cohort}
        creator = (cohort.get("created_by") or {}).get("name")
        row = (identifier(cohort, "id"), *(cohort.get(name) for name in members), creator, cohort.get("last_edited"),
               cohort.get("last_queried"), cohort.get("definition") or definition or None)  # fmt: skip
        found.append(row)
    return by_name(found)


def event_definitions(body: Any) -> list[tuple]:
    flags = ("hidden", "dropped", "merged", "verified", "status", "platforms", "customEventId", "id", "createdUtc",
             "modifiedUtc", "lastModified")  # fmt: skip
    members = ("displayName", "description", "tags", *flags)
    found = listed(body, dict) if isinstance(body, list) else results(body)
    return sorted([(named(one, "name"), *(either(one, name) for name in members)) for one in found])


def property_definitions(body: Any) -> list[tuple]:
    members = ("resourceType", "type", "displayName", "description", "exampleValue", "hidden", "dropped", "merged",
               "sensitive", "dataGroupId", "customPropertyId", "id", "density")  # fmt: skip
    found = listed(body, dict) if isinstance(body, list) else results(body)
    density = any("density" in one for one in found)
    return sorted([(named(one, "name"), *(either(one, name) for name in members[: None if density else -1])) for one in found],
                  key=lambda row: row[0])  # fmt: skip


def custom_properties(body: Any) -> list[tuple]:
    members = ("resourceType", "propertyType", "description", "displayFormula", "composedProperties", "isLocked",
               "isVisible", "dataGroupId", "exampleValue", "created", "modified")  # fmt: skip
    rows = []
    for one in results(body):
        if either(one, "customPropertyId") is None:
            raise Unexpected
        rows.append((whole(either(one, "customPropertyId")), one["name"], *(either(one, name) for name in members)))
    return by_name(rows)


def event_properties(body: Any) -> list[tuple]:
    found = listed(body, dict) if isinstance(body, list) else results(body)
    pairs = [(named(event, "name"), one["name"]) for event in found for one in event.get("properties", [])]
    alone = [(event["name"], None) for event in found if not event.get("properties")]
    return sorted(pairs + alone, key=lambda row: (row[0], row[1] or ""))


def projects(body: Any) -> list[tuple]:
    about = shaped(shaped(body, dict).get("results"), dict)
    organizations = about.get("organizations", {})
    regions = {"mixpanel.com": "us", "eu.mixpanel.com": "eu", "in.mixpanel.com": "in"}
    found = [
        (
            int(number), project.get("name"), organizations.get(str(project.get("organization_id")), {}).get("name"),
            project.get("timezone"), regions.get(project.get("domain")), project.get("has_workspaces"),
        )
        for number, project in shaped(about.get("projects"), dict).items()
    ]  # fmt: skip
    return by_name(found)


def either(item: dict, name: str) -> Any:
    """A member in either spelling, exampleValue or example_value."""
    return item.get(name, item.get("".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)))


def with_json_values(con: Any, call: str, rows: list[tuple]) -> list[tuple]:
    """Rows of a call with its JSON columns as values."""
    types = [row[1] for row in con.execute(f"DESCRIBE FROM {call}").fetchall()]
    read = lambda value, kind: json.loads(value) if kind == "JSON" and value is not None else value  # noqa: E731
    return [tuple(read(value, kind) for value, kind in zip(row, types)) for row in rows]


def named(item: dict, name: str) -> str:
    if not isinstance(item.get(name), str):
        raise Unexpected
    return item[name]


def results(body: Any) -> list:
    found = shaped(body, dict).get("results")
    return listed(found.get("results") if isinstance(found, dict) else found, dict)


def listed(body: Any, of: type = object) -> list:
    if not all(isinstance(item, of) for item in shaped(body, list)):
        raise Unexpected
    return body


def shaped(body: Any, as_type: type) -> Any:
    if not isinstance(body, as_type):
        raise Unexpected
    return body


def identifier(item: dict, name: str) -> int:
    if name not in item:
        raise Unexpected
    return whole(item[name])


def whole(number: Any) -> int:
    if number != int(number):
        raise Unexpected
    return int(number)


def text(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else json.dumps(value)


def moment(written: str | None) -> datetime | None:
    """The wall clock, whatever its offset."""
    return written and datetime.fromisoformat(written).replace(tzinfo=None)


def by_name(rows: list[tuple]) -> list[tuple]:
    return sorted(rows, key=lambda row: (row[1] is not None, row[1] or "", row[0]))
