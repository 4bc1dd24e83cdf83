//! `mixpanel_build()`: which build is loaded, and in what.

use crate::contract::{
    Arguments, BoundTable, Columns, Documentation, Host, Parameter, Result, Session, SqlType, TableFunction, rows,
    texts,
};

pub struct Build(pub Host);

impl TableFunction for Build {
    fn name(&self) -> &'static str {
        "mixpanel_build"
    }

    fn documentation(&self) -> Documentation {
        Documentation {
            description: "The version of the loaded extension, the C API that DuckDB loaded it through, and DuckDB's own version and platform.",
            example: "SELECT * FROM mixpanel_build();",
        }
    }

    fn parameters(&self) -> Vec<Parameter> {
        vec![]
    }

    fn bind(&self, _arguments: Arguments, _session: Session) -> Result<Box<dyn BoundTable>> {
        let host = self.0.clone();
        let columns = ["version", "host_api", "duckdb_version", "platform"].map(|name| (name, SqlType::Varchar));
        Ok(rows(Columns::new(columns), move || {
            let values =
                [Some(env!("CARGO_PKG_VERSION")), Some(host.api), Some(host.duckdb.as_str()), host.platform.as_deref()];
            Ok(values.map(|value| texts([value])).into())
        }))
    }
}
