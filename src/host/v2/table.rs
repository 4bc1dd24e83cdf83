//! A [`TableFunction`] in DuckDB's second C API.

use std::sync::{Arc, Mutex};

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
    filter, setting, types,
};
use crate::{
    config::Config,
    contract::{
        Arguments, BoundTable, Documentation, Filter, Parameter, ReaderThread, Scan, Session, TableFunction, Value,
    },
    functions::settings::apply,
    host::{chunks::Chunks, contain::Guarded, place::Place},
    mixpanel::Journal,
};

pub fn register(extension: &Extension, function: Box<dyn TableFunction>) -> Result<()> {
    let name = function.name();
    let (takes_filters, reports_progress) = (function.takes_filters(), function.reports_progress());
    let mut signature = SignatureBuilder::new().documentation(documentation(&function.documentation()));
    for parameter in function.parameters() {
        signature = signature.param(self::parameter(extension, &parameter)?);
    }
    let adapter = Adapter(Guarded::new(Place::DropFunction, function));
    let mut builder = TableFunctionBuilder::new(name, signature, adapter).with_projection_pushdown(true);
    if takes_filters {
        builder = builder.with_filter_pushdown();
    }
    if reports_progress {
        builder = builder.with_progress();
    }
    builder.register(extension)
}

pub fn documentation(documentation: &Documentation) -> FunctionDocumentationBuilder {
    FunctionDocumentationBuilder::new()
        .description(documentation.description)
        .add_example("", documentation.example)
        .add_category("mixpanel")
}

pub fn parameter(extension: &Extension, parameter: &Parameter) -> Result<FunctionParameter> {
    let declared = FunctionParameter::with_type(parameter.name, types::logical_type(extension, &parameter.sql_type)?);
    Ok(match parameter.positional {
        true => declared,
        false => declared.kind(FunctionParameterKind::Named).default_value(types::NotGiven(parameter.sql_type.clone())),
    })
}

/// The core's function, with the callbacks that DuckDB calls.
struct Adapter(Guarded<Box<dyn TableFunction>>);

struct Running {
    scan: Arc<dyn Scan>,
    /// Requests that DuckDB's log does not have yet.
    journal: Journal,
}

struct Bound {
    table: Box<dyn BoundTable>,
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
            let table = self.table(context, &given)?;
            for (name, sql_type) in table.columns().iter() {
                columns.add_result_column(name, &types::logical_type(context, sql_type)?)?;
            }
            columns.set_order(OrderPreservation::None)?;
            Ok(Guarded::new(Place::DropBound, Bound { table, filters: Mutex::default() }))
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
            let scan = bound.table.scan(&projection, &filters)?;
            let threads = scan.max_threads();
            Ok((Some(Guarded::new(Place::DropScan, Running { scan, journal: Journal::default() })), Some(threads)))
        })
    }

    fn init_local_state(
        &self,
        _bound: &Self::BindData,
        running: Option<&Self::GlobalState>,
        _context: &Context,
        _projected: InitColumnData<'_>,
    ) -> Result<Option<Self::LocalState>> {
        contained(Place::Thread, || {
            let Some(running) = running else { return Ok(None) };
            let scan = &running.scan;
            let chunks = Chunks::new(scan.reader(ReaderThread::DuckDb)?, scan.json_is_sound());
            Ok(Some(Guarded::new(Place::DropThread, chunks)))
        })
    }

    fn exec(
        &self,
        _bound: &Self::BindData,
        running: Option<&Self::GlobalState>,
        chunks: Option<&mut Self::LocalState>,
        context: &Context,
        mut output: DataChunkRef<'_>,
        _columns: ExecColumnInfo<'_>,
    ) -> Result<()> {
        contained(Place::Rows, || {
            let (Some(running), Some(chunks)) = (running, chunks) else {
                return Err(fault("a scan without its state"));
            };
            let next = running.journal.lend(|| chunks.next());
            log(context, &running.journal);
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
    fn pushdown_filter(&self, bound: &Self::BindData, _context: &Context, offered: PushdownData<'_>) -> Result<()> {
        contained(Place::Pushdown, || {
            let filters = filter::filters(&offered)?;
            *bound.filters.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) = filters;
            Ok(())
        })
    }
}

impl Adapter {
    fn table(&self, context: &Context, given: &[BindArgument]) -> Result<Box<dyn BoundTable>> {
        let parameters = self.0.parameters();
        let mut values = Vec::with_capacity(given.len());
        for (parameter, argument) in parameters.iter().zip(given) {
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
        let session = Session {
            external_access: external_access(context),
            pushes_filters: true,
            clock: Config::process().clock(),
        };
        Ok(self.0.bind(arguments(context, self.0.name(), &parameters, values)?, session)?)
    }
}

/// Tells DuckDB's log which requests were made. A log that takes none is no reason to fail.
fn log(context: &Context, journal: &Journal) {
    for entry in journal.read() {
        let level = if entry.is_failure { LogLevel::Warn } else { LogLevel::Info };
        let _ = Log::log_on_context(context, level, &entry.message, "mixpanel");
    }
}

/// What the call gives, and what the session's settings give for parameters that it leaves out.
pub fn arguments(
    context: &Context,
    function: &str,
    parameters: &[Parameter],
    given: Vec<(String, Value)>,
) -> Result<Arguments> {
    Ok(apply(function, Arguments::given(given)?, |setting| {
        let has = parameters.iter().any(|parameter| parameter.name == setting.parameter);
        has.then(|| setting::value(context, setting)).flatten()
    }))
}

/// `false` only where the database says so.
pub fn external_access(context: &Context) -> bool {
    let setting = context.config().and_then(|config| config.try_get_value("enable_external_access"));
    !matches!(setting.map(|found| found.map(|(value, _)| value.get::<bool>())), Ok(Some(Ok(Some(false)))))
}
