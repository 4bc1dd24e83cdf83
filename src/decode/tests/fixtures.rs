//! Do bodies that Mixpanel sent survive?
//!
//! The bodies are not part of the project; where they are absent the tests say so and pass.

use std::{fs, path::Path};

use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::{
    super::{Column, DamageKind, Decoder},
    ALL, cells,
};

const FIXTURES: &str = "/work/shared/fixtures";

fn bodies(folder: &str, name: impl Fn(&str) -> bool) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(FIXTURES).join(folder);
    let Ok(entries) = fs::read_dir(&folder) else {
        eprintln!("skipped: {} is absent", folder.display());
        return Vec::new();
    };
    let files = entries.map(|entry| entry.unwrap().path());
    let named = files.map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), path));
    named.filter(|(file, _)| name(file)).map(|(file, path)| (file, fs::read(path).unwrap())).collect()
}

/// The members of an object, in order.
struct Members(Vec<(String, String)>);

impl<'de> serde::Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;
        impl<'de> Visitor<'de> for Collect {
            type Value = Members;
            fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some((key, value)) = map.next_entry::<String, &RawValue>()? {
                    members.push((key, value.get().to_owned()));
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Collect)
    }
}

#[derive(serde::Deserialize)]
struct Event<'a> {
    event: String,
    #[serde(borrow)]
    properties: &'a RawValue,
}

#[test]
fn nothing_of_an_export_is_lost() {
    let exports = |name: &str| !name.starts_with("framing-") && !name.starts_with("headless-");
    for (name, body) in bodies("export", exports) {
        let lines: Vec<_> = str::from_utf8(&body).unwrap().lines().filter(|line| !line.trim().is_empty()).collect();
        assert_eq!(super::verify(&body), Ok(lines.len()), "{name}");
        let raw = Decoder::new(&[Column::Raw], None).decode(body.clone(), super::this_century()).unwrap().batch;
        let batch = Decoder::new(&ALL, None).decode(body.clone(), super::this_century()).unwrap().batch;
        assert_eq!((batch.num_rows(), raw.num_rows()), (lines.len(), lines.len()), "{name}");
        for (row, line) in lines.iter().enumerate() {
            assert_eq!(cells(&raw, row)[0].as_deref(), Some(line.trim()));
            let Event { event, properties } = serde_json::from_str(line).unwrap();
            let Members(mut original) = serde_json::from_str(properties.get()).unwrap();
            let row = cells(&batch, row);
            let [name, time, distinct_id, insert_id, rest] = &row[..] else { panic!("five columns") };
            assert_eq!(name.as_ref(), Some(&event));
            let mut take = |key: &str| {
                let place = original.iter().position(|(name, _)| name == key)?;
                let text: serde_json::Value = serde_json::from_str(&original.remove(place).1).unwrap();
                Some(text.as_str().map_or(text.to_string(), str::to_owned))
            };
            assert_eq!(*distinct_id, take("distinct_id"));
            assert_eq!(*insert_id, take("$insert_id"));
            let seconds = time.as_ref().map(|time| time.parse::<jiff::Timestamp>().unwrap().as_second().to_string());
            assert_eq!(seconds, take("time"));
            let Members(rest) = serde_json::from_str(rest.as_ref().unwrap()).unwrap();
            assert_eq!(rest, original, "{line}");
        }
    }
}

#[test]
fn lines_are_framed_as_mixpanel_frames_them() {
    let frames = [("framing-blank-lines.jsonl", 3), ("framing-crlf.jsonl", 1), ("framing-no-final-newline.jsonl", 1)];
    for (name, body) in bodies("export", |name| name.starts_with("framing-")) {
        // Their objects are no events, and the first of them is named.
        let damage = super::verify(&body).unwrap_err();
        let (_, line_number) = frames.iter().find(|(known, _)| *known == name).unwrap();
        assert_eq!((&damage.kind, damage.line_number), (&DamageKind::NotAnEvent, *line_number), "{name}");
        assert_eq!(damage.excerpt(str::to_owned), r#"{"a": 1}"#);
        // As events they are all found.
        let events = String::from_utf8(body)
            .unwrap()
            .replace(['a', 'b'], "properties")
            .replace(" 1", "{},\"event\":1")
            .replace(" 2", "{},\"event\":2");
        assert_eq!(super::verify(events.as_bytes()), Ok(2), "{name}");
    }
}

#[test]
fn errors_are_told_apart() {
    #[derive(serde::Deserialize)]
    struct Answer {
        body_text: String,
    }
    let expected = |name: &str| match name {
        "200-export-tail-export-terminated-early.http.json" => (DamageKind::Terminated, 3, 2),
        "200-export-truncated-json-tail.http.json" => (DamageKind::Cut, 3, 2),
        "200-legacy-query-error-in-200.http.json" => (DamageKind::ApiError("invalid".into()), 1, 0),
        "502-html-google-frontend.http.json" => (DamageKind::Html, 1, 0),
        other => panic!("{other} is new"),
    };
    for (name, answer) in bodies("errors", |name| name.starts_with("200-") || name.contains("html")) {
        let Answer { body_text } = serde_json::from_slice(&answer).unwrap();
        for columns in [&ALL[..], &[Column::EventName], &[]] {
            let damage =
                Decoder::new(columns, None).decode(body_text.clone().into_bytes(), super::this_century()).unwrap_err();
            assert_eq!((damage.kind, damage.line_number, damage.rows), expected(&name), "{name}");
        }
    }
}
