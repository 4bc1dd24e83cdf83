//! Texts before and after a change, in both formats.

use std::path::Path;

use super::super::{Region, Secret, account::Source, file::Accounts};
use super::*;

fn account() -> Account {
    Account {
        source: Source::Call,
        username: Some("sa".into()),
        secret: Some(Secret::new("s\"1")),
        token: None,
        token_variable: None,
        project_id: Some("12345".into()),
        region: Some(Region::Eu),
        problem: None,
    }
}

fn of_project() -> Account {
    Account { username: None, project_id: None, ..account() }
}

fn of_token() -> Account {
    Account { username: None, secret: None, token: Some(Secret::new("t")), ..account() }
}

fn read(text: &str) -> Accounts {
    Accounts::parse(text, Path::new("x")).unwrap()
}

#[test]
fn a_new_file_has_the_newer_format() {
    let text = add("", "prod", &account()).unwrap();
    assert_eq!(
        text,
        "[active]\naccount = \"prod\"\n\n[accounts.prod]\ntype = \"service_account\"\nregion = \"eu\"\n\
         default_project = \"12345\"\nusername = \"sa\"\nsecret = 's\"1'\n"
    );
    let text = add(&text, "ci", &of_token()).unwrap();
    assert!(
        text.ends_with(
            "\n[accounts.ci]\ntype = \"oauth_token\"\nregion = \"eu\"\ndefault_project = \"12345\"\ntoken = \"t\"\n"
        ),
        "{text}"
    );
}

#[test]
fn an_older_file_keeps_its_format() {
    let old =
        "default = \"a\"\n\n[accounts.a]\nusername = \"u\"\nsecret = \"x\"\nproject_id = \"1\"\nregion = \"us\"\n";
    let text = add(old, "prod", &account()).unwrap();
    assert_eq!(
        text,
        format!(
            "{old}\n[accounts.prod]\nusername = \"sa\"\nsecret = 's\"1'\nproject_id = \"12345\"\nregion = \"eu\"\n"
        )
    );
    assert!(select(&text, "prod").unwrap().starts_with("default = \"prod\"\n"));
}

#[test]
fn what_a_format_has_no_place_for_is_ours() {
    let newer = add("", "prod", &account()).unwrap();
    let older =
        "default = \"a\"\n[accounts.a]\nusername = \"u\"\nsecret = \"x\"\nproject_id = \"1\"\nregion = \"us\"\n";
    for (text, name, account, header) in [
        (newer.as_str(), "my prod", account(), "[duckdb.accounts.\"my prod\"]"),
        (&newer, "old", of_project(), "[duckdb.accounts.old]"),
        (older, "old", of_project(), "[duckdb.accounts.old]"),
        (older, "ci", of_token(), "[duckdb.accounts.ci]"),
    ] {
        let added = add(text, name, &account).unwrap();
        assert!(added.starts_with(text) && added.contains(header), "{added}");
        let shared = read(text).default_name().map(str::to_owned);
        assert_eq!(read(&added).default_name(), shared.as_deref());
        assert_eq!(
            read(&added).get(name).map(|read| (read.kind(), read.project_id.clone())),
            Some((account.kind(), account.project_id.clone()))
        );
        // Ours alone becomes our default, and theirs stays theirs.
        let chosen = select(&added, name).unwrap();
        assert_eq!(read(&chosen).default_name(), Some(name));
        assert!(
            chosen.starts_with(&text[..text.find('[').unwrap()]) && chosen.contains(&format!("default = \"{name}\"")),
            "{chosen}"
        );
        assert_eq!(
            select(&chosen, shared.as_deref().unwrap()).unwrap().matches("default").count(),
            added.matches("default").count()
        );
        assert_eq!(read(&remove(&chosen, name).unwrap()).default_name(), shared.as_deref());
        assert_eq!(remove(&added, name).unwrap(), text);
    }
    let only = add("", "my prod", &of_project()).unwrap();
    assert_eq!(
        only,
        "[duckdb]\ndefault = \"my prod\"\n\n[duckdb.accounts.\"my prod\"]\nregion = \"eu\"\nsecret = 's\"1'\n"
    );
    assert_eq!(read(&add(&only, "prod", &account()).unwrap()).default_name(), Some("my prod"));
}

#[test]
fn what_is_not_touched_stays() {
    for (old, default) in [
        (
            "# Mixpanel\ndefault = \"a\"  # mine\nextra = [1,  2]\n\n# old\n[accounts.a]\nsecret = 'x' # odd\n",
            "default = \"b-c\"  # mine",
        ),
        (
            "# Mixpanel\n[active]\n# which\naccount = \"a\"  # mine\n\n# new\n[accounts.a]\ntype = 'oauth_browser' # odd\nregion = 'us'\n",
            "# which\naccount = \"b-c\"  # mine",
        ),
    ] {
        let added = add(old, "b-c", &account()).unwrap();
        assert!(added.starts_with(old) && added.contains("\n[accounts.b-c]\n"), "{added}");
        assert_eq!(remove(&added, "b-c").unwrap(), old);
        let selected = select(&added, "b-c").unwrap();
        assert!(selected.contains(default) && selected.starts_with("# Mixpanel\n"), "{selected}");
        assert_eq!(select(&selected, "a").unwrap(), added);
    }
}

#[test]
fn a_data_view_goes_with_its_account() {
    let text = "[active]\naccount = \"a\"\nworkspace = 3\n[accounts.a]\ntype = \"oauth_browser\"\n[accounts.b]\ntype = \"oauth_browser\"\n";
    assert_eq!(select(text, "a").unwrap(), text);
    assert!(!select(text, "b").unwrap().contains("workspace"));
    assert!(!remove(text, "a").unwrap().contains("workspace") && remove(text, "b").unwrap().contains("workspace"));
}

#[test]
fn what_a_target_needs_is_not_removed() {
    let text = "[accounts.a]\ntype = \"oauth_browser\"\n[targets.t]\naccount = \"a\"\nproject = \"1\"\n";
    let error = remove(text, "a").unwrap_err();
    assert_eq!(error.code(), Code::InvalidConfig);
    assert!(error.to_string().contains("targets 't'"), "{error}");
}

#[test]
fn removing_the_default_makes_the_first_that_remains_the_default() {
    let text = "# Mixpanel\ndefault = \"b\"\n[accounts.a]\nsecret = 'x'\n[accounts.b]\nsecret = 'y'\n";
    let text = remove(text, "b").unwrap();
    assert_eq!(text, "# Mixpanel\ndefault = \"a\"\n[accounts.a]\nsecret = 'x'\n");
    let text = remove(&text, "a").unwrap();
    assert!(text.contains("# Mixpanel") && !text.contains("default"), "{text}");
    let newer = "# Mixpanel\n[active]\naccount = \"b\"\n[accounts.a]\ntype = 'x'\n[accounts.b]\ntype = 'x'\n";
    let newer = remove(newer, "b").unwrap();
    assert_eq!(newer, "# Mixpanel\n[active]\naccount = \"a\"\n[accounts.a]\ntype = 'x'\n");
    assert_eq!(remove(&newer, "a").unwrap(), "# Mixpanel\n[active]\n");
    for empty in [text, "# Mixpanel\n[active]\n".into()] {
        assert_eq!(read(&add(&empty, "c", &account()).unwrap()).default_name(), Some("c"));
    }
}

#[test]
fn inline_tables_stay_inline() {
    let text = add("accounts = { a = { secret = 'x' } }\n", "b", &account()).unwrap();
    assert!(
        text.starts_with("accounts = { a = { secret = 'x' }") && text.contains("b = { username = \"sa\""),
        "{text}"
    );
    let text = remove(&text, "a").unwrap();
    assert!(!text.contains("'x'") && text.contains("\"sa\""), "{text}");
    let text = select("active = { account = 'a' } # mine\n[accounts.b]\ntype = 'x'\n", "b").unwrap();
    assert!(text.starts_with("active = { account = \"b\" } # mine\n"), "{text}");
}

#[test]
fn dotted_keys_are_read_back() {
    for text in [
        "accounts.a.secret = 'x'\n",
        "accounts.a.type = 'service_account'\nactive.account = 'a'\n",
        "active.account = 'a'\n[accounts]\na.type = 'oauth_browser'\n",
        "duckdb.default = 'a'\nduckdb.accounts.a.secret = 'x'\n[other]\ny = 1\n",
    ] {
        for (name, account) in [("b", account()), ("b c", of_project())] {
            let added = add(text, name, &account).unwrap();
            assert_eq!(read(&added).names().len(), 2, "{added}");
            let selected = select(&added, name).unwrap();
            assert_eq!(read(&selected).default_name(), Some(name), "{selected}");
            let removed = remove(&selected, "a").unwrap();
            assert_eq!((read(&removed).names(), read(&removed).default_name()), (vec![name], Some(name)), "{removed}");
        }
    }
}

proptest::proptest! {
    #[test]
    fn any_account_is_read_as_it_was_written(name: String, secret: String, username: Option<String>, older: bool) {
        let secret = Some(Secret::new(secret)).filter(|secret| !secret.expose().trim().is_empty());
        let given = Account { secret, username, ..account() };
        let before = if older { "# mine\ndefault = 'z'\n[accounts.'']\n" } else { "# mine\n[active]\n" };
        proptest::prop_assume!(!name.is_empty());
        let text = add(before, &name, &given).unwrap();
        let accounts = read(&text);
        let read = accounts.get(&name).unwrap();
        let trimmed = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        let secret = |account: &Account| account.secret.as_ref().and_then(|secret| trimmed(secret.expose()));
        proptest::prop_assert_eq!(secret(read), secret(&given));
        proptest::prop_assert_eq!(&read.username, &given.username.as_deref().and_then(trimmed));
        proptest::prop_assert!(remove(&text, &name).is_ok() && select(&text, &name).is_ok());
    }

    #[test]
    fn any_text_is_survived(text in "([a-z=\\[\\].\"'{}# \n]|accounts|default|active|duckdb|account|secret|region|type){0,30}") {
        if let Ok(accounts) = Accounts::parse(&text, Path::new("x"))
            && accounts.get("new").is_none()
        {
            let added = add(&text, "new", &account()).unwrap();
            proptest::prop_assert!(Accounts::parse(&added, Path::new("x")).unwrap().get("new").is_some());
            proptest::prop_assert!(remove(&added, "new").is_ok());
        }
    }
}
