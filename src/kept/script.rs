//! How do the texts in `sql/kept` become statements?

use std::collections::BTreeMap;

use crate::contract::{Code, Error, Result};

/// Statements that run one after the other.
#[derive(Debug, Default)]
pub struct Script {
    values: BTreeMap<&'static str, String>,
    statements: String,
}

impl Script {
    /// What `{{name}}` stands for in the texts that are added from now on. The value must be SQL already.
    pub fn set(&mut self, name: &'static str, sql: impl Into<String>) -> &mut Self {
        self.values.insert(name, sql.into());
        self
    }

    /// Adds a text, filled. Errors: `Internal` for a place that nothing was set for.
    pub fn add(&mut self, text: &str) -> Result<&mut Self> {
        let mut rest = text;
        while let Some((before, behind)) = rest.split_once("{{") {
            let (name, after) = behind.split_once("}}").unwrap_or((behind, ""));
            let value = self.values.get(name);
            let value = value.ok_or_else(|| Error::new(Code::Internal, format!("a script has no value for {name}")))?;
            self.statements.push_str(before);
            self.statements.push_str(value);
            rest = after;
        }
        self.statements.push_str(rest);
        Ok(self)
    }

    /// All of it, with the comments of the texts: whoever reads the script sees what a statement is for.
    pub fn finish(&mut self) -> String {
        std::mem::take(&mut self.statements)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_filled_once() {
        let mut script = Script::default();
        script.set("a", "{{b}}").set("b", "2");
        assert_eq!(script.add("SELECT {{a}}, {{b}};").map(Script::finish), Ok("SELECT {{b}}, 2;".into()));
        assert!(script.add("{{c}}").is_err_and(|error| error.to_string().contains("no value for c")));
    }
}
