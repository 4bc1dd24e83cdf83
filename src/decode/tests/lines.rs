//! Which lines are events, and what is said of those that are none?

use super::{
    super::{Column, DamageKind, Decoder, MAX_LINE},
    ALL, cell, property, row, rows,
};
use crate::contract::SqlType;

fn some(texts: &[&str]) -> Vec<Option<String>> {
    texts.iter().map(|text| Some((*text).to_owned())).collect()
}

#[test]
fn bytes_that_are_not_utf8_are_replaced() {
    let line = b"{\"event\":\"a\xffb\",\"properties\":{\"time\":1,\"distinct_id\":\"\xc3\",\"a\":\"a value that is long \xe2\x82\"}}";
    let expected = some(&["a\u{fffd}b", "1970-01-01T00:00:00.001Z", "\u{fffd}"]);
    for block in [line.to_vec(), [&line[..], b"\n"].concat()] {
        let row = row(&ALL, &block);
        assert_eq!(row[..3], expected);
        assert_eq!(row[4].as_deref(), Some("{\"a\":\"a value that is long \u{fffd}\"}"));
        assert_eq!(cell(Column::EventName, &block).as_deref(), Some("a\u{fffd}b"));
        assert_eq!(cell(Column::Raw, &block), Some(String::from_utf8_lossy(line).into_owned()));
    }
    // Lines around it stay views of the block.
    let good = r#"{"event":"a good one, and long","properties":{"time":1}}"#;
    let block = [good.as_bytes(), line, good.as_bytes()].join(&b'\n');
    let names: Vec<_> = rows(&ALL, block).unwrap().into_iter().map(|row| row[0].clone().unwrap()).collect();
    assert_eq!(names, ["a good one, and long", "a\u{fffd}b", "a good one, and long"]);
}

#[test]
fn lines_are_split_at_line_feeds_only() {
    let line = |name: &str| format!(r#"{{"event":"{name}","properties":{{}}}}"#);
    let names =
        |block: String| rows(&[Column::EventName], block).unwrap().into_iter().flatten().flatten().collect::<Vec<_>>();
    assert_eq!(names(String::new()), Vec::<String>::new());
    assert_eq!(names("\n \r\n\t\n".into()), Vec::<String>::new());
    assert_eq!(names(format!("{}\r\n\n  \n{}", line("a"), line("b"))), ["a", "b"]);
    assert_eq!(names(format!("{}\n", line("a\u{2028}b\u{85}c"))), ["a\u{2028}b\u{85}c"]);
}

#[test]
fn keys_at_the_top() {
    for (line, expected) in [
        (r#"{"properties":{"a":1},"event":"e"}"#, ("e", r#"{"a":1}"#)),
        (r#"{"x":{"event":1},"event":"e","properties":{"a":1},"y":[]}"#, ("e", r#"{"a":1}"#)),
        (r#"{"ev\u0065nt":"e","prop\u0065rties":{"a":1}}"#, ("e", r#"{"a":1}"#)),
        (r#"{"event":"e","event":"f","properties":{"a":1},"properties":{"a":2}}"#, ("e", r#"{"a":1}"#)),
    ] {
        let row = row(&[Column::EventName, Column::Properties], line);
        assert_eq!((row[0].as_deref(), row[1].as_deref()), (Some(expected.0), Some(expected.1)), "{line}");
    }
}

#[test]
fn lines_are_no_longer_than_they_may_be() {
    let line = |length: usize| {
        let (before, after) = (r#"{"event":"a","properties":{"x":""#, r#""}}"#);
        before.to_owned() + &"x".repeat(length - before.len() - after.len()) + after + "\n"
    };
    let good = "{\"event\":\"a\",\"properties\":{}}\n";
    for (length, expected) in [(MAX_LINE, Ok(3)), (MAX_LINE + 1, Err(DamageKind::TooLong))] {
        let block = format!("{good}{}{good}", line(length));
        assert_eq!(super::verify(block.as_bytes()).map_err(|damage| damage.kind), expected);
        let rows = Decoder::new(&[Column::EventName], None).decode(block.into_bytes(), super::this_century());
        assert_eq!(rows.map(|decoded| decoded.batch.num_rows()).map_err(|damage| damage.kind), expected);
    }
    // Also where it is nothing else that it should be.
    assert_eq!(super::verify(&[b'x'; MAX_LINE + 1]).map_err(|damage| damage.kind), Err(DamageKind::TooLong));
}

#[test]
fn lines_that_are_no_events() {
    let good = r#"{"event":"a","properties":{"time":1}}"#;
    for (line, kind) in [
        ("terminated early", DamageKind::Terminated),
        ("export terminated early", DamageKind::Terminated),
        (r#"{"error": "too much", "request": "/"}"#, DamageKind::ApiError("too much".into())),
        ("<html>", DamageKind::Html),
        (r#"{"event":"a","prop"#, DamageKind::Cut),
        (r#"{"event":"a","properties":{"x":"y"#, DamageKind::Cut),
        (r#"{"event":"a"}"#, DamageKind::NotAnEvent),
        (r#"{"properties":{}}"#, DamageKind::NotAnEvent),
        (r#"{"event":"a","properties":null}"#, DamageKind::NotAnEvent),
        (r#"{"event":"a","properties":{}} x"#, DamageKind::NotJson),
        (r#"{"event":"a""properties":{}}"#, DamageKind::NotJson),
        (r#"["event","properties"]"#, DamageKind::NotAnEvent),
    ] {
        for block in [format!("{good}\n\n{line}"), format!("{good}\n\n{line}\n{good}\n")] {
            for columns in [&ALL[..], &[Column::EventName, Column::EventTime], &[], &[Column::Raw]] {
                let damage = rows(columns, &block).unwrap_err();
                assert_eq!((damage.line_number, damage.rows, &damage.kind), (3, 1, &kind), "{block}");
                let shown = if damage.kind == DamageKind::Html { "" } else { line };
                assert_eq!(damage.excerpt(str::to_owned), shown);
            }
            assert_eq!(super::verify(block.as_bytes()).unwrap_err().kind, kind);
        }
    }
}

#[test]
fn a_last_line_is_always_checked_in_full() {
    // Cut so that it looks whole; only a line feed behind it could make it pass where nobody asks for properties.
    let cut = r#"{"event":"a","properties":{"x":{"y":1}}"#;
    for columns in [&ALL[..], &[Column::EventName], &[]] {
        assert_eq!(rows(columns, cut).unwrap_err().kind, DamageKind::Cut);
    }
    for columns in [&ALL[..], &[Column::Raw], &[Column::DistinctId]] {
        assert_eq!(rows(columns, format!("{cut}\n")).unwrap_err().kind, DamageKind::Cut);
        assert_eq!(rows(columns, "{\"event\":\"a\",\"properties\":{}}}\n").unwrap_err().kind, DamageKind::NotJson);
    }
}

#[test]
fn grammar() {
    // Each is wrong as the value of a property, and must be found wherever properties are shown.
    for value in [
        "",
        "01",
        "-",
        "-01",
        "+1",
        "1.",
        ".5",
        "1.e1",
        "1e",
        "1e+",
        "1x",
        "0x1",
        "NaN",
        "Infinity",
        "nul",
        "nulll",
        "tru",
        "truee",
        "True",
        "fals",
        "falsee",
        "'a'",
        "\"a",
        "\"\t\"",
        "\"\u{0}\"",
        "\"\u{1f}\"",
        r#""\x""#,
        r#""\u12""#,
        r#""\u12g4""#,
        r#""\""#,
        "[",
        "[1,]",
        "[1 2]",
        "[,1]",
        "{",
        "{}}",
        "[]]",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{a:1}",
        "{1:1}",
        "{\"a\" 1}",
        "[1}",
        "{\"a\":1]",
        "1,",
        "1 1",
        "/**/1",
        "\u{b}1",
        "\u{a0}1",
        "\\u0031",
        "\"a\"\"b\"",
        "[\"a\"\"b\"]",
    ] {
        let line = format!(r#"{{"event":"a","properties":{{"x":1,"a":{value}}}}}"#);
        for columns in [&ALL[..], &[Column::Raw], &[property("x", SqlType::BigInt)]] {
            assert!(rows(columns, &line).is_err(), "{line}");
        }
    }
    for value in [
        "0",
        "-0",
        "0.0",
        "-0.0e-0",
        "1E5",
        "1e+5",
        "12345678",
        "123456789012345678",
        "0e1",
        "\"\"",
        "\"\u{7f}\"",
        "[]",
        "{}",
        "[ ]",
        "{ }",
        "[[],{}]",
        "[1,2 , 3]",
        r#"{"a":{"b":[{"c":null}]},"d":"e"}"#,
        r#""\"\\\/\b\f\n\r\t\u00aF""#,
        r#""\\""#,
        r#""\\\"""#,
        "true",
        "false",
        "null",
        " 1 ",
        "\t[\t1\r]\r",
    ] {
        let line = format!(r#"{{"event":"a","properties":{{"a":{value}}}}}"#);
        for columns in [&[Column::Properties][..], &[Column::Raw]] {
            assert_eq!(rows(columns, &line).map(|rows| rows.len()), Ok(1), "{line}");
        }
    }
}

#[test]
fn escapes_and_quotes_at_every_place() {
    // Chunks are read 64 bytes at a time: let everything fall on every place of one.
    for length in 0..200 {
        let filler = "a".repeat(length);
        for value in [r#"\""#, r"\\", r#"\\\""#, r#"\\\\\""#, r"\u0041\\", r"\ud83d\ude00", "é", ""] {
            let line = format!(r#"{{"event":"{filler}","properties":{{"a":"{value}","{value}":"b","time":1}}}}"#);
            let row = row(&ALL, &line);
            assert_eq!(row[0].as_deref(), Some(filler.as_str()));
            assert_eq!(row[4], Some(format!(r#"{{"a":"{value}","{value}":"b"}}"#)), "{line}");
        }
    }
}

#[test]
fn nesting_is_limited_without_recursion() {
    let nested = |depth| format!(r#"{{"event":"a","properties":{{"a":{}{}}}}}"#, "[".repeat(depth), "]".repeat(depth));
    assert!(rows(&[Column::Raw], nested(1000)).is_ok());
    assert!(rows(&[Column::Raw], nested(2000)).is_err());
    assert!(rows(&[Column::Raw], nested(1_000_000)).is_err());
    let open = format!(r#"{{"event":"a","properties":{{"a":{}"#, "{\"a\":".repeat(100_000));
    assert!(rows(&[Column::Raw], open).is_err());
}

#[test]
fn counts() {
    let line = r#"{"event":"a","properties":{"time":1}}"#;
    let odd = r#" { "properties" : {} , "event" : "a" } "#;
    let block = format!("{line}\n{line}\r\n\n{odd}\n{line}");
    assert_eq!(super::verify(block.as_bytes()), Ok(4));
    let batch = Decoder::new(&[], None).decode(block.into_bytes(), super::this_century()).unwrap().batch;
    assert_eq!((batch.num_rows(), batch.num_columns()), (4, 0));
}
