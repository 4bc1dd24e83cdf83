//! `mixpanel_archive()`: what is kept of exports. `mixpanel_archive_clear(...)`: removes it.

use jiff::Timestamp;

use super::keeping;
use crate::{
    archive::{self, Archive, Kept, Removed},
    config::{ArchivePlace, Config},
    contract::{Error, Function, Param, SqlType, Table, Value},
    quota::Ledger,
};

pub const ARCHIVE: Function = Function {
    name: "mixpanel_archive",
    description: "Answers in the archive of exports, one row per file. If nothing is archived, one row says why.",
    example: "SELECT project_id, count(*) AS files, sum(bytes) AS bytes FROM mixpanel_archive() GROUP BY ALL;",
    bind: |_, session| {
        session.require_external_access()?;
        let place = Config::process().keeping(&keeping(session)?)?.archive;
        let table = Table::new()
            .text("project_id", |row: &Row| row.as_ref().ok()?.project_id.clone())
            .date("from_date", |row| row.as_ref().ok().map(|kept| Value::days(kept.copy.from)))
            .date("to_date", |row| row.as_ref().ok().map(|kept| Value::days(kept.copy.to)))
            .texts("events", |row| {
                Some(row.as_ref().ok()?.question.events.as_ref()?.iter().cloned().collect::<Vec<_>>())
            })
            .text("filter", |row| row.as_ref().ok()?.question.filter.clone())
            .timestamp("asked_at", |row| row.as_ref().ok().map(|kept| kept.copy.asked_at.as_microsecond()))
            .bigint("bytes", |row| row.as_ref().ok().map(|kept| kept.copy.length as i64))
            .text("path", |row| row.as_ref().ok().map(|kept| kept.path.display().to_string()))
            .text_ref("problem", |row| row.as_ref().err().map(String::as_str));
        Ok(table.of(move || {
            Ok(match Archive::open(&place)? {
                Ok(Archive { folder, .. }) => archive::kept(&folder).into_iter().map(Ok).collect(),
                Err(why) => vec![Err(why)],
            })
        }))
    },
    ..Function::PLAIN
};

/// A file, or why there is none.
type Row = Result<Kept, String>;

pub const CLEAR: Function = Function {
    name: "mixpanel_archive_clear",
    description: "Deletes archived answers of exports: all of them, or those older than older_than. Returns how much \
                  it deleted.",
    example: "CALL mixpanel_archive_clear(older_than := INTERVAL 90 DAYS);",
    parameters: &[Param::named(
        "older_than",
        SqlType::Interval,
        "Only answers fetched at least this long ago. Required for a folder that you named",
    )],
    bind: |arguments, session| {
        session.require_external_access()?;
        let keeping = Config::process().keeping(&keeping(session)?)?;
        let place = keeping.archive.clone();
        let older_than = arguments.interval("older_than")?;
        if older_than.is_none()
            && let ArchivePlace::Named(path) = &place
        {
            let problem = format!(
                "is missing: the folder {} keeps answers for good. Use older_than := INTERVAL 0 DAYS to delete all of \
                 them",
                path.display()
            );
            return Err(Error::argument("older_than", problem));
        }
        let clock = session.clock.clone();
        let table = Table::new()
            .bigint("files", |removed: &Removed| removed.files as i64)
            .bigint("bytes", |removed| removed.bytes as i64);
        Ok(table.of(move || {
            let Some(Archive { folder, .. }) = Archive::existing(&place) else { return Ok(vec![Removed::default()]) };
            let now = clock.now();
            // Everything is also what was asked for by a clock that was ahead.
            let some = older_than.filter(|age| !age.is_zero());
            let before = some.map(|age| now.saturating_sub(age).unwrap_or(Timestamp::MIN));
            let living = Ledger::of(&keeping)?.living_claims();
            Ok(vec![archive::clear(&folder, before, living.as_ref())])
        }))
    },
    ..Function::PLAIN
};
