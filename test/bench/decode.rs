//! How fast does the decoder run? Decodes one window of a real-size export (17 MB) again and again.
//!
//! `cargo bench --bench decode` prints the best of many runs on one core, in gigabytes of lines a second;
//! `cargo bench --bench decode -- all ascii` runs one projection of one kind of lines.

mod lines;

use std::{hint::black_box, time::Instant};

use jiff::civil::Date;
use lines::{Text, lines};
use mixpanel::decode::{Column, Days, Decoder};

const BYTES: usize = 17_000_000;
const RUNS: usize = 200;

fn main() {
    let mut arguments = std::env::args().skip(1).filter(|argument| !argument.starts_with('-'));
    let (projection, text) = (arguments.next(), arguments.next());
    let is_wanted = |wanted: &Option<String>, name: &str| wanted.as_ref().is_none_or(|wanted| wanted == name);
    for (name, text_kind) in [("ascii", Text::Ascii), ("foreign", Text::Foreign), ("escaped", Text::Escaped)] {
        if !is_wanted(&text, name) {
            continue;
        }
        let block = lines(BYTES, text_kind, 42);
        let rows = block.iter().filter(|byte| **byte == b'\n').count();
        println!("{name}: {rows} rows of {} bytes", block.len() / rows);
        for (name, columns) in projections() {
            if is_wanted(&projection, name) {
                measure(name, &block, rows, &Decoder::new(&columns, None));
            }
        }
    }
}

fn projections() -> Vec<(&'static str, Vec<Column>)> {
    use Column::{DistinctId, EventName, EventTime, InsertId, Properties, Raw};
    vec![
        ("all", vec![EventName, EventTime, DistinctId, InsertId, Properties]),
        ("ids", vec![EventName, EventTime, DistinctId, InsertId]),
        ("name-time", vec![EventName, EventTime]),
        ("none", vec![]),
        ("raw", vec![Raw]),
    ]
}

fn measure(name: &str, block: &[u8], rows: usize, decoder: &Decoder) {
    let days = Days::between(Date::constant(2025, 4, 30), Date::constant(2025, 5, 1));
    let mut best = f64::MAX;
    for _ in 0..RUNS {
        let copy = block.to_vec();
        let start = Instant::now();
        let decoded = black_box(decoder.decode(copy, days));
        // Freeing the block is left out: it is what the operating system takes for it.
        best = best.min(start.elapsed().as_secs_f64());
        assert_eq!(decoded.expect("the lines are events").batch.num_rows(), rows);
    }
    println!("  {name:10} {:6.2} GB/s", block.len() as f64 / best / 1e9);
}
