//! The address of a report or a board in the place of a table: `FROM 'https://mixpanel.com/project/...'`.

use super::{
    SAVED_REPORT,
    link::{BoardLink, Link},
};
use crate::{contract::Replacement, functions::discovery::DASHBOARD};

/// The call that an address stands for. `None` for any other text: a number may be the name of a table.
pub fn call_at(text: &str) -> Option<Replacement> {
    let is_report = Link::read(text).is_ok_and(|link| link.project_id.is_some());
    let is_board = || BoardLink::read(text).is_some_and(|board| board.project_id.is_some());
    let function = match is_report {
        true => SAVED_REPORT.name,
        false => is_board().then_some(DASHBOARD.name)?,
    };
    Some(Replacement::Call { function, argument: text.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_calls() {
        for text in [
            "https://mixpanel.com/project/1/view/2/app/insights#report/8001/x",
            "https://eu.mixpanel.com/project/1/app/funnels#view/8001",
            "in.mixpanel.com/project/1/app/flows#report/8001",
            "https://mixpanel.com/project/1/app/boards#id=5&editor-card-id=%22report-8001%22",
        ] {
            let call = Replacement::Call { function: "mixpanel_saved_report", argument: text.to_owned() };
            assert_eq!(call_at(text), Some(call));
        }
    }

    #[test]
    fn a_board_without_a_report_is_a_board() {
        let text = "https://mixpanel.com/project/1/view/2/app/boards#id=5";
        let call = Replacement::Call { function: "mixpanel_dashboard", argument: text.to_owned() };
        assert_eq!(call_at(text), Some(call));
    }

    #[test]
    fn other_texts_are_duckdbs() {
        for text in [
            "8001",
            "events",
            "https://mixpanel.com/s/AbC123",
            "https://mixpanel.com/project/1/app/boards",
            "https://mixpanel.com/project/1/app/insights#EBrV5bW2u9Mw",
            "https://example.com/project/1/app/insights#report/8001",
            "https://example.com/events.parquet",
            "",
        ] {
            assert_eq!(call_at(text), None, "{text}");
        }
    }
}
