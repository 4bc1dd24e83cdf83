//! Which parameters does a function have, and what does a call without one mean?

use super::{Setting, SqlType};

/// A parameter of a function.
#[derive(Clone, Copy)]
pub struct Param {
    pub name: &'static str,
    pub sql_type: SqlType,
    /// The subject of the question is positional and required; everything else is named and optional.
    pub positional: bool,
    /// What it says: a phrase without a full stop.
    pub description: &'static str,
    /// What a call without it means, as SQL. `None` where that is no value, but "not asked for".
    pub default: Option<&'static str>,
    /// Where a session may say it for all calls.
    pub setting: Option<&'static Setting>,
}

impl Param {
    pub const fn named(name: &'static str, sql_type: SqlType, description: &'static str) -> Self {
        Self { name, sql_type, positional: false, description, default: None, setting: None }
    }

    pub const fn positional(name: &'static str, sql_type: SqlType, description: &'static str) -> Self {
        Self { positional: true, ..Self::named(name, sql_type, description) }
    }

    pub const fn default(self, default: &'static str) -> Self {
        Self { default: Some(default), ..self }
    }

    /// The same parameter, where a call without it means something else.
    pub const fn without_default(self) -> Self {
        Self { default: None, ..self }
    }

    pub const fn setting(self, setting: &'static Setting) -> Self {
        Self { setting: Some(setting), ..self }
    }

    /// The same parameter, where it says something else.
    pub const fn meaning(self, description: &'static str) -> Self {
        Self { description, ..self }
    }

    /// The same parameters where no setting stands for them.
    pub const fn without_settings<const N: usize>(mut list: [Self; N]) -> [Self; N] {
        let mut index = 0;
        while index < N {
            list[index].setting = None;
            index += 1;
        }
        list
    }

    /// As many parameters as `lists` have together, in order: what `params!` is made of.
    pub const fn joined<const N: usize>(lists: &[&[Self]]) -> [Self; N] {
        let mut all = [Self::named("", SqlType::Any, ""); N];
        let (mut list, mut next) = (0, 0);
        while list < lists.len() {
            let mut index = 0;
            while index < lists[list].len() {
                all[next] = lists[list][index];
                (index, next) = (index + 1, next + 1);
            }
            list += 1;
        }
        all
    }

    pub const fn count(lists: &[&[Self]]) -> usize {
        let (mut list, mut count) = (0, 0);
        while list < lists.len() {
            (list, count) = (list + 1, count + lists[list].len());
        }
        count
    }
}

/// The parameters of several lists, one list after the other: `params![&[EVENT, TYPE], QUERY]`.
macro_rules! params {
    ($($list:expr),* $(,)?) => {{
        const LISTS: &[&[$crate::contract::Param]] = &[$($list),*];
        const ALL: [$crate::contract::Param; $crate::contract::Param::count(LISTS)] = $crate::contract::Param::joined(LISTS);
        &ALL
    }};
}
pub(crate) use params;
