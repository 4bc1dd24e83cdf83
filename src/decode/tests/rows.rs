//! What becomes of an event?

use super::{
    super::{Column, Decoder},
    ALL, cell, property, row,
};
use crate::contract::SqlType;

fn some(texts: &[&str]) -> Vec<Option<String>> {
    texts.iter().map(|text| Some((*text).to_owned())).collect()
}

#[test]
fn a_usual_line() {
    let line = r#"{"event":"Install","properties":{"time":1746473430,"distinct_id":"77473","$app":"4077","$insert_id":"9cc62d387de6241f","$wifi":true}}"#;
    let expected =
        some(&["Install", "2025-05-05T19:30:30Z", "77473", "9cc62d387de6241f", r#"{"$app":"4077","$wifi":true}"#]);
    assert_eq!(row(&ALL, line), expected);
}

#[test]
fn event_names() {
    for (event, expected) in [
        (r#""a""#, Some("a")),
        (r#""""#, Some("")),
        (r#""an event with a long name""#, Some("an event with a long name")),
        (r#""\u00e9\n\"quoted\" and long enough""#, Some("é\n\"quoted\" and long enough")),
        (r#""x\ud83d""#, Some("x\u{fffd}")),
        (r#""日本語のイベント名です""#, Some("日本語のイベント名です")),
        ("null", None),
        ("123456789012345678901234567890", Some("123456789012345678901234567890")),
        ("true", Some("true")),
        (r#"{"a": ["\ud83d"]}"#, Some(r#"{"a": ["\ufffd"]}"#)),
    ] {
        // The same whether or not the properties are looked at.
        for end in ["\n", ""] {
            let line = format!(r#"{{"event":{event},"properties":{{"time":1,"a":2}}}}{end}"#);
            assert_eq!(cell(Column::EventName, &line).as_deref(), expected, "{line}");
            assert_eq!(row(&ALL, &line)[0].as_deref(), expected, "{line}");
        }
    }
}

#[test]
fn event_times() {
    for (time, expected) in [
        ("1746473430", Some("2025-05-05T19:30:30Z")),
        ("1746473430123", Some("2025-05-05T19:30:30.123Z")),
        ("1746473430.5", Some("2025-05-05T19:30:30.5Z")),
        (r#""1665052647""#, Some("2022-10-06T10:37:27Z")),
        (r#""\u0031665052647""#, Some("2022-10-06T10:37:27Z")),
        ("null", None),
        ("true", None),
        (r#""noon""#, None),
        ("1e400", None),
        ("[1746473430]", None),
        ("999999999999999999", None),
    ] {
        for end in ["\n", ""] {
            let line = format!(r#"{{"event":"e","properties":{{"time":{time},"a":1}}}}{end}"#);
            assert_eq!(cell(Column::EventTime, &line).as_deref(), expected, "{line}");
            // A time that no column can show stays where it is.
            let kept = if expected.is_some() { r#"{"a":1}"#.into() } else { format!(r#"{{"time":{time},"a":1}}"#) };
            let row = row(&ALL, &line);
            assert_eq!((row[1].as_deref(), row[4].as_ref()), (expected, Some(&kept)), "{line}");
        }
    }
    assert_eq!(cell(Column::EventTime, r#"{"event":"e","properties":{}}"#), None);
}

#[test]
fn times_of_projects_that_count_local_time() {
    let zone = jiff::tz::TimeZone::get("Asia/Kolkata").unwrap();
    let block = b"{\"event\":\"e\",\"properties\":{\"time\":1666026662}}\n".to_vec();
    for columns in [&[Column::EventTime][..], &ALL] {
        let batch =
            Decoder::new(columns, Some(zone.clone())).decode(block.clone(), super::this_century()).unwrap().batch;
        let place = columns.iter().position(|column| *column == Column::EventTime).unwrap();
        assert_eq!(super::cells(&batch, 0)[place].as_deref(), Some("2022-10-17T11:41:02Z"));
    }
}

#[test]
fn ids() {
    for (id, expected) in [
        (r#""77473""#, Some("77473")),
        (r#""""#, Some("")),
        (r#""cb95b742-e130-4eab-80a3-081051291893""#, Some("cb95b742-e130-4eab-80a3-081051291893")),
        (r#""cb95b742\u002de130-4eab""#, Some("cb95b742-e130-4eab")),
        ("null", None),
        ("42", Some("42")),
        ("-1405123841946871899", Some("-1405123841946871899")),
        ("123456789012345678901234567890", Some("123456789012345678901234567890")),
        ("1.50", Some("1.50")),
        ("false", Some("false")),
        (r#"{"a":"b"}"#, Some(r#"{"a":"b"}"#)),
        (r#"[1,"b, and something long"]"#, Some(r#"[1,"b, and something long"]"#)),
    ] {
        // First, in the middle and last: what goes is moved over, and its value must survive.
        for (before, behind, kept) in [
            ("", r#","first":1"#, r#"{"first":1}"#),
            (
                r#""first":1,"#,
                r#","last":"and a value that is long""#,
                r#"{"first":1,"last":"and a value that is long"}"#,
            ),
            (r#""first":"a value that is long","#, "", r#"{"first":"a value that is long"}"#),
            ("", "", "{}"),
        ] {
            for key in ["distinct_id", "$insert_id"] {
                let line = format!(r#"{{"event":"e","properties":{{{before}"{key}":{id}{behind}}}}}"#);
                let row = row(&ALL, &line);
                let cell = if key == "distinct_id" { &row[2] } else { &row[3] };
                assert_eq!((cell.as_deref(), row[4].as_deref()), (expected, Some(kept)), "{line}");
            }
        }
    }
    assert_eq!(row(&ALL, r#"{"event":"e","properties":{}}"#)[2..4], [None, None]);
}

#[test]
fn properties_without_what_became_columns() {
    for (properties, expected) in [
        ("{}", "{}"),
        ("{ }", "{ }"),
        (r#"{"a":1}"#, r#"{"a":1}"#),
        (r#"{"time":1}"#, "{}"),
        (r#"{ "time": 1 , "distinct_id": "a" }"#, "{}"),
        (r#"{"time":1,"a":1}"#, r#"{"a":1}"#),
        (r#"{"a":1,"time":1}"#, r#"{"a":1}"#),
        (r#"{"a":1,"time":1,"b":2}"#, r#"{"a":1,"b":2}"#),
        (r#"{"a":1,"time":1,"b":2,"distinct_id":"x","$insert_id":"y"}"#, r#"{"a":1,"b":2}"#),
        (r#"{"time":1,"a":1,"distinct_id":"x","b":2,"$insert_id":"y"}"#, r#"{"a":1,"b":2}"#),
        // All of several members with the same key go.
        (r#"{"time":1,"a":1,"time":2,"b":2,"time":"x"}"#, r#"{"a":1,"b":2}"#),
        (r#"{"distinct_id":1,"distinct_id":2,"distinct_id":3}"#, "{}"),
        (r#"{"time":"x","time":2}"#, r#"{"time":"x","time":2}"#),
        // Keys are compared as they are meant, and case matters.
        (r#"{"\u0024insert_id":"y","\u0074ime":1,"Time":2,"a":1}"#, r#"{"Time":2,"a":1}"#),
        (
            r#"{"a":{"time":1,"distinct_id":2},"b":["$insert_id"]}"#,
            r#"{"a":{"time":1,"distinct_id":2},"b":["$insert_id"]}"#,
        ),
        // What stays keeps its spacing.
        ("{ \"a\" : 1 ,\t\"time\" : 1 , \"b\" : [ 1 , 2 ] }", "{ \"a\" : 1 ,\t\"b\" : [ 1 , 2 ] }"),
        ("{ \"time\" : 1 , \"a\" : 1 }", "{ \"a\" : 1 }"),
        ("{ \"a\" : 1 , \"time\" : 1 }", "{ \"a\" : 1 }"),
        ("{   \"distinct_id\":\"some long enough id\",\"a\":1,\"$insert_id\":\"some other long id\"}", "{   \"a\":1}"),
        // Numbers, escapes and half surrogate pairs.
        (
            r#"{"time":1,"n":123456789012345678901234567890,"f":1.50,"e":1e400}"#,
            r#"{"n":123456789012345678901234567890,"f":1.50,"e":1e400}"#,
        ),
        (r#"{"time":1,"a":"\ud83d\ude00 \u0000 \/ \u00e9"}"#, r#"{"a":"\ud83d\ude00 \u0000 \/ \u00e9"}"#),
        (
            r#"{"a":"x\ud83d","time":1,"\udead":["\uDBFF\ud83d\ude00"]}"#,
            r#"{"a":"x\ufffd","\ufffd":["\ufffd\ud83d\ude00"]}"#,
        ),
        (r#"{"a":"\\ud83d","time":1}"#, r#"{"a":"\\ud83d"}"#),
        ("{\"a\":\"\u{2028}\u{85}é\",\"time\":1}", "{\"a\":\"\u{2028}\u{85}é\"}"),
    ] {
        let line = format!(r#"{{"event":"e","properties":{properties}}}"#);
        assert_eq!(row(&ALL, &line)[4].as_deref(), Some(expected), "{line}");
        // Which other columns are asked for makes no difference.
        assert_eq!(cell(Column::Properties, &line).as_deref(), Some(expected), "{line}");
    }
}

#[test]
fn raw_lines() {
    let odd = r#"{ "properties" : { } , "event" : null , "other" : [ 1 ] }"#;
    for (line, expected) in [
        (
            r#"{"event":"e","properties":{"time":1,"a":"x\ud83d"},"\udead":"\ud83d\ude00"}"#,
            r#"{"event":"e","properties":{"time":1,"a":"x\ufffd"},"\ufffd":"\ud83d\ude00"}"#,
        ),
        (odd, odd),
    ] {
        for block in [line.to_owned(), format!("  {line} \t\r\n"), format!("\n\n{line}\n \n")] {
            assert_eq!(cell(Column::Raw, &block).as_deref(), Some(expected));
            let both = row(&[Column::Raw, Column::Properties, Column::Raw], &block);
            assert_eq!((both[0].as_deref(), both[2].as_deref()), (Some(expected), Some(expected)));
        }
    }
}

#[test]
fn single_properties() {
    let line = r#"{"event":"e","properties":{"time":1746473430,"a":"x\u00e9","a":"second","$city":"North Lincolnshire","n":1.50,"b":true,"z":null,"o":{"x" : "\ud83d, and long"},"$insert_id":"long enough to move","distinct_id":7}}"#;
    let columns = |with: &[Column]| {
        let names = ["a", "$city", "n", "b", "z", "o", "none", "time", "$insert_id", "distinct_id"];
        let columns = names.iter().flat_map(|name| [property(name, SqlType::Varchar), property(name, SqlType::Json)]);
        columns.chain(with.iter().cloned()).collect::<Vec<_>>()
    };
    let expected = [
        Some("xé"),
        Some(r#""x\u00e9""#),
        Some("North Lincolnshire"),
        Some(r#""North Lincolnshire""#),
        Some("1.50"),
        Some("1.50"),
        Some("true"),
        Some("true"),
        None,
        Some("null"),
        Some(r#"{"x" : "\ufffd, and long"}"#),
        Some(r#"{"x" : "\ufffd, and long"}"#),
        None,
        None,
        Some("1746473430"),
        Some("1746473430"),
        Some("long enough to move"),
        Some(r#""long enough to move""#),
        Some("7"),
        Some("7"),
    ];
    // Also where the properties around them are closed up.
    for with in [&[][..], &[Column::Properties], &ALL] {
        let row = row(&columns(with), line);
        let row: Vec<_> = row.iter().take(expected.len()).map(Option::as_deref).collect();
        assert_eq!(row, expected);
    }
}
