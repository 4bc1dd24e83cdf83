//! How does an Arrow batch become vectors of DuckDB's second C API? Without copying the bytes.
//!
//! DuckDB's own importer makes a chunk whose vectors point into the batch's
//! buffers and keep them alive; the output vectors then reference those.

use std::mem::transmute;

use arrow_array::{
    Array, ArrayRef, RecordBatch, StructArray,
    ffi::{FFI_ArrowArray, FFI_ArrowSchema},
};
use arrow_schema::{DataType, Field, Schema};
use duckdb_neo::{
    Result,
    arrow::{ArrowArray, ArrowImporter, ArrowSchema},
    connection::Context,
    data_chunk::{DataChunk, DataChunkRef},
    ffi,
    vector::{Unknown, Vector},
};

use super::contained::fault;

/// Makes the rows of `batch` the rows of `output`, column by column.
pub fn write(context: &Context, batch: RecordBatch, output: &mut DataChunkRef<'_>) -> Result<()> {
    let columns = batch.num_columns();
    if columns == 0 {
        return Err(fault("a batch without columns cannot be written"));
    }
    let chunk = import(context, batch)?;
    for index in 0..columns {
        let target = output.get_vector_at_mut::<Unknown>(index)?;
        // SAFETY: the imported vectors own a share of the Arrow buffers, which are never written again.
        unsafe { target.reference(chunk.get_vector_at::<Unknown>(index)?)? };
    }
    Ok(())
}

/// Makes one array the result of a scalar function.
pub fn write_array(context: &Context, array: ArrayRef, output: Vector<'_, Unknown>) -> Result<()> {
    let batch = RecordBatch::try_from_iter_with_nullable([("result", array, true)])
        .map_err(|error| fault(error.to_string()))?;
    let chunk = import(context, batch)?;
    // SAFETY: as above.
    unsafe { output.reference(chunk.get_vector_at::<Unknown>(0)?)? };
    Ok(())
}

/// What DuckDB is told of the columns: views of bytes are laid out as those of texts, and these were checked to be some.
fn text_of_bytes(schema: &Schema) -> Schema {
    let column = |field: &Field| match field.data_type() {
        DataType::BinaryView => field.clone().with_data_type(DataType::Utf8View),
        _ => field.clone(),
    };
    Schema::new(schema.fields().iter().map(|field| column(field)).collect::<Vec<_>>())
}

fn import(context: &Context, batch: RecordBatch) -> Result<DataChunk<'static>> {
    let rows = batch.num_rows();
    let schema =
        FFI_ArrowSchema::try_from(&text_of_bytes(&batch.schema())).map_err(|error| fault(error.to_string()))?;
    let array = FFI_ArrowArray::new(&StructArray::from(batch).into_data());
    // SAFETY: both crates lay these structs out as the Arrow C data interface says, and ownership moves with them.
    let (array, schema) = unsafe {
        (
            ArrowArray::from_raw(transmute::<FFI_ArrowArray, ffi::ArrowArray>(array)),
            ArrowSchema::from_raw(transmute::<FFI_ArrowSchema, ffi::ArrowSchema>(schema)),
        )
    };
    let mut importer = ArrowImporter::new(context, schema, None)?;
    importer.append_consumed(array, true)?;
    let chunk = importer.next_chunk()?.ok_or_else(|| fault("DuckDB made no chunk of a batch"))?;
    match chunk.row_count()? == rows {
        true => Ok(chunk),
        false => Err(fault("DuckDB split a batch that should have fitted a chunk")),
    }
}
