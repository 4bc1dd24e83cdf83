//! How do the values of one column become an Arrow array?

use std::sync::Arc;

use arrow_array::{
    ArrayRef, BooleanArray, ListArray, PrimitiveArray,
    types::{
        ArrowPrimitiveType, Date32Type, Decimal128Type, Float64Type, Int32Type, Int64Type, TimestampMicrosecondType,
    },
};
use arrow_buffer::{BooleanBufferBuilder, Buffer, NullBufferBuilder, OffsetBuffer, ScalarBuffer};
use arrow_schema::{ArrowError, DataType, Field};

use super::{cast, datetime, line::Line, span::Span, text, views::Views};
use crate::contract::SqlType;

/// The values of one column, so far.
pub(super) enum Cells {
    Text(Views),
    Json(Views),
    Boolean(BooleanBufferBuilder, NullBufferBuilder),
    Integer(Numbers<Int32Type>),
    BigInt(Numbers<Int64Type>),
    Double(Numbers<Float64Type>),
    Decimal(Numbers<Decimal128Type>, u8, u8),
    Date(Numbers<Date32Type>),
    Timestamp(Numbers<TimestampMicrosecondType>),
    List { ends: Vec<i32>, nulls: NullBufferBuilder, item: DataType, items: Box<Cells> },
}

impl Cells {
    pub fn new(sql_type: &SqlType, rows: usize) -> Self {
        match sql_type {
            // No property is read as an interval or a map.
            SqlType::Varchar | SqlType::Any | SqlType::Interval | SqlType::Map => {
                Self::Text(Views::with_capacity(rows))
            }
            SqlType::Json => Self::Json(Views::with_capacity(rows)),
            SqlType::Boolean => Self::Boolean(BooleanBufferBuilder::new(rows), NullBufferBuilder::new(rows)),
            SqlType::Integer => Self::Integer(Numbers::with_capacity(rows)),
            SqlType::BigInt => Self::BigInt(Numbers::with_capacity(rows)),
            SqlType::Double => Self::Double(Numbers::with_capacity(rows)),
            SqlType::Decimal(width, scale) => Self::Decimal(Numbers::with_capacity(rows), *width, *scale),
            SqlType::Date => Self::Date(Numbers::with_capacity(rows)),
            SqlType::Timestamp => Self::Timestamp(Numbers::with_capacity(rows)),
            SqlType::List(item) => Self::List {
                ends: vec![0],
                nulls: NullBufferBuilder::new(rows),
                item: item.arrow(),
                items: Box::new(Self::new(item, rows)),
            },
        }
    }

    /// Takes the value that stands there, `TRY_CAST` to the type of the column.
    pub fn push(&mut self, line: &mut Line, value: Option<Span>) {
        match self {
            Self::Text(views) => views.push(value.and_then(|value| line.text(value))),
            Self::Json(views) => views.push(value.map(|value| line.verbatim(value))),
            Self::Boolean(bits, nulls) => {
                let value = line.cast(value, cast::boolean);
                bits.append(value.unwrap_or_default());
                nulls.append(value.is_some());
            }
            Self::Integer(numbers) => {
                numbers.push(line.cast(value, cast::integer).and_then(|number| number.try_into().ok()))
            }
            Self::BigInt(numbers) => numbers.push(line.cast(value, cast::integer)),
            Self::Double(numbers) => numbers.push(line.cast(value, cast::double)),
            Self::Decimal(numbers, width, scale) => {
                numbers.push(line.cast(value, |text| cast::decimal(text, *width, *scale)));
            }
            Self::Date(numbers) => numbers.push(line.cast(value, datetime::date)),
            Self::Timestamp(numbers) => numbers.push(line.cast(value, datetime::timestamp)),
            Self::List { ends, nulls, items, .. } => {
                let mut end = ends.last().copied().unwrap_or_default();
                let elements = value.and_then(|array| text::elements(line.block, array));
                nulls.append(elements.is_some());
                for element in elements.into_iter().flatten() {
                    items.push(line, Some(element));
                    end += 1;
                }
                ends.push(end);
            }
        }
    }

    pub fn finish(self, buffers: &Arc<[Buffer]>) -> Result<ArrayRef, ArrowError> {
        Ok(match self {
            Self::Text(views) | Self::Json(views) => Arc::new(views.finish(buffers)?),
            Self::Boolean(mut bits, mut nulls) => Arc::new(BooleanArray::new(bits.finish(), nulls.finish())),
            Self::Integer(numbers) => Arc::new(numbers.finish()?),
            Self::BigInt(numbers) => Arc::new(numbers.finish()?),
            Self::Double(numbers) => Arc::new(numbers.finish()?),
            Self::Decimal(numbers, width, scale) => {
                Arc::new(numbers.finish()?.with_precision_and_scale(width, scale as i8)?)
            }
            Self::Date(numbers) => Arc::new(numbers.finish()?),
            Self::Timestamp(numbers) => Arc::new(numbers.finish()?),
            Self::List { ends, mut nulls, item, items } => {
                let field = Arc::new(Field::new("item", item, true));
                let items = match *items {
                    // Within a list they are what the type says.
                    Self::Text(views) | Self::Json(views) => Arc::new(views.finish(buffers)?.to_string_view()?),
                    items => items.finish(buffers)?,
                };
                Arc::new(ListArray::try_new(field, OffsetBuffer::new(ends.into()), items, nulls.finish())?)
            }
        })
    }
}

/// The values of a column of numbers.
pub(super) struct Numbers<T: ArrowPrimitiveType> {
    values: Vec<T::Native>,
    nulls: NullBufferBuilder,
}

impl<T: ArrowPrimitiveType> Numbers<T> {
    pub fn with_capacity(rows: usize) -> Self {
        Self { values: Vec::with_capacity(rows), nulls: NullBufferBuilder::new(rows) }
    }

    #[inline(always)]
    pub fn push(&mut self, value: Option<T::Native>) {
        self.values.push(value.unwrap_or_default());
        self.nulls.append(value.is_some());
    }

    pub fn finish(mut self) -> Result<PrimitiveArray<T>, ArrowError> {
        PrimitiveArray::try_new(ScalarBuffer::from(self.values), self.nulls.finish())
    }
}
