//! What if a callback of ours fails?
//!
//! Nothing of this is in what users load. In a build with the feature `faults`, `MP_TEST_FAULT` names a [`Place`] and
//! what is to happen there: `Bind panic`, `Rows error` or `Scalar internal`. `test_contained.py` goes through them all.

use super::place::Place;
use crate::contract::{Code, Error};

/// A failure that a test asks for.
#[derive(Debug, thiserror::Error)]
pub enum Injected {
    /// An error of ours that says it is our fault.
    #[error(transparent)]
    Error(Error),
    /// One of the kind that makes DuckDB 2.x give up the database.
    #[error("injected")]
    Internal,
}

impl From<Injected> for Error {
    fn from(injected: Injected) -> Self {
        match injected {
            Injected::Error(error) => error,
            Injected::Internal => Error::new(Code::Internal, "injected"),
        }
    }
}

#[cfg(not(feature = "faults"))]
#[inline(always)]
pub fn inject(_place: Place) -> Result<(), Injected> {
    Ok(())
}

#[cfg(feature = "faults")]
#[expect(clippy::panic)]
pub fn inject(place: Place) -> Result<(), Injected> {
    let asked = std::env::var("MP_TEST_FAULT").unwrap_or_default();
    let Some((name, kind)) = asked.split_once(' ').filter(|(name, _)| *name == place.to_string()) else {
        return Ok(());
    };
    // A test looks for this: a fault that nobody meets proves nothing. Drops tell nobody else.
    eprintln!("injected {kind} at {name}");
    match kind {
        "panic" => panic!("injected at {name}"),
        "error" => Err(Injected::Error(Error::new(Code::Internal, format!("injected at {name}")))),
        _ => Err(Injected::Internal),
    }
}
