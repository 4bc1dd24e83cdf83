//! What is asked of `/engage`, and how is that requests?
//!
//! `POST /api/query/engage`, as `query.openapi.yaml` describes it. All pages of a
//! question must be asked for with the same fields, so these are put down once.

use std::collections::BTreeSet;

use crate::{
    contract::{Comparison, Filter, Value},
    mixpanel::{Api, Quota, Request},
};

/// The most ids that one question may name.
const MOST_IDS: usize = 2000;

/// How long ago "now" is: Mixpanel refuses a moment that its clock has not reached yet.
const SAFELY_PAST: i64 = 60;

/// What a call asks for.
#[derive(Debug, Clone, Default)]
pub struct ProfilesRequest {
    pub distinct_id: Option<String>,
    /// Each once; none at all is a question without an answer.
    pub distinct_ids: Option<Vec<String>>,
    pub group_id: Option<i64>,
    pub filter: Option<String>,
    pub output_properties: Option<Vec<String>>,
    /// A cohort, and whether its users without a profile are wanted too.
    pub cohort: Option<(i64, bool)>,
    /// A JSON array.
    pub behaviors: Option<String>,
    /// Seconds since 1970.
    pub as_of: Option<i64>,
    pub search: Option<String>,
    pub sort: Option<Sort>,
    /// No more profiles than this are wanted.
    pub max_rows: Option<u64>,
}

/// In which order profiles come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sort {
    /// An expression.
    pub by: String,
    /// `ascending` or `descending`.
    pub order: &'static str,
}

/// The fields that all pages of one question have in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProfilesQuestion(Request);

impl ProfilesRequest {
    pub fn takes_several_questions(&self) -> bool {
        self.distinct_ids.as_ref().is_some_and(|ids| ids.len() > MOST_IDS)
    }

    /// The same, asked about those profiles only that a query's conditions on their ids leave. `column` is that of the ids.
    ///
    /// Only of a question for everybody: whether Mixpanel heeds ids beside a filter or a cohort no documentation says, and
    /// of whom a call names itself the profiles may be known by other ids.
    pub fn narrowed(mut self, filters: &[Filter], column: usize) -> Self {
        if self.is_about_everybody()
            && let Some(ids) = named(filters, column)
        {
            self.distinct_ids = Some(ids);
        }
        self
    }

    fn is_about_everybody(&self) -> bool {
        let Self { distinct_id, distinct_ids, group_id, filter, cohort, behaviors, search, max_rows, .. } = self;
        let chosen = [distinct_id, filter, behaviors, search].into_iter().any(Option::is_some);
        !chosen && distinct_ids.is_none() && group_id.is_none() && cohort.is_none() && max_rows.is_none()
    }

    /// One question, or one for each 2000 ids. `now` in seconds.
    pub fn questions(&self, now: i64) -> Vec<ProfilesQuestion> {
        match &self.distinct_ids {
            None => vec![self.question(None, now)],
            Some(ids) => ids.chunks(MOST_IDS).map(|ids| self.question(Some(ids), now)).collect(),
        }
    }

    fn question(&self, ids: Option<&[String]>, now: i64) -> ProfilesQuestion {
        let list = |texts: &[String]| serde_json::json!(texts).to_string();
        let mut request = Request::post(Api::Query, "engage")
            .form_some("distinct_id", self.distinct_id.clone())
            .form_some("distinct_ids", ids.map(list))
            .form_some("data_group_id", self.group_id.map(|id| id.to_string()))
            .form_some("where", self.filter.clone())
            .form_some("output_properties", self.output_properties.as_deref().map(list))
            .form_some("search", self.search.clone())
            .form_some("sort_key", self.sort.as_ref().map(|sort| sort.by.clone()))
            .form_some("sort_order", self.sort.as_ref().map(|sort| sort.order))
            .form_some("limit", self.max_rows.map(|rows| rows.to_string()));
        if let Some((cohort, include_all_users)) = self.cohort {
            // Left out it is true, and ids without a profile come that nobody expects.
            request = request
                .form("filter_by_cohort", serde_json::json!({"id": cohort}).to_string())
                .form("include_all_users", include_all_users.to_string());
        }
        // A question with behaviors is one of its moment: without naming it there are no further pages.
        let as_of = self.as_of.or(self.behaviors.is_some().then_some(now - SAFELY_PAST));
        ProfilesQuestion(
            request
                .form_some("behaviors", self.behaviors.clone())
                .form_some("as_of_timestamp", as_of.map(|seconds| seconds.to_string())),
        )
    }
}

/// The ids that conditions leave; `None` where they say nothing, or nothing that one question could ask: the ids of
/// several questions cost more of the hour than everybody does.
fn named(filters: &[Filter], column: usize) -> Option<Vec<String>> {
    let mut left: Option<BTreeSet<&str>> = None;
    for filter in filters {
        let values = match filter {
            Filter::Compare { column: at, comparison: Comparison::Equal, value } if *at == column => {
                std::slice::from_ref(value)
            }
            Filter::In { column: at, values } if *at == column => values,
            _ => continue,
        };
        let Some(ids) = values.iter().map(id).collect::<Option<BTreeSet<&str>>>() else { continue };
        left = Some(match left {
            Some(left) => left.intersection(&ids).copied().collect(),
            None => ids,
        });
    }
    let ids = left.filter(|ids| ids.len() <= MOST_IDS)?;
    Some(ids.into_iter().map(str::to_owned).collect())
}

/// An id that Mixpanel knows as it is written. A replacement character may stand for bytes that are no text.
fn id(value: &Value) -> Option<&str> {
    match value {
        Value::Text(id) if !id.is_empty() && !id.contains(char::REPLACEMENT_CHARACTER) => Some(id),
        _ => None,
    }
}

impl ProfilesQuestion {
    /// The request for the first page, which counts against the hour.
    pub fn first(&self) -> Request {
        self.0.clone().form("page", "0")
    }

    /// The request for a further page, which does not.
    pub fn page(&self, session: &str, page: u64) -> Request {
        self.0.clone().form("session_id", session).form("page", page.to_string()).quota(Some(Quota::QueryPage))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn requests(request: ProfilesRequest) -> Vec<String> {
        request.questions(1_700_000_060).iter().map(|question| format!("{:?}", question.first())).collect()
    }

    #[test]
    fn ids_are_asked_for_in_batches() {
        let ids = |count: usize| ProfilesRequest {
            distinct_ids: Some((0..count).map(|number| format!("u{number}")).collect()),
            ..Default::default()
        };
        for (count, questions) in [(0, 0), (1, 1), (2000, 1), (2001, 2), (6000, 3)] {
            assert_eq!(requests(ids(count)).len(), questions, "{count}");
        }
        assert!(requests(ids(2001))[1].contains(r#"[\"u2000\"]"#));
        assert_eq!(requests(ProfilesRequest::default()).len(), 1);
    }

    #[test]
    fn a_cohort_says_whom_it_means_and_behaviors_say_when() {
        let asked = &requests(ProfilesRequest { cohort: Some((12, false)), ..Default::default() })[0];
        assert!(asked.contains(r#"{\"id\":12}"#) && asked.contains(r#"("include_all_users", "false")"#), "{asked}");
        let behaviors = ProfilesRequest { behaviors: Some("[]".into()), ..Default::default() };
        assert!(requests(behaviors.clone())[0].contains(r#"("as_of_timestamp", "1700000000")"#));
        let asked = &requests(ProfilesRequest { as_of: Some(5), ..behaviors })[0];
        assert!(asked.contains(r#"("as_of_timestamp", "5")"#) && !asked.contains("include_all_users"), "{asked}");
    }

    #[test]
    fn conditions_name_ids_where_everybody_was_asked_for() {
        let text = |id: &str| Value::Text(id.into());
        let is = |id: &str| Filter::Compare { column: 0, comparison: Comparison::Equal, value: text(id) };
        let one_of = |ids: &[&str]| Filter::In { column: 0, values: ids.iter().map(|id| text(id)).collect() };
        let ids = |request: ProfilesRequest, filters: &[Filter]| request.narrowed(filters, 0).distinct_ids;
        let everybody = ProfilesRequest::default;
        assert_eq!(ids(everybody(), &[is("a")]), Some(vec!["a".into()]));
        assert_eq!(ids(everybody(), &[one_of(&["b", "a", "b"]), is("a")]), Some(vec!["a".into()]));
        assert_eq!(ids(everybody(), &[is("a"), is("b")]), Some(vec![]));
        let greater = Filter::Compare { column: 0, comparison: Comparison::Greater, value: text("a") };
        let elsewhere = Filter::Compare { column: 1, comparison: Comparison::Equal, value: text("a") };
        let many = Filter::In { column: 0, values: (0..=MOST_IDS).map(|number| text(&number.to_string())).collect() };
        for filter in [greater, elsewhere, many, is(""), is("a\u{fffd}"), one_of(&["a", ""])] {
            assert_eq!(ids(everybody(), &[filter]), None);
        }
        for request in [
            ProfilesRequest { filter: Some("true".into()), ..everybody() },
            ProfilesRequest { cohort: Some((1, false)), ..everybody() },
            ProfilesRequest { max_rows: Some(1), ..everybody() },
            ProfilesRequest { search: Some("x".into()), ..everybody() },
            ProfilesRequest { group_id: Some(1), ..everybody() },
            ProfilesRequest { distinct_id: Some("x".into()), ..everybody() },
        ] {
            assert_eq!(ids(request, &[is("a")]), None);
        }
    }

    #[test]
    fn a_further_page_has_all_fields_of_the_first() {
        let request = ProfilesRequest { filter: Some("true".into()), group_id: Some(-5), ..Default::default() };
        let [question] = &request.questions(0)[..] else { panic!("one question") };
        let page = format!("{:?}", question.page("s", 3));
        for part in [r#"("where", "true")"#, r#"("data_group_id", "-5")"#, r#"("session_id", "s"), ("page", "3")"#] {
            assert!(page.contains(part), "{page}");
        }
        assert!(page.contains("QueryPage") && !format!("{:?}", question.first()).contains("QueryPage"));
    }
}
