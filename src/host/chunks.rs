//! How do batches of any size become DuckDB's chunks?
//!
//! DuckDB asks for at most [`CHUNK_ROWS`] rows at a time, and a reader gives as many as it likes. A batch is handed out in
//! slices, which share its buffers.

use arrow_array::RecordBatch;

use crate::contract::{Lent, Reader, Result, sound};

/// Rows of one output chunk: DuckDB's `STANDARD_VECTOR_SIZE`.
const CHUNK_ROWS: usize = 2048;

/// What one thread reads.
pub struct Chunks {
    reader: Box<dyn Reader>,
    /// Whether DuckDB may have what is in JSON columns as it is.
    json_is_sound: bool,
    /// What is left of the batch that is being handed out.
    rest: Option<RecordBatch>,
}

impl Chunks {
    pub fn new(reader: Box<dyn Reader>, json_is_sound: bool) -> Self {
        Self { reader, json_is_sound, rest: None }
    }

    /// The next rows, at most [`CHUNK_ROWS`]; `None` at the end. What is returned once the statement was interrupted is for
    /// nobody.
    pub fn next(&mut self, lent: &Lent<'_>) -> Result<Option<RecordBatch>> {
        let batch = match self.rest.take() {
            Some(rest) => rest,
            None => match self.reader.next(lent)? {
                Some(batch) if self.json_is_sound => batch,
                Some(batch) => sound(batch)?,
                None => return Ok(None),
            },
        };
        if batch.num_rows() <= CHUNK_ROWS {
            return Ok(Some(batch));
        }
        self.rest = Some(batch.slice(CHUNK_ROWS, batch.num_rows() - CHUNK_ROWS));
        Ok(Some(batch.slice(0, CHUNK_ROWS)))
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::VecDeque, sync::Arc};

    use arrow_array::{Int64Array, cast::AsArray, types::Int64Type};

    use super::*;
    use crate::contract::{Code, Columns, Error, Lent, SqlType, texts};

    struct Given(VecDeque<Result<Option<RecordBatch>>>);

    impl Reader for Given {
        fn next(&mut self, _lent: &Lent<'_>) -> Result<Option<RecordBatch>> {
            self.0.pop_front().unwrap_or(Ok(None))
        }
    }

    fn chunks(answers: impl IntoIterator<Item = Result<Option<RecordBatch>>>, json_is_sound: bool) -> Chunks {
        Chunks::new(Box::new(Given(answers.into_iter().collect())), json_is_sound)
    }

    fn numbers(range: std::ops::Range<i64>) -> RecordBatch {
        let columns = Columns::new([("number", SqlType::BigInt)]);
        RecordBatch::try_new(columns.schema(), vec![Arc::new(Int64Array::from_iter_values(range))]).unwrap()
    }

    fn json(text: &str) -> RecordBatch {
        let columns = Columns::new([("json", SqlType::Json)]);
        RecordBatch::try_new(columns.schema(), vec![texts([Some(text)])]).unwrap()
    }

    #[test]
    fn every_row_comes_once_and_in_order_whatever_the_batches() {
        let full = CHUNK_ROWS as i64;
        for (sizes, expected) in [
            (vec![], vec![]),
            (vec![1], vec![1]),
            (vec![full], vec![full]),
            (vec![full + 1], vec![full, 1]),
            (vec![3 * full], vec![full; 3]),
            (vec![2 * full + 904, 7, full - 1], vec![full, full, 904, 7, full - 1]),
        ] {
            let mut first = 0;
            let batches: Vec<_> = sizes
                .iter()
                .map(|size| {
                    first += size;
                    Ok(Some(numbers(first - size..first)))
                })
                .collect();
            let mut chunks = chunks(batches, true);
            let (mut found, mut rows) = (vec![], vec![]);
            while let Some(chunk) = chunks.next(&Lent::NOTHING).unwrap() {
                found.push(chunk.num_rows() as i64);
                rows.extend_from_slice(chunk.column(0).as_primitive::<Int64Type>().values());
            }
            assert_eq!(found, expected, "{sizes:?}");
            assert!(rows.into_iter().eq(0..sizes.iter().sum()), "{sizes:?}");
            assert!(chunks.next(&Lent::NOTHING).unwrap().is_none());
        }
    }

    #[test]
    fn no_row_is_copied() {
        let batch = numbers(0..5000);
        let whole = batch.column(0).as_primitive::<Int64Type>().values().as_ptr_range();
        let mut chunks = chunks([Ok(Some(batch))], true);
        while let Some(chunk) = chunks.next(&Lent::NOTHING).unwrap() {
            let part = chunk.column(0).as_primitive::<Int64Type>().values().as_ptr_range();
            assert!(whole.contains(&part.start) && part.end <= whole.end);
        }
    }

    #[test]
    fn json_is_made_sound_unless_its_maker_did() {
        let text = |json_is_sound| {
            let chunk = chunks([Ok(Some(json("NaN")))], json_is_sound).next(&Lent::NOTHING).unwrap().unwrap();
            chunk.column(0).as_string_view().value(0).to_owned()
        };
        assert_eq!((text(false).as_str(), text(true).as_str()), ("\"NaN\"", "NaN"));
    }

    #[test]
    fn an_error_comes_after_the_rows_that_came_before_it() {
        let failure = Error::new(Code::Truncated, "on purpose");
        let mut chunks = chunks([Ok(Some(numbers(0..2049))), Err(failure.clone())], true);
        let rows = |chunk: Result<Option<RecordBatch>>| chunk.map(|batch| batch.map_or(0, |batch| batch.num_rows()));
        assert_eq!([(); 4].map(|()| rows(chunks.next(&Lent::NOTHING))), [Ok(2048), Ok(1), Err(failure), Ok(0)]);
    }
}
