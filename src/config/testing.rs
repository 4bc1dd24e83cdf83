//! Which knobs exist for tests only?
//!
//! Fault tests would take minutes with the real waits, and a benchmark on
//! loopback needs more than 60 requests an hour. These variables change that,
//! and count only where `MP_API_BASE_URL` names this machine: towards Mixpanel
//! they do nothing.
//!
//! | variable | meaning |
//! |---|---|
//! | `MP_RETRY_BASE_MS` | the wait before the first retry, in milliseconds, instead of 1,000 |
//! | `MP_TIMEOUT_MS` | how long the server may stay silent, in milliseconds, instead of minutes; ten times as long over all tries |
//! | `MP_RATE_LIMITS` | `off`: the governor of requests an hour and a second stands aside |
//! | `MP_TEST_CLOCK` | a file that holds how many seconds the clock is ahead; read at each look |

use std::{path::Path, time::Duration};

use super::{
    BaseUrl,
    environment::{Environment, RATE_LIMITS, RETRY_BASE_MS, TEST_CLOCK, TIMEOUT_MS},
};
use crate::contract::{Clock, Code, Error, Result};

/// What tests may change.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Testing {
    pub retry_base: Option<Duration>,
    pub timeout: Option<Duration>,
    pub unlimited: bool,
    pub clock: Clock,
}

/// Errors: `InvalidConfig` for values that mean nothing.
pub(super) fn read(environment: &Environment, base_url: Option<&BaseUrl>) -> Result<Testing> {
    if !base_url.is_some_and(BaseUrl::is_loopback) {
        return Ok(Testing::default());
    }
    let unlimited = match environment.text(RATE_LIMITS)? {
        None | Some("on") => false,
        Some("off") => true,
        Some(_) => return Err(Error::new(Code::InvalidConfig, format!("{RATE_LIMITS} must be 'on' or 'off'"))),
    };
    let milliseconds = |name| match environment.text(name)?.map(str::parse::<u32>) {
        None => Ok(None),
        Some(Ok(number)) => Ok(Some(Duration::from_millis(u64::from(number)))),
        Some(Err(_)) => Err(Error::new(Code::InvalidConfig, format!("{name} must be a number of milliseconds"))),
    };
    let clock = match environment.text(TEST_CLOCK)? {
        None => Clock::default(),
        Some(path) => Clock::moved_by_file(Path::new(path)),
    };
    Ok(Testing { retry_base: milliseconds(RETRY_BASE_MS)?, timeout: milliseconds(TIMEOUT_MS)?, unlimited, clock })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_towards_this_machine() {
        let environment =
            Environment::of(&[(RETRY_BASE_MS, "5"), (RATE_LIMITS, "off"), (TEST_CLOCK, "/tmp/offset")], None);
        let local = BaseUrl::parse("http://127.0.0.1:1").ok();
        let remote = BaseUrl::parse("https://proxy.example.com").ok();
        let expected = Testing {
            retry_base: Some(Duration::from_millis(5)),
            timeout: None,
            unlimited: true,
            clock: Clock::moved_by_file(Path::new("/tmp/offset")),
        };
        assert_eq!(read(&environment, local.as_ref()), Ok(expected));
        assert_eq!(read(&environment, remote.as_ref()), Ok(Testing::default()));
        assert_eq!(read(&environment, None), Ok(Testing::default()));
    }

    #[test]
    fn nonsense_is_refused() {
        let local = BaseUrl::parse("http://127.0.0.1:1").ok();
        for variable in [(RETRY_BASE_MS, "soon"), (TIMEOUT_MS, "-1"), (RATE_LIMITS, "maybe")] {
            assert!(read(&Environment::of(&[variable], None), local.as_ref()).is_err(), "{variable:?}");
        }
    }
}
