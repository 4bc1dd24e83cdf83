//! Which macros does the extension have?
//!
//! Each is a file in `sql/macros` that users of DuckDB 1.x run as it stands. On
//! 2.x it is read here, so that the host can register it where it belongs to no
//! database. A file is comment lines that say what the macro answers, one with an
//! example, and the statement that makes it.

use crate::contract::{Code, Error, Macro, Result, Value};

macro_rules! files {
    ($($name:literal),* $(,)?) => {
        const FILES: &[&str] = &[$(include_str!(concat!("../sql/macros/", $name, ".sql"))),*];
    };
}

files![
    "mixpanel_tables",
    "mixpanel_table_schema",
    "mixpanel_sample",
    "mixpanel_summarize",
    "mixpanel_event_breakdown",
    "mixpanel_property_keys",
    "mixpanel_column_stats",
    "mixpanel_info",
    "mixpanel_table_funnel",
    "mixpanel_table_retention",
    "mixpanel_table_property_distribution",
    "mixpanel_property_distribution",
    "mixpanel_table_numeric_summary",
    "mixpanel_numeric_summary",
    "mixpanel_table_daily_counts",
    "mixpanel_daily_counts",
    "mixpanel_table_engagement_distribution",
    "mixpanel_engagement_distribution",
    "mixpanel_table_property_coverage",
    "mixpanel_property_coverage",
    "mixpanel_fivetran_events",
];

/// Every macro. Errors: `Internal` for a file that is not of that form.
pub fn all() -> Result<Vec<Macro>> {
    FILES.iter().map(|text| read(text)).collect()
}

/// The statements that make them, as `mixpanel_macro_sql()` shows them.
pub fn statements() -> Result<Vec<(&'static str, &'static str)>> {
    FILES.iter().map(|text| Ok((read(text)?.name, *text))).collect()
}

fn read(text: &'static str) -> Result<Macro> {
    parts(text).ok_or_else(|| Error::new(Code::Internal, format!("the file of a macro cannot be read: {text:.80}")))
}

fn parts(text: &'static str) -> Option<Macro> {
    let (comments, statement) = text.split_once("CREATE OR REPLACE TEMP MACRO ")?;
    let (description, example) = comments.split_once("-- Example: ")?;
    let description = description.lines().filter_map(|line| line.strip_prefix("--")).map(str::trim);
    let (head, body) = statement.split_once(" AS TABLE\n")?;
    let (name, parameters) = head.strip_suffix(')')?.split_once('(')?;
    Some(Macro {
        name,
        description: description.collect::<Vec<_>>().join(" "),
        example: example.lines().next()?.trim(),
        parameters: list(parameters).into_iter().map(parameter).collect::<Option<_>>()?,
        body: body.trim_end().strip_suffix(';')?,
    })
}

fn parameter(text: &'static str) -> Option<(&'static str, Option<Value>)> {
    match text.split_once(" := ") {
        None => Some((text, None)),
        Some((name, default)) => Some((name, Some(constant(default)?))),
    }
}

fn constant(text: &str) -> Option<Value> {
    if text == "NULL" {
        return Some(Value::Null);
    }
    if let Some(word) = text.strip_prefix('\'') {
        return word.strip_suffix('\'').map(|word| Value::Text(word.to_owned()));
    }
    match text.strip_prefix('[') {
        Some(items) => list(items.strip_suffix(']')?).into_iter().map(constant).collect::<Option<_>>().map(Value::List),
        None => text.parse().ok().map(Value::Integer),
    }
}

/// What commas separate that stand in no brackets.
fn list(text: &str) -> Vec<&str> {
    let mut depth = 0;
    let items = text.split(move |c| {
        depth += i32::from(c == '[') - i32::from(c == ']');
        c == ',' && depth == 0
    });
    items.map(str::trim).filter(|item| !item.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_read() {
        let all = all().unwrap();
        assert_eq!(all.len(), FILES.len());
        for each in all {
            assert!(each.name.starts_with("mixpanel_") && each.body.len() > 20, "{each:?}");
            assert!(each.description.ends_with('.') && each.example.contains(each.name), "{each:?}");
        }
    }

    #[test]
    fn no_file_is_forgotten() {
        let folder = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/sql/macros")).unwrap();
        assert_eq!(folder.count(), FILES.len());
    }

    /// A macro's file is run as it stands, so what several need stands in each of them: in the same words.
    #[test]
    fn reports_say_alike_what_they_have_in_common() {
        let all = all().unwrap();
        let between = |body: &'static str, begin: &str, end: &str| {
            let (_, rest) = body.split_once(begin)?;
            Some(rest.split_once(end)?.0.lines().map(str::trim).collect::<Vec<_>>())
        };
        for (begin, end, files) in [
            // Which events are exported is each report's own.
            ("WITH mixpanel_exported", "events :=", 5),
            ("filter := filter", "FROM mixpanel_table_", 5),
            ("from_date := CASE WHEN", "report_time_zone := report", 5),
            ("given.event_name,", "QUALIFY", 3),
            ("QUALIFY coalesce(insert_id", ") = 1", 3),
        ] {
            let found: Vec<_> = all.iter().filter_map(|each| between(each.body, begin, end)).collect();
            assert_eq!(found.len(), files, "{begin}");
            assert!(found.iter().all(|text| *text == found[0]), "{begin}: {found:#?}");
        }
    }

    #[test]
    fn defaults_are_constants() {
        let text = "-- Does.\n-- Example: SELECT 1;\nCREATE OR REPLACE TEMP MACRO m(a, b := NULL, c := [1, 2], d := 'x', e := 5) AS TABLE\nSELECT 1;\n";
        let Macro { name, description, example, parameters, body } = read(text).unwrap();
        assert_eq!((name, description.as_str(), example, body), ("m", "Does.", "SELECT 1;", "SELECT 1"));
        let list = Value::List(vec![Value::Integer(1), Value::Integer(2)]);
        let defaults = [None, Some(Value::Null), Some(list), Some(Value::Text("x".into())), Some(Value::Integer(5))];
        assert_eq!(parameters, ["a", "b", "c", "d", "e"].into_iter().zip(defaults).collect::<Vec<_>>());
        assert!(read("SELECT 1;").is_err());
    }
}
