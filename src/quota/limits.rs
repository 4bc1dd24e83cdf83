//! What does Mixpanel allow?
//!
//! The numbers, and how messages speak of them. [`super::book`] counts,
//! [`super::gate`] waits.

use std::time::Duration;

use jiff::Timestamp;

/// A limit that requests count against, for each project.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Quota {
    Export,
    Query,
    /// A further page of a question that was counted already: Mixpanel's support says that those don't count
    /// (airbytehq/airbyte#57513), so only the limit on concurrency holds for them.
    QueryPage,
    /// The routes of the lexicon's schemas.
    Lexicon,
}

/// The numbers of one limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// As `mixpanel_quota()` names it.
    pub name: &'static str,
    /// So many requests in any stretch of so long.
    pub requests: usize,
    pub period: Duration,
    /// The period in words.
    pub per: &'static str,
    /// So many starts in any stretch of so long, where that is limited too.
    pub starts: Option<(usize, Duration)>,
    /// So many at the same time.
    pub concurrent: usize,
}

/// The longest wait for a limit. Nothing can interrupt a statement of DuckDB 1.x while it waits, so a longer wait is an error that
/// says until when.
pub const PATIENCE: Duration = Duration::from_secs(60);

const HOUR: Duration = Duration::from_secs(3600);

impl Quota {
    /// Sources: Mixpanel's `reference/rate-limits` (export, query) and `reference/limits` (lexicon, whose limit is in
    /// truth the organization's).
    pub fn rule(self) -> Rule {
        match self {
            // Three starts a second and a little: what left here a second apart may arrive closer together.
            Quota::Export => Rule {
                name: "export",
                requests: 60,
                period: HOUR,
                per: "an hour",
                starts: Some((3, Duration::from_millis(1050))),
                concurrent: 100,
            },
            Quota::Query | Quota::QueryPage => {
                Rule { name: "query", requests: 60, period: HOUR, per: "an hour", starts: None, concurrent: 5 }
            }
            Quota::Lexicon => Rule {
                name: "lexicon",
                requests: 5,
                period: Duration::from_secs(60),
                per: "a minute",
                starts: None,
                concurrent: 5,
            },
        }
    }

    /// Whether a request counts against the hour.
    pub fn counted(self) -> bool {
        self != Quota::QueryPage
    }

    /// Whether it is for an hour, as a user's own limit is.
    pub fn is_hourly(self) -> bool {
        self.rule().period == HOUR
    }

    /// The one that has the places and the count, by its name in `mixpanel_quota()`.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Export, Self::Query, Self::Lexicon].into_iter().find(|quota| quota.rule().name == name)
    }

    /// The limit that has the places and the count: pages share the query API's.
    pub fn shared(self) -> Quota {
        if self == Quota::QueryPage { Quota::Query } else { self }
    }
}

/// A moment in a message: `14:05:09 UTC (in 37 minutes)`.
pub fn moment(at: Timestamp, now: Timestamp) -> String {
    let seconds = u64::try_from(at.duration_since(now).as_secs()).unwrap_or(0);
    let wait = match seconds {
        0..=1 => "1 second".to_owned(),
        2..120 => format!("{seconds} seconds"),
        _ => format!("{} minutes", seconds.div_ceil(60)),
    };
    format!("{} UTC (in {wait})", at.strftime("%H:%M:%S"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_say_when_and_how_long() {
        let now = Timestamp::from_second(1_700_000_000).unwrap();
        let after = |seconds: i64| moment(Timestamp::from_second(1_700_000_000 + seconds).unwrap(), now);
        assert_eq!(after(2221), "22:50:21 UTC (in 38 minutes)");
        assert_eq!(after(60), "22:14:20 UTC (in 60 seconds)");
        assert_eq!(after(-5), "22:13:15 UTC (in 1 second)");
    }
}
