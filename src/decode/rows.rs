//! How does a block become a record batch?

use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, RecordBatchOptions, types::TimestampMicrosecondType};
use arrow_buffer::Buffer;
use arrow_schema::{ArrowError, SchemaRef};
use memchr::memchr;

use super::{
    Count,
    cells::{Cells, Numbers},
    cut::Picked,
    damage::{Damage, DamageKind},
    days::Days,
    escape,
    limits::MAX_BYTES,
    line::Line,
    page::ProfilePlace,
    plan::{Origin, Plan, PlannedColumn},
    reader::LineReader,
    scan,
    span::Span,
    time::TimeReader,
    views::{BLOCK, REPAIRED, SIDE, Views, view},
    walk::Event,
    wanted::Slot,
};

/// The rows of a block, so far.
pub(super) struct Rows<'a> {
    plan: &'a Plan,
    times: TimeReader<'a>,
    reader: LineReader,
    picked: Picked,
    columns: Vec<Made>,
    side: Vec<u8>,
    repaired: Vec<u8>,
    count: usize,
}

impl<'a> Rows<'a> {
    /// No rows yet, of about so many.
    pub fn new(plan: &'a Plan, capacity: usize, days: Days) -> Self {
        Self {
            plan,
            times: match plan.of_profiles {
                true => TimeReader::iso(),
                false => TimeReader::of_export(days, plan.time_zone.as_ref()),
            },
            reader: LineReader::new(plan.level),
            picked: Picked::default(),
            columns: plan.columns.iter().map(|column| Made::new(column, capacity)).collect(),
            side: Vec::new(),
            repaired: Vec::new(),
            count: 0,
        }
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.count
    }

    /// The same, and how they lie to the days.
    pub fn counted(&self) -> Count {
        Count { rows: self.count, outside: self.times.outside, on_days: self.times.on_days }
    }

    /// Whether there is more text beside the block than views can point at.
    fn is_full(&self) -> bool {
        self.side.len().max(self.repaired.len()) > MAX_BYTES
    }

    /// Adds the event of the line that begins there, unless it is blank. Returns where the line ends, and in the error
    /// too, if it is no event.
    pub fn add_line(&mut self, block: &mut [u8], at: usize) -> Result<usize, usize> {
        let end = self.reader.next(block, at);
        let start = scan::space(block, at as u32);
        let line = block.get(start as usize..end).unwrap_or_default();
        let added = if line.is_empty() {
            Some(())
        } else if self.reader.is_ascii() || simdutf8::basic::from_utf8(line).is_ok() {
            self.add(block, BLOCK, start, end as u32)
        } else if self.is_full() {
            // The end of the block says so.
            Some(())
        } else {
            let mut repaired = std::mem::take(&mut self.repaired);
            let start = repaired.len();
            repaired.extend_from_slice(String::from_utf8_lossy(line).as_bytes());
            let end = self.reader.next(&repaired, start);
            let added = self.add(&mut repaired, REPAIRED, start as u32, end as u32);
            self.repaired = repaired;
            added
        };
        added.map(|()| end).ok_or(end)
    }

    /// Adds the event that stands between these places, in the line that the reader is at. `None` if it is no event.
    fn add(&mut self, block: &mut [u8], buffer: u32, start: u32, end: u32) -> Option<()> {
        let event = self.reader.event(block, start, end, &self.plan.wanted)?;
        let escapes = self.reader.has_escapes();
        self.pick(block, escapes);
        escape::replace(block, &self.reader.lone);
        self.make(block, buffer, Span { start, end: event.end }, event, escapes);
        Some(())
    }

    /// Adds a profile that stands there. `None` if it is none.
    pub fn add_profile(&mut self, block: &mut [u8], place: ProfilePlace) -> Option<()> {
        let ProfilePlace { whole, id, properties } = place;
        self.reader.members.clear();
        let mut escapes = memchr(b'\\', id.of(block)).is_some();
        if !properties.is_empty() && self.plan.wanted.len() > 0 {
            // What follows belongs to somebody else, be it space.
            let block = block.get(..properties.end as usize)?;
            let end = self.reader.next(block, properties.start as usize);
            self.reader.object(block, properties.start, end as u32, &self.plan.wanted)?;
            escapes |= self.reader.has_escapes();
        }
        self.pick(block, escapes);
        self.make(block, BLOCK, whole, Event { name: id, properties, end: whole.end }, escapes);
        Some(())
    }

    /// Looks at the members that the reader found.
    fn pick(&mut self, block: &[u8], escapes: bool) {
        self.picked.pick(block, &self.reader.members, escapes, &self.plan.wanted, &mut self.times);
    }

    /// Makes a row of what was picked.
    #[inline(always)]
    fn make(&mut self, block: &mut [u8], buffer: u32, whole: Span, event: Event, escapes: bool) {
        let closes = self.plan.has_properties;
        let copy_of_raw = (self.plan.has_raw && closes).then(|| {
            let copy = self.side.len() as u32;
            self.side.extend_from_slice(whole.of(block));
            Span { start: copy, end: self.side.len() as u32 }
        });

        let mut line = Line { block, buffer, event, picked: &self.picked, escapes, closes, side: &mut self.side };
        for column in &mut self.columns {
            match column {
                // A profile may be known by nothing.
                Made::Name(views) if event.name.is_empty() => views.push(None),
                Made::Name(views) => views.push(line.text(event.name)),
                Made::Time(times) => times.push(self.picked.time),
                Made::Property(slot, cells) => cells.push(&mut line, self.picked.value(*slot)),
                Made::Raw(views) => views.push(Some(match copy_of_raw {
                    Some(copy) => view(line.side, copy, SIDE, copy.start),
                    None => view(block, whole, buffer, whole.start),
                })),
                Made::Properties(_) => (),
            }
        }
        if closes {
            let properties = self.close(block, buffer, event.properties);
            for column in &mut self.columns {
                if let Made::Properties(views) = column {
                    views.push(Some(properties));
                }
            }
        }
        self.count += 1;
    }

    /// A view of the properties without what became columns.
    fn close(&mut self, block: &mut [u8], buffer: u32, properties: Span) -> u128 {
        if properties.is_empty() || self.picked.cuts.take_all() {
            return view(b"{}", Span { start: 0, end: 2 }, buffer, 0);
        }
        let start = self.picked.cuts.close(block, properties);
        view(block, Span { start, ..properties }, buffer, start)
    }

    /// The batch. Takes the block that all lines were added from.
    pub fn finish(self, schema: &SchemaRef, block: Vec<u8>) -> Result<RecordBatch, Damage> {
        if self.is_full() {
            return Err(Damage::of_block(DamageKind::TooLarge));
        }
        let buffers: Arc<[Buffer]> = [block, self.side, self.repaired].map(Buffer::from).into();
        let columns = self.columns.into_iter().map(|column| column.finish(&buffers)).collect::<Result<_, _>>();
        columns.and_then(|columns| batch(schema, columns, self.count)).map_err(internal)
    }
}

/// A column in the making, by where its values come from.
enum Made {
    Name(Views),
    Time(Numbers<TimestampMicrosecondType>),
    Property(Slot, Cells),
    Properties(Views),
    Raw(Views),
}

impl Made {
    fn new(column: &PlannedColumn, rows: usize) -> Self {
        match column.origin {
            Origin::Name => Self::Name(Views::with_capacity(rows)),
            Origin::Time => Self::Time(Numbers::with_capacity(rows)),
            Origin::Property(slot) => Self::Property(slot, Cells::new(&column.sql_type, rows)),
            Origin::Properties => Self::Properties(Views::with_capacity(rows)),
            Origin::Raw => Self::Raw(Views::with_capacity(rows)),
        }
    }

    fn finish(self, buffers: &Arc<[Buffer]>) -> Result<ArrayRef, ArrowError> {
        match self {
            Self::Name(views) | Self::Properties(views) | Self::Raw(views) => Ok(Arc::new(views.finish(buffers)?)),
            Self::Time(times) => Ok(Arc::new(times.finish()?)),
            Self::Property(_, cells) => cells.finish(buffers),
        }
    }
}

/// A batch of so many rows without columns.
pub(super) fn counted(schema: &SchemaRef, rows: usize) -> Result<RecordBatch, Damage> {
    batch(schema, Vec::new(), rows).map_err(internal)
}

fn batch(schema: &SchemaRef, columns: Vec<ArrayRef>, rows: usize) -> Result<RecordBatch, ArrowError> {
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    RecordBatch::try_new_with_options(Arc::clone(schema), columns, &options)
}

fn internal(fault: ArrowError) -> Damage {
    Damage::of_block(DamageKind::Internal(fault.to_string()))
}
