//! `mixpanel_api(path, ...)`: any read route of Mixpanel's APIs, for what has no function of its own.
//!
//! What could write, or reach another host or API than it says, is refused before
//! any request: `route` reads the path, `request` method, parameters and body.

mod request;
mod route;

use serde_json::value::RawValue;

use crate::{
    contract::{Arguments, BoundTable, Function, Param, Result, Session, SqlType, Table, params},
    functions::{parameters::QUERY, target},
    json,
    mixpanel::{Client, block_on},
};

pub const API: Function = Function {
    name: "mixpanel_api",
    description: "Makes one request to a read-only route of Mixpanel's APIs and returns its status and body unchanged, \
                  whatever the status. Refuses routes that write.",
    example: "SELECT status, body FROM mixpanel_api('/api/query/events/names', params := {'type': 'general'});",
    parameters: params![
        &[
            Param::positional("path", SqlType::Varchar, "Route, starting with /api/"),
            Param::named("method", SqlType::Varchar, "GET, or POST for /api/query").default("'GET'"),
            Param::named("params", SqlType::Any, "Parameters of the request"),
            Param::named("body", SqlType::Any, "JSON body of a POST request"),
        ],
        QUERY
    ],
    bind,
    ..Function::PLAIN
};

fn bind(arguments: Arguments, session: &Session) -> Result<Box<dyn BoundTable>> {
    let target = target(&arguments, session)?;
    let request = request::request(&arguments, &target)?;
    request.url(&target)?;
    Ok(Table::new()
        .integer("status", |(status, _): &(u16, Option<String>)| i32::from(*status))
        .json_ref("body", |(_, body)| body.as_deref())
        .asking(move || {
            let answer = block_on(Client::new(&target)?.answer(&request))??;
            Ok(vec![(answer.status, as_json(&json::text(&answer.body)))])
        }))
}

/// A body as JSON: itself, or a string that holds it where it is none; `None` where it is empty.
fn as_json(text: &str) -> Option<String> {
    let text = text.trim_start_matches('\u{feff}');
    if text.trim().is_empty() {
        return None;
    }
    Some(match serde_json::from_str::<&RawValue>(text) {
        Ok(json) => json.get().to_owned(),
        Err(_) => serde_json::Value::from(text).to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::as_json;

    #[test]
    fn bodies_stay_as_they_are() {
        for (body, expected) in [
            ("{\"a\": 1.10, \"a\": 1e400}\n", Some("{\"a\": 1.10, \"a\": 1e400}")),
            ("\u{feff}[]", Some("[]")),
            ("\"x\"", Some("\"x\"")),
            ("null", Some("null")),
            ("<p>\"no\"\n", Some("\"<p>\\\"no\\\"\\n\"")),
            ("{\"a\":1}\n{\"a\":2}", Some("\"{\\\"a\\\":1}\\n{\\\"a\\\":2}\"")),
            ("NaN", Some("\"NaN\"")),
            ("", None),
            (" \r\n", None),
        ] {
            assert_eq!(as_json(body).as_deref(), expected, "{body}");
        }
    }
}
