//! What many functions take, said once.

use super::settings;
use crate::contract::{Param, SqlType, params};

pub const ACCOUNT: Param =
    Param::named("account", SqlType::Varchar, "Account to use, by its name in the accounts file")
        .setting(&settings::ACCOUNT);
/// A number or text.
pub const PROJECT_ID: Param =
    Param::named("project_id", SqlType::Any, "Project to use instead of the account's").setting(&settings::PROJECT_ID);
pub const REGION: Param =
    Param::named("region", SqlType::Varchar, "Region of the project: us, eu or in").setting(&settings::REGION);
/// A number or text.
pub const WORKSPACE_ID: Param =
    Param::named("workspace_id", SqlType::Any, "Data view that the answer is restricted to")
        .setting(&settings::WORKSPACE_ID);

/// What every function that talks to Mixpanel takes besides its own parameters.
pub const TARGET: &[Param] = &[ACCOUNT, PROJECT_ID, REGION];
/// The same for functions of the query and app APIs, which know data views.
pub const QUERY: &[Param] = &[ACCOUNT, PROJECT_ID, REGION, WORKSPACE_ID];

/// What every question takes whose answer is remembered for a minute ([`super::one_request`]), but for its own parameters.
pub const LIVE: &[Param] = params![&[MAX_AGE], QUERY];

pub const MAX_AGE: Param = Param::named(
    "max_age",
    SqlType::Interval,
    "Maximum age of an answer to the same request. INTERVAL 0 requests it again",
)
.default("INTERVAL 1 MINUTE");

pub const FROM_DATE: Param = Param::named("from_date", SqlType::Date, "First day, inclusive");
pub const TO_DATE: Param = Param::named("to_date", SqlType::Date, "Last day, inclusive");
pub const DAYS: &[Param] = &[FROM_DATE, TO_DATE];

pub const EVENT: Param = Param::positional("event", SqlType::Varchar, "Name of the event");
pub const FILTER: Param = Param::named("filter", SqlType::Varchar, "Mixpanel expression that selects events");
pub const SEGMENT_BY: Param = Param::named("segment_by", SqlType::Varchar, "Property or expression to segment by");
pub const TYPE: Param =
    Param::named("type", SqlType::Varchar, "What is counted: general, unique or average").default("'general'");
pub const UNIT: Param = Param::named("unit", SqlType::Varchar, "Unit of time to count by").default("'day'");
pub const MAX_ROWS: Param = Param::named("max_rows", SqlType::BigInt, "Maximum number of them");
pub const RAW: Param = Param::named("raw", SqlType::Boolean, "Whether to return the whole answer in one row");
pub const INCLUDE_ARCHIVED: Param =
    Param::named("include_archived", SqlType::Boolean, "Whether to include archived ones").default("false");
pub const COLUMNS: Param =
    Param::named("columns", SqlType::Any, "Further columns read from properties, as names and types");
pub const MAX_WAIT: Param =
    Param::named("max_wait", SqlType::Interval, "How long to wait for the hourly limit, at most INTERVAL 1 HOUR")
        .default("INTERVAL 0 SECONDS");
pub const LABEL: Param =
    Param::named("label", SqlType::Varchar, "Text that identifies the fetch in mixpanel_fetches()");
