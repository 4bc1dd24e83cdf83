//! How do the bytes of a raw export, or of profiles, become columns?
//!
//! A block of whole lines comes in, one Arrow record batch comes out, and nothing
//! comes out of a block that holds a line which is not an event. So does a page of
//! profiles, where `page` takes the lines' place. Each line is read
//! twice: `index` finds where its strings end, `walk` checks its grammar and
//! finds its parts. `rows` makes cells of the parts, `cut` closes the gaps that
//! the members leave which became columns. No value is copied but the few that do
//! not stand in the line as they are meant.

mod bits;
mod cast;
mod cells;
mod cut;
mod damage;
mod datetime;
mod days;
mod decimal;
mod escape;
mod index;
mod limits;
mod line;
mod names;
mod page;
mod plan;
mod property;
mod reader;
mod rows;
mod scan;
mod select;
mod span;
mod text;
mod time;
mod views;
mod walk;
mod wanted;

#[cfg(test)]
mod tests;

use std::ops::Range;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use fearless_simd::Level;
use jiff::tz::TimeZone;

pub use damage::{Damage, DamageKind};
pub use days::Days;
pub use limits::MAX_LINE;
pub use names::NameReader;
pub use page::{NoPage, ProfileBlock, ProfilePage};
pub use plan::Column;
pub use property::PropertyReader;
pub use select::Selection;
pub use time::{iso_microseconds, local, microseconds, utc};

use limits::MAX_BYTES;
use plan::Plan;
use reader::LineReader;
use rows::Rows;
use time::TimeReader;
use wanted::WantedKeys;

/// Decodes blocks of an export. Made once for a scan and shared by its threads.
pub struct Decoder {
    plan: Plan,
    schema: SchemaRef,
}

/// What a block became.
#[derive(Debug)]
pub struct Decoded {
    pub batch: RecordBatch,
    pub count: Count,
}

/// What a block holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Count {
    pub rows: usize,
    /// So many of them lie more than 14 hours outside the days.
    pub outside: usize,
    /// So many of them came with a time on one of the days, in UTC. Where that is not all of them, the project's days are
    /// others, or rows have no time.
    pub on_days: usize,
}

impl Decoder {
    /// A decoder for these columns, in this order; without any it counts. With a zone, `time` is taken for the time
    /// on the wall clock there, as in projects created before 2023: a time that occurs twice is the earlier one, one
    /// that is skipped moves forward.
    pub fn new(columns: &[Column], time_zone: Option<TimeZone>) -> Self {
        Self::planned(columns, time_zone, false)
    }

    /// A decoder for profiles: their properties lose `$last_seen` instead of what events have.
    pub fn of_profiles(columns: &[Column]) -> Self {
        Self::planned(columns, None, true)
    }

    fn planned(columns: &[Column], time_zone: Option<TimeZone>, of_profiles: bool) -> Self {
        Self { plan: Plan::new(columns, time_zone, of_profiles), schema: Plan::schema(columns) }
    }

    /// The schema of every batch.
    pub fn schema(&self) -> SchemaRef {
        SchemaRef::clone(&self.schema)
    }

    /// Decodes whole lines; the last may lack its line feed. All of them are checked before anything is returned.
    /// The texts of the batch are views of the block, which it keeps; blocks have less than 2 GiB.
    ///
    /// `days` are those that the block was asked for.
    pub fn decode(&self, mut block: Vec<u8>, days: Days) -> Result<Decoded, Damage> {
        if self.plan.columns.is_empty() {
            let count = Self::verify(&block, days)?;
            return Ok(Decoded { batch: rows::counted(&self.schema, count.rows)?, count });
        }
        if block.len() > MAX_BYTES {
            return Err(Damage::of_block(DamageKind::TooLarge));
        }
        // Real lines have about 870 bytes; a list that turns out too short grows.
        let mut rows = Rows::new(&self.plan, block.len() / 512 + 1, days);
        let (mut at, mut line_number) = (0, 0);
        while at < block.len() {
            line_number += 1;
            match rows.add_line(&mut block, at) {
                Ok(end) if end - at > MAX_LINE => return Err(Damage::too_long()),
                Ok(end) => at = end + 1,
                Err(end) => return Err(damage(&block, at..end, line_number, rows.count())),
            }
        }
        Ok(Decoded { count: rows.counted(), batch: rows.finish(&self.schema, block)? })
    }

    /// Decodes profiles, one row each, likewise.
    pub fn decode_profiles(&self, profiles: ProfileBlock) -> Result<RecordBatch, Damage> {
        let ProfileBlock { mut text, places } = profiles;
        if self.plan.columns.is_empty() {
            return rows::counted(&self.schema, places.len());
        }
        let mut rows = Rows::new(&self.plan, places.len(), Days::ALL);
        for place in places {
            // What has been found to be JSON is JSON.
            let fault = || Damage::of_block(DamageKind::Internal("a profile could be read, and then not".to_owned()));
            rows.add_profile(&mut text, place).ok_or_else(fault)?;
        }
        rows.finish(&self.schema, text)
    }

    /// Counts the events of whole lines, and checks all that [`Decoder::decode`] does: what passes here will pass there.
    pub fn verify(block: &[u8], days: Days) -> Result<Count, Damage> {
        if block.len() > MAX_BYTES {
            return Err(Damage::of_block(DamageKind::TooLarge));
        }
        let mut reader = LineReader::new(Level::new());
        let wanted = WantedKeys::of_times();
        let mut times = TimeReader::of_export(days, None);
        let (mut at, mut line_number, mut rows) = (0, 0, 0);
        while at < block.len() {
            line_number += 1;
            let end = reader.next(block, at);
            if end - at > MAX_LINE {
                return Err(Damage::too_long());
            }
            let start = scan::space(block, at as u32);
            if (start as usize) < end {
                if reader.event(block, start, end as u32, &wanted).is_none() {
                    return Err(damage(block, at..end, line_number, rows));
                }
                let escapes = reader.has_escapes();
                let time =
                    reader.members.iter().find(|member| &*text::unescaped(member.key.of(block), escapes) == b"time");
                if let Some(time) = time.and_then(|time| text::text(time.value.of(block), escapes)) {
                    times.read(&time);
                }
                rows += 1;
            }
            at = end + 1;
        }
        Ok(Count { rows, outside: times.outside, on_days: times.on_days })
    }
}

fn damage(block: &[u8], line: Range<usize>, line_number: usize, rows: usize) -> Damage {
    if line.len() > MAX_LINE {
        return Damage::too_long();
    }
    let rest = block.get(line.start..).unwrap_or_default();
    Damage::of_line(block.get(line).unwrap_or_default(), rest, line_number, rows)
}
