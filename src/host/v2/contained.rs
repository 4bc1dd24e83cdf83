//! How does a callback end that fails?
//!
//! With an error that ends the statement. None is of DuckDB's code INTERNAL: on 2.x that one takes the database with it.

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_callback_never_ends_with_an_internal_error() {
        #[expect(clippy::disallowed_methods)]
        let theirs = contained::<()>(Place::Bind, || Err(Error::internal("of the bindings"))).unwrap_err();
        let panic = contained::<()>(Place::Bind, || panic!("seven")).unwrap_err();
        let ours = contained::<()>(Place::Bind, || Err(fault("eight"))).unwrap_err();
        for (error, words) in [(theirs, "of the bindings"), (panic, "fault of the extension: seven"), (ours, "eight")] {
            assert_eq!(error.code, DuckDBError::Api);
            assert!(error.message.contains(words), "{}", error.message);
        }
        let other = Error::invalid_input("theirs");
        assert_eq!(contained::<()>(Place::Bind, || Err(other)).unwrap_err().code, Error::invalid_input("").code);
        assert_eq!(contained(Place::Bind, || Ok(7)).unwrap(), 7);
    }

    #[test]
    fn every_error_of_ours_is_one_that_spares_the_database() {
        for code in Code::ALL {
            let error = Error::from(contract::Error::new(*code, "what"));
            assert_ne!(error.code, DuckDBError::RuntimeInternal, "{}", code.as_str());
            assert_eq!(error.message, format!("[{}] what.", code.as_str()));
        }
        let code = |code| Error::from(contract::Error::new(code, "")).code;
        assert_eq!(code(Code::InvalidArgument), Error::invalid_input("").code);
        assert_eq!(code(Code::OutOfMemory), DuckDBError::ResourceOutOfMemory);
    }
}
