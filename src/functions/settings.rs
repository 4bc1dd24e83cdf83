//! `SET mixpanel_account`, `mixpanel_project_id`, `mixpanel_region`, `mixpanel_workspace_id` and `mixpanel_max_workers`.
//!
//! Which project, region and data view belong to an account is the account's own affair where a call names one.

use crate::{
    config::{Region, check_account_name, check_id},
    contract::{Error, Result, Setting, SqlType, Value},
};

const NAMED_ACCOUNT: Option<&str> = Some("account");

pub const ACCOUNT: Setting = Setting {
    name: "mixpanel_account",
    description: "The account that calls use which name none, by its name in the accounts file",
    sql_type: SqlType::Varchar,
    yields_to: NAMED_ACCOUNT,
    check: |value| checked("mixpanel_account", value, check_account_name),
};

pub const PROJECT_ID: Setting = Setting {
    name: "mixpanel_project_id",
    description: "The Mixpanel project that calls ask which name none",
    sql_type: SqlType::Varchar,
    yields_to: NAMED_ACCOUNT,
    check: |value| checked("mixpanel_project_id", value, check_id),
};

pub const REGION: Setting = Setting {
    name: "mixpanel_region",
    description: "Where the Mixpanel project lives: us, eu or in",
    sql_type: SqlType::Varchar,
    yields_to: NAMED_ACCOUNT,
    check: |value| checked("mixpanel_region", value, |text| text.parse::<Region>().map(drop)),
};

pub const WORKSPACE_ID: Setting = Setting {
    name: "mixpanel_workspace_id",
    description: "The data view that reports and discovery are restricted to",
    sql_type: SqlType::Varchar,
    yields_to: NAMED_ACCOUNT,
    check: |value| checked("mixpanel_workspace_id", value, check_id),
};

/// Of exports only: profiles have a limit of their own.
pub const MAX_WORKERS: Setting = Setting {
    name: "mixpanel_max_workers",
    description: "Requests that an export makes at the same time",
    sql_type: SqlType::BigInt,
    yields_to: None,
    check: |value| match value {
        Value::Integer(1..=48) | Value::Null => Ok(()),
        _ => Err(Error::argument("mixpanel_max_workers", "must be from 1 to 48")),
    },
};

fn checked(name: &str, value: &Value, check: impl Fn(&str) -> Result<(), String>) -> Result<()> {
    match value {
        Value::Text(text) if text.trim().is_empty() => {
            Err(Error::argument(name, format!("must not be empty; RESET {name} takes the setting back")))
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
