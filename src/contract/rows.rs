//! How do a few things become the rows of a table function?
//!
//! A [`Table`] says each column once: its name, its type, and where its values come from. It is made at bind, and
//! makes its rows in one go when they are first asked for.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use arrow_array::{
    ArrayRef, BooleanArray, Date32Array, Float64Array, Int32Array, Int64Array, RecordBatch, TimestampMicrosecondArray,
};

use super::{
    BoundTable, Columns, Filter, Lent, Reader, ReaderThread, Result, Scan, SqlType,
    arrays::{list_of_texts, maps_of_texts, texts},
    beside::beside,
};

/// The columns of a table that is made out of an `A`: for most, a list of rows.
///
/// ```text
/// Table::new().bigint("cohort_id", |cohort| cohort.id).text("name", |cohort| cohort.name.clone())
/// ```
pub struct Table<A> {
    columns: Vec<Column<A>>,
}

struct Column<A> {
    name: String,
    sql_type: SqlType,
    array: Box<MakeArray<A>>,
}

type MakeArray<A> = dyn Fn(&A) -> Result<ArrayRef> + Send + Sync;

impl<A: 'static> Table<A> {
    #[expect(clippy::new_without_default, reason = "a table without columns has no default")]
    pub fn new() -> Self {
        Self { columns: Vec::new() }
    }

    /// A column whose values are made all at once. `array` must be of the Arrow type that travels for `sql_type`.
    pub fn column(
        mut self,
        name: impl Into<String>,
        sql_type: SqlType,
        array: impl Fn(&A) -> Result<ArrayRef> + Send + Sync + 'static,
    ) -> Self {
        self.columns.push(Column { name: name.into(), sql_type, array: Box::new(array) });
        self
    }

    pub fn columns(&self) -> Columns {
        Columns::new(self.columns.iter().map(|column| (column.name.clone(), column.sql_type)))
    }

    /// All rows. Errors: those of the values.
    pub fn batch(&self, answer: &A) -> Result<RecordBatch> {
        let arrays = self.columns.iter().map(|column| (column.array)(answer)).collect::<Result<Vec<_>>>()?;
        Ok(RecordBatch::try_new(self.columns().schema(), arrays)?)
    }

    /// A call whose rows are those of what `make` returns at once.
    pub fn of(self, make: impl Fn() -> Result<A> + Send + Sync + 'static) -> Box<dyn BoundTable> {
        rows(self.columns(), false, move || self.batch(&make()?))
    }

    /// The same where `make` asks Mixpanel. An interrupt ends the wait for it.
    pub fn asking(self, make: impl Fn() -> Result<A> + Send + Sync + 'static) -> Box<dyn BoundTable> {
        rows_asking(self.columns(), move || self.batch(&make()?))
    }
}

/// What is known of a value: itself, perhaps nothing, perhaps an error.
pub trait ColumnValue<T> {
    fn cell(self) -> Result<Option<T>>;
}

impl<T> ColumnValue<T> for T {
    fn cell(self) -> Result<Option<T>> {
        Ok(Some(self))
    }
}

impl<T> ColumnValue<T> for Option<T> {
    fn cell(self) -> Result<Option<T>> {
        Ok(self)
    }
}

impl<T> ColumnValue<T> for Result<T> {
    fn cell(self) -> Result<Option<T>> {
        self.map(Some)
    }
}

impl<T> ColumnValue<T> for Result<Option<T>> {
    fn cell(self) -> Result<Option<T>> {
        self
    }
}

/// Methods for columns of one type.
macro_rules! cells {
    ($($(#[$doc:meta])* $name:ident: $value:ty, $sql_type:expr, $array:expr;)*) => {
        impl<R: 'static> Table<Vec<R>> {
            $($(#[$doc])*
            pub fn $name<V: ColumnValue<$value>>(
                self,
                name: impl Into<String>,
                value: impl Fn(&R) -> V + Send + Sync + 'static,
            ) -> Self {
                self.column(name, $sql_type, move |rows| {
                    let values = rows.iter().map(|row| value(row).cell()).collect::<Result<Vec<_>>>()?;
                    Ok($array(values))
                })
            })*
        }
    };
}

cells! {
    text: String, SqlType::Varchar, texts::<String>;
    json: String, SqlType::Json, texts::<String>;
    texts: Vec<String>, SqlType::VARCHARS, list_of_texts::<String>;
    boolean: bool, SqlType::Boolean, |values| Arc::new(BooleanArray::from_iter::<Vec<_>>(values)) as ArrayRef;
    integer: i32, SqlType::Integer, |values| Arc::new(Int32Array::from_iter::<Vec<_>>(values)) as ArrayRef;
    bigint: i64, SqlType::BigInt, |values| Arc::new(Int64Array::from_iter::<Vec<_>>(values)) as ArrayRef;
    double: f64, SqlType::Double, |values| Arc::new(Float64Array::from_iter::<Vec<_>>(values)) as ArrayRef;
    /// Days since 1970-01-01.
    date: i32, SqlType::Date, |values| Arc::new(Date32Array::from_iter::<Vec<_>>(values)) as ArrayRef;
    /// Microseconds since 1970-01-01, UTC by convention.
    timestamp: i64, SqlType::Timestamp,
        |values| Arc::new(TimestampMicrosecondArray::from_iter::<Vec<_>>(values)) as ArrayRef;
}

impl<R: 'static> Table<Vec<R>> {
    /// The entries of a map in their order.
    pub fn map(
        self,
        name: impl Into<String>,
        value: impl Fn(&R) -> Vec<(String, String)> + Send + Sync + 'static,
    ) -> Self {
        self.column(name, SqlType::Map, move |rows| maps_of_texts(rows.iter().map(|row| Some(value(row)))))
    }
}

/// Texts that are in the rows already, and not copied on their way.
impl<R: 'static> Table<Vec<R>> {
    pub fn text_ref(self, name: impl Into<String>, value: impl Fn(&R) -> Option<&str> + Send + Sync + 'static) -> Self {
        self.column(name, SqlType::Varchar, move |rows| Ok(texts(rows.iter().map(&value))))
    }

    pub fn json_ref(self, name: impl Into<String>, value: impl Fn(&R) -> Option<&str> + Send + Sync + 'static) -> Self {
        self.column(name, SqlType::Json, move |rows| Ok(texts(rows.iter().map(&value))))
    }
}

/// A call with these columns, whose rows `make` makes in one go out of what Mixpanel answers, when they are first asked for. An
/// interrupt ends the wait for it.
pub fn rows_asking<F>(columns: Columns, make: F) -> Box<dyn BoundTable>
where
    F: Fn() -> Result<RecordBatch> + Send + Sync + 'static,
{
    rows(columns, true, make)
}

fn rows<F>(columns: Columns, asks: bool, make: F) -> Box<dyn BoundTable>
where
    F: Fn() -> Result<RecordBatch> + Send + Sync + 'static,
{
    Box::new(Rows { columns, asks, make: Arc::new(make) })
}

struct Rows<F> {
    columns: Columns,
    asks: bool,
    make: Arc<F>,
}

impl<F> BoundTable for Rows<F>
where
    F: Fn() -> Result<RecordBatch> + Send + Sync + 'static,
{
    fn columns(&self) -> &Columns {
        &self.columns
    }

    fn scan(&self, projection: &[usize], _filters: &[Filter]) -> Result<Arc<dyn Scan>> {
        Ok(Arc::new(RowsScan {
            make: Arc::clone(&self.make),
            asks: self.asks,
            projection: projection.to_vec(),
            made: AtomicBool::new(false),
        }))
    }
}

struct RowsScan<F> {
    make: Arc<F>,
    asks: bool,
    projection: Vec<usize>,
    made: AtomicBool,
}

impl<F> Scan for RowsScan<F>
where
    F: Fn() -> Result<RecordBatch> + Send + Sync + 'static,
{
    fn reader(&self, thread: ReaderThread) -> Result<Box<dyn Reader>> {
        // One reader has the rows, every other one nothing.
        if self.made.swap(true, Ordering::Relaxed) {
            return Ok(Box::new(RowsReader { make: None, beside: false }));
        }
        let (make, projection) = (Arc::clone(&self.make), self.projection.clone());
        // Where threads of ours read, nobody says that the statement was interrupted.
        let beside = self.asks && thread != ReaderThread::Ours;
        Ok(Box::new(RowsReader { make: Some(Box::new(move || Ok(make()?.project(&projection)?))), beside }))
    }
}

type MakeBatch = Box<dyn FnOnce() -> Result<RecordBatch> + Send>;

struct RowsReader {
    make: Option<MakeBatch>,
    /// Whether they are made on another thread.
    beside: bool,
}

impl Reader for RowsReader {
    fn next(&mut self, lent: &Lent<'_>) -> Result<Option<RecordBatch>> {
        let Some(make) = self.make.take() else { return Ok(None) };
        let batch = if self.beside { beside(make, lent.is_interrupted)? } else { Some(make()?) };
        Ok(batch.filter(|batch| batch.num_rows() > 0))
    }
}
