//! Numbers by date: how segmentation and event counts are answered.
//!
//! `{"data": {"series": [dates], "values": {key: {date: number}}}, "legend_size": n}`, where the
//! dates come in no order and a date without events is left out; or, for sums and averages,
//! `{"results": {date: number}}`.

use serde::Deserialize;
use serde_json::{Value, value::RawValue};

use crate::{
    contract::Result,
    json::{Entries, Moment, Object, parse, parse_object, unexpected},
};

/// Numbers by date and key. There may be millions: each says the number of its key, and names are there once.
#[derive(Debug, Clone, PartialEq)]
pub struct Series<T> {
    /// What is counted, in the answer's order: events, segments, values. Two may be called the same (see [`Entries`]).
    pub keys: Vec<String>,
    /// By date, and for a date in the answer's order.
    pub cells: Vec<Cell<T>>,
}

/// One number of a series.
#[derive(Debug, Clone, PartialEq)]
pub struct Cell<T> {
    pub date: Moment,
    /// Its place in the series' keys.
    pub key: u32,
    pub number: T,
}

/// The numbers of `data.values`. `number` reads a value, or says what is wrong with it.
///
/// Errors: `UnexpectedResponse`.
pub fn series<T>(text: &str, number: fn(&Value, &str) -> Result<T>) -> Result<Series<T>> {
    #[derive(Deserialize)]
    struct Answer<'a> {
        #[serde(borrow)]
        data: Object<Data<'a>>,
    }

    // One key's numbers are taken apart at a time: all at once take ten times the room of the text.
    #[derive(Deserialize)]
    struct Data<'a> {
        #[serde(borrow)]
        values: Entries<&'a RawValue>,
    }

    const EXPECTED: &str = "an object with data.values, numbers by key and date,";
    let Answer { data: Object(Data { values }) } = parse_object(text, EXPECTED)?;
    let mut series = Series { keys: Vec::with_capacity(values.0.len()), cells: Vec::new() };
    for (index, (key, numbers)) in values.into_iter().enumerate() {
        let index = u32::try_from(index).map_err(|_| unexpected(EXPECTED, "there are too many keys", text))?;
        let numbers: Entries<Value> = parse(numbers.get(), EXPECTED)?;
        for (date, value) in numbers {
            series.cells.push(Cell { date: moment(&date, text)?, key: index, number: number(&value, text)? });
        }
        series.keys.push(key);
    }
    series.cells.sort_by_key(|cell| cell.date);
    Ok(series)
}

/// The numbers of `results`, by date. Errors: `UnexpectedResponse`.
pub fn totals<T>(text: &str, number: fn(&Value, &str) -> Result<T>) -> Result<Vec<(Moment, T)>> {
    #[derive(Deserialize)]
    struct Answer {
        results: Entries<Value>,
    }

    let Answer { results } = parse_object(text, "an object with results, numbers by date,")?;
    let mut totals = Vec::new();
    for (date, value) in results {
        totals.push((moment(&date, text)?, number(&value, text)?));
    }
    totals.sort_by_key(|(date, _)| *date);
    Ok(totals)
}

/// A date that is a key. Errors: `UnexpectedResponse`.
pub(super) fn moment(key: &str, text: &str) -> Result<Moment> {
    Moment::read(key).ok_or_else(|| unexpected("a date", &format!("'{key}' was found"), text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::{count, measure};

    fn shown<T: std::fmt::Debug>(text: &str, number: fn(&Value, &str) -> Result<T>) -> Vec<String> {
        let Series { keys, cells } = series(text, number).unwrap();
        cells.iter().map(|cell| format!("{} {} {:?}", cell.date.date(), keys[cell.key as usize], cell.number)).collect()
    }

    #[test]
    fn dates_are_sorted_and_keys_are_not() {
        let text = r#"{"data": {"series": ["2011-08-07", "2011-08-06"], "values": {
            "undefined": {"2011-08-07": 146, "2011-08-06": 9007199254740993},
            "DE": {"2011-08-07": 1}}}, "legend_size": 2}"#;
        let expected = ["2011-08-06 undefined 9007199254740993", "2011-08-07 undefined 146", "2011-08-07 DE 1"];
        assert_eq!(shown(text, count), expected);
        assert_eq!(series(text, count).unwrap().keys, ["undefined", "DE"]);
    }

    #[test]
    fn averages_may_be_missing() {
        let text = r#"{"data": {"values": {"a": {"2011-08-07": 1.5, "2011-08-08": null}}}}"#;
        assert_eq!(shown(text, measure), ["2011-08-07 a Some(1.5)", "2011-08-08 a None"]);
        assert!(series(text, count).unwrap_err().to_string().contains("1.5 was found"));
    }

    #[test]
    fn names_that_mending_made_equal_keep_their_numbers() {
        let text = r#"{"data": {"values": {"a\ufffd": {"2011-08-07": 1}, "a\ufffd": {"2011-08-07": 2}}}}"#;
        assert_eq!(shown(text, count).len(), 2);
    }

    #[test]
    fn nothing_is_no_rows_and_other_shapes_are_errors() {
        assert_eq!(series(r#"{"data":{"series":[],"values":{}}}"#, count), Ok(Series { keys: vec![], cells: vec![] }));
        for bad in [
            r#"{"data":{}}"#,
            r#"{"data":[]}"#,
            r#"[[{"a":{"2025-01-01":1}}]]"#,
            r#"[{"values":{"a":{"2025-01-01":1}}}]"#,
            r#"{"data":[{"a":{"2025-01-01":1}}]}"#,
            r#"{"results":[]}"#,
            r#"{"data":{"values":[]}}"#,
            r#"{"data":{"values":{"a":[1]}}}"#,
            r#"{"data":{"values":{"a":{"all":1}}}}"#,
            r#"{"data":{"values":{"a":{"2011-08-07":"x"}}}}"#,
            r#"{"data":{"values":{"a":{"2011-08-07":1}}}"#,
            "[]",
            "null",
            "",
        ] {
            assert!(series(bad, count).unwrap_err().to_string().starts_with("[UNEXPECTED_RESPONSE]"), "{bad}");
        }
    }

    #[test]
    fn totals_are_sorted() {
        let text = r#"{"status": "ok", "results": {"2019-10-07": 4, "2019-10-06": 7.25}}"#;
        let found: Vec<String> =
            totals(text, measure).unwrap().iter().map(|(date, sum)| format!("{} {sum:?}", date.date())).collect();
        assert_eq!(found, ["2019-10-06 Some(7.25)", "2019-10-07 Some(4.0)"]);
        for bad in [r#"{"data": {}}"#, r#"{"results": []}"#, r#"{"results": {"x": 1}}"#, r#"[{"2025-01-01": 1}]"#, "3"]
        {
            assert!(totals(bad, measure).is_err(), "{bad}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_answer_is_survived(text in r#"(\{|\}|"data":|"values":|"results":|"2025-01-01":|"é":|1|null|,|\[|\]){0,12}"#) {
            let _ = (series(&text, count), totals(&text, measure));
        }
    }
}
