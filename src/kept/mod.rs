//! How does a table remember what was fetched into it?
//!
//! Nothing here runs: a fetch into a managed table is SQL, which a pragma expands to
//! on DuckDB 2.x and which the user runs on 1.x. The texts are in `sql/kept`;
//! `script` fills them, `name` and `quote` make safe what goes in.

mod name;
mod quote;
mod script;

pub use name::{METADATA, TableName};
pub use quote::{identifier, literal, value};
pub use script::Script;

/// A query for what `_metadata` holds before the first fetch.
pub const NO_HISTORY: &str = include_str!("../../sql/kept/no_history.sql");

#[cfg(test)]
mod tests {
    #[test]
    fn an_empty_history_has_the_columns_of_a_full_one() {
        let columns = |text: &str, read: fn(&str) -> Option<(&str, &str)>| -> Vec<(String, String)> {
            let lines = text.lines().map(|line| line.trim().trim_end_matches(','));
            lines.filter_map(read).map(|(name, sql_type)| (name.to_owned(), sql_type.to_owned())).collect()
        };
        let made = columns(include_str!("../../sql/kept/metadata.sql"), |line| {
            line.split_once(' ').filter(|(_, sql_type)| sql_type.chars().all(|c| c.is_ascii_uppercase()))
        });
        let empty = columns(super::NO_HISTORY, |line| {
            let (sql_type, name) = line.strip_prefix("NULL::")?.split_once(" AS ")?;
            Some((name, sql_type))
        });
        assert_eq!(made, empty);
        assert_eq!(made.len(), 16);
    }
}
