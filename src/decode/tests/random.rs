//! Does the decoder agree with a slow and obvious reading of the same lines?

use proptest::prelude::*;
use serde_json::value::RawValue;

use super::{
    super::{Column, bits, index::Index},
    ALL, property, rows,
};
use crate::contract::SqlType;

/// JSON's space, absent more often than not.
pub(super) fn space() -> impl Strategy<Value = String> {
    prop_oneof![8 => Just(String::new()), 1 => "[ \t\r]{1,3}"]
}

/// The inside of a string.
fn string() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        6 => "[ !#-\\[\\]-~]{1,20}",
        2 => "[é\u{85}\u{2028}日😀\u{7f}]",
        2 => r#"\\["\\/bfnrt]"#,
        1 => r"\\u00[0-9a-fA-F]{2}",
        1 => r"\\u[0-9a-cA-C][0-9a-fA-F]{3}",
        1 => r"\\ud[89abAB][0-9a-f]{2}\\u[dD][c-fC-F][0-9a-f]{2}",
        1 => r"\\u[dD][89a-fA-F][0-9a-f]{2}",
    ];
    proptest::collection::vec(piece, 0..6).prop_map(|pieces| pieces.concat())
}

fn quoted() -> impl Strategy<Value = String> {
    string().prop_map(|inside| format!("\"{inside}\""))
}

fn number() -> impl Strategy<Value = String> {
    r"-?(0|[1-9][0-9]{0,20})(\.[0-9]{1,9})?([eE][+-]?[0-9]{1,3})?"
}

pub(super) fn value() -> impl Strategy<Value = String> {
    let scalar = prop_oneof![
        4 => quoted(),
        3 => number(),
        1 => prop_oneof![Just("true"), Just("false"), Just("null")].prop_map(String::from),
    ];
    scalar.prop_recursive(4, 24, 6, |inner| {
        let items = proptest::collection::vec((space(), inner.clone(), space()), 0..6);
        let members = proptest::collection::vec((space(), quoted(), space(), space(), inner, space()), 0..6);
        prop_oneof![
            (space(), items).prop_map(|(empty, items)| {
                let items: Vec<_> = items.into_iter().map(|(a, item, b)| a + &item + &b).collect();
                if items.is_empty() { format!("[{empty}]") } else { format!("[{}]", items.join(",")) }
            }),
            (space(), members).prop_map(|(empty, members)| {
                let member = |(a, key, b, c, value, d): (String, _, String, String, String, String)| {
                    format!("{a}{key}{b}:{c}{value}{d}")
                };
                let members: Vec<_> = members.into_iter().map(member).collect();
                if members.is_empty() { format!("{{{empty}}}") } else { format!("{{{}}}", members.join(",")) }
            }),
        ]
    })
}

/// A member as it is written, the meaning of its key, and its value.
#[derive(Debug, Clone)]
struct Member {
    text: String,
    key: String,
    value: String,
}

fn member() -> impl Strategy<Value = Member> {
    let special = [
        (r#""time""#, "time"),
        (r#""distinct_id""#, "distinct_id"),
        (r#""$insert_id""#, "$insert_id"),
        (r#""\u0024insert_id""#, "$insert_id"),
        (r#""t\u0069me""#, "time"),
        (r#""$last_seen""#, "$last_seen"),
        (r#""\u0024last_seen""#, "$last_seen"),
    ];
    let special = prop::sample::select(special.to_vec()).prop_map(|(text, key)| (text.to_owned(), key.to_owned()));
    let any = quoted().prop_map(|text| (text.clone(), meaning(&text).unwrap_or_default()));
    let key = prop_oneof![1 => special, 2 => any];
    let value = prop_oneof![4 => value(), 1 => "17[0-9]{8}([0-9]{3})?", 1 => "\"202[0-9]-0[1-9]-1[0-9]T0[0-9]:00:00\""];
    (key, space(), space(), value).prop_map(|((key_text, key), a, b, value)| Member {
        text: format!("{key_text}{a}:{b}{value}"),
        key,
        value,
    })
}

/// An event: its name, and the members of its properties with the space and commas between them.
#[derive(Debug, Clone)]
pub(super) struct Event {
    pub(super) name: String,
    spaces: Vec<String>,
    members: Vec<(Member, String)>,
}

pub(super) fn event() -> impl Strategy<Value = Event> {
    let separator = (space(), space()).prop_map(|(a, b)| format!("{a},{b}"));
    let members = proptest::collection::vec((member(), separator), 0..8);
    (value(), proptest::collection::vec(space(), 8), members).prop_map(|(name, spaces, members)| Event {
        name,
        spaces,
        members,
    })
}

impl Event {
    fn line(&self) -> String {
        let [a, b, c, d, e, ..] = self.spaces.as_slice() else { panic!("eight spaces") };
        format!(r#"{a}{{{b}"event"{c}:{d}{},{e}"properties":{}}}"#, self.name, self.object(|_| true))
    }

    /// The properties with the members that stay: each with what separates it from the next, the last with the end.
    pub(super) fn object(&self, stays: impl Fn(&str) -> bool) -> String {
        let staying: Vec<_> = self.members.iter().filter(|(member, _)| stays(&member.key)).collect();
        let Some(((last, _), others)) = staying.split_last() else {
            return if self.members.is_empty() { format!("{{{}}}", self.spaces[5]) } else { "{}".into() };
        };
        let others: String = others.iter().map(|(member, separator)| member.text.clone() + separator).collect();
        format!("{{{}{others}{}{}}}", self.spaces[6], last.text, self.spaces[7])
    }

    pub(super) fn first(&self, key: &str) -> Option<&str> {
        self.members.iter().find(|(member, _)| member.key == key).map(|(member, _)| member.value.as_str())
    }
}

/// What a value says as text.
pub(super) fn meaning(value: &str) -> Option<String> {
    match value {
        "null" => None,
        _ if value.starts_with('"') => Some(serde_json::from_str(&replaced(value)).unwrap()),
        _ => Some(replaced(value)),
    }
}

/// JSON with `\ufffd` in place of each half of a surrogate pair.
pub(super) fn replaced(json: &str) -> String {
    let unit = |text: &str| text.strip_prefix("\\u").and_then(|rest| u32::from_str_radix(rest.get(..4)?, 16).ok());
    let mut rest = json;
    let mut out = String::new();
    while let Some(character) = rest.chars().next() {
        let length = match (unit(rest), unit(rest.get(6..).unwrap_or_default())) {
            (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => 12,
            (Some(0xd800..=0xdfff), _) => {
                out.push_str(r"\ufffd");
                rest = &rest[6..];
                continue;
            }
            _ if character == '\\' => 2,
            _ => character.len_utf8(),
        };
        out.push_str(&rest[..length]);
        rest = &rest[length..];
    }
    out
}

/// Whether a line is an event, as serde_json sees it; `None` where it cannot say, because of a half pair in a key.
fn is_event(line: &str) -> Option<bool> {
    if serde_json::from_str::<&RawValue>(line).is_err() {
        return Some(false);
    }
    if !line.trim().starts_with('{') {
        return Some(false);
    }
    let object: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&replaced(line)).ok()?;
    // serde_json keeps the last of several members, so it cannot say either where one is there twice.
    if line.matches("prop").count() > 1 {
        return None;
    }
    Some(object.contains_key("event") && object.get("properties").is_some_and(serde_json::Value::is_object))
}

/// A place, what to do there, and a byte to do it with.
fn damage() -> impl Strategy<Value = (prop::sample::Index, u8, u8)> {
    let token = prop::sample::select(br#""\{}[],: e0u-"#.to_vec());
    let byte = prop_oneof![token, Just(b'\n'), any::<u8>()];
    (any::<prop::sample::Index>(), 0..5_u8, byte)
}

fn hard_byte() -> impl Strategy<Value = u8> {
    prop_oneof![Just(b'"'), Just(b'\\'), Just(b'a'), any::<u8>()]
}

proptest! {
    #[test]
    fn agrees_with_the_lines_as_they_were_made(events in proptest::collection::vec(event(), 1..4)) {
        let block = events.iter().map(Event::line).collect::<Vec<_>>().join("\n");
        let found = rows(&[&ALL[..], &[Column::Raw, property("a", SqlType::Varchar)]].concat(), &block).unwrap();
        prop_assert_eq!(found.len(), events.len());
        for (event, found) in events.iter().zip(found) {
            let line = event.line();
            prop_assert_eq!(serde_json::from_str::<&RawValue>(&line).map(RawValue::get).ok(), Some(line.trim()));
            prop_assert_eq!(&found[0], &meaning(&event.name));
            let has_time = found[1].is_some();
            prop_assert!(!has_time || event.first("time").is_some());
            prop_assert_eq!(&found[2], &event.first("distinct_id").and_then(meaning));
            prop_assert_eq!(&found[3], &event.first("$insert_id").and_then(meaning));
            let stays = |key: &str| !matches!(key, "distinct_id" | "$insert_id") && (key != "time" || !has_time);
            prop_assert_eq!(found[4].as_ref(), Some(&replaced(&event.object(stays))));
            prop_assert_eq!(found[5].as_ref(), Some(&replaced(line.trim())));
            prop_assert_eq!(&found[6], &event.first("a").and_then(meaning));
        }
    }

    #[test]
    fn damaged_bytes_never_panic_and_never_pass_for_json(
        events in proptest::collection::vec(event(), 1..3),
        damage in proptest::collection::vec(damage(), 1..4),
    ) {
        let mut block = events.iter().map(Event::line).collect::<Vec<_>>().join("\n").into_bytes();
        for (place, how, byte) in damage {
            let place = place.index(block.len() + 1);
            match how {
                0 => block.insert(place, byte),
                1 => block.truncate(place),
                _ if place == block.len() => (),
                2 => drop(block.remove(place)),
                _ => block[place] = byte,
            }
        }
        let text = String::from_utf8_lossy(&block).into_owned();
        let blank = |line: &&str| line.bytes().all(|byte| matches!(byte, b' ' | b'\t' | b'\r'));
        let lines: Vec<_> = text.split('\n').filter(|line| !blank(line)).collect();
        let verdicts: Vec<_> = lines.iter().map(|line| is_event(line)).collect();
        let property = [property("a", SqlType::Json), Column::EventTime];
        let in_full = [&ALL[..], &[Column::Raw], &property].map(|columns| (columns, true));
        let by_head = [&[Column::EventName, Column::EventTime][..], &[]].map(|columns| (columns, false));
        for (columns, checks_all) in in_full.into_iter().chain(by_head) {
            match rows(columns, &block) {
                Ok(found) => {
                    prop_assert_eq!(found.len(), lines.len());
                    prop_assert!(!checks_all || !verdicts.contains(&Some(false)), "{}", text);
                }
                Err(_) => prop_assert!(verdicts.iter().any(|verdict| *verdict != Some(true)), "{}", text),
            }
        }
    }

    #[test]
    fn all_processors_see_the_same(bytes in proptest::collection::vec(hard_byte(), 0..300)) {
        let read = |level| {
            let mut index = Index::new(level);
            let end = index.line(&bytes, 0);
            (end, index.ends().to_vec(), index.escapes.clone(), index.high, index.broken)
        };
        let mut levels = bits::levels().into_iter().map(read);
        let first = levels.next().unwrap();
        for other in levels {
            prop_assert_eq!(&first, &other);
        }
    }
}
