//! What are the project's events called?
//!
//! Mixpanel names the events of the last 31 days and 255 of them, unless dates
//! and a limit say otherwise. Some plans refuse to look far back, and say how far
//! they do: that is remembered, so that it costs a request only once.

use std::sync::{Mutex, PoisonError};

use jiff::{ToSpan, civil::Date, tz::TimeZone};

use super::{MOST_NAMES, answer_at_hand, kept_answer, key::Asker, nearest::nearest};
use crate::{
    config::Target,
    contract::{Code, Error, Reason, Result},
    json,
    mixpanel::{Api, Client, Request, block_on},
};

/// The first day that Mixpanel takes.
const FIRST_DAY: Date = jiff::civil::date(2000, 1, 1);

/// Days of ours are tried so often: as they are, as far back as the plan allows, and once more where the project's day
/// is not the one of UTC.
const TRIES: usize = 3;

/// From when to when an event must have happened, inclusive. Ends that the call leaves open are as wide as they get.
#[derive(Debug, Clone, Copy, Default)]
pub struct DayRange {
    pub from: Option<Date>,
    pub to: Option<Date>,
}

/// The names of the events that happened, at most `limit` of them, as they come. `GET /events/names`.
///
/// Errors: whatever a request can fail with. Days of the call's are never changed.
pub fn event_names(target: &Target, days: DayRange, limit: u64) -> Result<Vec<String>> {
    names(target, days, |asked| kept_answer(target, &request(asked, limit))?.read(read))
}

/// The names of all events, as many as Mixpanel tells, never out of the cache: for those who want to hear soon whether that
/// works.
///
/// Errors: as [`event_names`].
pub fn event_names_anew(target: &Target) -> Result<Vec<String>> {
    names(target, DayRange::default(), |asked| {
        let answer = block_on(Client::hasty(target)?.json(&request(asked, MOST_NAMES)))??;
        read(&json::text(&answer.body))
    })
}

fn names(target: &Target, days: DayRange, ask: impl Fn((Date, Date)) -> Result<Vec<String>>) -> Result<Vec<String>> {
    let mut asked = widest(target, days);
    let mut tries = 1;
    loop {
        match ask(asked) {
            Ok(names) => return Ok(names),
            Err(error) if tries < TRIES => asked = narrower(target, days, asked, &error).ok_or(error)?,
            Err(error) => return Err(error),
        }
        tries += 1;
    }
}

/// The error for an event that is not among the names that Mixpanel tells, with those that come near; `None` where it may
/// exist nevertheless. Takes a request, unless the names are known.
pub fn unknown_event(target: &Target, event: &str) -> Result<Option<Error>> {
    Ok(missing(target, event, &event_names(target, DayRange::default(), MOST_NAMES)?))
}

/// The same, where that takes no request.
pub fn unknown_event_at_hand(target: &Target, event: &str) -> Option<Error> {
    missing(target, event, &at_hand(target)?.0)
}

/// What is known, without a request, of an event that is to be exported.
#[derive(Debug, Clone, PartialEq)]
pub enum Standing {
    /// There may well be such an event.
    Plausible,
    /// Nothing at hand tells.
    Unheard,
    /// It is not among the names at hand, and there may be others: what to warn of.
    Doubtful(String),
    /// There is no such event.
    Unknown(Error),
}

/// Whether there is such an event, as far as that takes no request.
pub fn standing(target: &Target, event: &str) -> Standing {
    at_hand(target).map_or(Standing::Unheard, |(names, is_whole)| judged(target, event, &names, is_whole))
}

/// The names of all events that are kept, and whether they are of all days: a plan that does not look far back does not
/// tell all names.
fn at_hand(target: &Target) -> Option<(Vec<String>, bool)> {
    let days = widest(target, DayRange::default());
    let text = answer_at_hand(target, &request(days, MOST_NAMES))?;
    Some((read(&text).ok()?, days.0 == FIRST_DAY))
}

/// A custom event is in no list, and Mixpanel's own need not be.
fn judged(target: &Target, event: &str, names: &[String], is_whole: bool) -> Standing {
    match lacking(target, event, names) {
        None => Standing::Plausible,
        Some(error) if !is_whole || names.len() as u64 >= MOST_NAMES || event.starts_with('$') => {
            Standing::Doubtful(error.to_string().trim_start_matches("[NOT_FOUND] ").to_owned())
        }
        Some(error) => {
            Standing::Unknown(error.also("If the event is newer than that list, run CALL mixpanel_clear_cache() first"))
        }
    }
}

/// What to say where Mixpanel refused a question about an event (400): that there is no such event, or else what
/// Mixpanel said.
pub fn refused_event(target: &Target, event: &str, error: Error) -> Error {
    if error.code() != Code::InvalidRequest || error.reason().is_some() {
        return error;
    }
    unknown_event(target, event).ok().flatten().unwrap_or(error)
}

fn missing(target: &Target, event: &str, names: &[String]) -> Option<Error> {
    // A list that may go on says nothing about what it lacks.
    ((names.len() as u64) < MOST_NAMES).then(|| lacking(target, event, names)).flatten()
}

/// The same, whether or not the list may go on. Custom events are in none.
fn lacking(target: &Target, event: &str, names: &[String]) -> Option<Error> {
    if event.starts_with("$custom_event:") || names.iter().any(|name| name == event) {
        return None;
    }
    let project = target.project_id.as_ref().map_or_else(|| "the project".to_owned(), |id| format!("project {id}"));
    let project = match &target.workspace_id {
        Some(id) => format!("the data view {id} of {project}"),
        None => project,
    };
    let near: Vec<String> = nearest(event, names.iter().map(String::as_str)).into_iter().map(quoted).collect();
    let fix = match near.split_last() {
        None => "mixpanel_events() lists all names".to_owned(),
        Some((only, [])) => format!("Did you mean {only}? mixpanel_events() lists all names"),
        Some((last, others)) => {
            format!("Did you mean {} or {last}? mixpanel_events() lists all names", others.join(", "))
        }
    };
    let what = format!("event: {} is not among the event names of {project}", quoted(event));
    Some(Error::new(Code::NotFound, what).fix(fix))
}

/// A name in a message: on one line, and not endless.
fn quoted(name: &str) -> String {
    let shown: String = name.chars().map(|c| if c.is_control() { ' ' } else { c }).take(100).collect();
    format!("'{shown}'")
}

fn read(text: &str) -> Result<Vec<String>> {
    json::parse(text, "a list of event names")
}

fn request((from, to): (Date, Date), limit: u64) -> Request {
    Request::get(Api::Query, "events/names")
        .query("type", "general")
        .query("limit", limit.to_string())
        .query("from_date", from.to_string())
        .query("to_date", to.to_string())
}

/// The days to ask for, today's as UTC has it.
fn widest(target: &Target, days: DayRange) -> (Date, Date) {
    let to = days.to.unwrap_or_else(|| today(target));
    let from =
        days.from.unwrap_or_else(|| history(target).and_then(|days| before_today(target, days)).unwrap_or(FIRST_DAY));
    (if days.from.is_none() { from.min(to) } else { from }, to)
}

/// Other days where Mixpanel refused these and they are ours to change.
fn narrower(target: &Target, days: DayRange, (from, to): (Date, Date), error: &Error) -> Option<(Date, Date)> {
    let allowed = match error.reason() {
        Some(Reason::FutureDate) if days.to.is_none() => return Some((from, to.yesterday().ok()?)),
        Some(Reason::HistoryLimit(allowed)) if days.from.is_none() => allowed?,
        _ => return None,
    };
    // Where that was refused as well, the project's day has begun already.
    let (allowed, later) = match before_today(target, allowed)? {
        day if day > from => (allowed, day),
        _ => (allowed - 1, from.tomorrow().ok()?),
    };
    remember(target, allowed.max(0));
    (later <= to).then_some((later, to))
}

fn today(target: &Target) -> Date {
    TimeZone::UTC.to_datetime(target.now()).date()
}

fn before_today(target: &Target, days: i64) -> Option<Date> {
    today(target).checked_sub(days.days()).ok()
}

/// How many days back the plans of projects allow to look, as far as they said.
static HISTORIES: Mutex<Vec<(Asker, i64)>> = Mutex::new(Vec::new());

fn history(target: &Target) -> Option<i64> {
    let asker = Asker::of(target);
    let histories = HISTORIES.lock().unwrap_or_else(PoisonError::into_inner);
    histories.iter().find(|(other, _)| *other == asker).map(|(_, days)| *days)
}

/// Forgets them: a plan may have changed.
pub(super) fn forget_histories() {
    HISTORIES.lock().unwrap_or_else(PoisonError::into_inner).clear();
}

fn remember(target: &Target, days: i64) {
    let asker = Asker::of(target);
    let mut histories = HISTORIES.lock().unwrap_or_else(PoisonError::into_inner);
    histories.retain(|(other, _)| *other != asker);
    histories.push((asker, days));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mixpanel::testing::target;

    fn refusal(reason: Reason) -> Error {
        Error::new(Code::PermissionDenied, "no").because(reason)
    }

    fn with_project(id: &str) -> Target {
        Target { project_id: Some(id.into()), ..target() }
    }

    #[test]
    fn the_plans_days_are_read_and_remembered() {
        let target = with_project("plan");
        let open = DayRange::default();
        assert_eq!(widest(&target, open), (FIRST_DAY, today(&target)));
        let error = refusal(Reason::HistoryLimit(Some(90)));
        let second = narrower(&target, open, widest(&target, open), &error).unwrap();
        assert_eq!(second, (before_today(&target, 90).unwrap(), today(&target)));
        assert_eq!(widest(&target, open), second);
        // Refused once more: one day later.
        let third = narrower(&target, open, second, &error).unwrap();
        assert_eq!(third, (before_today(&target, 89).unwrap(), today(&target)));
        assert_eq!(widest(&target, open), third);
        assert_eq!(widest(&with_project("another"), open).0, FIRST_DAY);
    }

    #[test]
    fn days_of_the_calls_are_never_changed() {
        let target = with_project("own");
        let error = refusal(Reason::HistoryLimit(Some(90)));
        let from = DayRange { from: Some(FIRST_DAY), to: None };
        assert_eq!(narrower(&target, from, widest(&target, from), &error), None);
        // All of these days lie before those that are allowed.
        let to = DayRange { from: None, to: Some(jiff::civil::date(2001, 1, 1)) };
        assert_eq!(widest(&target, to), (FIRST_DAY, jiff::civil::date(2001, 1, 1)));
        assert_eq!(narrower(&target, to, widest(&target, to), &error), None);
        let early = DayRange { from: None, to: Some(jiff::civil::date(1999, 1, 1)) };
        assert_eq!(widest(&target, early).0, jiff::civil::date(1999, 1, 1));
    }

    #[test]
    fn other_refusals_stand() {
        let target = with_project("refused");
        let (open, asked) = (DayRange::default(), (FIRST_DAY, today(&target)));
        for other in [
            Error::new(Code::PermissionDenied, "no"),
            refusal(Reason::HistoryLimit(None)),
            refusal(Reason::WrongCluster),
        ] {
            assert_eq!(narrower(&target, open, asked, &other), None);
        }
        let future = refusal(Reason::FutureDate);
        assert_eq!(narrower(&target, open, asked, &future), Some((FIRST_DAY, today(&target).yesterday().unwrap())));
        let to = DayRange { from: None, to: Some(today(&target)) };
        assert_eq!(narrower(&target, to, asked, &future), None);
        assert_eq!(history(&target), None);
    }

    #[test]
    fn only_a_whole_list_says_that_there_is_no_such_event() {
        let names = ["Login", "Purchase"].map(str::to_owned);
        let many: Vec<String> = (0..MOST_NAMES).map(|number| number.to_string()).collect();
        let stands = |event, names: &[String], is_whole| match judged(&target(), event, names, is_whole) {
            Standing::Unknown(error) if error.to_string().contains("mixpanel_clear_cache()") => "unknown",
            Standing::Doubtful(warning) if warning.starts_with("event: '") => "doubtful",
            Standing::Plausible => "plausible",
            other => panic!("{other:?}"),
        };
        assert_eq!(stands("Purchas", &names, true), "unknown");
        assert_eq!(stands("Purchas", &names, false), "doubtful");
        assert_eq!(stands("Purchas", &many, true), "doubtful");
        assert_eq!(stands("$identify", &names, true), "doubtful");
        for event in ["Purchase", "$custom_event:7"] {
            assert_eq!(stands(event, &names, true), "plausible");
        }
    }

    #[test]
    fn an_unknown_event_is_named_with_those_that_come_near() {
        let names = ["Sign Up", "Login", "Purchase", "sign_up_complete"].map(str::to_owned);
        let message = |event| missing(&target(), event, &names).map(|error| error.to_string());
        assert_eq!(message("Login"), None);
        assert_eq!(
            message("sign up").as_deref(),
            Some(
                "[NOT_FOUND] event: 'sign up' is not among the event names of project 12345. Did you mean 'Sign Up' or \
                 'sign_up_complete'? mixpanel_events() lists all names."
            )
        );
        assert!(
            message("x\n").is_some_and(|message| message.contains("project 12345. mixpanel_events() lists all names"))
        );
        assert_eq!(message("$custom_event:7"), None);
        let many: Vec<String> = (0..MOST_NAMES).map(|number| number.to_string()).collect();
        assert!(missing(&target(), "x", &many).is_none());
    }
}
