//! How do several threads get the outcome of one request?
//!
//! The first one makes it, the others wait for it to land.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use crate::contract::Result;

/// A request that is under way.
#[derive(Debug)]
pub(super) struct Flight {
    /// A process that was forked meanwhile has no thread that could bring this to its end.
    process: u32,
    state: Mutex<State>,
    ended: Condvar,
}

#[derive(Debug, Clone)]
enum State {
    UnderWay,
    Landed(Result<Arc<String>>),
    /// Whoever made the request is gone without an outcome.
    Lost,
}

impl Flight {
    pub fn new() -> Self {
        Self { process: std::process::id(), state: Mutex::new(State::UnderWay), ended: Condvar::new() }
    }

    /// Whether this process is the one that makes the request.
    pub fn is_ours(&self) -> bool {
        self.process == std::process::id()
    }

    /// The outcome, once there is one; `None` where there will be none.
    pub fn wait(&self) -> Option<Result<Arc<String>>> {
        let mut state = self.lock();
        loop {
            match &*state {
                State::UnderWay => state = self.ended.wait(state).unwrap_or_else(PoisonError::into_inner),
                State::Landed(outcome) => return Some(outcome.clone()),
                State::Lost => return None,
            }
        }
    }

    pub fn land(&self, outcome: Result<Arc<String>>) {
        *self.lock() = State::Landed(outcome);
        self.ended.notify_all();
    }

    /// Ends a flight that has not landed.
    pub fn lose(&self) {
        let mut state = self.lock();
        if matches!(*state, State::UnderWay) {
            *state = State::Lost;
            self.ended.notify_all();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
