//! What does every call get from whichever host it is?

use std::sync::Arc;

use crate::{
    config::Config,
    contract::{Host, Journal, Secrets, Session, Value},
};

/// What a host knows where a call is bound.
pub struct Surroundings {
    pub external_access: bool,
    pub pushes_filters: bool,
    pub journal: Journal,
    pub settings: Vec<(&'static str, Value)>,
}

impl Surroundings {
    pub fn session(self, host: &Arc<Host>) -> Session {
        let Self { external_access, pushes_filters, journal, settings } = self;
        let clock = Config::process().clock();
        Session {
            external_access,
            pushes_filters,
            clock,
            journal,
            host: Arc::clone(host),
            settings,
            secrets: Secrets::default(),
        }
    }
}
