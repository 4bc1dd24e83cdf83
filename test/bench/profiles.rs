//! How fast are pages of profiles read? Reads and decodes one page (1 MB, 1000 profiles) again and again.
//!
//! `cargo bench --bench profiles` prints the best of many runs on one core, in gigabytes of pages a second, and for
//! comparison how fast `serde_json` looks through the same page.

mod lines;

use std::{hint::black_box, time::Instant};

use lines::{Text, lines};
use mixpanel::decode::{Column, Decoder, ProfilePage};
use serde::de::IgnoredAny;

const RUNS: usize = 300;

fn best<T>(mut run: impl FnMut() -> T) -> f64 {
    let times = (0..RUNS).map(|_| {
        let start = Instant::now();
        black_box(run());
        start.elapsed().as_secs_f64()
    });
    times.fold(f64::MAX, f64::min)
}

fn main() {
    for (name, kind) in [("ascii", Text::Ascii), ("foreign", Text::Foreign), ("escaped", Text::Escaped)] {
        let events = String::from_utf8(lines(1_000_000, kind, 42)).expect("text");
        let profiles: Vec<_> = events
            .lines()
            .enumerate()
            .map(|(number, line)| {
                let properties = line.split_once(r#""properties":"#).expect("an event").1.trim_end_matches('}');
                let properties = properties.replacen("{", r#"{"$last_seen":"2025-01-02T03:04:05","#, 1);
                format!(r#"{{"$distinct_id":"user-{number}","$properties":{properties}}}}}"#)
            })
            .collect();
        let body = format!(
            r#"{{"page":0,"page_size":1000,"session_id":"1-X","status":"ok","total":9,"results":[{}]}}"#,
            profiles.join(",")
        );
        let rate = |seconds: f64| body.len() as f64 / seconds / 1e9;
        println!("{name}: {} profiles, {} bytes", profiles.len(), body.len());
        let anchor = best(|| serde_json::from_str::<IgnoredAny>(&body).is_ok());
        println!("  serde_json {:6.2} GB/s", rate(anchor));
        let page = || ProfilePage::read(body.clone().into_bytes(), false).expect("a page");
        let read = best(page);
        println!("  read       {:6.2} GB/s", rate(read));
        let columns = [Column::ProfileId, Column::Properties, Column::LastSeen];
        let decoder = Decoder::of_profiles(&columns);
        let all = best(|| decoder.decode_profiles(page().profiles).expect("profiles"));
        println!("  and decode {:6.2} GB/s, {:.2} of serde_json's time", rate(all), all / anchor);
    }
}
