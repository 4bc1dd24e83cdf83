//! `mixpanel_jql(script, ...)`: what a script returns. `POST /api/query/jql`.

use serde_json::value::RawValue;

use super::{Question, REPORT, parameters::subject};
use crate::{
    contract::{Arguments, Error, Function, Param, Result, SqlType, Table, params},
    json::parse,
    mixpanel::{Api, Request},
};

/// One row for each element of the list that the script returns.
pub const JQL: Function = Function {
    name: "mixpanel_jql",
    description: "Runs a JQL script and returns one row per element of its result, unchanged. One request. Mixpanel is \
                  retiring JQL.",
    example: "SELECT result->>'key' AS key, result->'value' AS value FROM mixpanel_jql(\
              'function main() { return Events(params).groupBy([\"name\"], mixpanel.reducer.count()) }', \
              params := {'from_date': '2025-01-01', 'to_date': '2025-01-05'});",
    parameters: params![
        &[
            Param::positional("script", SqlType::Varchar, "Script with a function main"),
            Param::named("params", SqlType::Any, "Parameters that the script reads as params"),
        ],
        REPORT
    ],
    bind: |arguments, session| question(&arguments)?.bound(&arguments, session),
    ..Function::PLAIN
};

fn question(arguments: &Arguments) -> Result<Question> {
    let script = subject(arguments, "script")?;
    let params = arguments.json("params")?;
    if params.as_ref().is_some_and(|params| !params.trim_start().starts_with('{')) {
        let problem = "must be a JSON object or a struct, whose fields the script reads as params.name";
        return Err(Error::argument("params", problem));
    }
    let request = Request::post(Api::Query, "jql").form("script", script).form_some("params", params);
    let read = |text: &str| Ok(elements(text)?.into_iter().map(str::to_owned).collect());
    Ok(Question::new(request, read, Table::new().json_ref("result", |element: &String| Some(element))))
}

/// The elements of the list, as they came; of an object, which a script may end with too, the object itself.
///
/// Errors: `UnexpectedResponse`.
fn elements(text: &str) -> Result<Vec<&str>> {
    let expected = "a list";
    if text.trim_start_matches('\u{feff}').trim_start().starts_with('{') {
        return Ok(vec![parse::<&RawValue>(text, expected)?.get()]);
    }
    Ok(parse::<Vec<&RawValue>>(text, expected)?.into_iter().map(RawValue::get).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_stay_as_they_came() {
        let text = "[{\"b\": 1.50,  \"a\":12345678901234567890123}, [ 1 ], null,\"x\\u00e9\" ]\n";
        let expected = ["{\"b\": 1.50,  \"a\":12345678901234567890123}", "[ 1 ]", "null", "\"x\\u00e9\""];
        assert_eq!(elements(text), Ok(expected.to_vec()));
        assert_eq!(elements("[]"), Ok(vec![]));
        assert_eq!(elements(" {\"a\": [1, 2]} "), Ok(vec!["{\"a\": [1, 2]}"]));
    }

    #[test]
    fn what_is_no_list_is_an_error() {
        for bad in ["", "3", "null", "\"x\"", "[1, 2", "[1,]", "{\"a\": 1", "[1] [2]", "<p>"] {
            assert!(elements(bad).unwrap_err().to_string().starts_with("[UNEXPECTED_RESPONSE] a list was"), "{bad}");
        }
    }
}
