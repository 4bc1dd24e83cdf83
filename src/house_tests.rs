//! Is the house as CONTRIBUTING.md says it is?
//!
//! Reads the sources, for what the compiler lets pass.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

/// Folders in which no file may use another one that, in the end, uses it.
const WITHOUT_CIRCLES: &[&str] = &["decode", "fetching", "fetching/events", "fetching/profiles"];

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
        let code = text.split("#[cfg(test)]").next().unwrap();
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
        let uses = uses(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(folder));
        assert!(uses.values().any(|used| !used.is_empty()), "{folder}: nothing uses anything");
        for name in uses.keys() {
            let mut found = BTreeSet::new();
            reach(&uses, name, &mut found);
            assert!(!found.contains(name.as_str()), "{folder}/{name} is in a circle: {uses:?}");
        }
    }
}
