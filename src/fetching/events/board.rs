//! Which window is where on its way from Mixpanel to DuckDB?
//!
//! The download side asks for windows to fetch, oldest first, and brings what
//! has arrived; the reading side waits for what has arrived, oldest first, and
//! either settles a window or sends it back to be fetched again. Everybody else
//! only looks: progress, the record in `mixpanel_fetches()`.
//!
//! ```text
//!             next_to_download           bring              take           settle
//!   Waiting ------------------> Downloading ----> Arrived ------> Taken ------------> Settled
//!      ^                             |                              |                    ^
//!      |                             | give_up                      | again: tries left  |
//!      +-----------------------------|------------------------------+                    |
//!                                    |                              | no tries left      |
//!                                    +------------------------------+--------------------+
//!                                     left out where on_failure is 'skip'; otherwise the scan fails
//! ```

use std::{
    sync::{Arc, Condvar, Mutex, MutexGuard},
    time::Duration,
};

use tokio::sync::Notify;

use super::{plan::Window, source::Arrived, verify};
use crate::{
    config::{Credentials, Target},
    contract::{Code, Error, Reason, Result},
    decode::Count,
    fetching::record::Fetch,
    mixpanel::{Policy, Tries, redact},
};

/// What to do with a window that could not be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnFailure {
    /// Fail the query.
    Error,
    /// Leave the window out and say so in `mixpanel_fetches()`.
    Skip,
}

#[derive(Debug)]
enum State {
    /// To be downloaded.
    Waiting,
    Downloading,
    Arrived(Arrived),
    /// A reader has it.
    Taken,
    /// Its rows are in hand, or it was left out.
    Settled,
}

#[derive(Debug)]
struct Slot {
    window: Window,
    state: State,
    tries: Tries,
    /// Before it is asked for again.
    pause: Duration,
}

#[derive(Debug)]
struct Slots {
    slots: Vec<Slot>,
    failure: Option<Error>,
    skipped: usize,
    closed: bool,
}

/// A window to download.
#[derive(Debug)]
pub struct Task {
    pub index: usize,
    pub window: Window,
    /// Those that are left, after answers that had to be thrown away.
    pub tries: Tries,
    pub pause: Duration,
}

/// The windows of one scan.
#[derive(Debug)]
pub struct Board {
    slots: Mutex<Slots>,
    /// Wakes readers.
    arrived: Condvar,
    /// Wakes the download side: a window is to be fetched, or the scan is over.
    pub wanted: Notify,
    pub on_failure: OnFailure,
    pub fetch: Arc<Fetch>,
    /// What must not stand in an error, whatever an answer holds.
    credentials: Credentials,
}

impl Board {
    pub fn new(windows: &[Window], on_failure: OnFailure, fetch: Arc<Fetch>, target: &Target) -> Self {
        let tries = Tries::new(Policy::of(target));
        let slot = |&window| Slot { window, state: State::Waiting, tries, pause: Duration::ZERO };
        Self {
            slots: Mutex::new(Slots {
                slots: windows.iter().map(slot).collect(),
                failure: None,
                skipped: 0,
                closed: false,
            }),
            arrived: Condvar::new(),
            wanted: Notify::new(),
            on_failure,
            fetch,
            credentials: target.credentials.clone(),
        }
    }

    /// What must not be seen in errors.
    pub fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    fn redacted(&self, error: Error) -> Error {
        error.redacted(|text| redact(&self.credentials, text))
    }

    fn lock(&self) -> MutexGuard<'_, Slots> {
        self.slots.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// How many there are, whatever their state.
    pub fn count(&self) -> usize {
        self.lock().slots.len()
    }

    fn changed(&self) {
        self.arrived.notify_all();
        self.wanted.notify_one();
    }

    /// The oldest window that is to be downloaded; `None` while there is none or `ahead` of them are unread.
    pub fn next_to_download(&self, ahead: usize) -> Option<Task> {
        let mut slots = self.lock();
        let unread = slots.slots.iter().filter(|slot| matches!(slot.state, State::Downloading | State::Arrived(_)));
        if slots.closed || unread.count() >= ahead {
            return None;
        }
        let (index, slot) =
            slots.slots.iter_mut().enumerate().find(|(_, slot)| matches!(slot.state, State::Waiting))?;
        slot.state = State::Downloading;
        Some(Task { index, window: slot.window, tries: slot.tries, pause: slot.pause })
    }

    /// Whether nothing will ever be downloaded again.
    pub fn is_over(&self) -> bool {
        let slots = self.lock();
        slots.closed || slots.slots.iter().all(|slot| matches!(slot.state, State::Settled))
    }

    /// A window is here, whole, and so many tries are left if it turns out to be no good.
    pub fn bring(&self, index: usize, arrived: Arrived, tries: Tries) {
        if let Some(slot) = self.lock().slots.get_mut(index) {
            slot.state = State::Arrived(arrived);
            slot.tries = tries;
        }
        self.changed();
    }

    /// The oldest window that has arrived, waiting for one if need be; `None` when there are no more, or when none came
    /// for as long as `patience` and `leave` agrees.
    pub fn take(
        &self,
        patience: Option<Duration>,
        leave: impl Fn() -> bool,
    ) -> Result<Option<(Taken<'_>, Window, Arrived)>> {
        let mut slots = self.lock();
        loop {
            if let Some(error) = &slots.failure {
                return Err(error.clone());
            }
            if slots.closed || slots.slots.iter().all(|slot| matches!(slot.state, State::Settled)) {
                return Ok(None);
            }
            let here = slots.slots.iter_mut().enumerate().find(|(_, slot)| matches!(slot.state, State::Arrived(_)));
            if let Some((index, slot)) = here
                && let State::Arrived(arrived) = std::mem::replace(&mut slot.state, State::Taken)
            {
                let window = slot.window;
                drop(slots);
                self.wanted.notify_one();
                return Ok(Some((Taken { board: self, index, open: true }, window, arrived)));
            }
            let wait = patience.unwrap_or(Duration::from_secs(3600));
            let (woken, timeout) =
                self.arrived.wait_timeout(slots, wait).unwrap_or_else(|poisoned| poisoned.into_inner());
            slots = woken;
            if timeout.timed_out() && patience.is_some() && leave() {
                return Ok(None);
            }
        }
    }

    /// The window's lines are good, and it will not be fetched again. Whether its rows are: they may answer another
    /// question.
    fn settle(&self, index: usize, count: Count) -> bool {
        let warning = match verify::within_days(count) {
            Ok(warning) => warning,
            Err(error) => {
                self.give_up(index, error);
                return false;
            }
        };
        if let Some(slot) = self.lock().slots.get_mut(index) {
            slot.state = State::Settled;
            if let Some(warning) = warning {
                self.fetch.warn("ROWS_OUTSIDE_DAYS", format!("{}: {warning}", slot.window));
            }
        }
        Fetch::add(&self.fetch.windows_done, 1);
        self.changed();
        true
    }

    /// What arrived is of no use, and no row of it was emitted: fetch it again if that may help.
    fn again(&self, index: usize, damage: Error) {
        let mut slots = self.lock();
        let Some(slot) = slots.slots.get_mut(index) else { return };
        match slot.tries.again(verify::failure(damage)) {
            Ok(pause) => {
                (slot.state, slot.pause) = (State::Waiting, pause);
                Fetch::add(&self.fetch.retries, 1);
                drop(slots);
                self.changed();
            }
            Err(error) => {
                drop(slots);
                self.give_up(index, error);
            }
        }
    }

    /// The window can't be had.
    pub fn give_up(&self, index: usize, error: Error) {
        let mut slots = self.lock();
        let Some(window) = slots.slots.get(index).map(|slot| slot.window) else { return };
        let error = self.redacted(error.context(window));
        // Where nothing can be had, leaving out would be an empty answer to a wrong password.
        let all_skipped = slots.skipped + 1 == slots.slots.len();
        if self.on_failure == OnFailure::Error || is_fatal(&error) || all_skipped {
            drop(slots);
            return self.fail(error);
        }
        slots.slots[index].state = State::Settled;
        slots.skipped += 1;
        drop(slots);
        self.fetch.left_out(window.to_string(), error.to_string());
        self.changed();
    }

    /// The whole scan fails.
    pub fn fail(&self, error: Error) {
        let error = self.redacted(error);
        let mut slots = self.lock();
        if slots.failure.is_none() && !slots.closed {
            self.fetch.finish(Some(error.to_string()));
            slots.failure = Some(error);
        }
        slots.closed = true;
        drop(slots);
        self.changed();
    }

    /// Nobody will read any more: everything is in hand, the query's limit is reached, or the scan was dropped.
    pub fn close(&self) {
        let mut slots = self.lock();
        slots.closed = true;
        // What has arrived and was not read gives its memory back now.
        for slot in &mut slots.slots {
            if matches!(slot.state, State::Arrived(_)) {
                slot.state = State::Settled;
            }
        }
        drop(slots);
        self.fetch.finish(None);
        self.changed();
    }

    /// The share of the windows that are done, an unread one counting half.
    pub fn progress(&self) -> f64 {
        let slots = self.lock();
        let done = slots.slots.iter().map(|slot| match slot.state {
            State::Waiting | State::Downloading => 0.0,
            State::Arrived(_) | State::Taken => 0.5,
            State::Settled => 1.0,
        });
        done.sum::<f64>() / slots.slots.len().max(1) as f64
    }
}

/// A window that a reader has. If the reader comes to grief with it, nobody waits for it for ever.
pub struct Taken<'a> {
    board: &'a Board,
    index: usize,
    open: bool,
}

impl Taken<'_> {
    /// The window's lines are good, and it will not be fetched again. Whether its rows are, which may answer another
    /// question.
    pub fn settle(mut self, count: Count) -> bool {
        self.open = false;
        self.board.settle(self.index, count)
    }

    /// What arrived is of no use, and no row of it was emitted: fetch it again if that may help.
    pub fn again(mut self, damage: Error) {
        self.open = false;
        self.board.again(self.index, damage);
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        if self.open {
            self.board.fail(Error::new(Code::Internal, "a window could not be decoded"));
        }
    }
}

/// What is wrong with every window alike is not a window's failure. Days that the plan does not keep are wrong with the
/// oldest only.
fn is_fatal(error: &Error) -> bool {
    if matches!(error.reason(), Some(Reason::HistoryLimit(_))) {
        return false;
    }
    matches!(
        error.code(),
        Code::AuthenticationFailed
            | Code::PaymentRequired
            | Code::PermissionDenied
            | Code::NotFound
            | Code::InvalidConfig
            | Code::RateLimited
            | Code::IoError
            | Code::OutOfMemory
            | Code::Internal
    )
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::{
        super::spool::{Allowance, Spool},
        *,
    };
    use crate::{
        config::Secret,
        contract::Clock,
        fetching::record,
        mixpanel::{Encoding, testing::target},
    };

    fn board(count: i8, on_failure: OnFailure) -> Board {
        let days: Vec<_> = (1..=count).map(|day| Window { from: date(2025, 1, day), to: date(2025, 1, day) }).collect();
        let credentials = Credentials::OAuthToken(Secret::new("hidden-token"));
        let target = Target { credentials, ..target() };
        Board::new(&days, on_failure, record::start("test", "{}".into(), days.len(), Clock::default()), &target)
    }

    fn arrived() -> Arrived {
        Arrived { spool: Spool::new(&Allowance::default()), encoding: Encoding::Identity, verified: None }
    }

    fn tries() -> Tries {
        Tries::new(Policy::default())
    }

    fn broken() -> Error {
        Error::new(Code::Truncated, "cut")
    }

    #[test]
    fn windows_go_out_oldest_first_and_no_further_than_asked() {
        let board = board(3, OnFailure::Error);
        assert_eq!(board.next_to_download(2).map(|task| task.index), Some(0));
        assert_eq!(board.next_to_download(2).map(|task| task.index), Some(1));
        assert!(board.next_to_download(2).is_none());
        board.bring(1, arrived(), tries());
        let (_taken, window, _) = board.take(None, || false).unwrap().unwrap();
        assert_eq!(window.from, date(2025, 1, 2));
        assert_eq!(board.next_to_download(2).map(|task| task.index), Some(2));
    }

    #[test]
    fn a_settled_scan_is_over() {
        let board = board(1, OnFailure::Error);
        board.next_to_download(1);
        board.bring(0, arrived(), tries());
        let (taken, ..) = board.take(None, || false).unwrap().unwrap();
        assert!(!board.is_over());
        taken.settle(Count::default());
        assert!(board.is_over() && board.take(None, || false).unwrap().is_none());
        assert_eq!(board.progress(), 1.0);
    }

    #[test]
    fn a_damaged_window_is_fetched_again_and_then_named() {
        let board = board(2, OnFailure::Error);
        for _ in 0..Policy::default().damaged {
            let task = board.next_to_download(8).unwrap();
            assert_eq!(task.index, 0);
            board.bring(0, arrived(), task.tries);
            board.take(None, || false).unwrap().unwrap().0.again(broken());
        }
        let error = board.take(None, || false).err().unwrap().to_string();
        assert!(error.contains("2025-01-01: after 4 attempts: cut"), "{error}");
        assert!(board.is_over());
    }

    #[test]
    fn skipping_leaves_out_one_window_but_not_all() {
        let board = board(2, OnFailure::Skip);
        board.give_up(0, broken());
        assert!(!board.is_over());
        assert_eq!(board.fetch.end().failed.len(), 1);
        board.give_up(1, broken());
        assert!(board.take(None, || false).is_err());
    }

    #[test]
    fn days_that_the_plan_does_not_keep_can_be_skipped() {
        let board = board(2, OnFailure::Skip);
        let error = Error::new(Code::PermissionDenied, "HTTP 403").because(Reason::HistoryLimit(Some(90)));
        board.give_up(0, error);
        assert!(!board.is_over());
        assert_eq!(board.fetch.end().failed.len(), 1);
    }

    #[test]
    fn a_wrong_password_is_never_skipped() {
        let board = board(2, OnFailure::Skip);
        board.give_up(0, Error::new(Code::AuthenticationFailed, "HTTP 401"));
        assert_eq!(board.take(None, || false).err().unwrap().code(), Code::AuthenticationFailed);
    }

    #[test]
    fn an_answer_that_repeats_the_credentials_does_not_spread_them() {
        let board = board(1, OnFailure::Error);
        board.give_up(0, Error::new(Code::Truncated, "line 1 says hidden-token").server("hidden-token"));
        let error = board.take(None, || false).err().unwrap().to_string();
        assert!(error.contains("line 1 says") && !error.contains("hidden-token"), "{error}");
    }

    #[test]
    fn a_window_that_is_dropped_fails_the_scan() {
        let board = board(1, OnFailure::Error);
        board.next_to_download(1);
        board.bring(0, arrived(), tries());
        drop(board.take(None, || false).unwrap());
        assert_eq!(board.take(None, || false).err().map(|error| error.code()), Some(Code::Internal));
    }

    #[test]
    fn only_a_reader_that_may_leave_does() {
        let board = board(1, OnFailure::Error);
        assert!(board.take(Some(Duration::from_millis(1)), || true).unwrap().is_none());
        assert!(!board.is_over());
    }

    #[test]
    fn what_another_request_does_not_mend_is_not_asked_for_again() {
        let board = board(1, OnFailure::Error);
        board.next_to_download(1);
        board.bring(0, arrived(), tries());
        board.take(None, || false).unwrap().unwrap().0.again(Error::new(Code::InvalidRequest, "bad filter"));
        assert!(board.is_over() && board.next_to_download(1).is_none());
    }

    #[test]
    fn closing_wakes_a_waiting_reader() {
        let board = Arc::new(board(1, OnFailure::Error));
        let waiting = std::thread::spawn({
            let board = Arc::clone(&board);
            move || board.take(None, || false).unwrap().is_none()
        });
        board.close();
        assert!(waiting.join().unwrap());
    }
}
