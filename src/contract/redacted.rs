//! How does no function forget to take secrets out of its errors?
//!
//! Whoever resolves a call's credentials names them to the [`Session`](super::Session), and all that a host binds is
//! wrapped here: each error passes through [`Secrets::redact`] on its way to the user. Rows don't; they are the user's own.

use std::sync::{Arc, Mutex, MutexGuard};

use arrow_array::RecordBatch;

use super::{BoundTable, Columns, Error, Filter, Lent, Reader, ReaderThread, Result, Scan};

/// How to take one secret out of a text.
type Redact = Box<dyn Fn(&str) -> String + Send + Sync>;

/// The secrets of a call, as far as it has any yet.
#[derive(Clone, Default)]
pub struct Secrets(Arc<Mutex<Vec<Redact>>>);

impl Secrets {
    pub fn add(&self, redact: impl Fn(&str) -> String + Send + Sync + 'static) {
        self.all().push(Box::new(redact));
    }

    /// The error without them.
    pub fn redact(&self, error: Error) -> Error {
        self.all().iter().fold(error, |error, redact| error.redacted(redact))
    }

    fn all(&self) -> MutexGuard<'_, Vec<Redact>> {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

/// What came of binding, none of whose errors repeats a secret.
pub(super) fn bound(outcome: Result<Box<dyn BoundTable>>, secrets: &Secrets) -> Result<Box<dyn BoundTable>> {
    match outcome {
        Ok(table) => Ok(Box::new(Redacted { inner: table, secrets: secrets.clone() })),
        Err(error) => Err(secrets.redact(error)),
    }
}

struct Redacted<T> {
    inner: T,
    secrets: Secrets,
}

impl<T> Redacted<T> {
    fn redacted<U>(&self, outcome: Result<U>) -> Result<U> {
        outcome.map_err(|error| self.secrets.redact(error))
    }

    fn around<U>(&self, inner: U) -> Redacted<U> {
        Redacted { inner, secrets: self.secrets.clone() }
    }
}

impl BoundTable for Redacted<Box<dyn BoundTable>> {
    fn columns(&self) -> &Columns {
        self.inner.columns()
    }

    fn scan(&self, projection: &[usize], filters: &[Filter]) -> Result<Arc<dyn Scan>> {
        let scan = self.redacted(self.inner.scan(projection, filters))?;
        Ok(Arc::new(self.around(scan)))
    }
}

impl Scan for Redacted<Arc<dyn Scan>> {
    fn max_threads(&self) -> usize {
        self.inner.max_threads()
    }

    fn reader(&self, thread: ReaderThread) -> Result<Box<dyn Reader>> {
        let reader = self.redacted(self.inner.reader(thread))?;
        Ok(Box::new(self.around(reader)))
    }

    fn json_is_sound(&self) -> bool {
        self.inner.json_is_sound()
    }

    fn cancel(&self) {
        self.inner.cancel();
    }

    fn progress(&self) -> Option<f64> {
        self.inner.progress()
    }
}

impl Reader for Redacted<Box<dyn Reader>> {
    fn next(&mut self, lent: &Lent<'_>) -> Result<Option<RecordBatch>> {
        let next = self.inner.next(lent);
        self.redacted(next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::{Code, Function, Lent, Session, Table};

    const FORGETFUL: Function = Function {
        name: "forgetful",
        bind: |_, session| {
            session.hide(|text| text.replace("hush", "***"));
            Ok(Table::<Vec<()>>::new().of(|| Err(Error::new(Code::Internal, "hush").server("hush").fix("hush"))))
        },
        ..Function::PLAIN
    };

    #[test]
    fn no_error_of_a_function_that_forgets_it_repeats_a_secret() {
        let bound = FORGETFUL.call(vec![], &Session::testing()).unwrap();
        let mut reader = bound.scan(&[], &[]).unwrap().reader(ReaderThread::Ours).unwrap();
        assert_eq!(reader.next(&Lent::NOTHING).unwrap_err().to_string(), "[INTERNAL] ***. Mixpanel said: ***. ***.");
    }

    #[test]
    fn nor_does_one_of_binding() {
        let function = Function {
            bind: |_, session| {
                session.hide(|text| text.replace("hush", "***"));
                Err(Error::new(Code::Internal, "hush"))
            },
            ..Function::PLAIN
        };
        let error = function.call(vec![], &Session::testing()).err().unwrap();
        assert_eq!(error.to_string(), "[INTERNAL] ***.");
    }
}
