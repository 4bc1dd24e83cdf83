//! What many functions take, said once.

use super::settings;
use crate::contract::{Param, SqlType, params};

pub const ACCOUNT: Param =
    Param::named("account", SqlType::Varchar, "whose credentials to use, by the name in the accounts file")
        .setting(&settings::ACCOUNT);
/// A number or text.
pub const PROJECT_ID: Param = Param::named("project_id", SqlType::Any, "which project to ask, if not the account's")
    .setting(&settings::PROJECT_ID);
pub const REGION: Param =
    Param::named("region", SqlType::Varchar, "where the project lives: us, eu or in").setting(&settings::REGION);
/// A number or text.
pub const WORKSPACE_ID: Param =
    Param::named("workspace_id", SqlType::Any, "the data view that the answer is restricted to")
        .setting(&settings::WORKSPACE_ID);

/// What every function that talks to Mixpanel takes besides its own parameters.
pub const TARGET: &[Param] = &[ACCOUNT, PROJECT_ID, REGION];
/// The same for functions of the query and app APIs, which know data views.
pub const QUERY: &[Param] = &[ACCOUNT, PROJECT_ID, REGION, WORKSPACE_ID];

/// What every question takes whose answer is remembered for a minute ([`super::one_request`]), but for its own parameters.
pub const LIVE: &[Param] = params![&[MAX_AGE], QUERY];

pub const MAX_AGE: Param =
    Param::named("max_age", SqlType::Interval, "how old the answer to the same question may be; INTERVAL 0 asks anew")
        .default("INTERVAL 1 MINUTE");

pub const FROM_DATE: Param = Param::named("from_date", SqlType::Date, "the first day, inclusive");
pub const TO_DATE: Param = Param::named("to_date", SqlType::Date, "the last day, inclusive");
pub const DAYS: &[Param] = &[FROM_DATE, TO_DATE];

pub const EVENT: Param = Param::positional("event", SqlType::Varchar, "the event's name");
pub const FILTER: Param = Param::named("filter", SqlType::Varchar, "an expression of Mixpanel's that chooses events");
pub const SEGMENT_BY: Param =
    Param::named("segment_by", SqlType::Varchar, "a property's name, or an expression, to count by");
pub const TYPE: Param =
    Param::named("type", SqlType::Varchar, "what is counted: general, unique or average").default("'general'");
pub const UNIT: Param = Param::named("unit", SqlType::Varchar, "the stretch of time to count by").default("'day'");
pub const MAX_ROWS: Param = Param::named("max_rows", SqlType::BigInt, "no more of them than this");
pub const RAW: Param = Param::named("raw", SqlType::Boolean, "one row with the whole answer");
pub const INCLUDE_ARCHIVED: Param =
    Param::named("include_archived", SqlType::Boolean, "whether archived ones are there too").default("false");
pub const COLUMNS: Param = Param::named("columns", SqlType::Any, "more columns, read from properties: names and types");
pub const MAX_WAIT: Param = Param::named(
    "max_wait",
    SqlType::Interval,
    "how long to wait for the hour to give a request back, at most INTERVAL 1 HOUR",
)
.default("INTERVAL 0 SECONDS");
pub const LABEL: Param = Param::named("label", SqlType::Varchar, "a text to find the fetch by in mixpanel_fetches()");
