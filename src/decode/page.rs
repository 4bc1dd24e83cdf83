//! What does a page of profiles hold, and where?
//!
//! A page is one JSON text. It is read once, by the same two steps as a line of an export, down to the profiles' ids and
//! properties. Columns are made of them later, where they stand ([`super::Decoder::decode_profiles`]).

use std::borrow::Cow;

use fearless_simd::Level;

use super::{escape, index::Index, limits::MAX_BYTES, span::Span, text, walk::Walk};

/// Where the parts of a profile stand.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct ProfilePlace {
    pub whole: Span,
    /// A value of any kind; empty for none.
    pub id: Span,
    /// An object; empty for none.
    pub properties: Span,
}

/// Profiles, and the text that they stand in.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct ProfileBlock {
    pub(super) text: Vec<u8>,
    pub(super) places: Vec<ProfilePlace>,
}

/// What a page says.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct ProfilePage {
    pub profiles: ProfileBlock,
    /// JSON, as the next two; `None` for nothing and for `null`.
    pub session_id: Option<String>,
    pub total: Option<String>,
    pub page_size: Option<String>,
}

/// A text that is no page.
#[derive(Debug, PartialEq, Eq)]
pub struct NoPage {
    pub text: Vec<u8>,
    /// What it would have to be another thing for, if it is JSON at all.
    pub why: &'static str,
}

/// JSON as deep as this is none either.
const NO_JSON: &str = "it is nested too deep";

impl ProfilePage {
    /// Reads a page. What is not UTF-8 is replaced, and so are halves of surrogate pairs.
    ///
    /// `in_lines` says that a profile keeps the line ends between its tokens, where an answer is laid out for people.
    pub fn read(text: Vec<u8>, in_lines: bool) -> Result<Self, NoPage> {
        let mut text = match simdutf8::basic::from_utf8(&text) {
            Ok(_) => text,
            Err(_) => String::from_utf8_lossy(&text).into_owned().into_bytes(),
        };
        let places = match Places::find(&mut text, in_lines) {
            Ok(places) => places,
            Err(why) => return Err(NoPage { text, why }),
        };
        let value = |place: Span| {
            let value = String::from_utf8_lossy(place.of(&text)).into_owned();
            (!value.is_empty()).then_some(value)
        };
        Ok(Self {
            session_id: value(places.session_id),
            total: value(places.total),
            page_size: value(places.page_size),
            profiles: ProfileBlock { text, places: places.profiles },
        })
    }
}

impl ProfileBlock {
    pub fn len(&self) -> usize {
        self.places.len()
    }

    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// What a profile is known by, as text.
    pub fn id(&self, number: usize) -> Option<Cow<'_, [u8]>> {
        text::text(self.places.get(number).filter(|place| !place.id.is_empty())?.id.of(&self.text), true)
    }

    /// A profile as it came.
    pub fn profile(&self, number: usize) -> &[u8] {
        self.places.get(number).map_or(&[], |place| place.whole.of(&self.text))
    }

    /// Only the profiles that `keep` has a `true` for.
    pub fn retain(&mut self, keep: &[bool]) {
        let mut keep = keep.iter();
        self.places.retain(|_| keep.next() == Some(&true));
    }
}

/// Where the parts of a page stand.
#[derive(Default)]
struct Places {
    profiles: Vec<ProfilePlace>,
    session_id: Span,
    total: Span,
    page_size: Span,
}

impl Places {
    fn find(text: &mut [u8], in_lines: bool) -> Result<Self, &'static str> {
        if text.len() > MAX_BYTES {
            return Err("it has 2 GiB or more");
        }
        // The index takes a line feed for the end. Another control character is space in the same places.
        let one_line = memchr::memchr(b'\n', text).map(|_| replaced(text, b'\n', b'\r'));
        let block = one_line.as_deref().unwrap_or(text);
        let mut index = Index::new(Level::new());
        let end = index.line(block, 0);
        if index.broken {
            return Err(NO_JSON);
        }
        let start = if block.starts_with("\u{feff}".as_bytes()) { 3 } else { 0 };
        let places = Self::of_page(Walk::new(block, &index, start), end as u32)?;
        let mut lone = Vec::new();
        escape::check(block, &index.escapes, &mut lone).ok_or(NO_JSON)?;
        escape::replace(text, &lone);
        if !in_lines && memchr::memchr2(b'\n', b'\r', text).is_some() {
            // Strings have none.
            text.iter_mut().filter(|byte| matches!(byte, b'\n' | b'\r')).for_each(|byte| *byte = b' ');
        }
        Ok(places)
    }

    fn of_page(mut walk: Walk<'_>, end: u32) -> Result<Self, &'static str> {
        let mut places = Self::default();
        let mut results = None;
        walk.space();
        members(&mut walk, "it is not an object", |walk, key, word| {
            let place = match key {
                b"results" if walk.byte() == Some(b'[') => {
                    return once(&mut results, profiles(walk)?);
                }
                b"session_id" => &mut places.session_id,
                b"total" => &mut places.total,
                b"page_size" => &mut places.page_size,
                _ => return walk.value(word).map(drop).ok_or(NO_JSON),
            };
            value(walk, word, place)
        })?;
        walk.space();
        if walk.place() != end {
            return Err(NO_JSON);
        }
        places.profiles = results.ok_or("it has no list of results")?;
        Ok(places)
    }
}

/// Walks the list of profiles.
fn profiles(walk: &mut Walk<'_>) -> Result<Vec<ProfilePlace>, &'static str> {
    let mut profiles = Vec::new();
    walk.open(b'[').ok_or(NO_JSON)?;
    if walk.close(b']') {
        return Ok(profiles);
    }
    loop {
        profiles.push(profile(walk)?);
        walk.space();
        if walk.close(b']') {
            return Ok(profiles);
        }
        walk.open(b',').ok_or(NO_JSON)?;
    }
}

fn profile(walk: &mut Walk<'_>) -> Result<ProfilePlace, &'static str> {
    let start = walk.place();
    let (mut place, mut group, mut plain_group) = (ProfilePlace::default(), Span::default(), Span::default());
    members(walk, "one of its results is not an object", |walk, key, word| {
        let place = match key {
            b"$distinct_id" => &mut place.id,
            // What the members of a group have instead.
            b"$group_id" => &mut group,
            b"group_id" => &mut plain_group,
            b"$properties" => {
                if !matches!(walk.byte(), Some(b'{' | b'n')) {
                    return Err("the $properties of one of its results are not an object");
                }
                &mut place.properties
            }
            _ => return walk.value(word).map(drop).ok_or(NO_JSON),
        };
        value(walk, word, place)
    })?;
    place.whole = Span { start, end: walk.place() };
    place.id = [place.id, group, plain_group].into_iter().find(|id| !id.is_empty()).unwrap_or_default();
    Ok(place)
}

/// Walks an object: `member` walks the value of each member, of which it gets the key and the first bytes.
#[inline(always)]
fn members<'a>(
    walk: &mut Walk<'a>,
    no_object: &'static str,
    mut member: impl FnMut(&mut Walk<'a>, &[u8], u64) -> Result<(), &'static str>,
) -> Result<(), &'static str> {
    walk.open(b'{').ok_or(no_object)?;
    if walk.close(b'}') {
        return Ok(());
    }
    if walk.byte() != Some(b'"') {
        return Err(NO_JSON);
    }
    loop {
        let (key, word) = walk.key().ok_or(NO_JSON)?;
        member(walk, &text::unescaped(walk.text(key), true), word)?;
        if !walk.comma().ok_or(NO_JSON)? {
            return Ok(());
        }
    }
}

/// Walks a value, of which these are the first bytes, and notes where it stands, unless it is `null`.
#[inline(always)]
fn value(walk: &mut Walk<'_>, word: u64, place: &mut Span) -> Result<(), &'static str> {
    let value = walk.value(word).ok_or(NO_JSON)?;
    if !place.is_empty() {
        return Err(TWICE);
    }
    if word as u8 != b'n' {
        *place = value;
    }
    Ok(())
}

/// Two values of one name are not one.
const TWICE: &str = "it has a field twice that can occur only once";

fn once<T>(place: &mut Option<T>, value: T) -> Result<(), &'static str> {
    match place.replace(value) {
        None => Ok(()),
        Some(_) => Err(TWICE),
    }
}

fn replaced(text: &[u8], what: u8, by: u8) -> Vec<u8> {
    text.iter().map(|byte| if *byte == what { by } else { *byte }).collect()
}
