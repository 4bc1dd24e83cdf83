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
    archive::{self, Copy},
    contract::{
        Arguments, BoundTable, Code, Columns, Error, Files, Filter, Function, Param, Result, Scan, SqlType, Value,
        params,
    },
    decode::{Column, Decoder},
    fetching::{columns, events::FileScan},
};

pub const READ: Function = Function {
    name: "mixpanel_read",
    description: "Raw events from files that hold lines as Mixpanel's export sends them, plain or gzip, one row each. \
                  Takes a path, a glob, or a list of both. DuckDB 2.x takes URLs too. Makes no request to Mixpanel.",
    example: "SELECT event_name, event_time FROM mixpanel_read('downloads/*.jsonl.gz');",
    parameters: params![&[FILES, TIME_ZONE, COLUMNS, RAW]],
    bind: |arguments, _| Ok(Box::new(Call::new(&arguments)?)),
    reports_progress: true,
    ..Function::PLAIN
};

const FILES: Param = Param::positional("files", SqlType::Any, "Path, glob like 'downloads/*.gz', or a list of them");

struct Call {
    patterns: Vec<String>,
    time_zone: Option<TimeZone>,
    outputs: Vec<Column>,
    columns: Columns,
}

impl Call {
    /// No file is looked at before rows are wanted.
    fn new(arguments: &Arguments) -> Result<Self> {
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
        let outputs: Vec<Column> = projection.iter().filter_map(|&index| self.outputs.get(index).cloned()).collect();
        let patterns = self.patterns.clone();
        let find = move |files: &dyn Files| {
            let found = find(files, &patterns)?;
            once_a_day(&found)?;
            Ok(found)
        };
        Ok(Arc::new(FileScan::new(Box::new(find), Decoder::new(&outputs, self.time_zone.clone()))))
    }
}

fn patterns(arguments: &Arguments) -> Result<Vec<String>> {
    let refused = |problem: &str| Err(Error::argument(FILES.name, problem));
    let texts = match arguments.get(FILES.name) {
        Some(Value::Text(text)) => vec![text.clone()],
        Some(Value::List(_)) => arguments.texts(FILES.name)?.unwrap_or_default(),
        Some(_) => return refused("must be a path, a glob, or a list of them"),
        None => return refused("is NULL. Pass a path like 'downloads/2025-01.jsonl.gz'"),
    };
    match texts.iter().any(|text| text.trim().is_empty()) {
        true => refused("must not be empty"),
        false => Ok(texts),
    }
}

/// The files, each once, in the order of the patterns and then by name.
///
/// Errors: `IoError` where there is none for a pattern.
fn find(files: &dyn Files, patterns: &[String]) -> Result<Vec<String>> {
    let (mut paths, mut seen) = (Vec::new(), BTreeSet::new());
    for pattern in patterns {
        let found = files.find(pattern)?;
        if found.is_empty() {
            let error = Error::new(Code::IoError, format!("there is no file {pattern:?}"));
            return Err(error.fix(
                "List files with FROM glob('...'). Paths are relative to the folder in which the process started",
            ));
        }
        for path in found {
            // A file of this machine may have several names. An address has its own.
            let canonical = std::fs::canonicalize(&path).ok().and_then(|path| path.into_os_string().into_string().ok());
            if seen.insert(canonical.unwrap_or_else(|| path.clone())) {
                paths.push(path);
            }
        }
    }
    Ok(paths)
}

/// An archive has several answers about a day, of which one is the newest; only who asks for the day can tell.
///
/// Errors: `InvalidArgument` where two of its files share a day.
fn once_a_day(files: &[String]) -> Result<()> {
    let mut days: BTreeMap<(PathBuf, Date), &Path> = BTreeMap::new();
    for path in files.iter().map(Path::new) {
        let Some(copy) = path.file_name().and_then(|name| Copy::read(name.to_str()?)) else { continue };
        // One folder may be called in many ways; an address is what it is.
        let canonical = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let project = archive::project_of(&canonical);
        for day in copy.days() {
            if let Some(other) = days.insert((project.clone(), day), path) {
                let what =
                    format!("{} and {} are files of an archive that both have {day}", other.display(), path.display());
                let fix = "Set mixpanel_archive or MP_ARCHIVE to the archive and call mixpanel_export, which takes the \
                           newest answer for each day";
                return Err(Error::argument(FILES.name, what).fix(fix));
            }
        }
    }
    Ok(())
}
