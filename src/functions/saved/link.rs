//! Which saved report does a URL of Mixpanel's web application show?
//!
//! The shapes are those that the application has in the address bar, today's and
//! older ones. What a report is opened with beside its id (a title, changes that
//! were not saved) stands behind it in the URL and is left out.

use url::Url;

use crate::{config::Region, functions::percent};

/// What a saved report is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AppKind {
    Insights,
    Funnels,
    Retention,
    Flows,
    /// Which no read API shows.
    LaunchAnalysis,
}

impl AppKind {
    /// As the web application calls it.
    pub fn name(self) -> &'static str {
        match self {
            AppKind::Insights => "Insights",
            AppKind::Funnels => "Funnels",
            AppKind::Retention => "Retention",
            AppKind::Flows => "Flows",
            AppKind::LaunchAnalysis => "Launch Analysis",
        }
    }

    /// By the name that the application has in its URLs, and the API for the type of a bookmark.
    pub fn of(app: &str) -> Option<Self> {
        Some(match app {
            "insights" => AppKind::Insights,
            "funnels" => AppKind::Funnels,
            "retention" => AppKind::Retention,
            "flows" => AppKind::Flows,
            "impact" | "launch-analysis" => AppKind::LaunchAnalysis,
            _ => return None,
        })
    }
}

/// A saved report, as far as a text says which.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    pub bookmark_id: i64,
    /// `None` for a bare id, and for a report on a board.
    pub kind: Option<AppKind>,
    /// `None` for a bare id.
    pub project_id: Option<String>,
    pub region: Option<Region>,
}

/// Why a text says no saved report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoLink {
    /// `https://mixpanel.com/s/...`: only Mixpanel knows where it leads.
    Short,
    /// A board, and no report on it.
    Board,
    /// A report that was not saved.
    Unsaved,
    /// Anything else.
    Other,
}

/// A board, as far as a text says which.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoardLink {
    pub dashboard_id: i64,
    /// `None` for a bare id.
    pub project_id: Option<String>,
    pub region: Option<Region>,
}

impl BoardLink {
    /// An id as digits, or the URL of a board, also where one of its cards is open.
    pub fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        if is_digits(text) {
            return Some(Self { dashboard_id: id(text)?, project_id: None, region: None });
        }
        let Address { region, project_id, app, fragment } = Address::read(text).ok()?;
        let dashboard_id = fragment.split('&').find_map(|pair| pair.strip_prefix("id=")).filter(|_| is_board(&app))?;
        Some(Self { dashboard_id: id(dashboard_id)?, project_id: Some(project_id), region: Some(region) })
    }
}

impl Link {
    /// A bare id.
    pub fn id(bookmark_id: i64) -> Self {
        Self { bookmark_id, kind: None, project_id: None, region: None }
    }

    /// An id as digits, or the URL of a report.
    pub fn read(text: &str) -> Result<Self, NoLink> {
        let text = text.trim();
        if is_digits(text) {
            return id(text).map(Link::id).ok_or(NoLink::Other);
        }
        let Address { region, project_id, app, fragment } = Address::read(text)?;
        let (kind, bookmark_id) = match is_board(&app) {
            true => (None, on_board(&fragment)?),
            false => {
                let kind = AppKind::of(&app).ok_or(NoLink::Other)?;
                (Some(kind), in_application(&fragment)?)
            }
        };
        Ok(Self { bookmark_id, kind, project_id: Some(project_id), region: Some(region) })
    }
}

/// Where in the web application a URL leads.
struct Address {
    region: Region,
    project_id: String,
    app: String,
    /// Decoded, as the application reads it.
    fragment: String,
}

impl Address {
    fn read(text: &str) -> Result<Self, NoLink> {
        let url = parse(text).ok_or(NoLink::Other)?;
        let region = region(&url).ok_or(NoLink::Other)?;
        let path: Vec<&str> = url.path().split('/').filter(|segment| !segment.is_empty()).collect();
        let (project_id, app) = match path.as_slice() {
            ["s", _] => return Err(NoLink::Short),
            ["project", project, "app", app] | ["report", project, app] => (*project, *app),
            ["project", project, "view", view, "app", app] | ["report", project, "view", view, app]
                if is_digits(view) =>
            {
                (*project, *app)
            }
            _ => return Err(NoLink::Other),
        };
        if !is_digits(project_id) {
            return Err(NoLink::Other);
        }
        let fragment = url.fragment().unwrap_or_default();
        let fragment = percent::decode(fragment).unwrap_or_else(|| fragment.to_owned());
        Ok(Self { region, project_id: project_id.to_owned(), app: app.to_owned(), fragment })
    }
}

fn is_board(app: &str) -> bool {
    matches!(app, "boards" | "dashboards")
}

/// A URL; the address bar of some browsers leaves out the scheme, and some programs escape the `#`.
fn parse(text: &str) -> Option<Url> {
    let text = if text.contains('#') { text.to_owned() } else { text.replacen("%23", "#", 1) };
    let text = if text.contains("://") { text } else { format!("https://{text}") };
    Url::parse(&text).ok().filter(|url| matches!(url.scheme(), "https" | "http"))
}

fn region(url: &Url) -> Option<Region> {
    match url.host_str()? {
        "mixpanel.com" => Some(Region::Us),
        "eu.mixpanel.com" => Some(Region::Eu),
        "in.mixpanel.com" => Some(Region::In),
        _ => None,
    }
}

/// `report/<id>/<title>`, `view/<id>/...`.
fn in_application(fragment: &str) -> Result<i64, NoLink> {
    let mut parts = fragment.trim_start_matches('/').split('/');
    match (parts.next(), parts.next()) {
        (Some("report" | "view" | "segmentation-report"), Some(digits)) => {
            id(digits.split(['?', '&']).next().unwrap_or_default()).ok_or(NoLink::Other)
        }
        // A report that was not saved has a name of 12 letters and digits, or its definition, after `~(`.
        (Some(name), None) if name.starts_with('~') || is_unsaved(name) => Err(NoLink::Unsaved),
        _ => Err(NoLink::Other),
    }
}

/// `id=<board>&editor-card-id="report-<id>"`.
fn on_board(fragment: &str) -> Result<i64, NoLink> {
    let card = fragment.split('&').find_map(|pair| pair.strip_prefix("editor-card-id=")).ok_or(NoLink::Board)?;
    card.trim_matches('"').strip_prefix("report-").and_then(id).ok_or(NoLink::Board)
}

fn is_unsaved(name: &str) -> bool {
    name.len() == 12 && name.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn id(digits: &str) -> Option<i64> {
    digits.parse().ok().filter(|id| is_digits(digits) && *id > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(bookmark_id: i64, kind: Option<AppKind>, region: Region) -> Result<Link, NoLink> {
        Ok(Link { bookmark_id, kind, project_id: Some("3".into()), region: Some(region) })
    }

    #[test]
    fn urls_of_reports() {
        use AppKind::*;
        for (url, id, kind, region) in [
            (
                "https://mixpanel.com/project/3/view/75/app/insights?discover=1#report/123/weekly-actives",
                123,
                Insights,
                Region::Us,
            ),
            ("https://mixpanel.com/project/3/app/insights#report/123", 123, Insights, Region::Us),
            ("https://mixpanel.com/project/3/app/insights/#report/123/a%2Fb/~(a~1)", 123, Insights, Region::Us),
            ("https://mixpanel.com/project/3/app/insights%23report/123", 123, Insights, Region::Us),
            ("https://mixpanel.com/project/3/app/insights#report/123?tab=1", 123, Insights, Region::Us),
            ("https://mixpanel.com/project/3/app/insights#segmentation-report/9", 9, Insights, Region::Us),
            ("https://mixpanel.com/project/3/app/funnels#view/456/sign-up", 456, Funnels, Region::Us),
            ("https://eu.mixpanel.com/project/3/app/retention#report/7", 7, Retention, Region::Eu),
            ("http://in.mixpanel.com/project/3/view/75/app/flows#report/8/x", 8, Flows, Region::In),
            ("https://mixpanel.com/project/3/app/impact#report/10", 10, LaunchAnalysis, Region::Us),
            ("https://mixpanel.com/report/3/insights#report/123", 123, Insights, Region::Us),
            ("https://mixpanel.com/report/3/view/75/funnels#view/123", 123, Funnels, Region::Us),
            ("  HTTPS://EU.MIXPANEL.COM:443/project/3/app/flows?utm=x#report/8\n", 8, Flows, Region::Eu),
            ("in.mixpanel.com/project/3/app/flows#report/8", 8, Flows, Region::In),
        ] {
            assert_eq!(Link::read(url), link(id, Some(kind), region), "{url}");
        }
    }

    #[test]
    fn reports_on_boards_are_of_an_unknown_kind() {
        for url in [
            "https://mixpanel.com/project/3/view/75/app/boards#id=555&editor-card-id=%22report-456%22",
            "https://mixpanel.com/project/3/view/75/app/boards#id=555&editor-card-id=\"report-456\"",
            "https://mixpanel.com/project/3/app/dashboards#editor-card-id=report-456&id=555",
        ] {
            assert_eq!(Link::read(url), link(456, None, Region::Us), "{url}");
        }
    }

    #[test]
    fn boards() {
        let url = "https://mixpanel.com/project/3/view/75/app/boards#id=555";
        for text in
            [url, &format!("{url}&editor-card-id=%22report-456%22"), "mixpanel.com/project/3/app/dashboards#id=555"]
        {
            let board = BoardLink { dashboard_id: 555, project_id: Some("3".into()), region: Some(Region::Us) };
            assert_eq!(BoardLink::read(text), Some(board), "{text}");
        }
        assert_eq!(BoardLink::read(" 555 ").map(|board| (board.dashboard_id, board.project_id)), Some((555, None)));
        for text in [
            "https://mixpanel.com/project/3/app/insights#id=555",
            "https://mixpanel.com/project/3/app/boards#id=x",
            "https://mixpanel.com/project/3/app/boards",
            "https://example.com/project/3/app/boards#id=555",
            "https://mixpanel.com/s/AbC123",
            "0",
            "",
        ] {
            assert_eq!(BoardLink::read(text), None, "{text}");
        }
    }

    #[test]
    fn ids() {
        assert_eq!(Link::read(" 8001 "), Ok(Link::id(8001)));
        assert_eq!(Link::read("9223372036854775807"), Ok(Link::id(i64::MAX)));
        for text in ["0", "00", "9223372036854775808", "-1", "+1", "1.0", "1e3", "٣", ""] {
            assert_eq!(Link::read(text), Err(NoLink::Other), "{text}");
        }
    }

    #[test]
    fn urls_without_a_saved_report_say_what_they_are() {
        for (url, problem) in [
            ("https://mixpanel.com/s/AbC123", NoLink::Short),
            ("eu.mixpanel.com/s/AbC123", NoLink::Short),
            ("https://mixpanel.com/project/3/app/boards#id=555", NoLink::Board),
            ("https://mixpanel.com/project/3/app/boards", NoLink::Board),
            ("https://mixpanel.com/project/3/app/boards#id=1&editor-card-id=%22report-link-4409611%22", NoLink::Board),
            ("https://mixpanel.com/project/3/app/insights#EBrV5bW2u9Mw", NoLink::Unsaved),
            ("https://mixpanel.com/project/3/app/insights#~(sections~(a~1))", NoLink::Unsaved),
        ] {
            assert_eq!(Link::read(url), Err(problem), "{url}");
        }
    }

    #[test]
    fn everything_else_is_none() {
        for text in [
            "not a url at all",
            "EBrV5bW2u9Mw",
            "https://example.com/project/3/app/insights#report/1",
            "https://mixpanel.com.evil.example/project/3/app/insights#report/1",
            "https://api.mixpanel.com/project/3/app/insights#report/1",
            "https://evil.example/mixpanel.com/project/3/app/insights#report/1",
            "ftp://mixpanel.com/project/3/app/insights#report/1",
            "https://mixpanel.com/project/abc/app/insights#report/1",
            "https://mixpanel.com/project/٣/app/insights#report/1",
            "https://mixpanel.com/project/3/view/x/app/insights#report/1",
            "https://mixpanel.com/project/3/app/users#report/1",
            "https://mixpanel.com/project/3/app/insights#report/",
            "https://mixpanel.com/project/3/app/insights#report/x1",
            "https://mixpanel.com/project/3/app/insights#report/1x",
            "https://mixpanel.com/project/3/app/insights#id=555",
            "https://mixpanel.com/project/3/app/insights#report/99999999999999999999",
            "https://mixpanel.com/project/3/app/insights",
            "https://mixpanel.com/settings/project/3",
            "https://mixpanel.com/s/",
            "https://[::1/project/3",
            "mixpanel.com",
            "javascript://mixpanel.com/project/3/app/insights#report/1",
        ] {
            assert_eq!(Link::read(text), Err(NoLink::Other), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_survived(text: String, tail in "[a-z0-9/#%=&\"~()-]{0,40}") {
            let _ = Link::read(&text);
            let _ = Link::read(&format!("https://mixpanel.com/project/3/app/{tail}"));
        }
    }
}
