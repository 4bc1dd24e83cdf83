//! Where are answers archived, and how are requests counted?
//!
//! A setting of the session comes before the environment's variable, and both
//! before what holds where nobody says anything.
//!
//! | setting | variable | without |
//! |---|---|---|
//! | `mixpanel_archive` | `MP_ARCHIVE` | the user's cache folder |
//! | `mixpanel_max_age` | `MP_MAX_AGE` | 20 hours |
//! | `mixpanel_hourly_limit` | `MP_HOURLY_LIMIT` | what Mixpanel says, or 60 |

use std::path::PathBuf;

use jiff::{SignedDuration, Span, SpanRelativeTo};

use super::environment::{ARCHIVE, Environment, HOURLY_LIMIT, MAX_AGE};
use crate::contract::{Code, Error, Result};

/// How long an answer serves for a finished day unless somebody says otherwise: so that a daily job asks anew.
pub const DEFAULT_AGE: SignedDuration = SignedDuration::from_hours(20);

/// What the session's settings say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeepingSettings {
    pub archive: Option<String>,
    pub max_age: Option<SignedDuration>,
    pub hourly_limit: Option<u64>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keeping {
    pub archive: ArchivePlace,
    /// Where the counts of requests lie that processes share; `None` where no place is known.
    pub state: Option<PathBuf>,
    /// How old an answer may be where the call does not say.
    pub max_age: SignedDuration,
    /// So many requests an hour, where the user says so.
    pub hourly_limit: Option<usize>,
}

impl Keeping {
    /// No answer is kept, and requests are counted in this process.
    #[cfg(test)]
    pub(crate) fn none() -> Self {
        Self { archive: ArchivePlace::Off("this is a test"), state: None, max_age: DEFAULT_AGE, hourly_limit: None }
    }
}

/// Where answers are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ArchivePlace {
    /// Nowhere, and why: a clause after "because".
    Off(&'static str),
    /// In the user's cache folder, for a day.
    Cache(PathBuf),
    /// In a folder that the user names, for good.
    Named(PathBuf),
}

/// Reads what holds. Errors: `InvalidConfig` for a variable that says nothing usable.
pub(super) fn read(environment: &Environment, settings: &KeepingSettings, is_mixpanel: bool) -> Result<Keeping> {
    let max_age = match settings.max_age {
        Some(length) => length,
        None => environment.text(MAX_AGE)?.map(age).transpose()?.unwrap_or(DEFAULT_AGE),
    };
    let hourly_limit = match settings.hourly_limit {
        Some(limit) => Some(limit),
        None => environment.text(HOURLY_LIMIT)?.map(limit).transpose()?,
    };
    Ok(Keeping {
        archive: archive(environment, settings.archive.as_deref(), is_mixpanel)?,
        state: environment.state_folder(),
        max_age,
        hourly_limit: hourly_limit.map(|limit| usize::try_from(limit).unwrap_or(usize::MAX)),
    })
}

fn archive(environment: &Environment, setting: Option<&str>, is_mixpanel: bool) -> Result<ArchivePlace> {
    let said = match setting {
        Some(text) => Some(text.trim()),
        None => environment.text(ARCHIVE)?,
    };
    let cache = || {
        environment.cache_folder().map_or(ArchivePlace::Off("this user has no known home folder"), ArchivePlace::Cache)
    };
    Ok(match said {
        Some(word) if word.eq_ignore_ascii_case("off") => ArchivePlace::Off("it is switched off"),
        Some(word) if word.eq_ignore_ascii_case("default") => cache(),
        // What a test server answers is nobody's data.
        None if !is_mixpanel => {
            ArchivePlace::Off("MP_API_BASE_URL is set, but neither mixpanel_archive nor MP_ARCHIVE is")
        }
        None | Some("") => cache(),
        Some(path) => {
            let path = environment.expanded(PathBuf::from(path));
            ArchivePlace::Named(std::path::absolute(&path).unwrap_or(path))
        }
    })
}

fn age(text: &str) -> Result<SignedDuration> {
    let length = text.parse::<Span>().ok().and_then(|span| span.to_duration(SpanRelativeTo::days_are_24_hours()).ok());
    length.filter(|length| !length.is_negative()).ok_or_else(|| {
        Error::new(Code::InvalidConfig, format!("{MAX_AGE} must be a length of time, not {text:?}"))
            .fix("Write it like '20 hours' or '2 days'")
    })
}

fn limit(text: &str) -> Result<u64> {
    text.parse().ok().filter(|limit| *limit > 0).ok_or_else(|| {
        Error::new(Code::InvalidConfig, format!("{HOURLY_LIMIT} must be a whole number of at least 1, not {text:?}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keeping(variables: &[(&'static str, &str)], settings: &KeepingSettings, is_mixpanel: bool) -> Result<Keeping> {
        read(&Environment::of(variables, Some("/home/me".into())), settings, is_mixpanel)
    }

    fn settings(archive: &str) -> KeepingSettings {
        KeepingSettings { archive: Some(archive.into()), ..KeepingSettings::default() }
    }

    #[test]
    fn a_setting_comes_before_a_variable_and_both_before_what_we_choose() {
        let nothing = KeepingSettings::default();
        let archive =
            |variables: &[_], settings: &_, is_mixpanel| keeping(variables, settings, is_mixpanel).unwrap().archive;
        let named = |path: &str| ArchivePlace::Named(path.into());
        assert!(matches!(archive(&[], &nothing, true), ArchivePlace::Cache(_)));
        assert!(matches!(archive(&[], &nothing, false), ArchivePlace::Off(_)));
        assert!(matches!(archive(&[], &settings("default"), false), ArchivePlace::Cache(_)));
        assert_eq!(archive(&[(ARCHIVE, "~/mp")], &nothing, false), named("/home/me/mp"));
        assert_eq!(archive(&[(ARCHIVE, "/a")], &settings("/b"), true), named("/b"));
        assert!(matches!(archive(&[(ARCHIVE, "/a")], &settings("off"), true), ArchivePlace::Off(_)));
        assert!(matches!(archive(&[(ARCHIVE, "off")], &nothing, true), ArchivePlace::Off(_)));
        // A word is one in any case. A folder of that name has a path.
        for off in ["OFF", "Off", " oFF "] {
            assert!(matches!(archive(&[], &settings(off), true), ArchivePlace::Off(_)), "{off}");
        }
        assert!(matches!(archive(&[(ARCHIVE, "OFF")], &nothing, true), ArchivePlace::Off(_)));
        assert!(matches!(archive(&[(ARCHIVE, "DEFAULT")], &nothing, false), ArchivePlace::Cache(_)));
        assert!(matches!(archive(&[(ARCHIVE, "./off")], &nothing, true), ArchivePlace::Named(_)));
    }

    #[test]
    fn lengths_and_numbers_are_read() {
        let nothing = KeepingSettings::default();
        for (text, hours) in [("20 hours", 20), ("2 days", 48), ("1 day 1 hour", 25), ("PT90M", 1), ("0s", 0)] {
            assert_eq!(keeping(&[(MAX_AGE, text)], &nothing, true).unwrap().max_age.as_hours(), hours, "{text}");
        }
        assert_eq!(keeping(&[], &nothing, true).unwrap().max_age, DEFAULT_AGE);
        assert_eq!(keeping(&[(HOURLY_LIMIT, "400")], &nothing, true).unwrap().hourly_limit, Some(400));
        let ours = KeepingSettings { hourly_limit: Some(7), max_age: Some(SignedDuration::ZERO), archive: None };
        let kept = keeping(&[(HOURLY_LIMIT, "400"), (MAX_AGE, "1h")], &ours, true).unwrap();
        assert_eq!((kept.hourly_limit, kept.max_age), (Some(7), SignedDuration::ZERO));
    }

    #[test]
    fn nonsense_is_refused() {
        for (variable, text) in [(MAX_AGE, "soon"), (MAX_AGE, "-1 hour"), (HOURLY_LIMIT, "0"), (HOURLY_LIMIT, "many")] {
            let error = keeping(&[(variable, text)], &KeepingSettings::default(), true).unwrap_err();
            assert!(error.code() == Code::InvalidConfig && error.to_string().contains(variable), "{error}");
        }
    }
}
