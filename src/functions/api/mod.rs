//! `mixpanel_api(path, ...)`: any read route of Mixpanel's APIs, for what has no function of its own.
//!
//! What could write, or reach another host or API than it says, is refused before
//! any request: `route` reads the path, `parameters` method, parameters and body.

mod parameters;
mod route;

use std::sync::Arc;

use arrow_array::{ArrayRef, Int32Array};
use serde_json::value::RawValue;

use crate::{
    config::Target,
    contract::{
        Arguments, BoundTable, Columns, Documentation, Parameter, Result, Session, SqlType, TableFunction, rows, texts,
    },
    functions::{query_parameters, target},
    json,
    mixpanel::{Client, Request, block_on},
};

pub struct Api;

impl TableFunction for Api {
    fn name(&self) -> &'static str {
        "mixpanel_api"
    }

    fn documentation(&self) -> Documentation {
        Documentation {
            description: "Any read route of Mixpanel's APIs: one request, and its status and body as they came, whatever the status. Routes that write are refused.",
            example: "SELECT status, body FROM mixpanel_api('/api/query/events/names', params := {'type': 'general'});",
        }
    }

    fn parameters(&self) -> Vec<Parameter> {
        let mut parameters = vec![
            Parameter::positional("path", SqlType::Varchar),
            Parameter::named("method", SqlType::Varchar),
            Parameter::named("params", SqlType::Any),
            Parameter::named("body", SqlType::Any),
        ];
        parameters.extend(query_parameters());
        parameters
    }

    fn bind(&self, arguments: Arguments, session: Session) -> Result<Box<dyn BoundTable>> {
        let target = target(&arguments, session)?;
        let request = parameters::request(&arguments, &target)?;
        request.url(&target)?;
        let columns = Columns::new([("status", SqlType::Integer), ("body", SqlType::Json)]);
        Ok(rows(columns, move || ask(&target, &request)))
    }
}

fn ask(target: &Target, request: &Request) -> Result<Vec<ArrayRef>> {
    let answer = block_on(Client::new(target)?.answer(request))??;
    let text = json::text(&answer.body);
    Ok(vec![Arc::new(Int32Array::from(vec![i32::from(answer.status)])), texts([json(&text)])])
}

/// A body as JSON: itself, or a string that holds it where it is none; `None` where it is empty.
fn json(text: &str) -> Option<String> {
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
    use super::json;

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
            assert_eq!(json(body).as_deref(), expected, "{body}");
        }
    }
}
