//! Does the reading of a page agree with a slow and obvious one?

use proptest::prelude::*;
use serde_json::value::RawValue;

use super::{
    super::{Column, Decoder, NoPage, ProfilePage},
    cells,
    random::{Event, event, meaning, replaced, space, value},
};

const ALL: [Column; 3] = [Column::ProfileId, Column::Properties, Column::LastSeen];

/// The rows of a page, each cell as text.
fn rows(columns: &[Column], page: ProfilePage) -> Vec<Vec<Option<String>>> {
    let count = page.profiles.len();
    let batch = Decoder::of_profiles(columns).decode_profiles(page.profiles).unwrap();
    assert_eq!((batch.num_rows(), batch.num_columns()), (count, columns.len()));
    (0..count).map(|row| cells(&batch, row)).collect()
}

fn read(text: &str) -> Result<ProfilePage, NoPage> {
    ProfilePage::read(text.as_bytes().to_vec(), false)
}

/// A profile: the values of its ids by name, its properties, and whether it has any.
#[derive(Debug, Clone)]
struct Profile {
    ids: Vec<(&'static str, String)>,
    properties: Event,
    has_properties: bool,
    properties_first: bool,
    other: String,
    spaces: Vec<String>,
}

fn profile() -> impl Strategy<Value = Profile> {
    let names = ["$distinct_id", "$group_id", "group_id", r"\u0024distinct_id"];
    let id = |name| proptest::option::weighted(0.5, value()).prop_map(move |value| Some((name, value?)));
    let ids = (names.map(id), any::<bool>()).prop_map(|([a, b, c, d], is_escaped)| {
        let ids = if is_escaped { [d, b, c] } else { [a, b, c] };
        ids.into_iter().flatten().collect::<Vec<_>>()
    });
    let spaces = proptest::collection::vec(space(), 4);
    (ids.prop_shuffle(), event(), any::<[bool; 2]>(), value(), spaces).prop_map(
        |(ids, properties, [has_properties, properties_first], other, spaces)| Profile {
            ids,
            properties,
            has_properties,
            properties_first,
            other,
            spaces,
        },
    )
}

impl Profile {
    fn text(&self) -> String {
        let [a, b, c, d] = self.spaces.as_slice() else { panic!("four spaces") };
        let mut members: Vec<_> = self.ids.iter().map(|(name, value)| format!(r#""{name}"{a}:{value}{b}"#)).collect();
        let properties = if self.has_properties { self.properties.object(|_| true) } else { "null".into() };
        members.push(format!(r#""other":{}{d}"#, self.other));
        // Before all others, or behind them.
        let place = if self.properties_first { 0 } else { members.len() };
        members.insert(place, format!(r#""$properties"{a}:{c}{properties}{d}"#));
        format!("{{{a}{}}}{d}", members.join(&format!(",{b}")))
    }

    /// What it is known by, if values come as `shown`.
    fn id(&self, shown: impl Fn(&str) -> String) -> Option<String> {
        let value = |name: &&str| {
            let is_it = |(given, _): &&(&str, String)| given.replace(r"\u0024", "$") == **name;
            self.ids.iter().find(is_it).map(|(_, value)| value.as_str()).filter(|value| *value != "null")
        };
        ["$distinct_id", "$group_id", "group_id"].iter().find_map(value).and_then(|value| meaning(&shown(value)))
    }
}

proptest! {
    #[test]
    fn agrees_with_the_profiles_as_they_were_made(
        profiles in proptest::collection::vec(profile(), 0..4),
        session in value(),
        total in value(),
        is_laid_out: bool,
    ) {
        let texts: Vec<_> = profiles.iter().map(Profile::text).collect();
        let text = format!(r#" {{"session_id":{session},"results":[{}],"total" : {total} }} "#, texts.join(", "));
        // No string has a tab in it.
        let text = if is_laid_out { text.replace('\t', "\n") } else { text };
        let shown = |text: &str| text.replace('\r', " ").replace('\t', if is_laid_out { " " } else { "\t" });
        let page = read(&text).unwrap();
        let json = |value: &str| (value != "null").then(|| shown(&replaced(value)));
        prop_assert_eq!((&page.session_id, &page.total), (&json(&session), &json(&total)));
        prop_assert_eq!(page.page_size.as_ref(), None);
        let ids: Vec<_> = (0..page.profiles.len())
            .map(|number| page.profiles.id(number).map(|id| String::from_utf8(id.into_owned()).unwrap()))
            .collect();
        let raw = rows(&[Column::Profile], ProfilePage::read(text.clone().into_bytes(), true).unwrap());
        let found = rows(&ALL, page);
        prop_assert_eq!(found.len(), profiles.len());
        for (((profile, found), id), raw) in profiles.iter().zip(found).zip(ids).zip(raw) {
            let expected = profile.text();
            let expected = replaced(expected.trim());
            let expected = if is_laid_out { expected.replace('\t', "\n") } else { expected };
            prop_assert!(serde_json::from_str::<&RawValue>(&expected).is_ok());
            prop_assert_eq!(raw[0].as_ref(), Some(&expected));
            let expected_id = profile.id(shown);
            prop_assert_eq!((&found[0], &id), (&expected_id, &expected_id));
            let seen = found[2].is_some();
            let properties = match profile.has_properties {
                true => replaced(&profile.properties.object(|key| key != "$last_seen" || !seen)),
                false => "{}".to_owned(),
            };
            prop_assert_eq!(found[1].as_ref(), Some(&shown(&properties)));
            prop_assert!(!seen || profile.properties.first("$last_seen").is_some());
        }
    }

    #[test]
    fn what_passes_is_json(
        profiles in proptest::collection::vec(profile(), 0..3),
        place: prop::sample::Index,
        how in 0..4_u8,
        byte in prop_oneof![prop::sample::select(br#""\{}[],: e0u-"#.to_vec()), Just(b'\n'), any::<u8>()],
    ) {
        let texts: Vec<_> = profiles.iter().map(Profile::text).collect();
        let mut text = format!(r#"{{"results":[{}]}}"#, texts.join(",")).into_bytes();
        let place = place.index(text.len());
        match how {
            0 => text.insert(place, byte),
            1 => text.truncate(place),
            2 => drop(text.remove(place)),
            _ => text[place] = byte,
        }
        let utf8 = String::from_utf8_lossy(&text).into_owned();
        if let Ok(page) = ProfilePage::read(text, false) {
            prop_assert!(serde_json::from_str::<&RawValue>(&utf8).is_ok(), "{}", utf8);
            for row in rows(&[Column::Properties, Column::Profile], page) {
                for json in row.iter().flatten() {
                    prop_assert!(serde_json::from_str::<serde_json::Value>(json).is_ok(), "{}", json);
                }
            }
        }
    }
}
