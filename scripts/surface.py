#!/usr/bin/env python3
"""Prints all that SQL sees of a built file, as text: functions, parameters, columns, documentation, settings.

Two builds that print the same look the same to a user. Runs with the DuckDB that the file is for.
"""
import argparse
import pathlib

FUNCTIONS = """
    SELECT function_type, function_name, parameters, parameter_types, return_type, varargs, description, examples, categories, macro_definition
    FROM duckdb_functions() WHERE function_name LIKE 'mixpanel%' ORDER BY ALL
"""
SETTINGS = "SELECT name, value, description, input_type, scope FROM duckdb_settings() WHERE name LIKE 'mixpanel%' ORDER BY ALL"
# One call of each table function whose columns need arguments, and of those whose columns follow from them.
CALLS = {
    "mixpanel_account_add": ["'x'"],
    "mixpanel_account_remove": ["'x'"],
    "mixpanel_account_use": ["'x'"],
    "mixpanel_activity_feed": ["['u'], from_date := '2025-01-01', to_date := '2025-01-02'"],
    "mixpanel_api": ["'/api/query/events/names'"],
    "mixpanel_event_counts": ["['a'], {days}", "['a'], {days}, type := 'average', unit := 'hour'", "['a'], {days}, raw := true"],
    "mixpanel_export": ["{days}", "{days}, raw := true", "{days}, columns := {{'a': 'DECIMAL(9,2)', 'b': 'VARCHAR[]'}}"],
    "mixpanel_export_plan": ["{days}"],
    "mixpanel_fetch_sql": ["'t', {days}", "'t', type := 'profiles'"],
    "mixpanel_flows": ["1", "1, raw := true"],
    "mixpanel_frequency": ["{days}"],
    "mixpanel_funnel": ["1, {days}"],
    "mixpanel_jql": ["'x'"],
    "mixpanel_lexicon_schema": ["'event', 'a'"],
    "mixpanel_profiles": ["", "raw := true", "columns := {{'a': 'DATE'}}"],
    "mixpanel_properties": ["'a'"],
    "mixpanel_property_counts": ["'a', 'b', {days}"],
    "mixpanel_property_values": ["'a'"],
    "mixpanel_retention": ["born_event := 'a', {days}"],
    "mixpanel_saved_report": ["1", "1, raw := true"],
    "mixpanel_segmentation": ["'a', {days}", "'a', {days}, type := 'average', unit := 'month'"],
    "mixpanel_segmentation_average": ["'a', {days}, segment_by := 'b'"],
    "mixpanel_segmentation_numeric": ["'a', {days}, segment_by := 'b'"],
    "mixpanel_segmentation_sum": ["'a', {days}, segment_by := 'b'"],
    "mixpanel_top_events": ["", "type := 'average'"],
}
DAYS = "from_date := '2025-01-01', to_date := '2025-01-02'"


def surface(connection) -> list:
    """The lines."""
    lines = []
    cursor = connection.execute(FUNCTIONS)
    names = [column[0] for column in cursor.description]
    functions = [dict(zip(names, row)) for row in cursor.fetchall()]
    for function in functions:
        lines.append(f"{function['function_type']} {function['function_name']}")
        lines += [f"    {key}: {value}" for key, value in list(function.items())[2:] if value]
    for name in sorted({function["function_name"] for function in functions if function["function_type"] == "table"}):
        lines += described(connection, name)
    lines += [f"setting {row}" for row in connection.execute(SETTINGS).fetchall()]
    return lines


def described(connection, name) -> list:
    """The columns of each of a table function's calls."""
    lines = []
    for arguments in CALLS.get(name, [""]):
        arguments = arguments.format(days=DAYS)
        columns = connection.execute(f"DESCRIBE FROM {name}({arguments})").fetchall()
        lines.append(f"columns of {name}({arguments})")
        lines += [f"    {' '.join(str(part) for part in column[:2])}" for column in columns]
    return lines


def main() -> None:
    import os

    import duckdb

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("extension", type=pathlib.Path)
    # Accounts that exist nowhere do: binding makes no request.
    os.environ.update(MP_USERNAME="u", MP_SECRET="s" * 32, MP_PROJECT_ID="1", MP_REGION="us")
    connection = duckdb.connect(config={"allow_unsigned_extensions": "true"})
    connection.execute(f"LOAD '{parser.parse_args().extension}'")
    print("\n".join(surface(connection)))


if __name__ == "__main__":
    main()
