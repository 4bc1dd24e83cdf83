//! How does SQL write the name of a table?

use super::quote::{identifier, literal};
use crate::contract::{Error, Result};

/// `table`, `schema.table`, `database.table` or `database.schema.table`, each part quoted or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableName {
    /// Outermost first, the table last; one to three.
    parts: Vec<String>,
}

impl TableName {
    /// Reads a name. Parts that hold dots or quotes are written in double quotes, as in SQL; other characters need none.
    ///
    /// Errors: `InvalidArgument` for the parameter.
    pub fn read(parameter: &str, text: &str) -> Result<Self> {
        let refuse = |problem| Err(Error::argument(parameter, format!("{problem}: {text}")));
        let Some(parts) = parts(text.trim()) else { return refuse("is not the name of a table") };
        if parts.len() > 3 {
            return refuse("has more than three parts (database, schema, table)");
        }
        if parts.iter().any(String::is_empty) {
            return refuse("has an empty part");
        }
        if parts.last().is_some_and(|table| table.eq_ignore_ascii_case(METADATA)) {
            return refuse("is reserved for the history");
        }
        Ok(Self { parts })
    }

    /// The table alone, without what qualifies it.
    pub fn table(&self) -> &str {
        self.parts.last().map_or("", String::as_str)
    }

    /// Ready for SQL.
    pub fn sql(&self) -> String {
        self.qualified(self.table())
    }

    /// The history of its schema, ready for SQL.
    pub fn metadata(&self) -> String {
        self.qualified(METADATA)
    }

    /// A view that is there only while the table's turn is taken, ready for SQL.
    pub fn turn(&self) -> String {
        self.qualified(&format!("{METADATA} of {}", self.table()))
    }

    /// Its schema, ready for SQL; nothing where the name says none.
    pub fn schema(&self) -> String {
        let outer = self.parts.iter().rev().skip(1).rev();
        outer.map(|part| identifier(part)).collect::<Vec<_>>().join(".")
    }

    fn qualified(&self, table: &str) -> String {
        let outer = self.parts.iter().rev().skip(1).rev();
        outer.map(String::as_str).chain([table]).map(identifier).collect::<Vec<_>>().join(".")
    }

    /// A condition for the rows of `information_schema.tables` and `.columns` that are about it. Of two parts the first
    /// may be a schema or a database. A temporary table of that name would be taken for it, so it counts too: DuckDB's
    /// temporary tables are in a schema `main` of their own.
    pub fn condition(&self) -> String {
        self.condition_for(self.table())
    }

    /// The same for the history of its schema.
    pub fn metadata_condition(&self) -> String {
        self.condition_for(METADATA)
    }

    /// A condition for the rows of a history that are about it.
    pub fn is_this(&self) -> String {
        is("table_name", self.table())
    }

    fn condition_for(&self, table: &str) -> String {
        let place = match self.parts.as_slice() {
            [database, schema, _] => format!("{} AND {}", is("table_catalog", database), is("table_schema", schema)),
            [outer, _] => format!(
                "(table_catalog IN (current_database(), 'temp') AND {} OR {} AND table_schema = 'main')",
                is("table_schema", outer),
                is("table_catalog", outer)
            ),
            _ => "(table_catalog = current_database() AND table_schema = current_schema() OR table_catalog = 'temp')"
                .to_owned(),
        };
        format!("{} AND {place}", is("table_name", table))
    }
}

/// A condition: the column names this part. To DuckDB `A` and `a` are one name, and `Ä` and `ä` are two; `lower()` knows both.
fn is(column: &str, part: &str) -> String {
    let folded = literal(&part.to_ascii_lowercase());
    format!("translate({column}, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') = {folded}")
}

/// The table that holds the history of a schema.
pub const METADATA: &str = "_metadata";

/// As it stands in messages.
impl std::fmt::Display for TableName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.parts.join("."))
    }
}

fn parts(text: &str) -> Option<Vec<String>> {
    let mut parts = Vec::new();
    let mut rest = text;
    loop {
        let (part, behind) = match rest.strip_prefix('"') {
            Some(quoted) => quoted_part(quoted)?,
            None => {
                let end = rest.find('.').unwrap_or(rest.len());
                let (part, behind) = rest.split_at(end);
                // A quote within a name that is not quoted is a mistake more often than a name.
                (!part.contains('"')).then(|| (part.to_owned(), behind))?
            }
        };
        parts.push(part);
        match behind.strip_prefix('.') {
            Some(next) => rest = next,
            None => return behind.is_empty().then_some(parts),
        }
    }
}

/// What stands between quotes, and what is behind them.
fn quoted_part(text: &str) -> Option<(String, &str)> {
    let mut part = String::new();
    let mut rest = text;
    loop {
        let (before, behind) = rest.split_once('"')?;
        part.push_str(before);
        match behind.strip_prefix('"') {
            Some(next) => {
                part.push('"');
                rest = next;
            }
            None => return Some((part, behind)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sql(text: &str) -> String {
        TableName::read("table", text).map_or_else(|error| error.to_string(), |name| name.sql())
    }

    #[test]
    fn names_of_every_kind() {
        assert_eq!(sql("events"), r#""events""#);
        assert_eq!(sql(" main.events "), r#""main"."events""#);
        assert_eq!(sql(r#"db."my schema"."a""b.c""#), r#""db"."my schema"."a""b.c""#);
        assert_eq!(sql("mein Täßle; DROP TABLE x"), r#""mein Täßle; DROP TABLE x""#);
        let name = TableName::read("table", r#"a.b."c""d""#).unwrap();
        assert_eq!(name.metadata(), r#""a"."b"."_metadata""#);
        assert_eq!(name.turn(), r#""a"."b"."_metadata of c""d""#);
    }

    #[test]
    fn what_is_no_name_is_refused() {
        for text in ["a.b.c.d", "a..b", ".", "\"a", "\"a\"b", "a\"b", "_metadata", "main._METADATA", "\"\""] {
            assert!(sql(text).starts_with("[INVALID_ARGUMENT] table: "), "{text}: {}", sql(text));
        }
    }
}
