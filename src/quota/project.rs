//! Whose requests does a limit count?

use crate::{config::Target, hash};

/// A project that limits are counted for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Project {
    /// `None` where it is known by its secret only.
    pub id: Option<String>,
    /// A region, or an address that stands for them. The same id elsewhere is another project.
    host: String,
    /// Tells projects apart that have no id here: a hash of their secret.
    secret: Option<String>,
}

impl Project {
    pub fn of(target: &Target) -> Self {
        let region = target.region;
        let host = target.base_url.as_ref().map_or_else(|| region.to_string(), |url| url.of(region).to_string());
        let secret = match target.project_id {
            Some(_) => None,
            None => Some(hash::hex(b"secret", target.credentials.secret().expose().as_bytes())),
        };
        Self { id: target.project_id.clone(), host, secret }
    }

    /// As messages speak of it.
    pub fn name(&self) -> String {
        self.id.as_ref().map_or_else(|| "this project".to_owned(), |id| format!("project {id}"))
    }

    /// The same for the same project in every process, and says nothing to who does not know the salt.
    pub(super) fn key(&self, salt: &[u8]) -> String {
        let Self { id, host, secret } = self;
        hash::hex(salt, format!("{host}\n{id:?}\n{secret:?}").as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        config::{Credentials, Secret},
        mixpanel::testing::target,
    };

    #[test]
    fn projects_are_told_apart_without_an_id_too() {
        let secret =
            |text| Target { project_id: None, credentials: Credentials::ProjectSecret(Secret::new(text)), ..target() };
        assert_eq!(Project::of(&secret("a")), Project::of(&secret("a")));
        assert_ne!(Project::of(&secret("a")), Project::of(&secret("b")));
        assert_ne!(Project::of(&target()), Project::of(&Target { base_url: None, ..target() }));
        assert!(!format!("{:?}", Project::of(&secret("hunter2"))).contains("hunter2"));
        let key = |salt: &[u8]| Project::of(&target()).key(salt);
        assert_eq!(key(b"salt"), key(b"salt"));
        assert_ne!(key(b"salt"), key(b"pepper"));
    }
}
