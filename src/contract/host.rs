//! Which host is it that registers the core's functions, and where?

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host {
    /// The C API that it speaks: `v1` or `v2`.
    pub api: &'static str,
    /// The version of the DuckDB around it, like `v2.0.1`.
    pub duckdb: String,
    /// DuckDB's name of the platform that the file was built for. `None` where the file can't be read.
    pub platform: Option<String>,
}
