//! What becomes of a profile?

use arrow_array::RecordBatch;

use super::{
    super::{Column, Decoder, ProfilePage},
    cells, property,
};
use crate::contract::SqlType;

const ALL: [Column; 3] = [Column::ProfileId, Column::Properties, Column::LastSeen];

fn decoded(columns: &[Column], profiles: &str) -> RecordBatch {
    let page = ProfilePage::read(format!(r#"{{"results":[{profiles}]}}"#).into_bytes(), false).unwrap();
    Decoder::of_profiles(columns).decode_profiles(page.profiles).unwrap()
}

fn profile(columns: &[Column], profile: &str) -> Vec<Option<String>> {
    let batch = decoded(columns, profile);
    assert_eq!(batch.num_rows(), 1);
    cells(&batch, 0)
}

#[test]
fn a_usual_profile() {
    // What becomes a column of an event stays in a profile.
    let rest = r#""time":1,"distinct_id":"a property","$insert_id":"x""#;
    let line = format!(r#"{{"$distinct_id":4,"$properties":{{"$last_seen":"2025-01-02T03:04:05",{rest}}}}}"#);
    let expected = ["4", &format!("{{{rest}}}"), "2025-01-02T03:04:05Z"].map(|text| Some(text.to_owned()));
    assert_eq!(profile(&ALL, &line), expected);
    for (place, column) in ALL.iter().enumerate() {
        assert_eq!(profile(std::slice::from_ref(column), &line), expected[place..=place]);
    }
    let typed = [property("time", SqlType::BigInt), property("$last_seen", SqlType::Date), Column::ProfileId];
    assert_eq!(profile(&typed, &line), ["1", "20090", "4"].map(|text| Some(text.to_owned())));
}

#[test]
fn a_last_seen_that_is_none_stays() {
    for (value, expected) in [
        (r#""2025-01-02T03:04:05+02:00""#, Some("2025-01-02T01:04:05Z")),
        (r#""2025-01-02T03:04:05.678""#, Some("2025-01-02T03:04:05.678Z")),
        (r#""2025-01-02T03:04:05\u005a""#, Some("2025-01-02T03:04:05Z")),
        (r#""yesterday""#, None),
        ("1735776000", None),
        ("null", None),
        (r#"["2025-01-02"]"#, None),
        (r#""""#, None),
    ] {
        let line = format!(r#"{{"$distinct_id":"u","$properties":{{"a":1,"$last_seen":{value}}}}}"#);
        let rest = match expected {
            Some(_) => r#"{"a":1}"#.to_owned(),
            None => format!(r#"{{"a":1,"$last_seen":{value}}}"#),
        };
        let row = profile(&ALL, &line);
        assert_eq!((row[1].as_deref(), row[2].as_deref()), (Some(rest.as_str()), expected), "{value}");
    }
}

#[test]
fn ids_and_counts() {
    for (id, expected) in [
        ("null", None),
        (r#""""#, Some("")),
        ("-1405123841946871899", Some("-1405123841946871899")),
        (r#""Zo\u00eb""#, Some("Zoë")),
    ] {
        let line = format!(r#"{{"$distinct_id":{id},"$properties":{{}}}}"#);
        assert_eq!(profile(&ALL, &line), [expected.map(str::to_owned), Some("{}".into()), None]);
    }
    assert_eq!(decoded(&[], "{},{},{}").num_rows(), 3);
}

#[test]
fn ids_of_every_kind_and_every_byte_of_the_properties() {
    for (text, id, properties) in [
        (r#"{"$distinct_id": 4, "$properties": {"a" : 1.50}}"#, Some("4"), r#"{"a" : 1.50}"#),
        (r#"{"$properties":{},"$distinct_id":"x\ny"}"#, Some("x\ny"), "{}"),
        (r#"{"$distinct_id":"x"}"#, Some("x"), "{}"),
        (r#"{"$group_id":"acme","$properties":{"a":1}}"#, Some("acme"), r#"{"a":1}"#),
        (r#"{"group_id":7,"$distinct_id":null,"$properties":{}}"#, Some("7"), "{}"),
        (r#"{"group_id":"c","$group_id":"b","$distinct_id":"a"}"#, Some("a"), "{}"),
        (r#"{"group_id":"c","$group_id":"b"}"#, Some("b"), "{}"),
        (r#"{"$distinct_id":"x","$properties":null,"more":[1]}"#, Some("x"), "{}"),
        (r#"{"$properties":{"b":"\ud83d"}}"#, None, r#"{"b":"\ufffd"}"#),
        (r#"{"\u0024distinct_id":"\u0041\ud83d","x":"\n"}"#, Some("A\u{fffd}"), "{}"),
        // Laid out for people, with space behind the properties.
        ("{\n \"$distinct_id\": 4,\n \"$properties\": {\n  \"a\": 1\n }\n}", Some("4"), r#"{   "a": 1  }"#),
        ("{\"$distinct_id\": 1,\r\n \"$properties\": {\n \"a\": [\n1]}}", Some("1"), r#"{  "a": [ 1]}"#),
    ] {
        assert_eq!(profile(&ALL, text), [id.map(str::to_owned), Some(properties.to_owned()), None], "{text}");
    }
}
