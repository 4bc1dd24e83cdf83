//! What does a user read when something failed?
//!
//! Four things: a stable code, what failed, the server's own words where there are any, and the fix. For whoever looks
//! into it in code there is also what it came from ([`StdError::source`]). It never holds a secret.

use std::{error::Error as StdError, fmt, sync::Arc};

use super::Reason;

pub type Result<T, E = Error> = std::result::Result<T, E>;

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        /// The stable part of an error: what scripts match on. `docs/errors.md` lists them.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Code { $($(#[$doc])* $name,)* }

        impl Code {
            /// Every code, for the test that holds `docs/errors.md` against them.
            pub const ALL: &'static [Code] = &[$(Code::$name,)*];

            /// The code as it stands in messages, e.g. `RATE_LIMITED`.
            pub fn as_str(self) -> &'static str {
                match self { $(Code::$name => $text,)* }
            }
        }
    };
}

codes! {
    /// An argument of the call is wrong; no request was made.
    InvalidArgument = "INVALID_ARGUMENT",
    /// No credentials were found; no request was made.
    MissingCredentials = "MISSING_CREDENTIALS",
    /// The account named in the call is not in the accounts file.
    AccountNotFound = "ACCOUNT_NOT_FOUND",
    /// An account of that name exists already.
    AccountExists = "ACCOUNT_EXISTS",
    /// The accounts file or the environment holds something unusable.
    InvalidConfig = "INVALID_CONFIG",
    /// The database forbids access to the outside (`enable_external_access = false`).
    ExternalAccessDisabled = "EXTERNAL_ACCESS_DISABLED",
    /// Mixpanel refused the request's parameters (400 and the like).
    InvalidRequest = "INVALID_REQUEST",
    /// Mixpanel refused the credentials (401).
    AuthenticationFailed = "AUTHENTICATION_FAILED",
    /// The project's plan has no access to this API (402).
    PaymentRequired = "PAYMENT_REQUIRED",
    /// The credentials are good, but not for this (403).
    PermissionDenied = "PERMISSION_DENIED",
    /// Nothing there: a wrong region, project or id (404).
    NotFound = "NOT_FOUND",
    /// The quota of the hour, or a limit on concurrency, is used up (429).
    RateLimited = "RATE_LIMITED",
    /// Mixpanel failed (5xx), also after retries.
    ServerError = "SERVER_ERROR",
    /// The connection failed, broke or stayed silent, also after retries.
    NetworkError = "NETWORK_ERROR",
    /// An answer ended before its end, also after retries, or is as long as was asked for at most.
    Truncated = "TRUNCATED",
    /// An answer is not what the API promises.
    UnexpectedResponse = "UNEXPECTED_RESPONSE",
    /// An answer, or a part of it, is larger than is read.
    TooLarge = "TOO_LARGE",
    /// A table that a fetch should make exists already.
    TableExists = "TABLE_EXISTS",
    /// A table that should be there is not.
    TableNotFound = "TABLE_NOT_FOUND",
    /// A table holds something else than what should be fetched into it.
    WrongTable = "WRONG_TABLE",
    /// A file of this machine could not be read or written.
    IoError = "IO_ERROR",
    /// The file of the extension is for another DuckDB.
    WrongFile = "WRONG_FILE",
    /// This machine has no memory for what is to be read.
    OutOfMemory = "OUT_OF_MEMORY",
    /// A fault of this extension.
    Internal = "INTERNAL",
}

/// What a user reads when something failed. Errors that read the same are equal.
///
/// As large as a pointer, so that a `Result` is no larger than what it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error(Box<Parts>);

#[derive(Debug, Clone)]
struct Parts {
    code: Code,
    what: String,
    server: Option<String>,
    fix: Option<String>,
    reason: Option<Reason>,
    /// Not shown: `what` has its words.
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

impl Error {
    /// `what` failed: a sentence without its full stop.
    pub fn new(code: Code, what: impl Into<String>) -> Self {
        Self(Box::new(Parts { code, what: what.into(), server: None, fix: None, reason: None, source: None }))
    }

    /// An argument that cannot be used, named as the user wrote it.
    pub fn argument(parameter: &str, problem: impl fmt::Display) -> Self {
        Self::new(Code::InvalidArgument, format!("{parameter}: {problem}"))
    }

    /// An argument or setting with a NUL in a text of it.
    pub fn nul(parameter: &str) -> Self {
        Self::argument(parameter, "contains a NUL character, chr(0). Remove it")
    }

    /// Mixpanel's own words, as they came (see [`crate::mixpanel`] for how bodies are cut to a sentence).
    pub fn server(mut self, words: impl Into<String>) -> Self {
        let words = words.into();
        self.0.server = (!words.trim().is_empty()).then_some(words);
        self
    }

    /// What the user can do about it: a sentence without its full stop.
    pub fn fix(mut self, fix: impl Into<String>) -> Self {
        self.0.fix = Some(fix.into());
        self
    }

    /// Adds what else is to be known to what can be done: a sentence without its full stop.
    pub fn also(mut self, more: &str) -> Self {
        let fix = self.0.fix.take();
        self.0.fix = Some(fix.map_or_else(|| more.to_owned(), |fix| format!("{fix}. {more}")));
        self
    }

    /// The error that another process or scan had, from its text.
    pub fn repeated(text: &str) -> Self {
        let code = text.strip_prefix('[').and_then(|rest| rest.split_once("] "));
        let known = code.and_then(|(code, rest)| Some((Code::ALL.iter().find(|known| known.as_str() == code)?, rest)));
        match known {
            Some((code, rest)) => Self::new(*code, rest.trim_end_matches('.')),
            None => Self::new(Code::Internal, text),
        }
    }

    /// Says in front where it happened, e.g. `2025-01-03 to 2025-01-04`.
    pub fn context(mut self, place: impl fmt::Display) -> Self {
        self.0.what = format!("{place}: {}", self.0.what);
        self
    }

    /// Mixpanel's own words, where there are any.
    pub fn words(&self) -> Option<&str> {
        self.0.server.as_deref()
    }

    /// Says why Mixpanel refused.
    pub fn because(mut self, reason: Reason) -> Self {
        self.0.reason = Some(reason);
        self
    }

    /// Why Mixpanel refused, where somebody acts on it.
    pub fn reason(&self) -> Option<Reason> {
        self.0.reason
    }

    /// Keeps what it came from. An error whose text quotes a file of secrets, or a URL, is no source.
    pub fn caused_by(mut self, source: impl StdError + Send + Sync + 'static) -> Self {
        self.0.source = Some(Arc::new(source));
        self
    }

    /// The same, with every text in it run through `redact`. A source can't be changed, so one with such a text goes.
    pub fn redacted(self, redact: impl Fn(&str) -> String) -> Self {
        let Parts { code, what, server, fix, reason, source } = *self.0;
        let [server, fix] = [server, fix].map(|text| text.map(|text| redact(&text)));
        let is_clean = |text: String| redact(&text) == text;
        let source = source.filter(|source| {
            let causes = std::iter::successors(Some(&**source as &(dyn StdError + 'static)), |&error| error.source());
            is_clean(format!("{source:?}")) && causes.map(ToString::to_string).all(is_clean)
        });
        Self(Box::new(Parts { code, what: redact(&what), server, fix, reason, source }))
    }

    pub fn code(&self) -> Code {
        self.0.code
    }

    /// What failed, without code, server's words and fix.
    pub fn what(&self) -> &str {
        &self.0.what
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Parts { code, what, server, fix, .. } = &*self.0;
        write!(f, "[{}] {what}", code.as_str())?;
        if let Some(server) = server {
            write!(f, ". Mixpanel said: {}", server.trim_end_matches('.'))?;
        }
        if let Some(fix) = fix {
            write!(f, ". {fix}")?;
        }
        f.write_str(".")
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}

impl PartialEq for Parts {
    fn eq(&self, other: &Self) -> bool {
        let Self { code, what, server, fix, reason, source: _ } = self;
        (code, what, server, fix, reason) == (&other.code, &other.what, &other.server, &other.fix, &other.reason)
    }
}

impl Eq for Parts {}

impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        let shown = match error.kind() {
            std::io::ErrorKind::OutOfMemory => {
                Self::new(Code::OutOfMemory, "the process has no memory left for the answer")
                    .fix("Request less at a time, or give the process more memory")
            }
            _ => Self::new(Code::IoError, error.to_string()),
        };
        shown.caused_by(error)
    }
}

impl From<std::collections::TryReserveError> for Error {
    fn from(error: std::collections::TryReserveError) -> Self {
        std::io::Error::from(error).into()
    }
}

impl From<arrow_schema::ArrowError> for Error {
    fn from(error: arrow_schema::ArrowError) -> Self {
        Self::new(Code::Internal, error.to_string()).caused_by(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_code_place_server_and_fix() {
        let error = Error::new(Code::RateLimited, "HTTP 429")
            .server("too many export requests in progress.")
            .fix("Wait a minute and run it again")
            .context("2025-01-03");
        assert_eq!(
            error.to_string(),
            "[RATE_LIMITED] 2025-01-03: HTTP 429. Mixpanel said: too many export requests in progress. \
             Wait a minute and run it again."
        );
    }

    #[test]
    fn what_it_came_from_is_kept_and_changes_nothing_that_is_read() {
        let missing = || std::io::Error::new(std::io::ErrorKind::NotFound, "no such file");
        let error = Error::from(missing()).context("reading it").fix("Look again").redacted(str::to_owned);
        let source = error.source().and_then(|source| source.downcast_ref::<std::io::Error>());
        assert_eq!(source.map(std::io::Error::kind), Some(std::io::ErrorKind::NotFound));
        assert_eq!(error, Error::new(Code::IoError, "reading it: no such file").fix("Look again"));
        assert!(Error::from(arrow_schema::ArrowError::DivideByZero).source().is_some());
        assert!(Error::new(Code::Internal, "no source").source().is_none());
    }

    #[test]
    fn a_source_that_holds_a_secret_goes() {
        #[derive(Debug, thiserror::Error)]
        #[error("{shown}")]
        struct Cause {
            shown: &'static str,
            hidden: &'static str,
            source: Option<Box<Cause>>,
        }
        let cause = |shown, hidden, source: Option<Cause>| Cause { shown, hidden, source: source.map(Box::new) };
        let redacted = |cause: Cause| {
            let hidden = cause.hidden.len();
            let error = Error::new(Code::NetworkError, "it failed").caused_by(cause);
            let error = error.redacted(|text| text.replace("hunter2", "***"));
            assert!(!format!("{error:?}").contains("hunter2"), "{hidden}");
            error.source().is_some()
        };
        assert!(redacted(cause("a", "b", Some(cause("c", "d", None)))));
        assert!(!redacted(cause("hunter2", "b", None)));
        assert!(!redacted(cause("a", "hunter2", None)));
        assert!(!redacted(cause("a", "b", Some(cause("of hunter2", "d", None)))));
    }

    #[test]
    fn leaves_out_what_is_not_known() {
        assert_eq!(
            Error::argument("max_rows", "must be at least 1").to_string(),
            "[INVALID_ARGUMENT] max_rows: must be at least 1."
        );
    }
}
