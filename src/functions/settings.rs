//! `SET mixpanel_account`, `mixpanel_project_id`, `mixpanel_region`, `mixpanel_workspace_id`, `mixpanel_max_workers`,
//! `mixpanel_archive`, `mixpanel_max_age` and `mixpanel_hourly_limit`.
//!
//! Which project, region and data view belong to an account is the account's own affair where a call names one.

use crate::{
    config::{Region, check_account_name, check_id},
    contract::{Arguments, Error, Result, Setting, SqlType, Value},
};

const NAMED_ACCOUNT: Option<&str> = Some("account");

pub const ACCOUNT: Setting = Setting {
    name: "mixpanel_account",
    description: "Account of calls that name no account, by its name in the accounts file",
    sql_type: SqlType::Varchar,
    yields_to: NAMED_ACCOUNT,
    check: |value| checked("mixpanel_account", value, check_account_name),
};

pub const PROJECT_ID: Setting = Setting {
    name: "mixpanel_project_id",
    description: "Mixpanel project of calls that name no project",
    sql_type: SqlType::Varchar,
    yields_to: NAMED_ACCOUNT,
    check: |value| checked("mixpanel_project_id", value, check_id),
};

pub const REGION: Setting = Setting {
    name: "mixpanel_region",
    description: "Region of the Mixpanel project: us, eu or in",
    sql_type: SqlType::Varchar,
    yields_to: NAMED_ACCOUNT,
    check: |value| checked("mixpanel_region", value, |text| text.parse::<Region>().map(drop)),
};

pub const WORKSPACE_ID: Setting = Setting {
    name: "mixpanel_workspace_id",
    description: "Data view that reports and discovery are restricted to",
    sql_type: SqlType::Varchar,
    yields_to: NAMED_ACCOUNT,
    check: |value| checked("mixpanel_workspace_id", value, check_id),
};

/// Of exports only: profiles have a limit of their own.
pub const MAX_WORKERS: Setting = Setting {
    name: "mixpanel_max_workers",
    description: "Number of concurrent requests of an export",
    sql_type: SqlType::BigInt,
    yields_to: None,
    check: |value| match value {
        Value::Integer(1..=48) | Value::Null => Ok(()),
        _ => Err(Error::argument("mixpanel_max_workers", "must be from 1 to 48")),
    },
};

pub const ARCHIVE: Setting = Setting {
    name: "mixpanel_archive",
    description: "Folder of the archive, which keeps the answers of exports for good. Default: the user's cache \
                  folder, for a day. off keeps nothing",
    sql_type: SqlType::Varchar,
    yields_to: None,
    check: |value| checked("mixpanel_archive", value, |_| Ok::<_, String>(())),
};

pub const MAX_AGE: Setting = Setting {
    name: "mixpanel_max_age",
    description: "Maximum age of an archived answer for a finished day, after which an export requests the day again",
    sql_type: SqlType::Interval,
    yields_to: None,
    check: |value| {
        Arguments::given(vec![("mixpanel_max_age".into(), value.clone())])?.interval("mixpanel_max_age").map(drop)
    },
};

pub const HOURLY_LIMIT: Setting = Setting {
    name: "mixpanel_hourly_limit",
    description: "Hourly limit of requests for each API, whatever Mixpanel says",
    sql_type: SqlType::BigInt,
    yields_to: None,
    check: |value| {
        Arguments::given(vec![("mixpanel_hourly_limit".into(), value.clone())])?
            .count("mixpanel_hourly_limit")
            .map(drop)
    },
};

fn checked(name: &str, value: &Value, check: impl Fn(&str) -> Result<(), String>) -> Result<()> {
    match value {
        Value::Text(text) if text.trim().is_empty() => {
            Err(Error::argument(name, format!("must not be empty. RESET {name} restores the default")))
        }
        Value::Text(text) => check(text).map_err(|problem| Error::argument(name, problem)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        catalog::SETTINGS,
        contract::{Arguments, Function, Session},
        functions::{export::EXPORT, profiles::PROFILES},
    };

    fn applied(function: Function, given: &[(&str, &str)]) -> Vec<Option<Value>> {
        let given = given.iter().map(|(name, value)| (name.to_string(), Value::Text(value.to_string())));
        let settings = SETTINGS.iter().map(|setting| match setting.sql_type {
            SqlType::BigInt => (setting.name, Value::Integer(3)),
            _ => (setting.name, Value::Text("set".into())),
        });
        let session = Session { settings: settings.collect(), ..Session::testing() };
        let arguments = session.with_settings(Arguments::new(given.collect()), function.parameters);
        ["account", "project_id", "max_workers"].map(|name| arguments.get(name).cloned()).into()
    }

    #[test]
    fn what_the_call_says_wins() {
        let text = |text: &str| Some(Value::Text(text.into()));
        assert_eq!(applied(EXPORT, &[("project_id", "7")]), [text("set"), text("7"), Some(Value::Integer(3))]);
        assert_eq!(applied(PROFILES, &[("account", "a")]), [text("a"), None, None]);
    }

    #[test]
    fn nonsense_is_refused() {
        for (setting, value) in SETTINGS.iter().zip(["0123456789abcdef0123456789abcdef", "x", "moon", "-1"]) {
            assert!((setting.check)(&Value::Text(value.into())).is_err(), "{}", setting.name);
        }
        assert!((SETTINGS[4].check)(&Value::Integer(0)).is_err());
        assert!((SETTINGS[0].check)(&Value::Text(" ".into())).is_err());
    }
}
