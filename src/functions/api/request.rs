//! Which method, parameters and body does a call of `mixpanel_api` send?

use serde_json::value::RawValue;

use super::route::Route;
use crate::{
    config::Target,
    contract::{Arguments, Error, Result, Value},
    json::{Entries, said},
    mixpanel::{Api, Method, Request},
};

/// The request that a call asks for.
///
/// Errors: `InvalidArgument`.
pub fn request(arguments: &Arguments, target: &Target) -> Result<Request> {
    let path = match arguments.get("path") {
        Some(Value::Text(path)) => path.as_str(),
        _ => return Err(Error::argument("path", "is missing").fix("Pass it first, like '/api/query/events/names'")),
    };
    let route = Route::read(path, target)?;
    if target.workspace_id.is_some() && route.api != Api::Query && !route.names_workspace {
        let problem = "has no effect on this route: only routes of /api/query take a data view as a parameter";
        return Err(Error::argument("workspace_id", problem).fix("Remove it, or write {workspace_id} in the path"));
    }
    let method = method(arguments, route.api)?;
    let body = arguments.json("body")?;
    if body.is_some() && method == Method::Get {
        return Err(
            Error::argument("body", "cannot be sent with GET").fix("Add method := 'POST', or use params instead")
        );
    }
    let params = params(arguments)?;
    let mut request = route.request(method);
    for (name, value) in params {
        // With a JSON body the form's place is taken.
        request = match method {
            Method::Post if body.is_none() => request.form(&name, value),
            _ => request.query(&name, value),
        };
    }
    Ok(match body {
        Some(body) => request.json(body),
        None => request,
    })
}

fn method(arguments: &Arguments, api: Api) -> Result<Method> {
    let refused = |problem: &str| Error::argument("method", problem);
    let Some(text) = arguments.text("method")? else { return Ok(Method::Get) };
    match text.to_ascii_uppercase().as_str() {
        "GET" => Ok(Method::Get),
        "POST" if api == Api::Query => Ok(Method::Post),
        "POST" if api == Api::App => {
            Err(refused("POST writes on /api/app, and this extension never writes to Mixpanel. Use 'GET'"))
        }
        "POST" => Err(refused("must be 'GET' for an export")),
        "PUT" | "PATCH" | "DELETE" => {
            Err(refused("PUT, PATCH and DELETE write, and this extension never writes to Mixpanel. Use 'GET'"))
        }
        _ => Err(refused(&format!("must be 'GET', or 'POST' on /api/query, not '{text}'"))),
    }
}

/// The parameters with their values as text; those that are NULL are left out. A list goes out as JSON text, which is what
/// Mixpanel's query API wants, but under a name that ends in `[]`, as its app API has them, once for each element.
fn params(arguments: &Arguments) -> Result<Vec<(String, String)>> {
    let refused = |problem: String| Error::argument("params", problem);
    let fields: Vec<(String, Option<String>)> = match arguments.get("params") {
        None => return Ok(Vec::new()),
        Some(Value::Fields(fields)) => {
            let values = fields.iter().flat_map(|(name, value)| match value {
                Value::List(items) if is_repeated(name) => items.iter().map(|item| (name, item)).collect(),
                value => vec![(name, value)],
            });
            let text = |value: &Value, name: &str| value.to_parameter().map_err(|why| refused(format!("{name} {why}")));
            values.map(|(name, value)| Ok((name.clone(), text(value, name)?))).collect::<Result<_>>()?
        }
        // The text of an object, each value of which is as it would be in a struct.
        Some(Value::Text(text)) if text.trim_start().starts_with('{') => {
            let members: Entries<&RawValue> =
                serde_json::from_str(text).map_err(|error| refused(format!("is not JSON: {error}")))?;
            members
                .into_iter()
                .flat_map(|(name, value)| match elements(&name, value) {
                    Some(items) => items.into_iter().map(|item| (name.clone(), said(item))).collect(),
                    None => vec![(name, said(value))],
                })
                .collect()
        }
        Some(_) => {
            return Err(refused("must be a struct, a map or a JSON object".into())
                .fix("Write params := {'type': 'general', 'limit': 100}, or MAP {'type': 'general'}"));
        }
    };
    let mut params = Vec::with_capacity(fields.len());
    for (name, value) in fields {
        match name.as_str() {
            "" => return Err(refused("contains a parameter without a name. Remove it".into())),
            "project_id" | "workspace_id" => {
                return Err(refused(format!("{name} is a parameter of the call itself. Write {name} := ...")));
            }
            _ => params.extend(value.map(|text| (name, text))),
        }
    }
    Ok(params)
}

/// Those of a list that goes out once for each element.
fn elements<'a>(name: &str, value: &'a RawValue) -> Option<Vec<&'a RawValue>> {
    if is_repeated(name) { serde_json::from_str(value.get()).ok() } else { None }
}

fn is_repeated(name: &str) -> bool {
    name.ends_with("[]")
}
