//! How does a function that takes one id take a list of them? It runs once per id, one after the other.
//!
//! ```text
//! mixpanel_funnel([8101, 8103], ...)  ->  funnel_id | the columns of mixpanel_funnel(8101, ...)
//! ```
//!
//! It knows only how to bind the function, so every function that takes one id can take many. If the hourly limit does not
//! allow all of them, the call fails before the first request.

use std::sync::{
    Arc, Mutex, MutexGuard,
    atomic::{AtomicBool, Ordering},
};

use arrow_array::{ArrayRef, Int64Array, RecordBatch, RecordBatchOptions};
use arrow_schema::Schema;

use super::{
    on_failure::{ON_FAILURE, skips_failures},
    target,
};
use crate::{
    config::Target,
    contract::{
        Arguments, BoundTable, Code, Columns, Error, Filter, Function, Lent, Reader, ReaderThread, Result, Scan,
        Session, SqlType, Value,
    },
    fetching::record::{self, Fetch},
    mixpanel::{Client, Quota},
};

/// One thing, and the call that is about it.
pub type Thing = (i64, Arc<dyn BoundTable>);

/// How the things are found when the rows are first asked for: to know them may take a request.
type FindThings = dyn Fn() -> Result<Vec<Thing>> + Send + Sync;

/// A call about several things.
pub struct Each {
    pub function: &'static str,
    /// The column that says which one a row is about.
    pub id_column: &'static str,
    /// The columns of a call about one.
    pub columns: Columns,
    pub things: Box<FindThings>,
    /// Whether one that can't be had from the start is left out.
    pub skip: bool,
    /// See [`Scan::json_is_sound`].
    pub json_is_sound: bool,
    pub target: Target,
    /// For the record of the fetch.
    pub arguments: String,
}

impl Each {
    pub fn bound(self) -> Box<dyn BoundTable> {
        let id = std::iter::once((self.id_column.to_owned(), SqlType::BigInt));
        let columns = Columns::new(id.chain(self.columns.iter().map(|(name, kind)| (name.to_owned(), *kind))));
        Box::new(EachTable { columns, each: Arc::new(self) })
    }
}

/// The call where this parameter is a list. `None` where it is none: then it is about one thing.
///
/// `id_of` reads an item, which `one`, the function's own bind, takes in the list's place.
pub fn each_of(
    function: &Function,
    parameter: &'static str,
    arguments: &Arguments,
    session: &Session,
    id_of: impl Fn(&Value) -> Result<i64>,
    one: fn(Arguments, &Session) -> Result<Box<dyn BoundTable>>,
) -> Result<Option<Box<dyn BoundTable>>> {
    let skip = skips_failures(arguments)?;
    let Some(Value::List(items)) = arguments.get(parameter) else {
        return match skip {
            true => Err(Error::argument(ON_FAILURE.name, format!("needs a list, but {parameter} is not one"))),
            false => Ok(None),
        };
    };
    let bind = |value: Value| one(arguments.clone().without(&[ON_FAILURE.name]).with(parameter, value), session);
    let mut things: Vec<Thing> = Vec::with_capacity(items.len());
    for item in items {
        if *item == Value::Null {
            return Err(Error::argument(parameter, "contains NULL. Remove it"));
        }
        let (table, id) = (bind(item.clone())?, id_of(item)?);
        if things.iter().all(|(known, _)| *known != id) {
            things.push((id, table.into()));
        }
    }
    // None at all has the columns of any.
    let columns = match things.first() {
        Some((_, table)) => table.columns().clone(),
        None => bind(Value::Integer(1))?.columns().clone(),
    };
    let (target, arguments) = (target(arguments, session)?, arguments.to_json());
    let (things, function, id_column) = (Box::new(move || Ok(things.clone())), function.name, id_column(parameter));
    Ok(Some(Each { function, id_column, columns, things, skip, json_is_sound: false, target, arguments }.bound()))
}

/// `bookmark` takes an id or a URL, and its id is a column of that name elsewhere.
fn id_column(parameter: &'static str) -> &'static str {
    match parameter {
        "bookmark" => "bookmark_id",
        other => other,
    }
}

struct EachTable {
    columns: Columns,
    each: Arc<Each>,
}

impl BoundTable for EachTable {
    fn columns(&self) -> &Columns {
        &self.columns
    }

    fn scan(&self, projection: &[usize], _filters: &[Filter]) -> Result<Arc<dyn Scan>> {
        let clock = self.each.target.testing.clock.clone();
        Ok(Arc::new(EachScan(Arc::new(Course {
            record: record::start(self.each.function, self.each.arguments.clone(), 0, clock),
            each: Arc::clone(&self.each),
            projection: projection.to_vec(),
            is_read: AtomicBool::default(),
            is_stopped: AtomicBool::default(),
            current: Mutex::default(),
        }))))
    }
}

/// One execution: how far it is.
struct Course {
    each: Arc<Each>,
    projection: Vec<usize>,
    record: Arc<Fetch>,
    is_read: AtomicBool,
    is_stopped: AtomicBool,
    /// The scan of the thing that is asked about.
    current: Mutex<Option<Arc<dyn Scan>>>,
}

impl Course {
    fn current(&self) -> MutexGuard<'_, Option<Arc<dyn Scan>>> {
        self.current.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Begins to ask about one thing.
    fn begin(&self, table: &dyn BoundTable, thread: ReaderThread) -> Result<Box<dyn Reader>> {
        let columns: Vec<usize> = self.projection.iter().filter_map(|column| column.checked_sub(1)).collect();
        let scan = table.scan(&columns, &[])?;
        let reader = scan.reader(thread)?;
        *self.current() = Some(scan);
        Ok(reader)
    }

    /// The rows with the id of what they are about, where that is asked for.
    fn with_id(&self, id: i64, batch: &RecordBatch) -> Result<RecordBatch> {
        let (count, own) = (batch.num_rows(), batch.schema());
        let mut inner = own.fields().iter().cloned().zip(batch.columns().iter().cloned());
        let ids = || -> ArrayRef { Arc::new(Int64Array::from_iter_values(std::iter::repeat_n(id, count))) };
        let field = || Arc::new(SqlType::BigInt.field(self.each.id_column));
        let (fields, arrays): (Vec<_>, Vec<_>) = self
            .projection
            .iter()
            .filter_map(|column| if *column == 0 { Some((field(), ids())) } else { inner.next() })
            .unzip();
        let options = RecordBatchOptions::new().with_row_count(Some(count));
        Ok(RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), arrays, &options)?)
    }
}

struct EachScan(Arc<Course>);

impl Scan for EachScan {
    fn reader(&self, thread: ReaderThread) -> Result<Box<dyn Reader>> {
        // One reader has the rows, every other one nothing.
        match self.0.is_read.swap(true, Ordering::Relaxed) {
            true => Ok(Box::new(Nothing)),
            false => Ok(Box::new(EachReader { course: Arc::clone(&self.0), thread, rest: None, at: None })),
        }
    }

    fn json_is_sound(&self) -> bool {
        self.0.each.json_is_sound
    }

    fn cancel(&self) {
        self.0.is_stopped.store(true, Ordering::Relaxed);
        if let Some(scan) = self.0.current().as_ref() {
            scan.cancel();
        }
        self.0.record.finish(None);
    }

    fn progress(&self) -> Option<f64> {
        let inner = self.0.current().as_ref().and_then(|scan| scan.progress()).unwrap_or_default();
        let (done, all) = (&self.0.record.windows_done, &self.0.record.windows);
        let all = all.load(Ordering::Relaxed);
        (all > 0).then(|| ((done.load(Ordering::Relaxed) as f64 + inner) / all as f64).min(1.0))
    }
}

impl Drop for EachScan {
    fn drop(&mut self) {
        self.cancel();
    }
}

/// Whether an error is about the thing, and not about whoever asks: the next one would fail alike.
fn is_about_it(error: &Error) -> bool {
    let of_the_account =
        [Code::AuthenticationFailed, Code::PaymentRequired, Code::MissingCredentials, Code::InvalidConfig];
    !of_the_account.contains(&error.code())
}

struct Nothing;

impl Reader for Nothing {
    fn next(&mut self, _lent: &Lent<'_>) -> Result<Option<RecordBatch>> {
        Ok(None)
    }
}

struct EachReader {
    course: Arc<Course>,
    thread: ReaderThread,
    /// What is still to be asked about, the next one last; `None` until that is known.
    rest: Option<Vec<Thing>>,
    at: Option<At>,
}

/// A thing that is being asked about.
struct At {
    id: i64,
    reader: Box<dyn Reader>,
    /// Whether rows about it were given, which can't be taken back.
    has_given: bool,
}

impl Reader for EachReader {
    fn next(&mut self, lent: &Lent<'_>) -> Result<Option<RecordBatch>> {
        let batch = self.read(lent);
        let record = &self.course.record;
        match &batch {
            Ok(Some(batch)) => Fetch::add(&record.rows, batch.num_rows() as u64),
            Ok(None) => record.finish(None),
            Err(error) => record.finish(Some(error.to_string())),
        }
        batch
    }
}

impl EachReader {
    fn read(&mut self, lent: &Lent<'_>) -> Result<Option<RecordBatch>> {
        let course = Arc::clone(&self.course);
        let (each, record) = (&course.each, &course.record);
        if self.rest.is_none() {
            self.rest = Some(self.find()?);
        }
        loop {
            if course.is_stopped.load(Ordering::Relaxed) {
                return Ok(None);
            }
            let outcome = match &mut self.at {
                Some(at) => {
                    at.reader.next(lent).and_then(|batch| batch.map(|batch| course.with_id(at.id, &batch)).transpose())
                }
                None => {
                    let Some((id, table)) = self.rest.as_mut().and_then(Vec::pop) else { return Ok(None) };
                    match course.begin(&*table, self.thread) {
                        Ok(reader) => {
                            self.at = Some(At { id, reader, has_given: false });
                            Fetch::add(&record.requests, 1);
                            continue;
                        }
                        Err(error) => Err(error.context(format!("{} {id}", each.id_column))),
                    }
                }
            };
            match (outcome, &mut self.at) {
                (Ok(Some(batch)), Some(at)) => {
                    at.has_given = true;
                    return Ok(Some(batch));
                }
                // Nobody waits for the others any more, and each would be a request.
                (Ok(_), _) if (lent.is_interrupted)() => return Ok(None),
                (Ok(_), _) => {}
                (Err(error), Some(at)) if each.skip && !at.has_given && is_about_it(&error) => {
                    record.left_out(format!("{} {}", each.id_column, at.id), error.to_string());
                }
                (Err(error), Some(at)) => return Err(error.context(format!("{} {}", each.id_column, at.id))),
                (Err(error), None) => return Err(error),
            }
            Fetch::add(&record.windows_done, 1);
            self.at = None;
        }
    }

    /// The things, the next one last. Errors: `RateLimited` where the hour does not allow to ask about all.
    fn find(&self) -> Result<Vec<Thing>> {
        let each = &self.course.each;
        let mut things = (each.things)()?;
        self.course.record.windows.store(things.len() as u64, Ordering::Relaxed);
        if !each.skip {
            let affordable = Client::new(&each.target)?.afford(Quota::Query, things.len());
            affordable
                .map_err(|error| error.also("Add on_failure := 'skip' to fetch as many as the hourly limit allows"))?;
        }
        things.reverse();
        Ok(things)
    }
}
