//! What does a call ask of the activity feed, and how is that a request?
//!
//! The body is that of Mixpanel's own client: an empty report (`entries`) is all events of the users, and its `dateRange`
//! says the days. How many events come where nothing is said of it, is not known: so it is said.

use jiff::{ToSpan, civil::Date};
use serde_json::{Map, Value as Json, json};

use crate::{
    config::Target,
    contract::{Arguments, Error, Result},
    mixpanel::{Api, Request},
};

/// The most events that Mixpanel gives on a page.
const MOST_EVENTS: u64 = 15_000;

/// How far a feed goes back that says not from when.
const USUAL_DAYS: i64 = 30;

pub struct FeedQuestion {
    ids: Vec<String>,
    days: Json,
    /// What else was said, under the names that Mixpanel has for it.
    more: Map<String, Json>,
    max_rows: Option<u64>,
}

impl FeedQuestion {
    pub fn new(arguments: &Arguments) -> Result<Self> {
        arguments.refuse_null("distinct_ids", "Name users, like ['user-1'], or pass [] for none")?;
        let (events, exclude) = (arguments.texts("events")?, arguments.texts("exclude_events")?);
        if events.is_some() && exclude.is_some() {
            return Err(Error::argument("exclude_events", "cannot be combined with events. Remove one of them"));
        }
        let search = arguments.text("search")?;
        let search_properties = arguments.json("search_properties")?;
        if search.is_none() && search_properties.is_some() {
            return Err(Error::argument("search_properties", "needs search. Add search := 'a text'"));
        }
        let search_properties = search_properties.map(|text| places(&text)).transpose()?;
        let custom = arguments.boolean("use_custom_events")?.unwrap_or(false);
        let more = [
            ("include_events", events.map(Json::from)),
            ("exclude_events", exclude.map(Json::from)),
            ("search", search.map(Json::from)),
            ("search_properties", search_properties),
            ("use_custom_events", custom.then_some(Json::Bool(true))),
        ];
        Ok(Self {
            ids: arguments.ids("distinct_ids")?.unwrap_or_default(),
            days: date_range(arguments.dates("from_date", "to_date")?),
            more: more.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect(),
            max_rows: arguments.count("max_rows")?,
        })
    }

    pub fn is_about_nobody(&self) -> bool {
        self.ids.is_empty()
    }

    /// Whether so many events are not all that are wanted.
    pub fn wants_more(&self, came: usize) -> bool {
        self.room(came) > 0
    }

    fn room(&self, came: usize) -> u64 {
        self.max_rows.unwrap_or(u64::MAX).saturating_sub(came as u64)
    }

    /// No more events than are wanted.
    pub fn cut<T>(&self, events: &mut Vec<T>) {
        events.truncate(self.max_rows.map_or(usize::MAX, |most| usize::try_from(most).unwrap_or(usize::MAX)));
    }

    /// A page after `came` events; `cursor` is what the page before gave for it, as it came. The target names a data view.
    pub fn request(&self, target: &Target, came: usize, cursor: Option<&str>) -> Request {
        let workspace = target.workspace_id.as_deref().unwrap_or_default();
        let mut body = json!({
            "workspace_id": workspace.parse::<i64>().map_or_else(|_| Json::from(workspace), Json::from),
            "bookmark": {"dateRange": self.days, "entries": []},
            "distinct_ids": self.ids,
            "mode": "raw",
            "limit": self.room(came).min(MOST_EVENTS),
        });
        if let Json::Object(fields) = &mut body {
            // A project's secret stands for its project.
            fields.extend(target.project_id.clone().map(|id| ("project_id".to_owned(), Json::from(id))));
            fields.extend(self.more.clone());
        }
        let body = body.to_string();
        // The cursor goes back as it came, byte for byte.
        let body = match (cursor, body.strip_suffix('}')) {
            (Some(cursor), Some(body)) => format!(r#"{body},"sentinel_event":{cursor}}}"#),
            _ => body,
        };
        Request::post(Api::Query, "stream/bookmark").json(body)
    }
}

/// The days as the route has them. Open at the beginning, they are the last 30 until `to`.
fn date_range(days: (Option<Date>, Option<Date>)) -> Json {
    match days {
        (Some(from), Some(to)) => json!({"type": "between", "from": from, "to": to}),
        (Some(from), None) => json!({"type": "since", "from": from}),
        (None, Some(to)) => {
            let from = to.saturating_sub(USUAL_DAYS.days());
            json!({"type": "between", "from": from.max(jiff::civil::date(1, 1, 1)), "to": to})
        }
        (None, None) => json!({"type": "relative_after", "window": {"unit": "day", "value": USUAL_DAYS}}),
    }
}

/// `[{"value": "$city", "resourceType": "event"}]`. Errors: `InvalidArgument`.
fn places(text: &str) -> Result<Json> {
    let is_place = |place: &Json| {
        let is_text = |name: &str| place.get(name).and_then(Json::as_str);
        is_text("value").is_some_and(|name| !name.is_empty())
            && matches!(is_text("resourceType"), Some("event" | "user"))
    };
    match serde_json::from_str::<Vec<Json>>(text) {
        Ok(places) if !places.is_empty() && places.iter().all(is_place) => Ok(Json::Array(places)),
        _ => Err(Error::argument(
            "search_properties",
            "must be a list of objects with value and resourceType, like [{'value': '$city', 'resourceType': 'event'}]",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{contract::Value, mixpanel::testing::target};

    #[test]
    fn days_may_be_open() {
        let day = |text: &str| Some(text.parse().unwrap());
        for (days, expected) in [
            ((None, None), r#"{"type":"relative_after","window":{"unit":"day","value":30}}"#),
            ((day("2026-05-01"), None), r#"{"type":"since","from":"2026-05-01"}"#),
            ((None, day("2026-06-01")), r#"{"type":"between","from":"2026-05-02","to":"2026-06-01"}"#),
            ((None, day("0001-01-05")), r#"{"type":"between","from":"0001-01-01","to":"0001-01-05"}"#),
            ((day("2026-05-01"), day("2026-06-01")), r#"{"type":"between","from":"2026-05-01","to":"2026-06-01"}"#),
        ] {
            let expected: Json = serde_json::from_str(expected).unwrap();
            assert_eq!(date_range(days), expected);
        }
    }

    #[test]
    fn a_cursor_goes_back_as_it_came() {
        let ids = Value::List(vec![Value::Text("a".into())]);
        let arguments = Arguments::new(vec![("distinct_ids".into(), ids), ("max_rows".into(), Value::Integer(20_000))]);
        let question = FeedQuestion::new(&arguments).unwrap();
        let cursor = r#"{"n": 1.50, "big":12345678901234567890}"#;
        let first = format!("{:?}", question.request(&target(), 0, None));
        let second = format!("{:?}", question.request(&target(), 15_000, Some(cursor)));
        assert!(first.contains(r#"\"limit\":15000"#) && !first.contains("sentinel_event"), "{first}");
        assert!(second.contains(r#"\"limit\":5000"#) && second.contains(&cursor.replace('"', "\\\"")), "{second}");
        assert!(question.wants_more(19_999) && !question.wants_more(20_000));
    }
}
