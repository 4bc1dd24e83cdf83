//! Which of DuckDB's filter expressions are [`Filter`]s?
//!
//! Only what is understood completely is passed on; the rest is left out, which
//! asks for more rows than needed, never for fewer. DuckDB applies every filter
//! itself, so nothing is accepted.

use duckdb_neo::{
    Result,
    expression::{Expression, ExpressionType as Type},
    logical_type::LogicalTypeID,
    table_function::PushdownData,
    types::{DateValue, TimestampTzValue},
};
use jiff::tz::TimeZone;

use super::{
    casts::{self, CastConstant},
    types::constant,
};
use crate::contract::{Comparison, Filter, Value};

/// The conditions among the offered ones that the core can use. `session` is the connection's time zone, where it is known.
pub fn filters(offered: &PushdownData<'_>, session: Option<&TimeZone>) -> Result<Vec<Filter>> {
    let mut filters = Vec::new();
    let offer = Offer { offered, session };
    for index in 0..offered.filter_count()? {
        offer.collect(&offered.filter(index)?, &mut filters)?;
    }
    Ok(filters)
}

struct Offer<'a> {
    offered: &'a PushdownData<'a>,
    session: Option<&'a TimeZone>,
}

impl Offer<'_> {
    fn collect(&self, expression: &Expression<'_>, filters: &mut Vec<Filter>) -> Result<()> {
        let kind = expression.expression_type()?;
        match kind {
            Type::ConjunctionAnd => {
                for child in expression.children()? {
                    self.collect(&child, filters)?;
                }
            }
            Type::CompareEqual
            | Type::CompareLessThan
            | Type::CompareLessThanOrEqualTo
            | Type::CompareGreaterThan
            | Type::CompareGreaterThanOrEqualTo => {
                let (left, right) = (expression.child(0)?, expression.child(1)?);
                let implied = match self.compared(&left, kind, &right)? {
                    found if found.is_empty() => self.compared(&right, mirrored(kind), &left)?,
                    found => found,
                };
                filters.extend(implied);
            }
            Type::CompareBetween => {
                let (tested, lower, upper) = (expression.child(0)?, expression.child(1)?, expression.child(2)?);
                filters.extend(self.implied(&tested, Comparison::GreaterOrEqual, &lower)?);
                // DuckDB makes `a <= x AND x < b` a BETWEEN too, and does not tell which ends are inclusive.
                filters.extend(self.implied(&tested, Comparison::LessAndMaybeEqual, &upper)?);
            }
            Type::CompareIn => {
                let children = expression.children()?;
                let Some((tested, candidates)) = children.split_first() else { return Ok(()) };
                let values = candidates.iter().map(value).collect::<Result<Option<Vec<_>>>>()?;
                if let (Some(column), Some(values)) = (self.column(tested)?, values) {
                    filters.push(Filter::In { column, values });
                }
            }
            // `a = 1 OR a = 2` on one column is an IN.
            Type::ConjunctionOr => {
                let mut values = Vec::new();
                let mut columns = Vec::new();
                for child in expression.children()? {
                    let mut alternatives = Vec::new();
                    self.collect(&child, &mut alternatives)?;
                    match alternatives.pop() {
                        Some(Filter::Compare { column, comparison: Comparison::Equal, value })
                            if alternatives.is_empty() =>
                        {
                            columns.push(column);
                            values.push(value);
                        }
                        Some(Filter::In { column, values: more }) if alternatives.is_empty() => {
                            columns.push(column);
                            values.extend(more);
                        }
                        _ => return Ok(()),
                    }
                }
                columns.dedup();
                if let [column] = columns[..] {
                    filters.push(Filter::In { column, values });
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn compared(&self, tested: &Expression<'_>, kind: Type, with: &Expression<'_>) -> Result<Vec<Filter>> {
        comparison(kind).map_or(Ok(Vec::new()), |comparison| self.implied(tested, comparison, with))
    }

    /// What a comparison says of a column, where that is all that it is about.
    fn implied(&self, tested: &Expression<'_>, comparison: Comparison, with: &Expression<'_>) -> Result<Vec<Filter>> {
        if let Some(column) = self.column(tested)? {
            return Ok(value(with)?.map(|value| Filter::Compare { column, comparison, value }).into_iter().collect());
        }
        Ok(match (self.cast_time(tested)?, cast_constant(with)?) {
            (Some(column), Some(constant)) => casts::implied(column, comparison, constant, self.session),
            _ => Vec::new(),
        })
    }

    /// The declared column that an expression names, where it is nothing but a column.
    fn column(&self, expression: &Expression<'_>) -> Result<Option<usize>> {
        match expression.expression_type()? {
            Type::BoundColumnRef => self.offered.get_column_index(expression.reference_index()?).map(Some),
            _ => Ok(None),
        }
    }

    /// The declared column that an expression casts, where it is a TIMESTAMP and that is all.
    fn cast_time(&self, expression: &Expression<'_>) -> Result<Option<usize>> {
        if expression.expression_type()? != Type::OperatorCast {
            return Ok(None);
        }
        let child = expression.child(0)?;
        match child.return_type()?.id()? {
            LogicalTypeID::Timestamp => self.column(&child),
            _ => Ok(None),
        }
    }
}

/// The constant that an expression is, where it is nothing but a constant. A NULL compares with nothing.
fn value(expression: &Expression<'_>) -> Result<Option<Value>> {
    match expression.expression_type()? {
        Type::ValueConstant => {
            Ok(Some(constant(&expression.get_constant_value()?)?).filter(|value| *value != Value::Null))
        }
        _ => Ok(None),
    }
}

/// The constant that a cast is compared with: DuckDB compares like with like, so its type is that of the cast.
fn cast_constant(expression: &Expression<'_>) -> Result<Option<CastConstant>> {
    if expression.expression_type()? != Type::ValueConstant {
        return Ok(None);
    }
    let value = expression.get_constant_value()?;
    if value.is_null()? {
        return Ok(None);
    }
    Ok(match value.logical_type()?.id()? {
        LogicalTypeID::Date => value.get::<DateValue>()?.map(|date| CastConstant::Date(date.0)),
        LogicalTypeID::TimestampTz => value.get::<TimestampTzValue>()?.map(|moment| CastConstant::Moment(moment.0)),
        _ => None,
    })
}

fn comparison(kind: Type) -> Option<Comparison> {
    Some(match kind {
        Type::CompareEqual => Comparison::Equal,
        Type::CompareLessThan => Comparison::Less,
        Type::CompareLessThanOrEqualTo => Comparison::LessOrEqual,
        Type::CompareGreaterThan => Comparison::Greater,
        Type::CompareGreaterThanOrEqualTo => Comparison::GreaterOrEqual,
        _ => return None,
    })
}

/// `1 < a` is `a > 1`.
fn mirrored(kind: Type) -> Type {
    match kind {
        Type::CompareLessThan => Type::CompareGreaterThan,
        Type::CompareLessThanOrEqualTo => Type::CompareGreaterThanOrEqualTo,
        Type::CompareGreaterThan => Type::CompareLessThan,
        Type::CompareGreaterThanOrEqualTo => Type::CompareLessThanOrEqualTo,
        other => other,
    }
}
