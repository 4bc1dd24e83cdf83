//! `mixpanel_funnel(..., mode := 'steps')`: the steps of a funnel over all days together, under its name.
//!
//! All days are one bucket, so that a user counts once. The name is not in the
//! answer: it is asked for where the column is wanted, and kept as other lists are.

use std::sync::Arc;

use super::funnel_answer::{Step, funnel};
use crate::{
    config::Target,
    contract::{BoundTable, Columns, Filter, Result, Scan, Table},
    functions::{discovery::funnel_name, one_request::ask},
    json::unexpected,
    mixpanel::Request,
};

/// What is asked.
#[derive(Clone)]
pub struct FunnelSteps {
    pub target: Target,
    pub funnel_id: String,
    pub request: Request,
    pub is_segmented: bool,
}

impl FunnelSteps {
    /// The call that asks it. `check` looks at the steps that came.
    pub fn bound(self, check: impl Fn(&[Step]) -> Result<()> + Clone + Send + Sync + 'static) -> Box<dyn BoundTable> {
        let unnamed = self.clone();
        let unnamed_check = check.clone();
        Box::new(NamedWhereWanted {
            named: table().asking(move || self.steps(&check, true)),
            unnamed: table().asking(move || unnamed.steps(&unnamed_check, false)),
        })
    }

    fn steps(&self, check: &impl Fn(&[Step]) -> Result<()>, is_named: bool) -> Result<Vec<Named>> {
        let steps = ask(&self.target, &self.request)?.read(|text| read(text, self.is_segmented))?;
        check(&steps)?;
        let name = if is_named { funnel_name(&self.target, &self.funnel_id)? } else { None };
        let name: Option<Arc<str>> = name.map(Arc::from);
        Ok(steps.into_iter().map(|step| Named { name: name.clone(), step }).collect())
    }
}

/// The steps of the one bucket. Errors: `UnexpectedResponse` where there are several, whose users can't be added up.
fn read(text: &str, is_segmented: bool) -> Result<Vec<Step>> {
    let steps = funnel(text, is_segmented)?;
    match steps.iter().find(|step| steps.first().is_some_and(|first| first.date != step.date)) {
        None => Ok(steps),
        Some(step) => {
            Err(unexpected("one funnel for all days", &format!("another begins on {}", step.date.date()), text)
                .fix("Use mode := 'trends' for a row for each"))
        }
    }
}

struct Named {
    name: Option<Arc<str>>,
    step: Step,
}

const NAME: &str = "funnel_name";

fn table() -> Table<Vec<Named>> {
    Table::new()
        .text_ref(NAME, |row: &Named| row.name.as_deref())
        .text_ref("segment", |row| row.step.segment.as_deref())
        .integer("step", |row| row.step.number)
        .text_ref("event_name", |row| row.step.event_name.as_deref())
        .bigint("count", |row| row.step.count)
        .double("step_conversion", |row| row.step.step_conversion)
        .double("overall_conversion", |row| row.step.overall_conversion)
        .double("avg_seconds", |row| row.step.seconds)
        .double("avg_seconds_from_start", |row| row.step.seconds_from_start)
}

/// The same table twice; the second makes no request for the name.
struct NamedWhereWanted {
    named: Box<dyn BoundTable>,
    unnamed: Box<dyn BoundTable>,
}

impl BoundTable for NamedWhereWanted {
    fn columns(&self) -> &Columns {
        self.named.columns()
    }

    fn scan(&self, projection: &[usize], filters: &[Filter]) -> Result<Arc<dyn Scan>> {
        let name = self.columns().iter().position(|(name, _)| name == NAME);
        match name.is_some_and(|name| projection.contains(&name)) {
            true => self.named.scan(projection, filters),
            false => self.unnamed.scan(projection, filters),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_buckets_are_no_funnel_for_all_days() {
        let day = |date: &str| format!(r#""{date}": {{"steps": [{{"count": 5, "event": "A"}}]}}"#);
        let one = format!(r#"{{"data": {{{}}}}}"#, day("2025-01-01"));
        assert_eq!(read(&one, false).unwrap().len(), 1);
        assert_eq!(read(r#"{"data": {}}"#, false).unwrap(), []);
        let two = format!(r#"{{"data": {{{}, {}}}}}"#, day("2025-01-01"), day("2025-01-02"));
        let message = read(&two, false).unwrap_err().to_string();
        assert!(message.contains("another begins on 2025-01-02") && message.contains("mode := 'trends'"), "{message}");
    }
}
