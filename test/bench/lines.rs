//! Lines like those of a real export: about 870 bytes and 35 properties.
//!
//! Two kinds of client with their own properties, values of changing length, properties that are
//! missing now and then: a decoder must not be able to learn the lines by heart.

use std::fmt::{Display, Write};

/// What the strings hold.
#[derive(Clone, Copy, PartialEq)]
pub enum Text {
    Ascii,
    /// One string in eight is Japanese and Russian.
    Foreign,
    /// One string in eight is JSON.
    Escaped,
}

/// About that many bytes of whole lines.
pub fn lines(bytes: usize, text: Text, seed: u64) -> Vec<u8> {
    let mut maker = Maker { out: String::with_capacity(bytes + 4096), text, random: seed | 1 };
    while maker.out.len() < bytes {
        maker.line();
    }
    maker.out.into_bytes()
}

const EVENTS: &[&str] = &["Install", "Page View", "Add To Cart", "$session_start", "Login", "Video Played To The End"];
const CITIES: &[&str] = &["Scunthorpe", "Rome", "Hyderabad", "Spring Hill", "Mexico City", "Oslo", "Kurukshetra"];
const REGIONS: &[&str] = &["North Lincolnshire", "Lazio", "Telangana", "Florida", "CDMX", "Haryana"];
const MODELS: &[&str] = &["SM-A266B", "Pixel 8 Pro", "V2205", "RMX2193", "iPhone15,2"];
const BRANDS: &[&str] = &["samsung", "google", "vivo", "realme", "Apple"];
const WORDS: &[&str] =
    &["a", "blue", "Under $1000", "Books", "Lord of the Rings Novels", "None", "free", "enterprise plan"];
const URLS: &[&str] = &[
    "https://www.example.com/",
    "https://shop.example.com/t-monterrey/t-nuevo-laredo/02-abr-22/p/A1/departures",
    "https://www.google.com/search?q=shoes",
];

struct Maker {
    out: String,
    text: Text,
    random: u64,
}

impl Maker {
    fn line(&mut self) {
        let time = 1_746_000_000_000 + self.below(86_400_000);
        let id = if self.below(4) == 0 { self.below(1_000_000).to_string() } else { self.uuid() };
        let event = self.one_of(EVENTS);
        self.add(format_args!(r#"{{"event":"{event}","properties":{{"time":{time},"distinct_id":"{id}""#));
        if self.below(2) == 0 {
            let build = self.below(9000).to_string();
            let version = format!("{}.{}.{}", self.below(9), self.below(20), self.below(20));
            self.string("$app_build_number", &build);
            self.string("$app_release", &build);
            self.string("$app_version", &version);
            self.string("$app_version_string", &version);
            self.pick("$brand", BRANDS);
            self.pick("$carrier", WORDS);
        } else {
            self.string("$browser", "Chrome");
            self.pick("$current_url", URLS);
            self.pick("$initial_referrer", URLS);
        }
        self.pick("$city", CITIES);
        let device = self.uuid();
        self.string("$device_id", &device);
        let had = self.below(2) == 0;
        self.other("$had_persisted_distinct_id", had);
        let insert_id = self.hex(16);
        self.add(format_args!(r#","$insert_id":"{insert_id}","$is_reshuffled":true"#));
        self.string("$lib_version", "3.0.8");
        self.string("$manufacturer", "samsung");
        self.pick("$model", MODELS);
        self.string("$mp_api_endpoint", "api.mixpanel.com");
        self.string("$os", "Android");
        self.pick("$region", REGIONS);
        let received = time + self.below(90_000);
        self.other("$mp_api_timestamp_ms", received);
        for (key, limit) in [("$screen_dpi", 640), ("$screen_height", 3000), ("$screen_width", 2000), ("Cart Size", 12)]
        {
            let number = self.below(limit);
            self.other(key, number);
        }
        let wifi = self.below(3) > 0;
        self.other("$wifi", wifi);
        let value = self.below(100_000) as f64 / 100.0;
        self.other("Cart Value", value);
        for key in ["Source", "utm_medium", "Card Type", "Plan", "login_method"] {
            self.pick(key, WORDS);
        }
        if self.below(3) == 0 {
            self.other("Browse Filter", r#"["Books","Under $1000"]"#);
        }
        if self.below(5) == 0 {
            self.other("referred_by", "null");
        }
        self.string("mp_country_code", "GB");
        self.string("mp_lib", "react-native");
        self.other("mp_processing_time_ms", received + 113);
        self.out.push_str("}}\n");
    }

    fn pick(&mut self, key: &str, texts: &[&str]) {
        let text = self.one_of(texts);
        self.string(key, text);
    }

    fn one_of<'a>(&mut self, texts: &[&'a str]) -> &'a str {
        texts[self.below(texts.len() as u64) as usize]
    }

    /// A string, which one line in forty lacks.
    fn string(&mut self, key: &str, value: &str) {
        let value = match (self.text, self.below(8)) {
            (Text::Foreign, 0) => "こんにちは世界 Добрый день",
            (Text::Escaped, 0) => r#"{\"a\":\"b\\u0020c\",\"list\":[1,2,\"x\"]}"#,
            _ => value,
        };
        if self.below(40) != 0 {
            self.add(format_args!(r#","{key}":"{value}""#));
        }
    }

    fn other(&mut self, key: &str, value: impl Display) {
        self.add(format_args!(r#","{key}":{value}"#));
    }

    fn add(&mut self, text: std::fmt::Arguments) {
        self.out.write_fmt(text).expect("a string takes everything");
    }

    fn uuid(&mut self) -> String {
        format!("{}-{}-{}-{}-{}", self.hex(8), self.hex(4), self.hex(4), self.hex(4), self.hex(12))
    }

    fn hex(&mut self, digits: u32) -> String {
        format!("{:0width$x}", self.below(1 << (digits * 4).min(53)), width = digits as usize)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        (self.random.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 11) % limit
    }
}
