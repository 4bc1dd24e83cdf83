//! `mixpanel_property_names(properties)`: which properties a row has.

use std::sync::Arc;

use arrow_array::{
    ArrayRef,
    builder::{ListBuilder, StringViewBuilder},
    cast::AsArray,
};

use crate::{
    contract::{Result, Scalar, SqlType},
    decode::NameReader,
};

pub const PROPERTY_NAMES: Scalar = Scalar {
    name: "mixpanel_property_names",
    description: "Returns the names of the properties in a JSON object, each once, in their order. Returns NULL for \
                  anything but a JSON object.",
    example: "SELECT mixpanel_property_names('{\"$city\": \"Paris\", \"plan\": null}');",
    parameters: &["properties"],
    overloads: &[&[SqlType::Json]],
    returns: SqlType::VARCHARS,
    call,
};

fn call(arguments: &[ArrayRef], rows: usize) -> Result<ArrayRef> {
    let mut reader = NameReader::default();
    let mut lists = ListBuilder::with_capacity(StringViewBuilder::new(), rows);
    for object in arguments[0].as_string_view() {
        let names = lists.values();
        let found = object.and_then(|object| reader.names(object, |name| names.append_value(name)));
        lists.append(found.is_some());
    }
    Ok(Arc::new(lists.finish()))
}
