//! `mixpanel_lookup_table(...)`: the rows of one lookup table.
//! `GET /api/app/projects/{project_id}/data-definitions/lookup-tables/download/`, or that of a data view.
//!
//! Its columns are known only from the answer, so each row is one object.

use serde_json::{Map, Value};

use super::view_request;
use crate::{
    contract::{Arguments, BoundTable, Code, Error, Function, Param, Result, Session, SqlType, Table, params},
    functions::{
        parameters::{MAX_ROWS, QUERY},
        target,
    },
    json::{self, unexpected},
    mixpanel::{Client, block_on, with_retries},
};

pub const LOOKUP_TABLE: Function = Function {
    name: "mixpanel_lookup_table",
    description: "Rows of one lookup table, each as a JSON object of texts. The table's first line gives the keys.",
    example: "SELECT row->>'item' AS item, row->>'title' AS title FROM mixpanel_lookup_table(610);",
    parameters: params![&[DATA_GROUP_ID, MAX_ROWS], QUERY],
    bind,
    ..Function::PLAIN
};

const DATA_GROUP_ID: Param = Param::positional(
    "data_group_id",
    SqlType::Any,
    "Data group of the table. Unless mixpanel_lookup_tables shows another, it is the table's id",
);

fn bind(arguments: Arguments, session: &Session) -> Result<Box<dyn BoundTable>> {
    let missing = || Error::argument(DATA_GROUP_ID.name, "is missing. mixpanel_lookup_tables() lists the data groups");
    let group = arguments.whole(DATA_GROUP_ID.name)?.ok_or_else(missing)?;
    let max_rows = arguments.count(MAX_ROWS.name)?;
    let target = target(&arguments, session)?;
    let request = view_request(&target, "data-definitions/lookup-tables/download")?
        .slash(true)
        .query("data-group-id", group.to_string())
        .query_some("limit", max_rows.map(|most| most.to_string()));
    Ok(Table::new().json_ref("row", |row: &String| Some(row)).asking(move || {
        let client = Client::new(&target)?;
        let answer = block_on(with_retries(&mut client.tries(), || client.text_once(&request), || ()))??;
        let mut rows = read(&json::into_text(answer.body))?;
        rows.truncate(max_rows.and_then(|most| usize::try_from(most).ok()).unwrap_or(usize::MAX));
        Ok(rows)
    }))
}

/// `item,title` and a line for each row. Of columns of the same name, the second is `title_1`, as DuckDB names them.
fn read(text: &str) -> Result<Vec<String>> {
    const EXPECTED: &str = "CSV with a line of names";
    if serde_json::from_str::<Map<String, Value>>(text).is_ok() {
        return Err(unexpected(EXPECTED, "the answer is JSON", text));
    }
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let refused = |error: csv::Error| {
        Error::new(Code::UnexpectedResponse, format!("{EXPECTED} was expected, but {error}")).caused_by(error)
    };
    let names = distinct(reader.headers().map_err(refused)?.iter());
    if names.is_empty() {
        return Err(unexpected(EXPECTED, "the answer is empty", text));
    }
    let row = |record: csv::StringRecord| {
        let values = record.iter().map(|value| Value::String(value.to_owned()));
        Value::Object(names.iter().cloned().zip(values).collect()).to_string()
    };
    reader.records().map(|record| Ok(row(record.map_err(refused)?))).collect()
}

fn distinct<'a>(names: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut known: Vec<String> = Vec::new();
    for name in names {
        let spellings = std::iter::once(name.to_owned()).chain((1..).map(|number| format!("{name}_{number}")));
        let free = spellings.into_iter().find(|spelling| !known.contains(spelling));
        known.extend(free);
    }
    known
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_every_kind() {
        let text = "\u{feff}a,b,a,a_1\r\n1,\"x, \"\"y\"\"\nz\",,é\n,,,\n";
        assert_eq!(
            read(text).unwrap(),
            [r#"{"a":"1","b":"x, \"y\"\nz","a_1":"","a_1_1":"é"}"#, r#"{"a":"","b":"","a_1":"","a_1_1":""}"#]
        );
        assert_eq!(read("a,b"), Ok(vec![]));
    }

    #[test]
    fn what_is_no_table_is_no_empty_one() {
        for text in ["", "\n", r#"{"status": "ok", "results": []}"#, "a,b\n1", "a,b\n1,2,3"] {
            assert!(read(text).is_err_and(|error| error.code() == Code::UnexpectedResponse), "{text:?}");
        }
    }
}
