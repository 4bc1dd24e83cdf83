//! `mixpanel_read(files, ...)`: what would the export have said? Out of files of lines as Mixpanel sends them, without a request.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::Arc,
};

use jiff::{civil::Date, tz::TimeZone};

use super::{
    export::{FIXED, RAW, TIME_ZONE, time_zone},
    parameters::COLUMNS,
    typed_columns,
};
use crate::{
    archive::Copy,
    contract::{
        Arguments, BoundTable, Code, Columns, Error, Filter, Function, Param, Result, Scan, Session, SqlType, Value,
        params,
    },
    decode::{Column, Decoder},
    fetching::{columns, events::FileScan},
};

pub const READ: Function = Function {
    name: "mixpanel_read",
    description: "The rows of an export out of files of lines as Mixpanel sends them, plain or gzip: a path, a glob, or a list of both. Makes no request.",
    example: "SELECT event_name, event_time FROM mixpanel_read('downloads/*.jsonl.gz');",
    parameters: params![&[FILES, TIME_ZONE, COLUMNS, RAW]],
    bind: |arguments, session| Ok(Box::new(Call::new(&arguments, session)?)),
    reports_progress: true,
    ..Function::PLAIN
};

const FILES: Param = Param::positional("files", SqlType::Any, "a path, a glob like 'downloads/*.gz', or a list");

struct Call {
    patterns: Vec<String>,
    time_zone: Option<TimeZone>,
    outputs: Vec<Column>,
    columns: Columns,
}

impl Call {
    /// No file is looked at before rows are wanted.
    fn new(arguments: &Arguments, session: &Session) -> Result<Self> {
        session.require_external_access()?;
        let raw = arguments.boolean("raw")?.unwrap_or(false);
        let extra = typed_columns(arguments, &columns(FIXED, vec![]).1)?;
        let (outputs, columns) = if raw { columns(&[Column::Raw], vec![]) } else { columns(FIXED, extra) };
        Ok(Self { patterns: patterns(arguments)?, time_zone: time_zone(arguments)?, outputs, columns })
    }
}

impl BoundTable for Call {
    fn columns(&self) -> &Columns {
        &self.columns
    }

    fn scan(&self, projection: &[usize], _filters: &[Filter]) -> Result<Arc<dyn Scan>> {
        let files = find(&self.patterns)?;
        once_a_day(&files)?;
        let outputs: Vec<Column> = projection.iter().filter_map(|&index| self.outputs.get(index).cloned()).collect();
        Ok(Arc::new(FileScan::new(files, Decoder::new(&outputs, self.time_zone.clone()))))
    }
}

fn patterns(arguments: &Arguments) -> Result<Vec<String>> {
    let refused = |problem: &str| Err(Error::argument(FILES.name, problem));
    let texts = match arguments.get(FILES.name) {
        Some(Value::Text(text)) => vec![text.clone()],
        Some(Value::List(_)) => arguments.texts(FILES.name)?.unwrap_or_default(),
        Some(_) => return refused("must be a path, a glob, or a list of them"),
        None => return refused("is NULL; give a path like 'downloads/2025-01.jsonl.gz'"),
    };
    match texts.iter().find(|text| text.trim().is_empty() || text.contains("://")) {
        Some(text) if text.trim().is_empty() => refused("must not be empty"),
        Some(_) => refused("is an address; files of this machine can be read: download it first"),
        None => Ok(texts),
    }
}

/// The files, each once, in the order of the patterns and then by name.
///
/// Errors: `IoError` where there is none for a pattern.
fn find(patterns: &[String]) -> Result<Vec<PathBuf>> {
    let (mut files, mut seen) = (Vec::new(), BTreeSet::new());
    for pattern in patterns {
        for path in matching(pattern)? {
            if seen.insert(std::fs::canonicalize(&path).unwrap_or_else(|_| path.clone())) {
                files.push(path);
            }
        }
    }
    Ok(files)
}

fn matching(pattern: &str) -> Result<Vec<PathBuf>> {
    // A name may look like a pattern.
    if Path::new(pattern).is_file() {
        return Ok(vec![pattern.into()]);
    }
    let options = glob::MatchOptions { require_literal_leading_dot: true, ..glob::MatchOptions::new() };
    let found = glob::glob_with(pattern, options)
        .map_err(|error| Error::argument(FILES.name, format!("{pattern:?} is no glob: {error}")))?;
    let mut files = Vec::new();
    for path in found {
        let path = path.map_err(|error| Error::new(Code::IoError, error.to_string()))?;
        if path.is_file() {
            files.push(path);
        }
    }
    match files.is_empty() {
        false => Ok(files),
        true => Err(Error::new(Code::IoError, format!("there is no file {pattern:?}"))
            .fix("Paths begin where the process was started; look at them with FROM glob('...')")),
    }
}

/// An archive has several answers about a day, of which one is the newest; only who asks for the day can tell.
///
/// Errors: `InvalidArgument` where two of its files share a day.
fn once_a_day(files: &[PathBuf]) -> Result<()> {
    let mut days: BTreeMap<(Option<&Path>, Date), &Path> = BTreeMap::new();
    for path in files {
        let Some(copy) = path.file_name().and_then(|name| Copy::read(name.to_str()?)) else { continue };
        // Below the asker's and the project's folder is one for each question.
        let project = path.parent().and_then(Path::parent);
        for day in copy.days() {
            if let Some(other) = days.insert((project, day), path) {
                let what =
                    format!("{} and {} are files of an archive, and both have {day}", other.display(), path.display());
                let fix = "Point mixpanel_archive or MP_ARCHIVE at the archive and call mixpanel_export: it takes the newest answer for each day";
                return Err(Error::argument(FILES.name, what).fix(fix));
            }
        }
    }
    Ok(())
}
