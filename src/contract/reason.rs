//! Why did Mixpanel refuse, where somebody acts on it?
//!
//! Decided once, where a refusal is read, from status, route and all of its words.
//! Nobody else looks into words.

/// A refusal that has a remedy of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// A day was asked for that has not begun in the project.
    FutureDate,
    /// Days were asked for that are older than the project's plan keeps; so many days back are allowed, where that was
    /// said.
    HistoryLimit(Option<i64>),
    /// A further page was asked for in a session that Mixpanel does not know any more.
    SessionForgotten,
    /// The route knows no such saved report.
    UnknownReport,
    /// The project lives in another region than was asked.
    WrongCluster,
    /// The project has no JQL, or no longer.
    NoJql,
}
