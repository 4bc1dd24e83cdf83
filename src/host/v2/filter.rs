//! Which of DuckDB's filter expressions are [`Filter`]s?
//!
//! Only what is understood completely is passed on; the rest is left out, which
//! asks for more rows than needed, never for fewer. DuckDB applies every filter
//! itself, so nothing is accepted.

use duckdb_neo::{
    Result,
    expression::{Expression, ExpressionType as Type},
    table_function::PushdownData,
};

use super::types::constant;
use crate::contract::{Comparison, Filter, Value};

/// The conditions among the offered ones that the core can use.
pub fn filters(offered: &PushdownData<'_>) -> Result<Vec<Filter>> {
    let mut filters = Vec::new();
    for index in 0..offered.filter_count()? {
        collect(&offered.filter(index)?, offered, &mut filters)?;
    }
    Ok(filters)
}

fn collect(expression: &Expression<'_>, offered: &PushdownData<'_>, filters: &mut Vec<Filter>) -> Result<()> {
    let kind = expression.expression_type()?;
    match kind {
        Type::ConjunctionAnd => {
            for child in expression.children()? {
                collect(&child, offered, filters)?;
            }
        }
        Type::CompareEqual
        | Type::CompareLessThan
        | Type::CompareLessThanOrEqualTo
        | Type::CompareGreaterThan
        | Type::CompareGreaterThanOrEqualTo => {
            let (left, right) = (expression.child(0)?, expression.child(1)?);
            if let (Some(column), Some(value)) = (column(&left, offered)?, value(&right)?) {
                filters.extend(comparison(kind).map(|comparison| Filter::Compare { column, comparison, value }));
            } else if let (Some(value), Some(column)) = (value(&left)?, column(&right, offered)?) {
                filters.extend(comparison(mirrored(kind)).map(|comparison| Filter::Compare {
                    column,
                    comparison,
                    value,
                }));
            }
        }
        Type::CompareBetween => {
            let (Some(column), lower, upper) =
                (column(&expression.child(0)?, offered)?, value(&expression.child(1)?)?, value(&expression.child(2)?)?)
            else {
                return Ok(());
            };
            // DuckDB makes `a <= x AND x < b` a BETWEEN too, and does not tell which ends are inclusive.
            let bound = |comparison| move |value| Filter::Compare { column, comparison, value };
            filters.extend(lower.map(bound(Comparison::GreaterOrEqual)));
            filters.extend(upper.map(bound(Comparison::LessAndMaybeEqual)));
        }
        Type::CompareIn => {
            let children = expression.children()?;
            let Some((tested, candidates)) = children.split_first() else { return Ok(()) };
            let values = candidates.iter().map(value).collect::<Result<Option<Vec<_>>>>()?;
            if let (Some(column), Some(values)) = (column(tested, offered)?, values) {
                filters.push(Filter::In { column, values });
            }
        }
        // `a = 1 OR a = 2` on one column is an IN.
        Type::ConjunctionOr => {
            let mut values = Vec::new();
            let mut columns = Vec::new();
            for child in expression.children()? {
                let mut alternatives = Vec::new();
                collect(&child, offered, &mut alternatives)?;
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

/// The declared column that an expression names, where it is nothing but a column.
fn column(expression: &Expression<'_>, offered: &PushdownData<'_>) -> Result<Option<usize>> {
    match expression.expression_type()? {
        Type::BoundColumnRef => offered.get_column_index(expression.reference_index()?).map(Some),
        _ => Ok(None),
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
