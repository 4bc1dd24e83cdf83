//! A report's address in the place of a table: `FROM 'https://mixpanel.com/project/...'`.

use super::{SAVED_REPORT, link::Link};
use crate::contract::Replacement;

/// The call that an address stands for. `None` for any other text: a number may be the name of a table.
pub fn report_at(text: &str) -> Option<Replacement> {
    let link = Link::read(text).ok()?;
    link.project_id?;
    Some(Replacement::Call { function: SAVED_REPORT.name, argument: text.to_owned() })
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
            assert_eq!(report_at(text), Some(call));
        }
    }

    #[test]
    fn other_texts_are_duckdbs() {
        for text in [
            "8001",
            "events",
            "https://mixpanel.com/s/AbC123",
            "https://mixpanel.com/project/1/app/boards#id=5",
            "https://mixpanel.com/project/1/app/insights#EBrV5bW2u9Mw",
            "https://example.com/project/1/app/insights#report/8001",
            "https://example.com/events.parquet",
            "",
        ] {
            assert_eq!(report_at(text), None, "{text}");
        }
    }
}
