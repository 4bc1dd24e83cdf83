//! What is used of a limit, and when may the next request start?
//!
//! Pure bookkeeping of one limit of one project: it is told what time it is
//! (milliseconds since 1970) and answers at once, so tests need no clock and
//! nothing here waits. A start is *reserved*, in order of asking, even where it
//! lies a moment ahead. A *claim* promises one request to a window of an export,
//! and tells others that its days are on their way.

use std::time::Duration;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::limits::{PATIENCE, Rule};

pub type Millis = i64;

/// No pause is longer: the hour slides, so it gives something back by then.
const LONGEST_PAUSE: Millis = 3_600_000;

/// How long to believe a "the hour is used up" that says no time. The hour slides and others' requests leave it at
/// moments that we can't see, so asking again has to be possible well before an hour has passed.
const UNKNOWN_PAUSE: Millis = 600_000;

/// A claim that nobody renewed for so long is nobody's: its process was killed, or stands still.
pub const CLAIM_LIFE: Millis = 60_000;

/// How long the error of a claim is kept for those who wait for it.
const ERROR_LIFE: Millis = 60_000;

/// How long a day that had not begun is not asked for again.
const REFUSAL_LIFE: Millis = 3_600_000;

/// Nothing is from further ahead of the clock than this: where it is, the clock was set back.
const AHEAD: Millis = 3_600_000;

/// How many requests are allowed in the period, and who says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limit {
    pub requests: usize,
    pub source: LimitSource,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LimitSource {
    /// Mixpanel's documentation.
    Documented,
    /// Mixpanel's own words, in a header or a refusal.
    Mixpanel,
    /// The setting or the environment.
    User,
}

/// The window of an export that somebody is about to ask for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    pub id: String,
    /// Who asks what, as the archive names it: answers of others are not waited for.
    pub asker: String,
    pub question: String,
    pub from: Date,
    pub to: Date,
    renewed: Millis,
    /// Whether its request is still to be made.
    reserved: bool,
    /// Whether its answer will be kept, so that others may wait for it.
    kept: bool,
}

/// What became of a claim that did not end well.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Failed {
    id: String,
    error: String,
    at: Millis,
}

/// One limit of one project.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Book {
    /// When requests of the last period started, in order. Some may lie a moment ahead.
    starts: Vec<Millis>,
    /// Until when Mixpanel itself said no.
    paused_until: Millis,
    /// What Mixpanel allows, as it said last.
    learned: Option<usize>,
    /// How many requests other programs made within the period, as Mixpanel said last, and when.
    others: Option<(usize, Millis)>,
    claims: Vec<Claim>,
    failed: Vec<Failed>,
    /// A day that had not begun in the project, and when Mixpanel said so.
    refused: Option<(Date, Millis)>,
}

impl Book {
    /// What holds where the user says nothing.
    pub fn limit(&self, rule: &Rule, user: Option<usize>) -> Limit {
        match (user, self.learned) {
            (Some(requests), _) => Limit { requests, source: LimitSource::User },
            (None, Some(requests)) => Limit { requests, source: LimitSource::Mixpanel },
            (None, None) => Limit { requests: rule.requests, source: LimitSource::Documented },
        }
    }

    /// Forgets what is over.
    pub fn prune(&mut self, rule: &Rule, now: Millis) {
        let period = millis(rule.period);
        self.starts.retain(|start| start + period > now && start - now <= AHEAD.min(period));
        // After the clock was set back, an old pause must not outlast its longest.
        self.paused_until = self.paused_until.min(now + LONGEST_PAUSE);
        self.others = self.others.filter(|(_, at)| at + period > now && at - now <= AHEAD);
        // Whoever works on one says so by the clock that it is now. Nobody waits until an old clock comes again.
        self.claims.retain(|claim| (now - claim.renewed).abs() < CLAIM_LIFE);
        self.refused = self.refused.filter(|(_, at)| now - at < REFUSAL_LIFE && at - now <= AHEAD);
        self.failed.retain(|failed| (now - failed.at).abs() < ERROR_LIFE);
    }

    /// How many requests of the period are used: ours and others', or all where Mixpanel said so.
    pub fn used(&self, limit: Limit, now: Millis) -> usize {
        if self.is_paused(now) {
            return limit.requests;
        }
        self.starts.iter().filter(|start| **start <= now).count().saturating_add(self.others())
    }

    fn others(&self) -> usize {
        self.others.map_or(0, |(requests, _)| requests)
    }

    /// How many requests are promised and not made yet.
    pub fn reserved(&self) -> usize {
        self.claims.iter().filter(|claim| claim.reserved).count()
    }

    /// How many requests are neither used nor promised.
    pub fn left(&self, limit: Limit, now: Millis) -> usize {
        if self.is_paused(now) {
            return 0;
        }
        limit.requests.saturating_sub(self.others().saturating_add(self.starts.len() + self.reserved()))
    }

    /// When the next request comes back, where any is used.
    pub fn resets_at(&self, rule: &Rule, now: Millis) -> Option<Millis> {
        if self.is_paused(now) {
            return Some(self.paused_until);
        }
        let others = self.others.filter(|(requests, _)| *requests > 0).map(|(_, at)| at);
        self.starts.first().copied().into_iter().chain(others).min().map(|first| first + millis(rule.period))
    }

    /// Whether a counted request may start soon; else from when.
    pub fn check(&self, rule: &Rule, limit: Limit, claim: Option<&str>, now: Millis) -> Result<(), Millis> {
        let at = self.possible_at(rule, limit, claim, now);
        if at - now > millis(PATIENCE) { Err(at) } else { Ok(()) }
    }

    /// Reserves the next start and tells its time, at most [`PATIENCE`] and the pace away; else from when there is one.
    /// A claim's own request was promised; any other takes one that is promised to nobody.
    pub fn start(&mut self, rule: &Rule, limit: Limit, claim: Option<&str>, now: Millis) -> Result<Millis, Millis> {
        self.check(rule, limit, claim, now)?;
        let mut at = self.possible_at(rule, limit, claim, now);
        if let Some((most, period)) = rule.starts {
            // Those of before the clock was set back lie far ahead. They count in the hour, and are nothing to keep a distance to.
            let near = self.starts.partition_point(|start| *start <= at + millis(PATIENCE));
            at = free_at(self.starts.get(..near).unwrap_or_default(), most, millis(period), at);
        }
        let index = self.starts.partition_point(|start| *start <= at);
        self.starts.insert(index, at);
        if let Some(claim) = self.claims.iter_mut().find(|other| claim == Some(&other.id)) {
            claim.reserved = false;
        }
        Ok(at)
    }

    fn possible_at(&self, rule: &Rule, limit: Limit, claim: Option<&str>, now: Millis) -> Millis {
        let promised = |other: &&Claim| other.reserved && claim != Some(&other.id);
        let taken = self.others().saturating_add(self.claims.iter().filter(promised).count());
        let free = match limit.requests.checked_sub(taken).filter(|free| *free > 0) {
            Some(free) => free_at(&self.starts, free, millis(rule.period), now),
            // What is promised, or used by others, comes back at some time that nobody knows.
            None => self.resets_at(rule, now).unwrap_or(now + UNKNOWN_PAUSE).max(now + millis(PATIENCE) + 1),
        };
        free.max(self.paused_until)
    }

    /// Takes a start back that did not happen, or that Mixpanel refused.
    pub fn forget(&mut self, at: Millis) {
        if let Some(index) = self.starts.iter().position(|&start| start == at) {
            self.starts.remove(index);
        }
    }

    /// Mixpanel said no for so long, or did not say how long. Returns until when.
    pub fn pause(&mut self, length: Option<Duration>, now: Millis) -> Millis {
        let until = now + length.map_or(UNKNOWN_PAUSE, millis).clamp(0, LONGEST_PAUSE);
        self.paused_until = self.paused_until.max(until);
        self.paused_until
    }

    pub fn is_paused(&self, now: Millis) -> bool {
        self.paused_until > now
    }

    /// Mixpanel said what it allows, and perhaps how much of that is left.
    pub fn learn(&mut self, rule: &Rule, allowed: Option<usize>, left: Option<usize>, now: Millis) {
        if let Some(allowed) = allowed.filter(|allowed| *allowed > 0) {
            self.learned = Some(allowed);
        }
        let limit = self.limit(rule, None).requests;
        if let Some(left) = left.filter(|left| *left <= limit) {
            let ours = self.starts.iter().filter(|start| **start <= now).count();
            self.others = Some(((limit - left).saturating_sub(ours), now));
        }
    }

    /// Claims a window: one request, and the days, where the answer will be kept.
    pub fn claim(&mut self, id: String, asker: &str, question: &str, days: (Date, Date), kept: bool, now: Millis) {
        let (from, to) = days;
        let (asker, question) = (asker.to_owned(), question.to_owned());
        self.claims.push(Claim { id, asker, question, from, to, renewed: now, reserved: true, kept });
    }

    /// Claims the halves of a window whose request was made: their days, and no request.
    pub fn halve(&mut self, id: &str, halves: [(String, (Date, Date)); 2], now: Millis) {
        let Some(index) = self.claims.iter().position(|claim| claim.id == id) else { return };
        let whole = self.claims.remove(index);
        for (id, (from, to)) in halves {
            self.claims.push(Claim { id, from, to, renewed: now, reserved: false, ..whole.clone() });
        }
    }

    /// The claims that live, of answers that will be kept.
    pub fn claims(&self) -> impl Iterator<Item = &Claim> {
        self.claims.iter().filter(|claim| claim.kept)
    }

    /// The names of all claims that live.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.claims.iter().map(|claim| claim.id.as_str())
    }

    /// Says that these are still worked on, and will be for so long, [`CLAIM_LIFE`] at most. Returns whether all of them were
    /// known.
    pub fn renew(&mut self, ids: &[String], life: Millis, now: Millis) -> bool {
        let mut known = 0;
        for claim in self.claims.iter_mut().filter(|claim| ids.contains(&claim.id)) {
            claim.renewed = now - CLAIM_LIFE + life.min(CLAIM_LIFE);
            known += 1;
        }
        known == ids.len()
    }

    /// The first day that had not begun in the project when it was asked for, within the last hour.
    pub fn refused_from(&self) -> Option<Date> {
        self.refused.map(|(day, _)| day)
    }

    /// A day had not begun in the project.
    pub fn refuse_from(&mut self, day: Date, now: Millis) {
        self.refused = Some((self.refused.map_or(day, |(known, _)| known.min(day)), now));
    }

    /// Says that the answers of these will not be kept, so that nobody waits for them.
    pub fn will_not_keep(&mut self, ids: &[String]) {
        for claim in self.claims.iter_mut().filter(|claim| ids.contains(&claim.id)) {
            claim.kept = false;
        }
    }

    /// A claim's end: its answer is there, or nobody wants it any more, or there was an error.
    pub fn release(&mut self, id: &str, error: Option<String>, now: Millis) {
        self.claims.retain(|claim| claim.id != id);
        self.failed.extend(error.map(|error| Failed { id: id.to_owned(), error, at: now }));
    }

    /// The error that a claim ended with.
    pub fn error(&self, id: &str) -> Option<&str> {
        self.failed.iter().find(|failed| failed.id == id).map(|failed| failed.error.as_str())
    }
}

/// The first moment, from `at` on, at which fewer than `limit` of the starts lie within the period before it.
fn free_at(starts: &[Millis], limit: usize, period: Millis, at: Millis) -> Millis {
    let full = starts.len().checked_sub(limit).and_then(|index| starts.get(index));
    full.map_or(at, |start| at.max(start + period))
}

fn millis(duration: Duration) -> Millis {
    Millis::try_from(duration.as_millis()).unwrap_or(Millis::MAX / 4)
}

#[cfg(test)]
#[path = "book_tests.rs"]
mod tests;
