//! `mixpanel_property(properties, name)`: a property as text, whatever its name.

use std::sync::Arc;

use arrow_array::{ArrayRef, builder::StringViewBuilder, cast::AsArray};

use crate::{
    contract::{Result, Scalar, SqlType},
    decode::PropertyReader,
};

pub const PROPERTY: Scalar = Scalar {
    name: "mixpanel_property",
    description: "Returns the value of a property as text, by its exact name, without JSON path quoting. Returns NULL \
                  if it is missing or null.",
    example: "SELECT mixpanel_property('{\"Plan (old)\": \"pro\"}', 'Plan (old)');",
    parameters: &["properties", "name"],
    overloads: &[&[SqlType::Json, SqlType::Varchar]],
    returns: SqlType::Varchar,
    call,
};

fn call(arguments: &[ArrayRef], rows: usize) -> Result<ArrayRef> {
    let (objects, names) = (arguments[0].as_string_view(), arguments[1].as_string_view());
    let mut reader = PropertyReader::default();
    let mut texts = StringViewBuilder::with_capacity(rows);
    for (object, name) in objects.iter().zip(names.iter()) {
        texts.append_option(object.zip(name).and_then(|(object, name)| reader.text(object, name)));
    }
    Ok(Arc::new(texts.finish()))
}
