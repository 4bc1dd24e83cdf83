//! Resolution and the accounts' life, over real files and made-up environments.

use std::path::PathBuf;

use super::{
    AccountInfo, Config, Environment, Kind, NewAccount, Overrides, Region, RegionFrom, Secret,
    environment::{OAUTH_TOKEN, PROJECT_ID, REGION, SECRET, USERNAME},
};
use crate::contract::{Code, Error, Result};

/// A home directory, with an accounts file in it.
struct Home(tempfile::TempDir);

impl Home {
    fn with(accounts: &str) -> Self {
        let home = Home(tempfile::tempdir().unwrap());
        let config = home.file();
        std::fs::create_dir_all(config.parent().unwrap()).unwrap();
        std::fs::write(config, accounts).unwrap();
        home
    }

    fn file(&self) -> PathBuf {
        self.0.path().join(".mp/config.toml")
    }

    fn config(&self, variables: &[(&'static str, &str)]) -> Config {
        Config::new(Environment::of(variables, Some(self.0.path().to_owned())))
    }
}

const TWO: &str = "default = \"b\"\n[accounts.a]\nusername = \"ua\"\nsecret = \"sa\"\nproject_id = \"1\"\n\
                   [accounts.b]\nusername = \"ub\"\nsecret = \"sb\"\nproject_id = \"2\"\nregion = \"EU\"\n";
const FROM_ENVIRONMENT: &[(&str, &str)] = &[(USERNAME, "ue"), (SECRET, "se"), (PROJECT_ID, "9"), (REGION, "in")];

/// Account, project and region that a call resolves to.
fn resolved(config: &Config, overrides: Overrides) -> Result<(Option<String>, Option<String>, Region)> {
    config.resolve(&overrides).map(|target| (target.account, target.project_id, target.region))
}

fn account(name: &str) -> Overrides {
    Overrides { account: Some(name.into()), ..Overrides::default() }
}

fn error(result: Result<impl Sized>) -> Error {
    result.err().unwrap_or_else(|| Error::new(Code::Internal, "there was no error"))
}

#[test]
fn a_named_account_wins_over_the_environment_which_wins_over_the_default() {
    let home = Home::with(TWO);
    let text = |text: &str| Some(text.to_owned());
    let environment = home.config(FROM_ENVIRONMENT);
    assert_eq!(resolved(&environment, account("a")), Ok((text("a"), text("1"), Region::Us)));
    assert_eq!(resolved(&environment, Overrides::default()), Ok((None, text("9"), Region::In)));
    assert_eq!(resolved(&home.config(&[]), Overrides::default()), Ok((text("b"), text("2"), Region::Eu)));
    assert_eq!(resolved(&environment, account("(environment)")), Ok((None, text("9"), Region::In)));
    // A broken environment does not matter to a call that does not ask it.
    assert_eq!(resolved(&home.config(&[(USERNAME, "x")]), account("a")), Ok((text("a"), text("1"), Region::Us)));
}

#[test]
fn the_call_overrides_what_was_resolved() {
    let home = Home::with(TWO);
    let overrides = Overrides {
        account: None,
        project_id: Some("77".into()),
        region: Some("US".into()),
        workspace_id: Some("5".into()),
        ..Overrides::default()
    };
    let target = home.config(&[]).resolve(&overrides).unwrap();
    assert_eq!((target.project_id.as_deref(), target.region), (Some("77"), Region::Us));
    assert_eq!(target.workspace_id.as_deref(), Some("5"));
    for (parameter, overrides) in [
        ("project_id", Overrides { project_id: Some("x".into()), ..Overrides::default() }),
        ("region", Overrides { region: Some("asia".into()), ..Overrides::default() }),
        ("workspace_id", Overrides { workspace_id: Some("-3".into()), ..Overrides::default() }),
    ] {
        let error = error(home.config(&[]).resolve(&overrides));
        assert_eq!(error.code(), Code::InvalidArgument);
        assert!(error.what().starts_with(parameter), "{error}");
    }
}

#[test]
fn an_only_account_needs_no_default() {
    let home = Home::with("[accounts.only]\nsecret = \"0123456789abcdef0123456789abcdef\"\n");
    let target = home.config(&[]).resolve(&Overrides::default()).unwrap();
    assert_eq!((target.account.as_deref(), target.project_id), (Some("only"), None));
    assert!(target.warnings.iter().any(|warning| warning.contains("3 March 2027")), "{:?}", target.warnings);
}

#[test]
fn several_without_a_default_are_listed() {
    let home = Home::with(TWO.trim_start_matches("default = \"b\"\n"));
    let error = error(home.config(&[]).resolve(&Overrides::default()));
    assert_eq!(error.code(), Code::InvalidConfig);
    assert!(error.to_string().contains("'a', 'b'"), "{error}");
}

#[test]
fn nothing_at_all_shows_the_three_ways() {
    let home = Home::with("");
    let error = error(home.config(&[]).resolve(&Overrides::default()));
    assert_eq!(error.code(), Code::MissingCredentials);
    let message = error.to_string();
    for way in ["export MP_USERNAME=", "CALL mixpanel_account_add(", "[accounts.main]"] {
        assert!(message.contains(way), "{message}");
    }
    assert!(message.contains(&home.file().display().to_string()), "{message}");
}

#[test]
fn unknown_accounts_name_the_known_ones() {
    let home = Home::with(TWO);
    let unknown = error(home.config(&[]).resolve(&account("c")));
    assert_eq!(unknown.code(), Code::AccountNotFound);
    assert!(unknown.to_string().contains("'a', 'b'"), "{unknown}");
    let dangling = Home::with(&TWO.replace("\"b\"", "\"z\""));
    let dangling = error(dangling.config(&[]).resolve(&Overrides::default()));
    assert!(dangling.to_string().contains("default: there is no account 'z'"), "{dangling}");
}

#[test]
fn half_an_environment_is_an_error_that_names_what_is_missing() {
    let home = Home::with(TWO);
    for (variables, missing) in [
        (&[(USERNAME, "u")][..], "MP_SECRET is missing"),
        (&[(USERNAME, "u"), (PROJECT_ID, "1")], "MP_SECRET is missing"),
        (&[(PROJECT_ID, "one")], "MP_PROJECT_ID must be a number"),
        (&[(REGION, "moon")], "MP_REGION must be 'us', 'eu' or 'in'"),
        (&[(USERNAME, "u"), (SECRET, " ")], "MP_SECRET is missing"),
        (&[(USERNAME, "u"), (SECRET, "s")], "MP_PROJECT_ID is missing"),
        (&[(OAUTH_TOKEN, "t")], "MP_PROJECT_ID is missing"),
        (&[(OAUTH_TOKEN, "t"), (USERNAME, "u")], "MP_OAUTH_TOKEN and MP_USERNAME are both given"),
        (&[(USERNAME, "u"), (SECRET, "s"), (PROJECT_ID, "one")], "MP_PROJECT_ID must be a number"),
        (&[(SECRET, "s"), (REGION, "asia")], "MP_REGION must be 'us', 'eu' or 'in'"),
    ] {
        let error = error(home.config(variables).resolve(&Overrides::default()));
        assert_eq!(error.code(), Code::InvalidConfig);
        assert!(error.to_string().contains(missing), "{error}");
    }
    // The project may come from the call.
    let target = home.config(&[(USERNAME, "u"), (SECRET, "s")]);
    assert!(target.resolve(&Overrides { project_id: Some("1".into()), ..Overrides::default() }).is_ok());
}

#[test]
fn a_project_or_region_alone_goes_with_the_default() {
    let text = |text: &str| Some(text.to_owned());
    let newer = "[active]\naccount = 'b'\n[accounts.b]\ntype = 'service_account'\nregion = 'in'\ndefault_project = '2'\n\
                 username = 'u'\nsecret = 's'\n[accounts.a]\ntype = 'oauth_token'\ntoken = 't'\ndefault_project = '1'\n";
    for file in [TWO, newer] {
        let home = Home::with(file);
        for (variables, project, region) in [
            (&[(PROJECT_ID, "9")][..], "9", None),
            (&[(REGION, "US")], "2", Some(Region::Us)),
            (&[(PROJECT_ID, "9"), (REGION, "us")], "9", Some(Region::Us)),
        ] {
            let config = home.config(variables);
            let own = resolved(&home.config(&[]), Overrides::default()).unwrap().2;
            assert_eq!(resolved(&config, Overrides::default()), Ok((text("b"), text(project), region.unwrap_or(own))));
            assert_eq!(resolved(&config, account("a")), Ok((text("a"), text("1"), Region::Us)));
            assert_eq!(resolved(&config, account("b")), Ok((text("b"), text("2"), own)));
            let call = Overrides { project_id: text("5"), region: text("eu"), ..Overrides::default() };
            assert_eq!(resolved(&config, call), Ok((text("b"), text("5"), Region::Eu)));
            let from = |call: &Overrides| config.resolve(call).unwrap().region_from;
            let by_default = if region.is_some() { RegionFrom::Variable } else { RegionFrom::File };
            assert_eq!((from(&Overrides::default()), from(&account("b"))), (by_default, RegionFrom::File));
            assert_eq!(from(&Overrides { region: text("eu"), ..Overrides::default() }), RegionFrom::Call);
            assert_eq!(from(&account("a")), RegionFrom::Nothing);
            let listed = config.list().unwrap();
            let says = |account: &&AccountInfo| account.warnings.iter().any(|warning| warning.contains(variables[0].0));
            assert_eq!(listed.iter().filter(says).map(|account| account.name.as_str()).collect::<Vec<_>>(), ["b"]);
        }
    }
    // Where there is nothing that they could go with.
    let alone = error(Home::with("").config(&[(REGION, "eu")]).resolve(&Overrides::default()));
    assert_eq!(alone.code(), Code::MissingCredentials);
    let named = error(Home::with(TWO).config(&[(REGION, "eu")]).resolve(&account("(environment)")));
    assert_eq!(named.code(), Code::MissingCredentials);
}

#[test]
fn a_token_may_be_in_a_variable() {
    let home = Home::with("[accounts.a]\ntype = 'oauth_token'\ntoken_env = 'MP_OTHER'\ndefault_project = '1'\n");
    let missing = error(home.config(&[]).resolve(&account("a")));
    assert_eq!(missing.code(), Code::InvalidConfig);
    assert!(missing.to_string().contains("variable MP_OTHER, which is not set"), "{missing}");
    let target = home.config(&[("MP_OTHER", "hunter2")]).resolve(&account("a")).unwrap();
    assert_eq!(target.credentials, super::Credentials::OAuthToken(Secret::new("hunter2")));
    // Also one that this extension reads by itself.
    let home = Home::with("[accounts.a]\ntype = 'oauth_token'\ntoken_env = 'MP_OAUTH_TOKEN'\ndefault_project = '1'\n");
    assert!(home.config(&[(OAUTH_TOKEN, "t")]).resolve(&account("a")).is_ok());
}

#[test]
fn an_account_that_cannot_be_used_harms_no_other() {
    let home = Home::with(
        "[active]\naccount = 'me'\n[accounts.me]\ntype = 'oauth_browser'\nregion = 'us'\n\
         [accounts.odd]\ntype = 'service_account'\nregion = 'moon'\n\
         [accounts.a]\ntype = 'service_account'\nregion = 'eu'\ndefault_project = '1'\nusername = 'u'\nsecret = 's'\n",
    );
    let config = home.config(&[]);
    assert!(config.resolve(&account("a")).is_ok());
    for (call, problem) in [
        (Overrides::default(), "account 'me' is a browser login"),
        (account("me"), "account 'me' is a browser login"),
        (account("odd"), "region of account 'odd' must be"),
    ] {
        let error = error(config.resolve(&call));
        assert_eq!(error.code(), Code::InvalidConfig);
        assert!(error.to_string().contains(problem), "{error}");
    }
    let listed = config.list().unwrap();
    let usable: Vec<_> =
        listed.iter().map(|account| (account.name.as_str(), account.problem.is_none(), account.region)).collect();
    assert_eq!(usable, [("me", false, Some(Region::Us)), ("odd", false, None), ("a", true, Some(Region::Eu))]);
}

#[test]
fn what_other_programs_have_no_place_for_is_said() -> Result<()> {
    let home = Home(tempfile::tempdir()?);
    let config = home.config(&[]);
    assert_eq!(config.add(&new("a"))?.warnings, Vec::<String>::new());
    for account in [new("b c"), NewAccount { username: None, secret: Some(Secret::new("0".repeat(32))), ..new("p") }] {
        let warnings = config.add(&account)?.warnings;
        assert!(warnings.iter().any(|warning| warning.contains("only this extension")), "{warnings:?}");
        assert!(config.resolve(&super::resolve_tests::account(&account.name)).is_ok());
    }
    Ok(())
}

#[test]
fn a_secret_without_username_is_a_projects_secret() {
    let home = Home::with("");
    let target = home.config(&[(SECRET, "not hexadecimal")]).resolve(&Overrides::default()).unwrap();
    assert_eq!(target.credentials.kind(), Kind::ProjectSecret);
    assert!(target.hint.is_some_and(|hint| target.warnings.contains(&hint)));
}

#[test]
fn debug_of_a_target_has_no_secret() {
    let home = Home::with(TWO);
    let target = home.config(&[(USERNAME, "u"), (SECRET, "hunter2"), (PROJECT_ID, "1")]).resolve(&Overrides::default());
    assert!(!format!("{:?}", target.unwrap()).contains("hunter2"));
}

#[cfg(unix)]
#[test]
fn a_readable_file_is_warned_about_where_it_is_used() {
    use std::os::unix::fs::PermissionsExt;

    let home = Home::with(TWO);
    std::fs::set_permissions(home.file(), std::fs::Permissions::from_mode(0o640)).unwrap();
    let warned = |variables| home.config(variables).resolve(&Overrides::default()).unwrap().warnings;
    assert!(warned(&[]).iter().any(|warning| warning.contains("chmod 600")));
    assert_eq!(warned(FROM_ENVIRONMENT), Vec::<String>::new());
}

fn new(name: &str) -> NewAccount {
    NewAccount {
        name: name.into(),
        username: Some("u".into()),
        secret: Some(Secret::new("hunter2")),
        project_id: Some("1".into()),
        ..NewAccount::default()
    }
}

#[test]
fn accounts_are_added_chosen_listed_and_removed() -> Result<()> {
    let home = Home(tempfile::tempdir()?);
    let config = home.config(&[]);
    assert_eq!(config.add(&new("a"))?.default.as_deref(), Some("a"));
    let other = NewAccount { region: Some("EU".into()), ..new("b'; DROP") };
    assert_eq!(config.add(&other)?.default.as_deref(), Some("a"));
    assert_eq!(config.select("b'; DROP")?.default.as_deref(), Some("b'; DROP"));
    let info = |name: &str, region, is_default| AccountInfo {
        name: name.into(),
        kind: Some(Kind::ServiceAccount),
        username: Some("u".into()),
        project_id: Some("1".into()),
        region: Some(region),
        is_default,
        problem: None,
        warnings: vec![],
    };
    assert_eq!(config.list()?, [info("a", Region::Us, false), info("b'; DROP", Region::Eu, true)]);
    assert_eq!(config.remove("b'; DROP")?.default.as_deref(), Some("a"));
    assert_eq!(config.remove("a")?.default, None);
    assert_eq!(config.list()?, []);
    Ok(())
}

#[test]
fn the_environment_is_listed_and_said_to_win() -> Result<()> {
    let home = Home::with(TWO);
    let config = home.config(FROM_ENVIRONMENT);
    let listed: Vec<_> = config.list()?.into_iter().map(|account| (account.name, account.is_default)).collect();
    assert_eq!(listed, [("(environment)".into(), true), ("a".into(), false), ("b".into(), false)]);
    let warnings = config.add(&new("c"))?.warnings;
    assert!(warnings.iter().any(|warning| warning.contains("environment")), "{warnings:?}");
    Ok(())
}

#[test]
fn bad_additions_change_nothing() {
    let home = Home::with(TWO);
    let config = home.config(&[]);
    let refused = [
        (new("a"), Code::AccountExists, "'a' already"),
        (new(" "), Code::InvalidArgument, "name: must not be empty"),
        (new("a\nb"), Code::InvalidArgument, "name: must not contain line breaks"),
        (new("(environment)"), Code::InvalidArgument, "name:"),
        (NewAccount { secret: None, ..new("c") }, Code::InvalidArgument, "secret is missing"),
        (NewAccount { project_id: None, ..new("c") }, Code::InvalidArgument, "project_id is missing"),
        (NewAccount { project_id: Some("x".into()), ..new("c") }, Code::InvalidArgument, "project_id must be a number"),
        (NewAccount { region: Some("x".into()), ..new("c") }, Code::InvalidArgument, "region: must be 'us'"),
        (NewAccount { token: Some(Secret::new("t")), ..new("c") }, Code::InvalidArgument, "both given"),
    ];
    for (account, code, problem) in refused {
        let error = error(config.add(&account));
        assert_eq!(error.code(), code);
        assert!(error.to_string().contains(problem) && !error.to_string().contains("hunter2"), "{error}");
    }
    assert_eq!(error(config.remove("z")).code(), Code::AccountNotFound);
    assert_eq!(error(config.select("z")).code(), Code::AccountNotFound);
    assert_eq!(std::fs::read_to_string(home.file()).unwrap(), TWO);
}

#[test]
fn a_broken_file_is_not_written_over() {
    let home = Home::with("[accounts.a\n");
    let config = home.config(&[]);
    assert_eq!(error(config.add(&new("c"))).code(), Code::InvalidConfig);
    assert_eq!(std::fs::read_to_string(home.file()).unwrap(), "[accounts.a\n");
}
