//! What does a request consist of?
//!
//! A [`Request`] is built once and never changes, so that a retry or a further
//! page can't lose a parameter. It knows nothing of credentials: its URL never
//! holds any.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use url::{Url, form_urlencoded};

use super::{Api, Quota};
use crate::{
    config::Target,
    contract::{Code, Error, Result},
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    Get,
    /// Reads too: some of the query API's questions are too long for a URL.
    Post,
}

impl Method {
    pub fn as_str(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Post => "POST",
        }
    }
}

/// No server is sure to take a longer one; the largest limits of those in use are a few times that.
const LONGEST_URL: usize = 16 * 1024;

/// One request of one of Mixpanel's read APIs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    api: Api,
    method: Method,
    segments: Vec<String>,
    slash: bool,
    /// Whether callers know the parameters by the names that they are sent under.
    verbatim: bool,
    query: Vec<(String, String)>,
    payload: Payload,
    quota: Option<Quota>,
    /// Set where the caller deals with a spent hour itself; within, whose request was set aside.
    claim: Option<Option<String>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Payload {
    None,
    Form(Vec<(String, String)>),
    Json(String),
}

/// The limit that an API's requests count against if nothing else is said. The app API documents none.
fn limit_of(api: Api) -> Option<Quota> {
    match api {
        Api::Export => Some(Quota::Export),
        Api::Query => Some(Quota::Query),
        Api::App => None,
    }
}

impl Request {
    /// `path` is relative to the API's prefix, not percent-encoded: `Request::get(Api::Query, "segmentation/sum")`.
    pub fn get(api: Api, path: &str) -> Self {
        Self::new(api, Method::Get, path)
    }

    pub fn post(api: Api, path: &str) -> Self {
        Self::new(api, Method::Post, path)
    }

    pub fn new(api: Api, method: Method, path: &str) -> Self {
        let segments = path.split('/').filter(|segment| !segment.is_empty()).map(str::to_owned).collect();
        let (query, payload, quota) = (Vec::new(), Payload::None, limit_of(api));
        Self { api, method, segments, slash: false, verbatim: false, query, payload, quota, claim: None }
    }

    /// One more segment of the path, whatever characters it has: for names.
    pub fn segment(mut self, segment: impl Into<String>) -> Self {
        self.segments.push(segment.into());
        self
    }

    /// Says whose request was set aside for this one, if any was, and that a spent hour is not waited for here.
    pub fn claimed(mut self, claim: Option<&str>) -> Self {
        self.claim = Some(claim.map(str::to_owned));
        self
    }

    pub(super) fn claim(&self) -> Option<Option<&str>> {
        self.claim.as_ref().map(Option::as_deref)
    }

    /// Whether the path ends with a slash. No route is known to need one, and some may be asked with it.
    pub fn slash(mut self, slash: bool) -> Self {
        self.slash = slash;
        self
    }

    /// Says that callers know the parameters by the names that they are sent under.
    pub fn verbatim(mut self) -> Self {
        self.verbatim = true;
        self
    }

    /// A parameter of the query string. `project_id` and `workspace_id` come from the target by themselves.
    pub fn query(mut self, name: &str, value: impl Into<String>) -> Self {
        self.query.push((name.to_owned(), value.into()));
        self
    }

    pub fn query_some(self, name: &str, value: Option<impl Into<String>>) -> Self {
        match value {
            Some(value) => self.query(name, value),
            None => self,
        }
    }

    /// A field of the body, sent as `application/x-www-form-urlencoded`.
    pub fn form(mut self, name: &str, value: impl Into<String>) -> Self {
        let field = (name.to_owned(), value.into());
        match &mut self.payload {
            Payload::Form(fields) => fields.push(field),
            payload => *payload = Payload::Form(vec![field]),
        }
        self
    }

    pub fn form_some(self, name: &str, value: Option<impl Into<String>>) -> Self {
        match value {
            Some(value) => self.form(name, value),
            None => self,
        }
    }

    /// The body, sent as `application/json`.
    pub fn json(mut self, body: impl Into<String>) -> Self {
        self.payload = Payload::Json(body.into());
        self
    }

    /// Counts against another limit than its API's.
    pub fn quota(mut self, quota: Option<Quota>) -> Self {
        self.quota = quota;
        self
    }

    pub fn api(&self) -> Api {
        self.api
    }

    pub fn method(&self) -> Method {
        self.method
    }

    pub(super) fn counts_against(&self) -> Option<Quota> {
        self.quota
    }

    /// The address without parameters: what messages show.
    pub(super) fn place(&self, target: &Target) -> String {
        let path: String = self.segments.iter().map(|segment| format!("/{}", encode(segment))).collect();
        let slash = if self.slash { "/" } else { "" };
        format!("{}{path}{slash}", self.api.base(target.region, target.base_url.as_ref()))
    }

    /// The whole URL.
    ///
    /// Errors: `InvalidArgument` for a path that URLs can't express, and for a URL that no server would take.
    pub fn url(&self, target: &Target) -> Result<Url> {
        if let Some(bad) = self.segments.iter().find(|segment| matches!(segment.as_str(), "" | "." | "..")) {
            return Err(Error::argument("path", format!("'{bad}' cannot be part of a path")));
        }
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(self.defaults(target).into_iter().filter(|(name, _)| !self.has(name)));
        query.extend_pairs(&self.query);
        let query = query.finish();
        let mut url = self.place(target);
        if !query.is_empty() {
            url = format!("{url}?{query}");
        }
        let url = Url::parse(&url)
            .map_err(|error| Error::new(Code::Internal, format!("the URL is not valid: {error}")).caused_by(error))?;
        if url.as_str().len() > LONGEST_URL { Err(self.too_long(&url)) } else { Ok(url) }
    }

    /// The complaint about the longest parameter, by the name that callers know it by.
    fn too_long(&self, url: &Url) -> Error {
        let longest = self.query.iter().max_by_key(|(_, value)| value.len());
        let (name, value) = longest.map_or(("", ""), |(name, value)| (name, value));
        let length = url.as_str().len();
        let problem = format!("makes a URL of {length} characters, but servers accept at most {LONGEST_URL}");
        let (parameter, fix) = match name {
            "" => ("path", "Correct the path"),
            _ if self.verbatim => {
                return Error::argument("params", format!("'{name}' {problem}")).fix("Request less at a time");
            }
            "event" if value.starts_with('[') => {
                ("events", "Name fewer at a time, or filter in SQL: WHERE event_name IN (...)")
            }
            "where" => ("filter", "Shorten it, or filter in SQL"),
            "values" => ("property_values", "Name fewer at a time"),
            "on" => ("segment_by", "Shorten it"),
            _ => (name, "Request less at a time"),
        };
        Error::argument(parameter, problem).fix(fix)
    }

    /// Content type and bytes of the body.
    pub(super) fn body(&self) -> Option<(&'static str, String)> {
        match &self.payload {
            Payload::None => None,
            Payload::Form(fields) => {
                let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
                Some(("application/x-www-form-urlencoded", form))
            }
            Payload::Json(body) => Some(("application/json", body.clone())),
        }
    }

    /// Parameters that the target brings. The app API has the project in its paths and refuses parameters that it does
    /// not know; the export API knows no data views.
    fn defaults<'a>(&self, target: &'a Target) -> Vec<(&'static str, &'a str)> {
        let project = target.project_id.as_deref().map(|id| ("project_id", id));
        let workspace = target.workspace_id.as_deref().map(|id| ("workspace_id", id));
        match self.api {
            Api::Export => project.into_iter().collect(),
            Api::Query => project.into_iter().chain(workspace).collect(),
            Api::App => Vec::new(),
        }
    }

    fn has(&self, name: &str) -> bool {
        self.query.iter().any(|(given, _)| given == name)
    }
}

/// Everything but RFC 3986's unreserved characters.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Percent-encodes one segment of a path.
pub(super) fn encode(segment: &str) -> String {
    utf8_percent_encode(segment, RESERVED).to_string()
}

#[cfg(test)]
mod tests {
    use super::super::testing::target;
    use super::*;

    fn url(request: &Request) -> String {
        let target = Target { workspace_id: Some("7".into()), ..target() };
        request.url(&target).map_or_else(|error| error.to_string(), String::from)
    }

    #[test]
    fn the_target_brings_project_and_workspace_where_they_belong() {
        let base = "http://127.0.0.1:1";
        assert_eq!(url(&Request::get(Api::Export, "export")), format!("{base}/api/2.0/export?project_id=12345"));
        let query = "project_id=12345&workspace_id=7";
        assert_eq!(url(&Request::post(Api::Query, "/engage/")), format!("{base}/api/query/engage?{query}"));
        assert_eq!(url(&Request::get(Api::App, "me")), format!("{base}/api/app/me"));
        let own = Request::get(Api::Export, "export").query("project_id", "1");
        assert_eq!(url(&own), format!("{base}/api/2.0/export?project_id=1"));
    }

    #[test]
    fn every_character_survives() {
        let value = "a+b&c=d \"é\" 100% #?/\n";
        let request = Request::get(Api::Query, "events").query("event", value).query_some("no", None::<String>);
        let url = request.url(&target()).unwrap();
        assert_eq!(url.query_pairs().find(|(name, _)| name == "event").map(|(_, value)| value).as_deref(), Some(value));
        let form = Request::post(Api::Query, "jql").form("script", value).form_some("params", Some("{}")).body();
        let (content_type, form) = form.unwrap();
        assert_eq!(content_type, "application/x-www-form-urlencoded");
        assert_eq!(form, "script=a%2Bb%26c%3Dd+%22%C3%A9%22+100%25+%23%3F%2F%0A&params=%7B%7D");
    }

    #[test]
    fn what_is_too_long_for_a_url_is_said_by_its_name() {
        let names: Vec<String> = (0..2500).map(|number| format!("event {number}")).collect();
        let events = Request::get(Api::Export, "export").query("event", serde_json::json!(names).to_string());
        let error = url(&events.query("where", "x"));
        assert!(
            error.starts_with("[INVALID_ARGUMENT] events: makes a URL of ") && error.contains("Name fewer"),
            "{error}"
        );
        let filter = Request::get(Api::Query, "segmentation").query("where", "é".repeat(3000));
        assert!(url(&filter).starts_with("[INVALID_ARGUMENT] filter: makes a URL of 18"), "{}", url(&filter));
        let segment = Request::get(Api::App, "schemas").segment("x".repeat(20_000));
        assert!(url(&segment).starts_with("[INVALID_ARGUMENT] path: "), "{}", url(&segment));
        assert!(url(&Request::get(Api::Query, "segmentation").query("where", "x".repeat(16_000))).starts_with("http"));
        assert!(url(&Request::post(Api::Query, "jql").form("script", "x".repeat(1 << 20))).starts_with("http"));
    }

    #[test]
    fn names_stay_one_segment() {
        let request = Request::get(Api::App, "projects/1/schemas/event").segment("a/b c?#%2e\\é\t");
        assert_eq!(
            url(&request),
            "http://127.0.0.1:1/api/app/projects/1/schemas/event/a%2Fb%20c%3F%23%252e%5C%C3%A9%09"
        );
    }

    #[test]
    fn paths_do_not_climb() {
        for request in [
            Request::get(Api::Query, "../app/me"),
            Request::get(Api::App, "schemas").segment(".."),
            Request::get(Api::App, "schemas").segment(""),
        ] {
            assert!(url(&request).starts_with("[INVALID_ARGUMENT] path:"), "{}", url(&request));
        }
        assert_eq!(url(&Request::get(Api::App, "%2e%2e/x")), "http://127.0.0.1:1/api/app/%252e%252e/x");
    }

    proptest::proptest! {
        #[test]
        fn any_text_arrives_as_it_was(text: String) {
            let request = Request::get(Api::Query, "x").query("q", text.clone()).segment(format!("{text}-"));
            let url = request.url(&target()).unwrap();
            let value = url.query_pairs().find(|(name, _)| name == "q").map(|(_, value)| value.into_owned());
            proptest::prop_assert_eq!(value, Some(text));
            proptest::prop_assert_eq!(url.path_segments().map(Iterator::count), Some(4));
        }
    }
}
