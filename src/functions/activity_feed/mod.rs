//! `mixpanel_activity_feed(...)`: what some users did. `POST /api/query/stream/bookmark`: one row for each event, in the
//! answer's order. The route is in no documentation; Mixpanel's own client asks it since `stream/query` is deprecated.

mod feed;
mod question;

use feed::{FeedEvent, FeedPage};
use question::FeedQuestion;

use super::{
    one_request,
    parameters::{DAYS, LIVE, MAX_ROWS, RAW},
    target,
};
use crate::{
    config::Target,
    contract::{Arguments, BoundTable, Function, Param, Result, Session, SqlType, Table, params},
    functions::discovery,
};

pub const ACTIVITY_FEED: Function = Function {
    name: "mixpanel_activity_feed",
    description: "Returns one row per event of the given users, from from_date to to_date inclusive. Default: the last \
                  30 days.",
    example: "SELECT * FROM mixpanel_activity_feed(['user-1', 'user-2'], from_date := '2025-01-01', to_date := '2025-01-05');",
    parameters: params![
        &[DISTINCT_IDS],
        DAYS,
        &[EVENTS, EXCLUDE_EVENTS, SEARCH, SEARCH_PROPERTIES, USE_CUSTOM_EVENTS, MAX_ROWS, RAW],
        LIVE
    ],
    bind,
    ..Function::PLAIN
};

const DISTINCT_IDS: Param = Param::positional("distinct_ids", SqlType::Any, "Users, as a list of texts or numbers");
const EVENTS: Param = Param::named("events", SqlType::VARCHARS, "Only events with these names");
const EXCLUDE_EVENTS: Param =
    Param::named("exclude_events", SqlType::VARCHARS, "All events except those with these names");
const SEARCH: Param = Param::named("search", SqlType::Varchar, "Only events that contain this text");
const SEARCH_PROPERTIES: Param = Param::named(
    "search_properties",
    SqlType::Any,
    "Properties to search, as a list of structs with value and resourceType",
);
const USE_CUSTOM_EVENTS: Param = Param::named(
    "use_custom_events",
    SqlType::Boolean,
    "Whether events get the name of the custom event that they match",
)
.default("false");

fn bind(arguments: Arguments, session: &Session) -> Result<Box<dyn BoundTable>> {
    let question = FeedQuestion::new(&arguments)?;
    let raw = arguments.boolean("raw")?.unwrap_or(false);
    let target = target(&arguments, session)?;
    let table = Table::new()
        .text_ref("event_name", |event: &FeedEvent| event.name.as_deref())
        .timestamp("event_time", |event| event.time)
        .text_ref("distinct_id", |event| event.distinct_id.as_deref())
        .json_ref("properties", |event| Some(&event.properties));
    Ok(match raw {
        true => one_request::raw().asking(move || Ok(pages(&target, &question, true)?.0)),
        false => table.asking(move || Ok(pages(&target, &question, false)?.1)),
    })
}

/// All pages of a feed, as they came, and their events. Where the answer itself is wanted (`raw`), it may be anything.
fn pages(target: &Target, question: &FeedQuestion, raw: bool) -> Result<(Vec<String>, Vec<FeedEvent>)> {
    let (mut answers, mut events) = (Vec::<String>::new(), Vec::new());
    // Nobody did anything, which needs no request to be known.
    if question.is_about_nobody() {
        return Ok((answers, events));
    }
    let workspace = match &target.workspace_id {
        Some(id) => id.clone(),
        None => discovery::of_all_data(target)?,
    };
    let target = &Target { workspace_id: Some(workspace), ..target.clone() };
    let mut cursor: Option<String> = None;
    while question.wants_more(events.len()) {
        let request = question.request(target, events.len(), cursor.as_deref());
        let number = answers.len() + 1;
        let asked = one_request::ask(target, &request)
            .map_err(|error| if number == 1 { error } else { error.context(format!("page {number}")) })?;
        let answer = match raw {
            true => asked.whole(),
            false => asked.read(|text| FeedPage::read(text).map(|_| text.to_owned()))?,
        };
        let before = answers.last().map(|before| FeedPage::read(before)).transpose()?.unwrap_or_default();
        let page = FeedPage::read(&answer).and_then(|page| Ok((page.events_after(&before)?, page.cursor)));
        let (found, next) = match page {
            Err(_) if raw => {
                answers.push(answer);
                break;
            }
            page => page?,
        };
        // A page that tells nothing new, or leads to itself, is the last one.
        let next = next.filter(|next| !found.is_empty() && cursor.as_deref() != Some(*next)).map(str::to_owned);
        events.extend(found);
        answers.push(answer);
        cursor = next;
        if cursor.is_none() {
            break;
        }
    }
    question.cut(&mut events);
    Ok((answers, events))
}
