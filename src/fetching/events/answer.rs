//! What is a window that is here?

use jiff::Timestamp;

use super::{
    keeper::KeptAnswer,
    spool::{Allowance, Spool},
};
use crate::{archive::Partial, decode::Count, mixpanel::Encoding};

/// A window that is here.
#[derive(Debug)]
pub enum Arrived {
    Answer(Box<Answered>),
    Kept(KeptAnswer),
}

/// Mixpanel's answer, whole.
#[derive(Debug)]
pub struct Answered {
    pub spool: Spool,
    pub encoding: Encoding,
    /// What it holds, where its lines were checked already.
    pub verified: Option<Count>,
    /// When Mixpanel was asked.
    pub asked_at: Timestamp,
}

impl Answered {
    /// A window without events.
    pub fn empty(allowance: &Allowance, asked_at: Timestamp) -> Self {
        let spool = Spool::new(allowance, None);
        Self { spool, encoding: Encoding::Identity, verified: Some(Count::default()), asked_at }
    }

    /// Whether it is on its way into the archive.
    pub fn is_to_be_kept(&self) -> bool {
        self.spool.has_partial()
    }

    /// What is to be kept of it, once.
    pub fn unkept(&mut self) -> Option<Unkept> {
        let partial = self.spool.take_partial()?;
        Some(Unkept { partial, asked_at: self.asked_at })
    }
}

/// What is to be kept of an answer that a reader has.
#[derive(Debug)]
pub struct Unkept {
    pub partial: Partial,
    pub asked_at: Timestamp,
}
