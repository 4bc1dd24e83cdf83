//! `mixpanel_property(properties, name)`: a property as text, whatever its name.

use std::sync::Arc;

use arrow_array::{ArrayRef, builder::StringViewBuilder, cast::AsArray};

use crate::{
    contract::{Documentation, Result, ScalarFunction, SqlType},
    decode::PropertyReader,
};

pub struct Property;

impl ScalarFunction for Property {
    fn name(&self) -> &'static str {
        "mixpanel_property"
    }

    fn documentation(&self) -> Documentation {
        Documentation {
            description: "The value of a property as text, by its exact name; no quoting of paths. NULL where it is missing or null.",
            example: "SELECT mixpanel_property('{\"Plan (old)\": \"pro\"}', 'Plan (old)');",
        }
    }

    fn parameter_names(&self) -> &'static [&'static str] {
        &["properties", "name"]
    }

    fn overloads(&self) -> Vec<Vec<SqlType>> {
        vec![vec![SqlType::Json, SqlType::Varchar]]
    }

    fn returns(&self) -> SqlType {
        SqlType::Varchar
    }

    fn call(&self, arguments: &[ArrayRef], rows: usize) -> Result<ArrayRef> {
        let (objects, names) = (arguments[0].as_string_view(), arguments[1].as_string_view());
        let mut reader = PropertyReader::default();
        let mut texts = StringViewBuilder::with_capacity(rows);
        for (object, name) in objects.iter().zip(names.iter()) {
            texts.append_option(object.zip(name).and_then(|(object, name)| reader.text(object, name)));
        }
        Ok(Arc::new(texts.finish()))
    }
}
