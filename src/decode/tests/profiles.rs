//! What becomes of a profile?

use super::{
    super::{Column, Decoder},
    cells, property,
};
use crate::contract::SqlType;

const ALL: [Column; 3] = [Column::ProfileId, Column::Properties, Column::LastSeen];

fn profile(columns: &[Column], line: &str) -> Vec<Option<String>> {
    let batch = Decoder::of_profiles(columns).decode(line.as_bytes().to_vec(), super::this_century()).unwrap().batch;
    assert_eq!(batch.num_rows(), 1);
    cells(&batch, 0)
}

#[test]
fn a_usual_profile() {
    // What becomes a column of an event stays in a profile.
    let rest = r#""time":1,"distinct_id":"a property","$insert_id":"x""#;
    let line = format!(r#"{{"event":4,"properties":{{"$last_seen":"2025-01-02T03:04:05",{rest}}}}}"#);
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
        let line = format!(r#"{{"event":"u","properties":{{"a":1,"$last_seen":{value}}}}}"#);
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
        let line = format!(r#"{{"event":{id},"properties":{{}}}}"#);
        assert_eq!(profile(&ALL, &line), [expected.map(str::to_owned), Some("{}".into()), None]);
    }
    let batch = Decoder::of_profiles(&[])
        .decode(b"{\"event\":1,\"properties\":{}}\n".repeat(3), super::this_century())
        .unwrap()
        .batch;
    assert_eq!(batch.num_rows(), 3);
}
