//! `CALL mixpanel_clear_cache()`: new answers instead of those that are kept.

use std::sync::Arc;

use arrow_array::Int64Array;

use crate::{
    contract::{
        Arguments, BoundTable, Columns, Documentation, Parameter, Result, Session, SqlType, TableFunction, rows,
    },
    known::forget_answers,
};

pub struct ClearCache;

impl TableFunction for ClearCache {
    fn name(&self) -> &'static str {
        "mixpanel_clear_cache"
    }

    fn documentation(&self) -> Documentation {
        Documentation {
            description: "Forgets the answers of discovery functions that this process keeps for 15 minutes.",
            example: "CALL mixpanel_clear_cache();",
        }
    }

    fn parameters(&self) -> Vec<Parameter> {
        vec![]
    }

    fn bind(&self, _arguments: Arguments, session: Session) -> Result<Box<dyn BoundTable>> {
        Ok(rows(Columns::new([("entries", SqlType::BigInt)]), move || {
            Ok(vec![Arc::new(Int64Array::from(vec![forget_answers(session.clock.now()) as i64]))])
        }))
    }
}
