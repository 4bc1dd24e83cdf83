//! How does DuckDB's second C API call a [`Scalar`]?

use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, Int64Array, StringViewArray, TimestampMicrosecondArray};
use duckdb_neo::{
    Result,
    connection::Context,
    data_chunk::VectorCollection,
    enums::FunctionProperty,
    extension::Extension,
    scalar::{ScalarCallbacks, ScalarFunctionBuilder},
    signature::{FunctionParameter, SignatureBuilder},
    types::TimestampValue,
    vector::{StorageKind, Unknown, Vector, VectorElement},
};

use super::{
    batch,
    contained::{contained, fault},
    table::documentation,
    text::OwnText,
    types,
};
use crate::{
    contract::{Scalar, SqlType},
    host::{contain::Guarded, place::Place},
};

pub fn register(extension: &Extension, function: &'static Scalar) -> Result<()> {
    for &overload in function.overloads {
        let mut signature = SignatureBuilder::new()
            .documentation(documentation(function.description, function.example))
            .return_type(types::logical_type(extension, &function.returns)?);
        for (name, sql_type) in function.parameters.iter().zip(overload) {
            signature = signature.param(FunctionParameter::with_type(*name, types::logical_type(extension, sql_type)?));
        }
        let overload = Overload { function, parameters: overload };
        let adapter = Adapter(Guarded::new(Place::DropFunction, overload));
        ScalarFunctionBuilder::new(function.name, signature, adapter)
            .set_property(FunctionProperty::HasSpecialNullHandling(true))
            .register(extension)?;
    }
    Ok(())
}

/// One overload of the core's function.
struct Overload {
    function: &'static Scalar,
    parameters: &'static [SqlType],
}

/// With the callback that DuckDB calls.
struct Adapter(Guarded<Overload>);

impl ScalarCallbacks for Adapter {
    type BindData = ();
    type InitData = ();

    fn exec(
        &self,
        _bound: Option<&()>,
        _state: Option<&mut ()>,
        context: &Context,
        vectors: &mut VectorCollection,
        output: Vector<'_, Unknown>,
    ) -> Result<()> {
        contained(Place::Scalar, || {
            let Overload { function, parameters } = &*self.0;
            let rows = vectors.row_count()?;
            let arguments = parameters
                .iter()
                .enumerate()
                .map(|(index, sql_type)| array(vectors, index, sql_type, rows))
                .collect::<Result<Vec<_>>>()?;
            batch::write_array(context, (function.call)(&arguments, rows)?, output)
        })
    }
}

/// One argument, whatever kind of vector it comes as.
fn array(vectors: &mut VectorCollection, index: usize, sql_type: &SqlType, rows: usize) -> Result<ArrayRef> {
    Ok(match sql_type {
        SqlType::Varchar | SqlType::Json => {
            let vector = readable::<OwnText>(vectors, index)?;
            let reader = vector.reader()?;
            let texts = (0..rows).map(|row| Ok(reader.get(row)?.flatten()));
            Arc::new(texts.collect::<Result<StringViewArray>>()?)
        }
        SqlType::BigInt => {
            let vector = readable::<i64>(vectors, index)?;
            let reader = vector.reader()?;
            Arc::new((0..rows).map(|row| Ok(reader.get(row)?.copied())).collect::<Result<Int64Array>>()?)
        }
        SqlType::Double => {
            let vector = readable::<f64>(vectors, index)?;
            let reader = vector.reader()?;
            Arc::new((0..rows).map(|row| Ok(reader.get(row)?.copied())).collect::<Result<Float64Array>>()?)
        }
        SqlType::Timestamp => {
            let vector = readable::<TimestampValue>(vectors, index)?;
            let reader = vector.reader()?;
            let values = (0..rows).map(|row| Ok(reader.get(row)?.map(|moment| moment.0)));
            Arc::new(values.collect::<Result<TimestampMicrosecondArray>>()?)
        }
        other => return Err(fault(format!("no scalar function takes {other}"))),
    })
}

/// A vector that has a reader: sequences, as `range` makes them, and compressed strings have none until they are
/// flattened.
fn readable<T: VectorElement>(vectors: &mut VectorCollection, index: usize) -> Result<Vector<'_, T>> {
    let mut vector = vectors.get_vector_at_mut::<T>(index)?;
    if vector.storage_kind() == StorageKind::Other {
        vector.flatten()?;
    }
    Ok(vector)
}
