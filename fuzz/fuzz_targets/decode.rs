//! Does any block of bytes make the decoder panic, or show JSON that is none?
//!
//! `cargo +nightly fuzz run decode`

#![no_main]

use arrow_array::{RecordBatch, cast::AsArray};
use libfuzzer_sys::fuzz_target;
use mixpanel::{
    contract::SqlType,
    decode::{Column, Days, Decoded, Decoder},
};
use serde_json::value::RawValue;

fuzz_target!(|block: &[u8]| {
    let types = [
        SqlType::Json,
        SqlType::Varchar,
        SqlType::Decimal(38, 10),
        SqlType::Timestamp,
        SqlType::Double,
        SqlType::VARCHARS,
    ];
    let properties = types.map(|sql_type| Column::Property { name: "a".into(), sql_type });
    let all = [Column::Properties, Column::EventName, Column::EventTime, Column::DistinctId, Column::InsertId];
    let columns = [&all[..], &properties, &[Column::Raw]].concat();

    let days = Days::ALL;
    let verified = Decoder::verify(block, days).map(|count| count.rows);
    let heads = Decoder::new(&[Column::EventName, Column::EventTime], None).decode(block.to_vec(), days);
    assert!(heads.is_err() || verified.is_ok());
    if let Ok(Decoded { batch, .. }) = Decoder::new(&columns, None).decode(block.to_vec(), days) {
        // What passes in full passes everywhere, with as many rows.
        assert_eq!(verified.ok(), Some(batch.num_rows()));
        assert_eq!(heads.ok().map(|heads| heads.batch.num_rows()), Some(batch.num_rows()));
        for column in [0, 5, columns.len() - 1] {
            check(&batch, column);
        }
    }
});

/// All values of a column are texts, and JSON.
fn check(batch: &RecordBatch, column: usize) {
    for json in batch.column(column).as_binary_view().iter().flatten() {
        let json = str::from_utf8(json).expect("texts are UTF-8");
        serde_json::from_str::<&RawValue>(json).expect(json);
    }
}
