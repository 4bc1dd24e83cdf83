//! `mixpanel_jql(script, ...)`: what a script returns. `POST /api/query/jql`.

use super::{Question, Report, parameters::subject};
use crate::{
    answers,
    contract::{Arguments, Columns, Documentation, Error, Parameter, Result, SqlType, texts},
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
    let read = |text: &str| Ok(vec![texts(answers::jql(text)?.into_iter().map(Some))]);
    Ok(Question::new(request, Columns::new([("result", SqlType::Json)]), read))
}
