//! Which route does a path lead to, and may it be asked?
//!
//! A path is written as in Mixpanel's documentation, its segments as they would
//! stand in a URL. They are taken apart, unescaped, judged and escaped again, so
//! that nothing in them can climb to another route: also not on a server or
//! proxy that unescapes twice.

use crate::{
    config::Target,
    contract::{Error, Result},
    functions::percent,
    mixpanel::{Api, Method, Quota, Request},
};

/// The routes of the query API that read. It has others that write, of an older API and also with GET, such as
/// `annotations/create`; those of the app API write with other methods only.
const READING: [&str; 26] = [
    "insights",
    "funnels",
    "funnels/list",
    "arb_funnels",
    "retention",
    "retention/addiction",
    "segmentation",
    "segmentation/numeric",
    "segmentation/sum",
    "segmentation/average",
    "events",
    "events/top",
    "events/names",
    "events/properties",
    "events/properties/top",
    "events/properties/values",
    "stream/query",
    "stream/bookmark",
    "cohorts/list",
    "engage",
    "engage/stats",
    "engage/properties",
    "engage/values",
    "jql",
    "data_definitions/events",
    "data_definitions/properties",
];

/// A path that was found good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    pub api: Api,
    /// Those after the API's prefix, unescaped. At least one.
    segments: Vec<String>,
    /// Whether the path ends with a slash, as Mixpanel's own client asks some routes of the app API.
    slash: bool,
    /// Whether the path has the call's `workspace_id` in it.
    pub names_workspace: bool,
}

impl Route {
    /// Errors: `InvalidArgument`, which names the fix.
    pub fn read(path: &str, target: &Target) -> Result<Self> {
        plain(path)?;
        let (api, rest) = api(path)?;
        let (rest, slash) = rest.strip_suffix('/').map_or((rest, false), |rest| (rest, true));
        let mut route = Self { api, segments: Vec::new(), slash, names_workspace: false };
        for segment in rest.split('/') {
            let segment = route.filled(segment, target)?;
            route.segments.push(segment);
        }
        match route.api == Api::Query && !route.reads() {
            false => Ok(route),
            true => Err(refused("is not a known read-only route of /api/query. Other routes may write, even with GET")
                .fix(format!("Use one of {}", READING.join(", ")))),
        }
    }

    fn reads(&self) -> bool {
        READING.iter().any(|known| known.split('/').eq(self.segments.iter().map(String::as_str)))
    }

    pub fn request(&self, method: Method) -> Request {
        let request = Request::new(self.api, method, "").slash(self.slash).verbatim();
        let request = self.segments.iter().fold(request, |request, segment| request.segment(segment.as_str()));
        // The lexicon's routes have a limit of their own.
        match self.segments.get(2).map(String::as_str) {
            Some("schemas") if self.api == Api::App => request.quota(Some(Quota::Lexicon)),
            _ => request,
        }
    }

    /// A segment with what it stands for.
    fn filled(&mut self, segment: &str, target: &Target) -> Result<String> {
        match segment {
            "" => Err(refused("has an empty part, '//'").fix("Remove a slash")),
            "{project_id}" => target.project_id.clone().ok_or_else(|| {
                refused("{project_id} has no value: a project secret does not name its project")
                    .fix("Add project_id := 12345")
            }),
            "{workspace_id}" => {
                self.names_workspace = true;
                target
                    .workspace_id
                    .clone()
                    .ok_or_else(|| refused("{workspace_id} has no value").fix("Add workspace_id := 12345"))
            }
            name if name.starts_with('{') && name.ends_with('}') => {
                Err(refused(format!("{name} is not a placeholder")).fix("Write the value instead"))
            }
            segment => unescaped(segment),
        }
    }
}

/// Refuses what is no path at all.
fn plain(path: &str) -> Result<()> {
    if path.contains("://") || path.starts_with("//") {
        return Err(refused("is a URL. The account's region decides the host, so that credentials go nowhere else")
            .fix("Pass the part that starts with /api/, like '/api/query/events/names'"));
    }
    if path.contains('?') {
        return Err(refused("has a query string").fix("Pass its parameters as params := MAP {'type': 'general'}"));
    }
    if path.contains('#') {
        return Err(refused("has a fragment, '#'").fix("Remove it, or write %23 if it is part of a name"));
    }
    if path.contains('\\') {
        return Err(refused("has a backslash").fix("Separate the parts by '/'"));
    }
    if path != path.trim() || path.chars().any(char::is_control) {
        return Err(refused("starts or ends with a space, or contains a control character").fix("Remove it"));
    }
    Ok(())
}

/// The API by the path's prefix, letter by letter, and what follows it.
fn api(path: &str) -> Result<(Api, &str)> {
    if let Some(rest) = path.strip_prefix("/api/query/") {
        return Ok((Api::Query, rest));
    }
    if let Some(rest) = path.strip_prefix("/api/app/") {
        return Ok((Api::App, rest));
    }
    match path.strip_prefix("/api/2.0/") {
        Some(rest @ ("export" | "export/")) => Ok((Api::Export, rest)),
        Some(rest) if !rest.is_empty() && !rest.starts_with("export/") => {
            let fix = format!("Write /api/query/{rest}");
            Err(refused("starts with /api/2.0, which only export uses. Mixpanel renamed its other routes").fix(fix))
        }
        _ => Err(refused("must start with /api/query/ or /api/app/, in lower case, or be /api/2.0/export")
            .fix("Use a route that reads")),
    }
}

/// A segment without its escapes. What climbs is refused, however often it was escaped.
fn unescaped(segment: &str) -> Result<String> {
    let text = percent::decode(segment).ok_or_else(|| {
        refused(format!("'{segment}' has a % that is not an escape")).fix("Write %25 for the character itself")
    })?;
    if text.chars().any(char::is_control) {
        return Err(refused(format!("'{segment}' contains a control character")).fix("Remove it"));
    }
    let mut deep = text.clone();
    loop {
        if deep.split(['/', '\\']).any(climbs) {
            return Err(refused(format!("'{segment}' cannot be part of a path")).fix("Correct the path"));
        }
        match percent::decode(&deep) {
            Some(deeper) if deeper != deep => deep = deeper,
            _ => return Ok(text),
        }
    }
}

/// `.` and `..`, also with what some servers leave out behind them.
fn climbs(part: &str) -> bool {
    let name = part.split([';', '\0']).next().unwrap_or_default().trim();
    matches!(name, "." | "..")
}

fn refused(problem: impl std::fmt::Display) -> Error {
    Error::argument("path", problem)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mixpanel::testing::target;

    fn url(path: &str) -> String {
        let target = Target { workspace_id: Some("7".into()), ..target() };
        let url = Route::read(path, &target).and_then(|route| route.request(Method::Get).url(&target));
        url.map_or_else(|error| error.to_string(), |url| url.path().to_owned())
    }

    #[test]
    fn good_paths_come_out_as_they_went_in() {
        for path in [
            "/api/query/events/names",
            "/api/query/segmentation/sum",
            "/api/app/me",
            "/api/app/projects/12345/schemas/event/A%2FB%3A%20100%25%20%22new%22%3F",
            "/api/2.0/export",
            "/api/app/a..b/...",
            "/api/app/projects/12345/annotations/",
            "/api/app/projects/12345/annotations/tags/",
            "/api/query/cohorts/list/",
            "/api/2.0/export/",
            "/api/query/data_definitions/events",
        ] {
            assert_eq!(url(path), path);
        }
        assert_eq!(url("/api/app/projects/{project_id}/annotations"), "/api/app/projects/12345/annotations");
        assert_eq!(url("/api/app/workspaces/{workspace_id}/cohorts"), "/api/app/workspaces/7/cohorts");
        assert_eq!(url("/api/app/x/購入 🛒+"), "/api/app/x/%E8%B3%BC%E5%85%A5%20%F0%9F%9B%92%2B");
        assert_eq!(url("/api/app/x/%7Bproject_id%7D"), "/api/app/x/%7Bproject_id%7D");
    }

    #[test]
    fn hostile_and_mistaken_paths_are_refused() {
        for path in [
            "",
            "/",
            "api/query/x",
            "/api",
            "/api/query",
            "/api/query/",
            "/api/app/",
            "/api/2.0",
            "/api/2.0/",
            "/api/2.0/export//",
            "/api/2.0/export/x",
            "/api/2.0/engage",
            "/api/2.0/../query/x",
            "/api/2.0/nessie/pipeline",
            "/api/APP/me",
            "/API/query/x",
            "/api/Query/x",
            "/%61pi/query/x",
            "/api/%71uery/x",
            "/api/query%2fx",
            "/api//query/x",
            "//evil.example/api/query/x",
            "/api/queryx/y",
            "/track",
            "/import",
            " /api/query/x",
            "/api/query/x ",
            "/api/query/x\n",
            "/api/query/x\ty",
            "/api/query/x\0y",
            "/api/query/x%00y",
            "/api/query/x%0d%0aHost:%20evil",
            "/api/query/../app/me",
            "/api/query/./x",
            "/api/query/x/..",
            "/api/query/x/.",
            "/api/query/x//y",
            "/api/query/x/",
            "/api/query/events//",
            "/api/app/me//",
            "/api/app//",
            "/api/query/%2e%2e/app/me",
            "/api/query/%2E./app/me",
            "/api/query/.%2e/app/me",
            "/api/query/..%2fapp%2fme",
            "/api/query/x%2f..%2f..%2fapp",
            "/api/query/..%5capp",
            "/api/query/%252e%252e/app",
            "/api/query/%25252e%25252e%25252fapp",
            "/api/query/..;/app/me",
            "/api/query/..%3b/app/me",
            "/api/query/..%20/app/me",
            "/api/query/%2e%2e%2f%2e%2e%2f",
            "/api/query\\..\\app",
            "/api/query/..\\app",
            "\\api\\query\\x",
            "/api/query/x?y=1",
            "/api/query/x#y",
            "/api/query/100%",
            "/api/query/%zz",
            "/api/query/%ff",
            "/api/app/{organization_id}/x",
            "https://mixpanel.com/api/query/events",
            "https://evil.example/api/query/events",
            "mixpanel.com/api/query/events",
            "@evil.example/api/query/x",
            "/@evil.example/api/query/x",
        ] {
            assert!(url(path).starts_with("[INVALID_ARGUMENT] path: "), "{path}: {}", url(path));
        }
    }

    #[test]
    fn routes_that_may_write_are_refused() {
        for path in
            ["annotations/create", "annotations", "x", "engage/delete", "funnels%2Flist/x", "Events", "events/names/x"]
        {
            let error = url(&format!("/api/query/{path}"));
            assert!(error.contains("path: is not a known read-only route of /api/query"), "{error}");
            assert!(error.contains("insights, funnels, funnels/list, "), "{error}");
        }
        assert_eq!(url("/api/query/event%73/%6eames"), "/api/query/events/names");
        // A slash within a name is no slash between two.
        assert!(url("/api/query/events%2Fnames").starts_with("[INVALID_ARGUMENT]"));
    }

    #[test]
    fn refusals_name_the_fix() {
        for (path, fix) in [
            ("/api/2.0/events/names", "Write /api/query/events/names."),
            ("https://mixpanel.com/api/query/events", "Pass the part that starts with /api/"),
            ("/api/query/events?type=general", "params := MAP {'type': 'general'}"),
            ("/api/query/100%", "Write %25"),
            ("/api/app/{id}", "Write the value instead"),
        ] {
            assert!(url(path).contains(fix), "{}", url(path));
        }
        let unknown = Target { project_id: None, ..target() };
        for (path, fix) in
            [("/api/app/{project_id}", "project_id := "), ("/api/app/{workspace_id}", "workspace_id := ")]
        {
            let error = Route::read(path, &unknown).unwrap_err().to_string();
            assert!(error.contains(fix), "{error}");
        }
    }

    #[test]
    fn the_lexicon_has_its_own_limit() {
        let request = |path| Route::read(path, &target()).unwrap().request(Method::Get);
        let lexicon = request("/api/app/projects/{project_id}/schemas/event");
        assert_eq!(lexicon, lexicon.clone().quota(Some(Quota::Lexicon)));
        let other = request("/api/app/projects/{project_id}/annotations");
        assert_eq!(other, other.clone().quota(None));
    }

    proptest::proptest! {
        #[test]
        fn a_path_stays_below_its_prefix(tail in "([a-z./\\\\%;: ?#@{}]|%2e|%2f|%5c|%25|é){0,24}") {
            let target = target();
            if let Ok(route) = Route::read(&format!("/api/app/{tail}"), &target) {
                let url = route.request(Method::Get).url(&target).unwrap();
                proptest::prop_assert_eq!(url.host_str(), Some("127.0.0.1"));
                proptest::prop_assert!(url.path().starts_with("/api/app/"), "{}", url);
                proptest::prop_assert!(!url.path().contains("/../") && !url.path().ends_with("/.."), "{}", url);
                proptest::prop_assert_eq!(url.path().matches('/').count(), 3 + tail.matches('/').count());
            }
        }
    }
}
