//! `SET mixpanel_account`, `mixpanel_project_id`, `mixpanel_region`, `mixpanel_workspace_id` and `mixpanel_max_workers`.

use crate::{
    config::{Region, check_account_name, check_id},
    contract::{Arguments, Error, Result, Setting, SqlType, Value},
};

pub const SETTINGS: &[Setting] = &[
    Setting {
        name: "mixpanel_account",
        description: "The account that calls use which name none, by its name in the accounts file",
        sql_type: &SqlType::Varchar,
        parameter: "account",
        check: |value| checked("mixpanel_account", value, check_account_name),
    },
    Setting {
        name: "mixpanel_project_id",
        description: "The Mixpanel project that calls ask which name none",
        sql_type: &SqlType::Varchar,
        parameter: "project_id",
        check: |value| checked("mixpanel_project_id", value, check_id),
    },
    Setting {
        name: "mixpanel_region",
        description: "Where the Mixpanel project lives: us, eu or in",
        sql_type: &SqlType::Varchar,
        parameter: "region",
        check: |value| checked("mixpanel_region", value, |text| text.parse::<Region>().map(drop)),
    },
    Setting {
        name: "mixpanel_workspace_id",
        description: "The data view that reports and discovery are restricted to",
        sql_type: &SqlType::Varchar,
        parameter: "workspace_id",
        check: |value| checked("mixpanel_workspace_id", value, check_id),
    },
    Setting {
        name: "mixpanel_max_workers",
        description: "Requests that an export makes at the same time",
        sql_type: &SqlType::BigInt,
        parameter: MAX_WORKERS,
        check: |value| match value {
            Value::Integer(1..=48) | Value::Null => Ok(()),
            _ => Err(Error::argument("mixpanel_max_workers", "must be from 1 to 48")),
        },
    },
];

const MAX_WORKERS: &str = "max_workers";

fn checked(name: &str, value: &Value, check: impl Fn(&str) -> Result<(), String>) -> Result<()> {
    match value {
        Value::Text(text) if text.trim().is_empty() => {
            Err(Error::argument(name, format!("must not be empty; RESET {name} takes the setting back")))
        }
        Value::Text(text) => check(text).map_err(|problem| Error::argument(name, problem)),
        _ => Ok(()),
    }
}

/// The arguments of a call with the settings' values for what it leaves out. Which project, region and data view belong
/// to an account is the account's own affair where the call names one.
pub fn apply(function: &str, mut arguments: Arguments, settings: impl Fn(&Setting) -> Option<Value>) -> Arguments {
    let names_account = arguments.get("account").is_some();
    for setting in SETTINGS {
        // Profiles have a limit of their own.
        let is_meant = if setting.parameter == MAX_WORKERS { !function.contains("profiles") } else { !names_account };
        if is_meant
            && arguments.get(setting.parameter).is_none()
            && let Some(value) = settings(setting)
        {
            arguments = arguments.with(setting.parameter, value);
        }
    }
    arguments
}

#[cfg(test)]
mod tests {
    use super::*;

    fn applied(function: &str, given: &[(&str, &str)]) -> Vec<Option<Value>> {
        let given = given.iter().map(|(name, value)| (name.to_string(), Value::Text(value.to_string())));
        let arguments = apply(function, Arguments::new(given.collect()), |setting| {
            Some(if setting.parameter == MAX_WORKERS { Value::Integer(3) } else { Value::Text("set".into()) })
        });
        ["account", "project_id", MAX_WORKERS].map(|name| arguments.get(name).cloned()).into()
    }

    #[test]
    fn what_the_call_says_wins() {
        let text = |text: &str| Some(Value::Text(text.into()));
        assert_eq!(
            applied("mixpanel_export", &[("project_id", "7")]),
            [text("set"), text("7"), Some(Value::Integer(3))]
        );
        assert_eq!(applied("mixpanel_profiles", &[("account", "a")]), [text("a"), None, None]);
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
