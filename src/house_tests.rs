//! Is the house as CONTRIBUTING.md says it is?
//!
//! Reads the sources, for what the compiler lets pass.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// Folders in which no file may use another one that, in the end, uses it.
const WITHOUT_CIRCLES: &[&str] = &["decode", "fetching", "fetching/events", "fetching/profiles"];

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// Every file below a folder, but for tests.
fn files_below(folder: &Path) -> Vec<PathBuf> {
    let below = |path: PathBuf| match path.is_dir() {
        true => files_below(&path),
        false => vec![path],
    };
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| !path.to_string_lossy().contains("test")).flat_map(below).collect()
}

/// The types that a file shows to others.
fn public_types(file: &Path) -> Vec<String> {
    let text = fs::read_to_string(file).unwrap();
    let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
    let name = |line: &str| {
        let rest = line.trim_start().strip_prefix("pub")?;
        let declared = rest.strip_prefix('(').map_or(Some(rest), |rest| rest.split_once(')').map(|(_, rest)| rest))?;
        let mut words = declared.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty());
        words.next().filter(|word| matches!(*word, "struct" | "enum" | "trait" | "type"))?;
        words.next().map(str::to_owned)
    };
    code.lines().filter_map(name).collect()
}

/// The files of a folder, each with those beside it that it names.
fn uses(folder: &Path) -> BTreeMap<String, BTreeSet<String>> {
    let files: BTreeMap<String, String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .map(|path| (path.file_stem().unwrap().to_str().unwrap().to_owned(), fs::read_to_string(path).unwrap()))
        .filter(|(name, _)| name != "mod")
        .collect();
    let names: BTreeSet<String> = files.keys().cloned().collect();
    let used = |(name, text): (&String, &String)| {
        let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
        let code = code.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
        // What follows a `super::`, which in a `use` may be a list.
        let mentions = code.split("super::").skip(1).flat_map(|rest| {
            let list = if rest.starts_with('{') { ";" } else { ":;,()" };
            let mention = rest.split(|c| list.contains(c)).next().unwrap();
            mention.split(|c: char| !c.is_alphanumeric() && c != '_').map(str::to_owned).collect::<Vec<_>>()
        });
        let mentions: BTreeSet<String> = mentions.filter(|word| names.contains(word) && word != name).collect();
        (name.clone(), mentions)
    };
    files.iter().map(used).collect()
}

/// Whatever a file uses, and what that uses.
fn reach<'a>(uses: &'a BTreeMap<String, BTreeSet<String>>, from: &str, found: &mut BTreeSet<&'a str>) {
    for name in uses.get(from).into_iter().flatten() {
        if found.insert(name) {
            reach(uses, name, found);
        }
    }
}

#[test]
fn no_file_uses_one_that_uses_it() {
    for folder in WITHOUT_CIRCLES {
        let uses = uses(&source().join(folder));
        assert!(uses.values().any(|used| !used.is_empty()), "{folder}: nothing uses anything");
        for name in uses.keys() {
            let mut found = BTreeSet::new();
            reach(&uses, name, &mut found);
            assert!(!found.contains(name.as_str()), "{folder}/{name} is in a circle: {uses:?}");
        }
    }
}

#[test]
fn a_name_is_one_things() {
    let mut places = BTreeMap::<String, Vec<PathBuf>>::new();
    // One file of a folder for each system has the same name for the same thing.
    for file in files_below(&source()).into_iter().filter(|file| !file.ends_with("library/windows.rs")) {
        for name in public_types(&file) {
            places.entry(name).or_default().push(file.clone());
        }
    }
    assert!(places.contains_key("Decoder") && places.contains_key("Board"));
    places.retain(|_, files| files.len() > 1);
    assert!(places.is_empty(), "{places:#?}");
}
