//! No error of ours is of DuckDB's code INTERNAL: on 2.x that one takes the database with it.

use duckdb_neo::{Error, Result, error::DuckDBError};

use crate::{
    contract::{self, Code},
    host::{contain::caught, fault::Injected, place::Place},
};

/// Runs a callback. A panic becomes an error that ends the statement and nothing else, and so does an INTERNAL error,
/// whoever made it: duckdb-neo has some of its own.
pub fn contained<T>(place: Place, body: impl FnOnce() -> Result<T>) -> Result<T> {
    caught(place, body).map_err(|error| match error.code {
        DuckDBError::RuntimeInternal => Error { code: DuckDBError::Api, ..error },
        _ => error,
    })
}

/// A fault of this extension, as an error.
pub fn fault(what: impl Into<String>) -> Error {
    contract::Error::new(Code::Internal, what).into()
}

/// An error of ours as DuckDB's: what the user can mend is an input error, the rest is not.
impl From<contract::Error> for Error {
    fn from(error: contract::Error) -> Self {
        match error.code() {
            Code::InvalidArgument => Error::invalid_input(error.to_string()),
            Code::OutOfMemory => Error { code: DuckDBError::ResourceOutOfMemory, message: error.to_string() },
            _ => Error::api_error(error.to_string()),
        }
    }
}

impl From<Injected> for Error {
    #[expect(clippy::disallowed_methods)]
    fn from(injected: Injected) -> Self {
        match injected {
            Injected::Error(error) => error.into(),
            Injected::Internal => Error::internal("injected"),
        }
    }
}
