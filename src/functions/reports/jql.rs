//! `mixpanel_jql(script, ...)`: what a script returns. `POST /api/query/jql`.

use serde_json::value::RawValue;

use super::{Question, Report, parameters::subject};
use crate::{
    contract::{Arguments, Columns, Documentation, Error, Parameter, Result, SqlType, texts},
    json::parse,
    mixpanel::{Api, Request},
};

/// Column: `result`, one row for each element of the list that the script returns.
pub const JQL: Report = Report {
    name: "mixpanel_jql",
    documentation: Documentation {
        description: "What a JQL script returns, one row for each element, as it came. One request. Mixpanel is retiring JQL.",
        example: "SELECT result->>'key' AS key, result->'value' AS value FROM mixpanel_jql(\
                  'function main() { return Events(params).groupBy([\"name\"], mixpanel.reducer.count()) }', \
                  params := {'from_date': '2025-01-01', 'to_date': '2025-01-05'});",
    },
    parameters: || vec![Parameter::positional("script", SqlType::Varchar), Parameter::named("params", SqlType::Any)],
    question,
};

fn question(arguments: &Arguments) -> Result<Question> {
    let script = subject(arguments, "script")?;
    let params = arguments.json("params")?;
    if params.as_ref().is_some_and(|params| !params.trim_start().starts_with('{')) {
        let problem = "must be a JSON object or a struct, whose fields the script reads as params.name";
        return Err(Error::argument("params", problem));
    }
    let request = Request::post(Api::Query, "jql").form("script", script).form_some("params", params);
    let read = |text: &str| Ok(vec![texts(elements(text)?.into_iter().map(Some))]);
    Ok(Question::new(request, Columns::new([("result", SqlType::Json)]), read))
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
