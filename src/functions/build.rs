//! `mixpanel_build()`: which build is loaded, and in what.

use std::sync::Arc;

use crate::contract::{Function, Host, Table};

pub const BUILD: Function = Function {
    name: "mixpanel_build",
    description: "Returns the version of the loaded extension, the C API that DuckDB loaded it through, and DuckDB's \
                  version and platform.",
    example: "SELECT * FROM mixpanel_build();",
    bind: |_, session| {
        let host = Arc::clone(&session.host);
        Ok(Table::new()
            .text_ref("version", |_: &Arc<Host>| Some(env!("CARGO_PKG_VERSION")))
            .text_ref("host_api", |host| Some(host.api))
            .text_ref("duckdb_version", |host| Some(&host.duckdb))
            .text_ref("platform", |host| host.platform.as_deref())
            .of(move || Ok(vec![Arc::clone(&host)])))
    },
    ..Function::PLAIN
};
