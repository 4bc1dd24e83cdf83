//! What the scripts of all managed tables have in common.

use crate::{
    config::Target,
    contract::{Arguments, Code, Columns, Error, Param, Result, SqlType, Statements, Value},
    kept::{METADATA, NO_HISTORY, Script, TableName, identifier, literal, value},
};

/// The texts of `sql/kept`.
macro_rules! text {
    ($name:literal) => {
        include_str!(concat!("../../../sql/kept/", $name, ".sql"))
    };
}
pub(super) use text;

/// What to do with a table that is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    Create,
    Replace,
    Append,
}

/// What a managed table holds.
#[derive(Debug, Clone, Copy)]
pub struct TableKind {
    /// As the history names it.
    pub type_name: &'static str,
    /// Whether its rows belong to days, each asked for at a moment of its own.
    pub has_days: bool,
    /// The table function that brings the rows.
    pub function: &'static str,
    /// The pragma that fetches into a table of this kind.
    pub pragma: &'static str,
}

pub const EVENTS: TableKind =
    TableKind { type_name: "events", has_days: true, function: "mixpanel_export", pragma: "mixpanel_fetch_events" };

pub const PROFILES: TableKind = TableKind {
    type_name: "profiles",
    has_days: false,
    function: "mixpanel_profiles",
    pragma: "mixpanel_fetch_profiles",
};

/// A script for one table, begun: what all of its texts need is set, and the history is made.
pub struct Steps {
    pub script: Script,
    pub table: TableName,
    kind: TableKind,
    columns: Columns,
    /// By which the fetch is found afterwards.
    pub label: String,
    /// Whose rows the table holds afterwards.
    project_id: Option<String>,
}

impl Steps {
    /// `columns`: of what is fetched, and so of the table.
    pub fn new(table: &str, kind: TableKind, columns: &Columns, target: &Target) -> Result<Self> {
        let mut steps = Self::before_history(table, kind, columns, target)?;
        steps.script.add(text!("metadata"))?.add(text!("must_hold_history"))?.add(text!("one_at_a_time"))?;
        steps.script.add(text!("must_be_a_table"))?;
        Ok(steps)
    }

    /// Nothing of the script is written yet.
    pub fn before_history(table: &str, kind: TableKind, columns: &Columns, target: &Target) -> Result<Self> {
        let table = TableName::read("table", table)?;
        refuse_rowid(columns)?;
        let label = label();
        let mut script = Script::default();
        let names = columns.iter().map(|(name, _)| identifier(name));
        let other_history = Error::new(
            Code::WrongTable,
            format!("{METADATA} in the schema of table {table} is not a history of this extension"),
        )
        .fix(format!(
            "If the Python library mixpanel_data wrote it, adopt its tables with PRAGMA mixpanel_adopt. \
             Otherwise rename it, as in ALTER TABLE {METADATA} RENAME TO old_metadata, or fetch into another \
             schema"
        ));
        let hidden = Error::new(Code::WrongTable, format!("{table} is a view or a temporary table"))
            .fix("Rename or drop it, or choose another name");
        script
            .set("own", own(&label))
            .set("table", table.sql())
            .set("metadata", table.metadata())
            .set("turn", table.turn())
            .set("condition", table.condition())
            .set("name", literal(table.table()))
            .set("is_this", table.is_this())
            .set("type", literal(kind.type_name))
            .set("label", literal(&label))
            .set("project", target.project_id.as_deref().map_or("NULL".into(), literal))
            .set("columns_kept", names.collect::<Vec<_>>().join(", "))
            .set("definitions", definitions(columns))
            .set("no_history", NO_HISTORY)
            .set("metadata_condition", table.metadata_condition())
            .set("other_history", literal(&other_history.to_string()))
            .set("hidden", literal(&hidden.to_string()))
            .set("no_record", literal(&no_record().to_string()))
            .set("failed_ranges", "failed_ranges")
            .set("asked", if kind.has_days { asked(&own(&label), "asked_at") } else { "NULL::JSON".to_owned() });
        Ok(Self { script, table, kind, columns: columns.clone(), label, project_id: target.project_id.clone() })
    }

    /// The call that brings the rows: these parameters of the pragma, and what only the script knows.
    pub fn fetch(&mut self, arguments: &Arguments, parameters: &[Param], more: &[String]) -> &mut Self {
        let given = parameters.iter().filter_map(|parameter| {
            let given = arguments.get(parameter.name)?;
            Some(format!("{} := {}", parameter.name, typed(given, &parameter.sql_type)))
        });
        // A script that is run later must not bring another account's project than the one that it was checked for.
        let project = match (&self.project_id, arguments.get("project_id")) {
            (Some(project), None) => Some(format!("project_id := {}", literal(project))),
            _ => None,
        };
        let label = format!("label := {}", literal(&self.label));
        let call = given.chain(project).chain(more.iter().cloned()).chain([label]).collect::<Vec<_>>().join(", ");
        self.script.set("fetch", format!("{}({call})", self.kind.function));
        self
    }

    /// The checks that come before the request, and the rows: in the table itself where it is new, else staged.
    pub fn rows(&mut self, mode: Mode) -> Result<&mut Self> {
        let pragma = self.kind.pragma;
        match mode {
            Mode::Create => {
                let exists = Error::new(Code::TableExists, format!("table {} already exists", self.table))
                    .fix(format!("Add append = true or replace = true to {pragma}, or choose another name"));
                self.script.set("exists", literal(&exists.to_string())).set("create", "CREATE TABLE");
                self.script.add(text!("must_not_exist"))?.add(text!("forget"))?;
                self.bring(text!("create"))?;
            }
            Mode::Replace => {
                let emptied = Error::new(
                    Code::UnexpectedResponse,
                    format!("no row came, and table {} has some: they stay", self.table),
                )
                .fix("Run it again later. Where Mixpanel is right, drop the table first");
                self.script.set("create", "CREATE OR REPLACE TABLE").set("emptied", literal(&emptied.to_string()));
                self.script.add(text!("had_rows"))?.add(text!("forget"))?;
                self.bring(text!("create"))?;
                self.script.add(text!("must_not_be_emptied"))?;
            }
            Mode::Append => {
                self.must_exist(format!("Remove append = true to create it with {pragma}"))?;
                self.same_project()?;
                self.stage()?;
            }
        }
        Ok(self)
    }

    /// Brings the rows into a temporary table.
    pub fn stage(&mut self) -> Result<&mut Self> {
        self.bring(text!("stage"))
    }

    /// Runs the fetch, and finds its record.
    fn bring(&mut self, text: &str) -> Result<&mut Self> {
        self.script.add(text)?.add(text!("find_record"))?;
        if self.kind.has_days {
            self.script.add(text!("days_came"))?;
        }
        Ok(self)
    }

    /// Stops where the table is not there, or holds something else.
    pub fn must_exist(&mut self, fix: String) -> Result<&mut Self> {
        let missing = Error::new(Code::TableNotFound, format!("there is no table {}", self.table)).fix(fix);
        let columns = self.columns.iter();
        let columns = columns.map(|(name, sql_type)| format!("lower({}) || ' {sql_type}'", literal(name)));
        let other = Error::new(
            Code::WrongTable,
            format!("table {} does not have the columns of {}", self.table, self.kind.type_name),
        )
        .fix(format!(
            "They are {}. Use the same columns as when the table was created, or choose another table",
            listed(&self.columns, str::to_owned)
        ));
        self.script
            .set("missing", literal(&missing.to_string()))
            .set("other_columns", literal(&other.to_string()))
            .set("columns", columns.collect::<Vec<_>>().join(", "))
            .add(text!("must_exist"))?;
        Ok(self)
    }

    /// For a sync: makes the table if it is not there, and stops where it holds something else or nobody knows what.
    pub fn make(&mut self, not_kept: &Error) -> Result<&mut Self> {
        self.script.set("not_kept", literal(&not_kept.to_string())).add(text!("make"))?;
        self.must_exist(String::new())?.same_project()?;
        self.script.add(text!("explained"))?.add(text!("must_have_history"))?;
        Ok(self)
    }

    /// Stops where the table holds rows of another project.
    pub fn same_project(&mut self) -> Result<&mut Self> {
        let other = Error::new(Code::WrongTable, format!("table {} holds rows of another project", self.table))
            .fix("Keep each project in a table of its own");
        self.script.set("other_project", literal(&other.to_string())).add(text!("same_project"))?;
        Ok(self)
    }

    /// The row of the history, and the row that says what happened.
    pub fn finish(&mut self) -> Result<Statements> {
        self.script.add(text!("record"))?;
        self.end()
    }

    /// Puts away what the script made, and says what happened.
    pub fn end(&mut self) -> Result<Statements> {
        if self.kind.has_days {
            self.script.add("DROP TABLE {{own}}_came;\n")?;
        }
        let work = self.script.add(text!("forget_variables"))?.finish();
        Ok(Statements { work, report: self.script.add(text!("report"))?.finish() })
    }
}

/// When the days that came were asked for, as an object of JSON. `moment` is SQL.
pub fn asked(own: &str, moment: &str) -> String {
    format!(
        "(SELECT coalesce(to_json(map_from_entries(list((day::VARCHAR, strftime({moment}, '%Y-%m-%dT%H:%M:%S.%g')) ORDER BY day ASC))), '{{}}') FROM {own}_came)"
    )
}

/// What no other fetch is called.
pub fn label() -> String {
    format!("{:032x}", fastrand::u128(..))
}

/// The beginning of the names of variables and temporary tables of a script: ones that a user has by chance are not these.
pub fn own(label: &str) -> String {
    format!("mixpanel_{label}")
}

fn no_record() -> Error {
    Error::new(Code::Internal, "mixpanel_fetches() no longer has the record of this fetch, so nothing was changed")
        .fix("Run it again")
}

/// The scripts tell rows apart by what DuckDB calls `rowid`, which a column of that name hides.
fn refuse_rowid(columns: &Columns) -> Result<()> {
    match columns.iter().find(|(name, _)| name.eq_ignore_ascii_case("rowid")) {
        None => Ok(()),
        Some((name, _)) => Err(Error::argument(
            "columns",
            format!(
                "'{name}' cannot be a column of a managed table, because DuckDB calls its rows so. Read it from \
                 properties instead"
            ),
        )),
    }
}

/// The columns as `CREATE TABLE` takes them.
fn definitions(columns: &Columns) -> String {
    listed(columns, identifier)
}

fn listed(columns: &Columns, name: fn(&str) -> String) -> String {
    columns.iter().map(|(column, sql_type)| format!("{} {sql_type}", name(column))).collect::<Vec<_>>().join(", ")
}

/// A constant as SQL that has the parameter's type whatever it looks like.
fn typed(given: &Value, sql_type: &SqlType) -> String {
    match sql_type {
        SqlType::Any => value(given),
        sql_type => format!("{}::{sql_type}", value(given)),
    }
}

/// A text of the call or NULL, as SQL.
pub fn text_or_null(text: Option<&str>) -> String {
    text.map_or_else(|| "NULL".to_owned(), literal)
}

/// `append` and `replace`, which exclude each other.
pub fn mode(arguments: &Arguments) -> Result<Mode> {
    match (arguments.boolean("append")?.unwrap_or(false), arguments.boolean("replace")?.unwrap_or(false)) {
        (true, true) => Err(Error::argument("append", "cannot be combined with replace = true. Remove one of them")),
        (true, false) => Ok(Mode::Append),
        (false, true) => Ok(Mode::Replace),
        (false, false) => Ok(Mode::Create),
    }
}

pub const TABLE: Param = Param::positional("table", SqlType::Varchar, "Name of the table");

pub const MODE: &[Param] = &[
    Param::named("append", SqlType::Boolean, "Whether to add to an existing table"),
    Param::named("replace", SqlType::Boolean, "Whether to drop the existing table and its history first"),
];
