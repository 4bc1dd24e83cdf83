//! What does a call need from outside?

use std::sync::Arc;

use super::{Arguments, Clock, Code, Error, Host, Journal, Param, Result, Value, redacted::Secrets};

/// What a host knows of the database and connection in which a function is bound, and what it lends to the call.
#[derive(Clone)]
pub struct Session {
    /// `false` where the database says `enable_external_access = false`; `true` also where the host can't ask.
    pub external_access: bool,
    /// Whether this host will offer the conditions of the `WHERE` to the scan.
    pub pushes_filters: bool,
    /// The time, for everything that the call does.
    pub clock: Clock,
    /// Where the call's requests are written down.
    pub journal: Journal,
    /// What loaded us.
    pub host: Arc<Host>,
    /// The session's settings that have a value, by name.
    pub settings: Vec<(&'static str, Value)>,
    /// What no error of the call may repeat.
    pub secrets: Secrets,
}

impl Session {
    /// Refuses a function that needs the network or files where the database may not reach them.
    pub fn require_external_access(&self) -> Result<()> {
        match self.external_access {
            true => Ok(()),
            false => Err(Error::new(Code::ExternalAccessDisabled, "this database forbids access to network and files")
                .fix("Open it without enable_external_access = false to use this function")),
        }
    }

    /// Names a secret of the call: `redact` takes it out of a text.
    pub fn hide(&self, redact: impl Fn(&str) -> String + Send + Sync + 'static) {
        self.secrets.add(redact);
    }

    pub(super) fn secrets(&self) -> &Secrets {
        &self.secrets
    }

    /// The arguments of a call with the settings' values for what it leaves out.
    pub fn with_settings(&self, arguments: Arguments, parameters: &[Param]) -> Arguments {
        let is_given = |name: &str| arguments.get(name).is_some();
        let values: Vec<(&str, Value)> = parameters
            .iter()
            .filter_map(|parameter| {
                let setting = parameter.setting.filter(|setting| !setting.yields_to.is_some_and(is_given))?;
                let (_, value) = self.settings.iter().find(|(name, _)| *name == setting.name)?;
                (!is_given(parameter.name)).then(|| (parameter.name, value.clone()))
            })
            .collect();
        values.into_iter().fold(arguments, |arguments, (name, value)| arguments.with(name, value))
    }

    #[cfg(test)]
    pub fn testing() -> Self {
        Self {
            external_access: true,
            pushes_filters: true,
            clock: Clock::default(),
            journal: Journal::default(),
            host: Arc::new(Host { api: "v2", duckdb: "v2.0.0".into(), platform: None }),
            settings: vec![],
            secrets: Secrets::default(),
        }
    }
}
