//! How does DuckDB's second C API call a [`Function`]?

use std::{
    cell::Cell,
    sync::{Arc, Mutex},
    thread::{self, ThreadId},
};

use duckdb_neo::{
    Error, Result,
    bind_arguments::BindArgument,
    connection::Context,
    data_chunk::DataChunkRef,
    extension::Extension,
    log::{Log, LogLevel},
    signature::{FunctionDocumentationBuilder, FunctionParameter, FunctionParameterKind, SignatureBuilder},
    table_function::{
        BindFunctionHandle, ExecColumnInfo, InitColumnData, OrderPreservation, PushdownData,
        TableFilterPushdownCallbacks, TableFunctionBuilder, TableFunctionCallbacks,
    },
};

use super::{
    batch,
    contained::{contained, fault},
    files::DuckDbFiles,
    filter,
    session::{self, surroundings},
    types,
};
use crate::{
    contract::{BoundTable, Filter, Function, Host, Journal, Lent, Param, ReaderThread, Scan},
    host::{chunks::Chunks, contain::Guarded, place::Place},
};

pub fn register(extension: &Extension, function: &'static Function, host: &Arc<Host>) -> Result<()> {
    let documentation = documentation(function.description, function.example);
    let mut signature = SignatureBuilder::new().documentation(documentation);
    for parameter in function.parameters {
        signature = signature.param(self::parameter(extension, parameter)?);
    }
    let adapter = Adapter(Guarded::new(Place::DropFunction, Registered { function, host: Arc::clone(host) }));
    let mut builder = TableFunctionBuilder::new(function.name, signature, adapter).with_projection_pushdown(true);
    if function.takes_filters {
        builder = builder.with_filter_pushdown();
    }
    if function.reports_progress {
        builder = builder.with_progress();
    }
    builder.register(extension)
}

pub fn documentation(description: &str, example: &str) -> FunctionDocumentationBuilder {
    FunctionDocumentationBuilder::new().description(description).add_example("", example).add_category("mixpanel")
}

pub fn parameter(extension: &Extension, parameter: &Param) -> Result<FunctionParameter> {
    let declared = FunctionParameter::with_type(parameter.name, types::logical_type(extension, &parameter.sql_type)?);
    Ok(match parameter.positional {
        true => declared,
        false => declared.kind(FunctionParameterKind::Named).default_value(types::NotGiven(parameter.sql_type)),
    })
}

/// A function, and the host that it is registered in.
struct Registered {
    function: &'static Function,
    host: Arc<Host>,
}

/// The core's function, with the callbacks that DuckDB calls.
struct Adapter(Guarded<Registered>);

struct Running {
    scan: Arc<dyn Scan>,
}

struct Bound {
    table: Box<dyn BoundTable>,
    /// Requests that DuckDB's log does not have yet.
    journal: Journal,
    /// On which the statement was planned, and is waited for.
    caller: ThreadId,
    /// What the optimizer offered; it does so between binding and the scan.
    filters: Mutex<Vec<Filter>>,
}

impl TableFunctionCallbacks for Adapter {
    type BindData = Guarded<Bound>;
    type GlobalState = Guarded<Running>;
    type LocalState = Guarded<Chunks>;

    fn bind(
        &self,
        context: &Context,
        given: Vec<BindArgument>,
        columns: BindFunctionHandle<'_>,
    ) -> Result<Self::BindData> {
        contained(Place::Bind, || {
            let journal = Journal::kept();
            let table = self.table(context, &given, journal.clone())?;
            for (name, sql_type) in table.columns().iter() {
                columns.add_result_column(name, &types::logical_type(context, sql_type)?)?;
            }
            columns.set_order(OrderPreservation::None)?;
            let (caller, filters) = (thread::current().id(), Mutex::default());
            Ok(Guarded::new(Place::DropBound, Bound { table, journal, caller, filters }))
        })
    }

    fn init_global_state(
        &self,
        bound: &Self::BindData,
        _context: &Context,
        projected: InitColumnData<'_>,
    ) -> Result<(Option<Self::GlobalState>, Option<usize>)> {
        contained(Place::Scan, || {
            let projection =
                (0..projected.count()?).map(|index| projected.get_column_index(index)).collect::<Result<Vec<_>>>()?;
            let filters = bound.filters.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
            bound.journal.begin();
            let scan = bound.table.scan(&projection, &filters)?;
            // One more than reads, where the statement's own has its progress to look after.
            let threads = scan.max_threads().max(1 + usize::from(self.0.function.reports_progress));
            Ok((Some(Guarded::new(Place::DropScan, Running { scan })), Some(threads)))
        })
    }

    fn init_local_state(
        &self,
        bound: &Self::BindData,
        running: Option<&Self::GlobalState>,
        _context: &Context,
        _projected: InitColumnData<'_>,
    ) -> Result<Option<Self::LocalState>> {
        contained(Place::Thread, || {
            let Some(running) = running else { return Ok(None) };
            let scan = &running.scan;
            let is_caller = bound.caller == thread::current().id();
            let thread = if is_caller { ReaderThread::Caller } else { ReaderThread::DuckDb };
            let chunks = Chunks::new(scan.reader(thread)?, scan.json_is_sound());
            Ok(Some(Guarded::new(Place::DropThread, chunks)))
        })
    }

    fn exec(
        &self,
        bound: &Self::BindData,
        _running: Option<&Self::GlobalState>,
        chunks: Option<&mut Self::LocalState>,
        context: &Context,
        mut output: DataChunkRef<'_>,
        _columns: ExecColumnInfo<'_>,
    ) -> Result<()> {
        contained(Place::Rows, || {
            let Some(chunks) = chunks else {
                return Err(fault("a scan without its state"));
            };
            let interruption = Cell::new(None);
            let is_interrupted = || match session::interruption(context) {
                Some(error) => {
                    interruption.set(Some(error));
                    true
                }
                None => false,
            };
            let next = chunks.next(&Lent { files: &DuckDbFiles(context), is_interrupted: &is_interrupted });
            log(context, &bound.journal);
            // What failed may have failed because of it.
            let failed = || next.is_err().then(|| session::interruption(context)).flatten();
            if let Some(error) = interruption.take().or_else(failed) {
                return Err(error);
            }
            match next? {
                Some(rows) => batch::write(context, rows, &mut output),
                None => Ok(()),
            }
        })
    }

    fn progress(
        &self,
        _bound: &Self::BindData,
        running: Option<&Self::GlobalState>,
        _context: &Context,
    ) -> Result<Option<f64>> {
        contained(Place::Progress, || Ok(running.and_then(|running| running.scan.progress())))
    }
}

impl TableFilterPushdownCallbacks for Adapter {
    fn pushdown_filter(&self, bound: &Self::BindData, context: &Context, offered: PushdownData<'_>) -> Result<()> {
        contained(Place::Pushdown, || {
            let zone = session::time_zone(context);
            let filters = filter::filters(&offered, zone.as_ref())?;
            *bound.filters.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) = filters;
            Ok(())
        })
    }
}

impl Adapter {
    fn table(&self, context: &Context, given: &[BindArgument], journal: Journal) -> Result<Box<dyn BoundTable>> {
        let Registered { function, host } = &*self.0;
        let mut values = Vec::with_capacity(given.len());
        for (parameter, argument) in function.parameters.iter().zip(given) {
            let value = argument.value.as_ref().ok_or_else(|| {
                Error::invalid_input(format!(
                    "[INVALID_ARGUMENT] {}: must be a constant or a bound parameter.",
                    parameter.name
                ))
            })?;
            if !types::is_not_given(parameter, value)? {
                values.push((parameter.name.to_string(), types::constant(value)?));
            }
        }
        Ok(function.call(values, &surroundings(context, journal).session(host))?)
    }
}

/// Tells DuckDB's log which requests were made. A log that takes none is no reason to fail.
fn log(context: &Context, journal: &Journal) {
    for entry in journal.read() {
        let level = if entry.is_failure { LogLevel::Warn } else { LogLevel::Info };
        let _ = Log::log_on_context(context, level, &entry.message, "mixpanel");
    }
}
