//! The parameter `dashboard_id`: an id, or the URL of a board.

use super::{argument::at_home, link::BoardLink};
use crate::{
    config::Target,
    contract::{Arguments, Error, Result, Value},
};

pub const BOARD: &str = "dashboard_id";

/// The board that a call of this function asks for.
///
/// Errors: `InvalidArgument` for what is neither form, and for a URL of another project or region than the call's.
pub fn board(function: &str, arguments: &Arguments, target: &Target) -> Result<i64> {
    let link = match arguments.get(BOARD) {
        None => return Err(refused("is missing")),
        Some(Value::Integer(number)) => {
            return i64::try_from(*number)
                .ok()
                .filter(|id| *id > 0)
                .ok_or_else(|| refused(&format!("no board has the id {number}")));
        }
        Some(Value::Text(text)) => {
            let link = BoardLink::read(text).ok_or_else(|| refused("is neither the id nor the URL of a board"))?;
            at_home((BOARD, "board"), text, (&link.project_id, link.region), target, function)?;
            link
        }
        Some(_) => return Err(refused("is neither a whole number nor text")),
    };
    Ok(link.dashboard_id)
}

fn refused(problem: &str) -> Error {
    Error::argument(BOARD, problem).fix(
        "Pass the id, like 501, or the board's URL, like \
         'https://mixpanel.com/project/12345/view/67890/app/boards#id=501'",
    )
}
