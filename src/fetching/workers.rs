//! How many windows or pages are under way at the same time?

use crate::contract::{Arguments, Error, Result};

/// What `max_workers` may say.
pub struct Workers {
    /// Unless it says otherwise.
    pub usual: u64,
    pub most: u64,
}

impl Workers {
    /// As many as the call has it. Errors: `InvalidArgument` for none or too many.
    pub fn of(&self, arguments: &Arguments) -> Result<usize> {
        let workers = arguments.count("max_workers")?.unwrap_or(self.usual);
        match (1..=self.most).contains(&workers) {
            true => Ok(workers as usize),
            false => Err(Error::argument("max_workers", format!("must be from 1 to {}, not {workers}", self.most))),
        }
    }
}
