//! When are two requests the same?

use crate::{
    config::{BaseUrl, Credentials, Region, Target},
    mixpanel::Request,
};

/// Who asks about which project, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Asker {
    credentials: Credentials,
    base_url: Option<BaseUrl>,
    region: Region,
    project_id: Option<String>,
}

impl Asker {
    pub fn of(target: &Target) -> Self {
        Self {
            credentials: target.credentials.clone(),
            base_url: target.base_url.clone(),
            region: target.region,
            project_id: target.project_id.clone(),
        }
    }
}

/// A question: everything that its answer depends on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Key {
    asker: Asker,
    workspace_id: Option<String>,
    request: Request,
}

impl Key {
    pub fn new(target: &Target, request: &Request) -> Self {
        Self { asker: Asker::of(target), workspace_id: target.workspace_id.clone(), request: request.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        config::Secret,
        mixpanel::{Api, testing::target},
    };

    #[test]
    fn everything_that_an_answer_depends_on_tells_keys_apart() {
        let request = Request::get(Api::Query, "events/names").query("limit", "5");
        let key = Key::new(&target(), &request);
        let account = Target { account: None, ..target() };
        assert_eq!(key, Key::new(&account, &request), "the same credentials under a name");
        let secret = Credentials::ServiceAccount { username: "sa".into(), secret: Secret::new("hunter3") };
        for other in [
            Target { credentials: secret, ..target() },
            Target { project_id: Some("1".into()), ..target() },
            Target { region: Region::Us, ..target() },
            Target { workspace_id: Some("1".into()), ..target() },
            Target { base_url: None, ..target() },
        ] {
            assert_ne!(key, Key::new(&other, &request), "{other:?}");
        }
        for other in [
            request.clone().query("type", "general"),
            Request::post(Api::Query, "events/names").query("limit", "5"),
            request.clone().form("a", "b"),
            Request::get(Api::App, "events/names").query("limit", "5"),
        ] {
            assert_ne!(key, Key::new(&target(), &other), "{other:?}");
        }
        assert!(!format!("{key:?}").contains("hunter2"));
    }
}
