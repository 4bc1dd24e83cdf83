use super::*;

/// The rows of a report, as `metric | segments | date | value`.
fn rows(headers: &str, series: &str) -> Vec<String> {
    let text = format!(r#"{{"headers": {headers}, "series": {series}}}"#);
    shown(&read(&text).unwrap())
}

fn shown(report: &Report) -> Vec<String> {
    report.rows.iter().map(|row| line(&report.series[row.series], row)).collect()
}

fn line(series: &ReportSeries, row: &Row) -> String {
    let date = row.date.map_or("-".into(), |date| {
        let seconds = date.microseconds().unwrap_or_default() / 1_000_000;
        jiff::Timestamp::from_second(seconds).unwrap().strftime("%m-%d %H").to_string()
    });
    let value = row.value.map_or("null".into(), |value| value.to_string());
    format!("{} | {} | {date} | {value}", series.metric.as_deref().unwrap_or("-"), series.segments.join(","))
}

fn insights(series: &str) -> Vec<String> {
    rows(r#"["$event"]"#, series)
}

#[test]
fn depths_from_none_to_six() {
    assert_eq!(insights("5"), ["- |  | - | 5"]);
    assert_eq!(insights(r#"{"2025-01-02": 2, "2025-01-01": 1}"#), ["- |  | 01-01 00 | 1", "- |  | 01-02 00 | 2"]);
    assert_eq!(insights(r#"{"M": 5, "N": null}"#), ["M |  | - | 5", "N |  | - | null"]);
    assert_eq!(insights(r#"{"M": {"all": 5}}"#), ["M |  | - | 5"]);
    assert_eq!(insights(r#"{"all": 5}"#), ["all |  | - | 5"]);
    assert_eq!(insights(r#"{"M": {"US": 5, "20250101": 6}}"#), ["M | US | - | 5", "M | 20250101 | - | 6"]);
    assert_eq!(
        insights(r#"{"M": {"$overall": {"2025-01-01T05:00:00-08:00": 3}, "US": {"2025-01-01T05:00:00-08:00": 1}}}"#),
        ["M | $overall | 01-01 05 | 3", "M | US | 01-01 05 | 1"]
    );
    assert_eq!(insights(r#"{"M": {"a": {"b": {"c": {"d": {"all": 1.5}}}}}}"#), ["M | a,b,c,d | - | 1.5"]);
    assert_eq!(insights(r#"{"M": {"a": {"2025-01-01": {"all": 1}}}}"#), ["M | a,2025-01-01 | - | 1"]);
    for nothing in ["{}", r#"{"M": {}}"#, "[]"] {
        assert!(insights(nothing).is_empty(), "{nothing}");
    }
}

#[test]
fn rows_are_sorted_by_date_within_metric_and_segments() {
    let series = r#"{"N": {"b": {"2025-01-02": 1, "2025-01-01": 2}, "a": {"2025-01-01": 3}}, "M": {"all": 4}}"#;
    assert_eq!(
        insights(series),
        ["N | b | 01-01 00 | 2", "N | b | 01-02 00 | 1", "N | a | 01-01 00 | 3", "M |  | - | 4"]
    );
}

#[test]
fn clocks_that_are_set_back_show_an_hour_twice() {
    let series =
        r#"{"M": {"2025-11-02T01:00:00-07:00": 1, "2025-11-02T01:00:00-08:00": 2, "2025-11-02T00:00:00-07:00": 0}}"#;
    assert_eq!(insights(series), ["M |  | 11-02 00 | 0", "M |  | 11-02 01 | 1", "M |  | 11-02 01 | 2"]);
}

#[test]
fn no_row_is_lost_where_names_occur_twice() {
    let series = r#"{"M": {"2025-01-01": 1, "2025-01-01": 2}, "M": {"2025-01-01": 3}}"#;
    assert_eq!(insights(series), ["M |  | 01-01 00 | 1", "M |  | 01-01 00 | 2", "M |  | 01-01 00 | 3"]);
}

#[test]
fn numbers_may_be_texts_and_other_texts_are_none() {
    let series = r#"{"M": {"a": "10254", "b": "NaN", "d": "inf", "e": true, "f": "x", "g": "-1.5e3"}}"#;
    assert_eq!(insights(series), ["M | a | - | 10254", "M | b | - | null", "M | g | - | -1500"]);
}

#[test]
fn funnels_of_both_forms() {
    let turned = r#"{"F": {"count": {"1. A": {"all": 3}, "2. B": {"all": 1}}, "avg_time": {"1. A": {"all": null}}}}"#;
    assert_eq!(
        rows(r#"["$funnel"]"#, turned),
        ["F | count,1. A | - | 3", "F | count,2. B | - | 1", "F | avg_time,1. A | - | null"]
    );
    let steps = r#"{"F": {"2025-01-02": {"$overall": [{"count": 3, "event": "7", "step_label": "A"}]},
                          "2025-01-01": {"$overall": [{"count": 2, "event": "7", "step_label": "A"}, {"count": 1, "goal": "B"}],
                                         "analysis": {"worst": 1}}}}"#;
    assert_eq!(
        rows(r#"["$funnel"]"#, steps),
        [
            "F | $overall,1. A,count | 01-01 00 | 2",
            "F | $overall,1. A,count | 01-02 00 | 3",
            "F | $overall,2. B,count | 01-01 00 | 1",
            "F | analysis,worst | 01-01 00 | 1"
        ]
    );
}

#[test]
fn a_date_inside_is_found_also_above_what_has_no_time() {
    let series = r#"{"F": {"2025-01-01": {"count": {"1. A": {"all": 3}}}}}"#;
    assert_eq!(rows(r#"["$funnel"]"#, series), ["F | count,1. A | 01-01 00 | 3"]);
}

#[test]
fn labels_are_those_of_items_only() {
    assert_eq!(insights(r#"{"M": {"event": "7", "goal": {"all": 1}}}"#), ["M | event | - | 7", "M | goal | - | 1"]);
    assert_eq!(insights(r#"{"M": [{"event": "7", "count": 1}]}"#), ["M | 1. 7,count | - | 1"]);
}

#[test]
fn retention_has_its_date_above_the_numbers() {
    let headers = r#"["$retention", "plan"]"#;
    let plain = r#"{"R": {"2025-01-02": {"counts": [7], "first": 7}, "2025-01-01": {"counts": [5, 1], "first": 5}}}"#;
    assert_eq!(
        rows(headers, plain),
        [
            "R | counts,0 | 01-01 00 | 5",
            "R | counts,0 | 01-02 00 | 7",
            "R | first | 01-01 00 | 5",
            "R | first | 01-02 00 | 7",
            "R | counts,1 | 01-01 00 | 1"
        ]
    );
    let segmented = r#"{"R": {"2025-01-01": {"$overall": {"first": 5}, "pro": {"first": 2}}}}"#;
    assert_eq!(rows(headers, segmented), ["R | $overall,first | 01-01 00 | 5", "R | pro,first | 01-01 00 | 2"]);
    assert_eq!(rows(headers, r#"{"2025-01-01": {"first": 5}}"#), ["- | first | 01-01 00 | 5"]);
}

#[test]
fn the_header_says_what_it_is() {
    for (headers, expected) in [
        (r#"["$event", "plan"]"#, "insights"),
        (r#"["$metric"]"#, "insights"),
        (r#"["$funnel"]"#, "funnels"),
        (r#"["$retention", "plan"]"#, "retention"),
        (r#"["$flows"]"#, "flows"),
        ("[1]", "insights"),
        ("null", "insights"),
    ] {
        let text = format!(r#"{{"headers": {headers}, "series": {{}}}}"#);
        assert_eq!(read(&text).unwrap().report_type, expected, "{headers}");
    }
}

#[test]
fn flows_count_nodes_then_ways() {
    let text = r#"{"steps": [{"nodes": [{"event": "A", "type": "ANCHOR", "totalCount": "9", "conversionRateChange": 0,
        "edges": [{"event": "", "type": "DROPOFF", "step": "1", "totalCount": "3"}]}]}]}"#;
    let report = read(text).unwrap();
    assert_eq!(report.report_type, "flows");
    assert_eq!(
        shown(&report),
        [
            "count | 0,ANCHOR,A | - | 9",
            "next_count | 0,ANCHOR,A,1,DROPOFF, | - | 3",
            "conversion_rate_change | 0,ANCHOR,A | - | 0",
            "overall_conversion_rate |  | - | null"
        ]
    );
}

#[test]
fn other_shapes_are_refused() {
    let deep = format!("{{\"series\": {}1{}}}", "{\"a\":".repeat(10_000), "}".repeat(10_000));
    let lists = format!("{{\"series\": {}1{}}}", "[".repeat(10_000), "]".repeat(10_000));
    for text in [
        "",
        "{}",
        "[]",
        "5",
        r#"{"series": null}"#,
        r#"{"series": "x"}"#,
        r#"{"series": true}"#,
        r#"{"series": {"M": 1e400}}"#,
        r#"{"series": {"M": -1e400}}"#,
        r#"{"series": {"M": "-Infinity"}}"#,
        r#"{"series": {"M": "1e400"}}"#,
        r#"[null, {"M": 1}, null]"#,
        r#"{"series": {}, "series": {"M": 1}}"#,
        r#"{"steps": 5}"#,
        &deep,
        &lists,
    ] {
        let error = read(text).unwrap_err().to_string();
        assert!(error.starts_with("[UNEXPECTED_RESPONSE] a "), "{error}");
        assert!(error.len() < 1000, "{error}");
    }
}

proptest::proptest! {
    #[test]
    fn any_text_is_survived(series in "[\\[\\]{}:,\"a0-9e.-]{0,60}") {
        let _ = read(&series);
        let _ = read(&format!("{{\"series\": {series}}}"));
    }
}
