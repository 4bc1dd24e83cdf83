//! Whatever was asked when: do rows out of the archive equal those of fresh exports as of those moments?
//!
//! A Mixpanel of a few lines stands behind real keepers, a real archive and a real ledger; only the download and DuckDB
//! are missing.

use std::{
    collections::BTreeMap,
    fs::File,
    io::Read,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use flate2::read::MultiGzDecoder;
use jiff::{ToSpan, tz::TimeZone};
use proptest::prelude::*;

use super::*;
use crate::{
    config::{ArchivePlace, Keeping, Testing},
    contract::Clock,
    fetching::events::{plan::Today, verify},
    mixpanel::testing::target,
};

const HOUR: i64 = 3600;

/// An event, which Mixpanel has from a moment on.
struct Row {
    event: &'static str,
    /// In the project.
    day: Date,
    /// `None` where its time can't be read.
    time: Option<Timestamp>,
    processed_at: Timestamp,
}

/// A project, an archive for its answers, and a clock.
struct World {
    _place: tempfile::TempDir,
    target: Target,
    seconds: Arc<AtomicI64>,
    rows: Vec<Row>,
    /// Today, as the test began.
    today: Date,
}

/// What a scan gave.
#[derive(Debug, Default)]
struct Rows {
    /// The numbers of the rows, in order.
    rows: Vec<usize>,
    /// When Mixpanel was asked for each day.
    asked: BTreeMap<Date, Timestamp>,
    requests: usize,
}

/// One export.
#[derive(Debug, Clone)]
struct Ask {
    /// Days from the first of all.
    first: i64,
    length: i64,
    midnight: bool,
    events: Option<&'static [&'static str]>,
    max_age: Option<i64>,
    window_days: Option<usize>,
    /// Of the hour.
    limit: usize,
}

impl Ask {
    /// The first of all days.
    const PLAIN: Self =
        Self { first: 0, length: 1, midnight: false, events: None, max_age: None, window_days: None, limit: 60 };
}

#[derive(Debug, Clone)]
enum Step {
    Ask(Ask),
    /// Two that are planned before either brings anything; whether the first one comes to nothing.
    Both(Ask, Ask, bool),
    Wait(i64),
    /// What was asked for before so many hours ago goes, as a scan is planned.
    Clear(Ask, i64),
}

/// How a project is.
#[derive(Debug, Clone)]
struct Shape {
    is_for_good: bool,
    /// Hours that its days begin before those of UTC.
    shift: i64,
    has_timeless: bool,
    /// For each row: day, second of the day, lag in hours.
    rows: Vec<(i64, i64, i64)>,
}

const DAYS: i64 = 24;

impl World {
    fn new(shape: &Shape) -> Self {
        let place = tempfile::tempdir().unwrap();
        let seconds = Arc::new(AtomicI64::new(0));
        let clock = Clock::moved_by(Arc::clone(&seconds));
        let folder = place.path().join("archive");
        let archive = if shape.is_for_good { ArchivePlace::Named(folder) } else { ArchivePlace::Cache(folder) };
        let keeping = Keeping { archive, state: Some(place.path().join("state")), ..Keeping::none() };
        let testing = Testing { clock: clock.clone(), ..target().testing };
        let today = TimeZone::UTC.to_datetime(clock.now()).date();
        let mut world =
            Self { _place: place, target: Target { keeping, testing, ..target() }, seconds, rows: vec![], today };
        let edges = (0..DAYS).flat_map(|day| [(day, 0, 0), (day, 24 * HOUR - 1, 0)]);
        let all: Vec<_> = edges.chain(shape.rows.iter().copied()).collect();
        for (index, (number, second, lag)) in all.into_iter().enumerate() {
            let day = world.day(number);
            let midnight = TimeZone::UTC.to_timestamp(day.to_datetime(jiff::civil::Time::midnight())).unwrap();
            let time = midnight + SignedDuration::from_secs(second - shape.shift * HOUR);
            let is_timeless = shape.has_timeless && index % 7 == 3;
            world.rows.push(Row {
                event: ["A", "B", "C"][index % 3],
                day,
                time: (!is_timeless).then_some(time),
                processed_at: time + SignedDuration::from_hours(lag),
            });
        }
        world
    }

    fn day(&self, number: i64) -> Date {
        self.today + (number - DAYS / 2).days()
    }

    fn now(&self) -> Timestamp {
        self.target.testing.clock.now()
    }

    fn wait(&self, seconds: i64) {
        self.seconds.fetch_add(seconds, Ordering::Relaxed);
    }

    /// The rows that Mixpanel has for a day at a moment.
    fn fresh(&self, days: impl Fn(Date) -> bool, events: Option<&BTreeSet<String>>, at: Timestamp) -> Vec<usize> {
        let is_there =
            |row: &Row| days(row.day) && row.processed_at <= at && events.is_none_or(|names| names.contains(row.event));
        self.rows.iter().enumerate().filter(|(_, row)| is_there(row)).map(|(index, _)| index).collect()
    }

    fn lines(&self, rows: &[usize]) -> String {
        let line = |index: &usize| {
            let Row { event, time, .. } = &self.rows[*index];
            let time = time.map_or("null".to_owned(), |time| time.as_millisecond().to_string());
            format!("{{\"event\":\"{event}\",\"properties\":{{\"time\":{time},\"n\":{index}}}}}\n")
        };
        rows.iter().map(line).collect()
    }

    fn wanted(&self, ask: &Ask) -> WantedDays {
        let date = |hours: i64| TimeZone::UTC.to_datetime(self.now() + SignedDuration::from_hours(hours)).date();
        let today = Today { latest: date(14), certain: date(-12) };
        let days: Vec<Date> =
            (ask.first..ask.first + ask.length).map(|day| self.day(day)).filter(|day| *day <= today.latest).collect();
        let midnight = days.last().map(|day| *day + 1.day()).filter(|day| ask.midnight && *day <= today.latest);
        WantedDays { days, midnight, window_days: ask.window_days, most: 20, is_one: false, today }
    }

    fn scan(&self, ask: &Ask) -> Planned {
        let events = ask.events.map(|names| names.iter().map(|name| (*name).to_owned()).collect());
        let question = Question { host: "here".into(), events, filter: None };
        let mut target = self.target.clone();
        target.keeping.hourly_limit = Some(ask.limit);
        let keeper = Keeper::of(&target, question, ask.max_age.map(SignedDuration::from_hours), true).unwrap();
        let wanted = self.wanted(ask);
        let plan = keeper.plan(&wanted, false).unwrap();
        self.is_fresh_enough(ask, &plan);
        Planned { keeper, wanted, plan: plan.windows }
    }

    /// What the archive serves is no older than it may be, told in other words than `archive/fresh.rs` has.
    fn is_fresh_enough(&self, ask: &Ask, plan: &WindowPlan) {
        for planned in &plan.windows {
            let WindowOrigin::Copy(kept) = &planned.origin else { continue };
            let age = self.now().duration_since(kept.copy.asked_at).as_secs();
            for day in &planned.days {
                let most = match ask.max_age {
                    Some(hours) => hours * HOUR,
                    None if !archive::is_finished(*day, kept.copy.asked_at) => 60,
                    None => 20 * HOUR,
                };
                let is_settled = ask.max_age.is_none()
                    && matches!(self.target.keeping.archive, ArchivePlace::Named(_))
                    && archive::is_finished(*day + 5.days(), kept.copy.asked_at + SignedDuration::from_hours(13));
                assert!(age <= most || is_settled, "{day} is {age} s old: {ask:?}");
            }
        }
    }

    /// Reads what was planned, as a scan does: answers that are cut by days come last.
    fn read(&self, scan: Planned) -> Rows {
        let Planned { keeper, wanted, plan, .. } = scan;
        let mut read = Rows::default();
        let mut windows = plan;
        let mut steps = 0;
        // What is to be cut waits until it is known whether it may be.
        while !windows.is_empty() {
            steps += 1;
            assert!(steps < 1000, "it is planned again and again");
            let cuts = |planned: &PlannedWindow| matches!(&planned.origin, WindowOrigin::Copy(kept) if kept.selection.cuts_days());
            let index = windows.iter().position(|planned| !cuts(planned)).unwrap_or(0);
            let planned = windows.remove(index);
            let again = |days: Vec<Date>| {
                keeper.plan(&WantedDays { days, midnight: None, ..wanted.clone() }, false).unwrap().windows
            };
            match planned.origin {
                WindowOrigin::Mixpanel(claim) => {
                    read.requests += 1;
                    let (asked_at, window) = (keeper.now(), planned.window);
                    let rows = self.fresh(|day| window.has(day), keeper.question.events.as_ref(), asked_at);
                    let lines = self.lines(&rows);
                    let count = verify::lines(lines.as_bytes(), window.days(), &self.target.credentials).unwrap();
                    let id = claim.clone().unwrap_or_else(hash::random);
                    if let Some(mut partial) = keeper.begin(&id, false) {
                        partial.write(lines.as_bytes()).unwrap();
                        let is_doubted = keeper.doubts(&partial, window, count);
                        keeper.keep(partial, window, count, asked_at, is_doubted);
                    }
                    claim.iter().for_each(|claim| keeper.release(claim, None));
                    read.rows.extend(rows);
                    read.add(&planned.days, asked_at);
                    self.wait(1);
                }
                WindowOrigin::Copy(kept) if kept.selection.cuts_days() && keeper.has_other_days() => {
                    windows.extend(again(planned.days));
                }
                WindowOrigin::Copy(kept) => match File::open(&kept.place) {
                    Ok(file) => {
                        let mut lines = Vec::new();
                        MultiGzDecoder::new(file).read_to_end(&mut lines).unwrap();
                        read.rows.extend(numbers(&kept.selection.of(&lines).unwrap()));
                        read.add(&planned.days, kept.copy.asked_at);
                    }
                    Err(_) => windows.extend(again(planned.days)),
                },
                WindowOrigin::Claim(claim) => {
                    assert_ne!(keeper.look(vec![claim]).unwrap(), [Awaited::Coming], "whoever has it is done");
                    windows.extend(again(planned.days));
                }
            }
        }
        read.rows.sort_unstable();
        read
    }

    fn check(&self, scan: Planned) -> Rows {
        let (wanted, events) = (scan.wanted.clone(), scan.keeper.question.events.clone());
        let read = self.read(scan);
        assert!(read.asked.keys().copied().eq(wanted.all()), "each day once: {read:?} {wanted:?}");
        let mut expected: Vec<usize> =
            read.asked.iter().flat_map(|(day, at)| self.fresh(|other| other == *day, events.as_ref(), *at)).collect();
        expected.sort_unstable();
        assert_eq!(read.rows, expected, "{:?}", read.asked);
        read
    }
}

/// A scan before it reads.
struct Planned {
    keeper: Keeper,
    wanted: WantedDays,
    plan: Vec<PlannedWindow>,
}

impl Rows {
    fn add(&mut self, days: &[Date], asked_at: Timestamp) {
        for day in days {
            assert_eq!(self.asked.insert(*day, asked_at), None, "{day} came twice");
        }
    }
}

fn numbers(lines: &[u8]) -> Vec<usize> {
    let number = |line: &str| {
        let value: serde_json::Value = serde_json::from_str(line).unwrap();
        usize::try_from(value["properties"]["n"].as_u64().unwrap()).unwrap()
    };
    String::from_utf8_lossy(lines).lines().map(number).collect()
}

#[test]
fn a_window_that_bridges_days_of_others_brings_them_once() {
    let world = World::new(&Shape { is_for_good: true, shift: 0, has_timeless: false, rows: vec![] });
    let other = world.scan(&Ask { first: 3, ..Ask::PLAIN });
    let ours = world.scan(&Ask { length: 7, limit: 4, ..Ask::PLAIN });
    assert_eq!(ours.plan.len(), 1, "{:?}", ours.plan);
    world.check(other);
    world.check(ours);
}

#[test]
fn what_came_a_moment_ago_is_not_asked_for_again() {
    let world = World::new(&Shape { is_for_good: true, shift: 0, has_timeless: false, rows: vec![] });
    let month = Ask { length: 9, ..Ask::PLAIN };
    assert_eq!(world.check(world.scan(&month)).requests, 9);
    for part in [Ask { first: 2, length: 3, ..Ask::PLAIN }, Ask { events: Some(&["A"]), ..month.clone() }, month] {
        assert_eq!(world.check(world.scan(&part)).requests, 0);
    }
}

#[test]
fn a_forks_child_ends_no_claims_of_its_parents() {
    let world = World::new(&Shape { is_for_good: true, shift: 0, has_timeless: false, rows: vec![] });
    let mut forked = world.scan(&Ask::PLAIN).keeper;
    forked.process += 1;
    let claims: Vec<String> = lock(&forked.claims).iter().cloned().collect();
    let gate = forked.gate.clone();
    drop(forked);
    let living = gate.ledger.living_claims().unwrap();
    assert!(!claims.is_empty() && claims.iter().all(|claim| living.contains(claim)));
}

#[test]
fn claims_are_renewed_as_the_clock_goes() {
    let world = World::new(&Shape { is_for_good: true, shift: 0, has_timeless: false, rows: vec![] });
    let scan = world.scan(&Ask::PLAIN);
    let is_awaited = || matches!(world.scan(&Ask::PLAIN).plan[0].origin, WindowOrigin::Claim(_));
    for _ in 0..4 {
        world.wait(40);
        scan.keeper.renew(true);
        assert!(is_awaited());
    }
    world.wait(61);
    assert!(!is_awaited(), "it stands still");
}

#[test]
fn the_cache_takes_what_it_has_room_for() {
    let world = World::new(&Shape { is_for_good: false, shift: 0, has_timeless: false, rows: vec![] });
    let mut keeper = world.scan(&Ask::PLAIN).keeper;
    keeper.room = AtomicU64::new(100);
    assert!(keeper.takes(60) && !keeper.takes(41) && keeper.takes(40) && !keeper.takes(1));
}

fn ask() -> impl Strategy<Value = Ask> {
    let events = prop_oneof![
        3 => Just(None),
        1 => Just(Some(&["A"][..])),
        1 => Just(Some(&["A", "B"][..])),
        1 => Just(Some(&["D"][..])),
    ];
    let max_age = prop_oneof![4 => Just(None), 1 => Just(Some(0)), 1 => Just(Some(1)), 1 => Just(Some(72))];
    let window_days = prop_oneof![3 => Just(None), 1 => (1usize..4).prop_map(Some)];
    let limit = prop_oneof![Just(1), Just(4), Just(7), Just(12), Just(60)];
    (0..DAYS - 4, 1i64..9, any::<bool>(), events, max_age, window_days, limit).prop_map(
        |(first, length, midnight, events, max_age, window_days, limit)| Ask {
            first,
            length,
            midnight,
            events,
            max_age,
            window_days,
            limit,
        },
    )
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => ask().prop_map(Step::Ask),
        3 => (ask(), ask(), any::<bool>()).prop_map(|(one, two, fails)| Step::Both(one, two, fails)),
        2 => (0i64..90 * HOUR).prop_map(Step::Wait),
        2 => (0i64..200).prop_map(Step::Wait),
        1 => (ask(), 0i64..50).prop_map(|(ask, hours)| Step::Clear(ask, hours)),
    ]
}

fn shape() -> impl Strategy<Value = Shape> {
    let row = (0..DAYS, 0..24 * HOUR, prop_oneof![3 => Just(0i64), 1 => 1i64..12, 1 => 12i64..150]);
    let shift = prop_oneof![3 => Just(0), 1 => 1i64..=14, 1 => -12i64..0];
    (any::<bool>(), shift, prop::bool::weighted(0.2), prop::collection::vec(row, 0..40))
        .prop_map(|(is_for_good, shift, has_timeless, rows)| Shape { is_for_good, shift, has_timeless, rows })
}

proptest! {
    #[test]
    fn rows_out_of_the_archive_are_those_of_fresh_exports(shape in shape(), steps in prop::collection::vec(step(), 1..8)) {
        let world = World::new(&shape);
        if shape.shift != 0 {
            // An answer shows that days are not those of UTC by a row outside of its days. One that is about a day that is
            // not over, or that holds few events, may have none.
            world.check(world.scan(&Ask::PLAIN));
        }
        for step in steps {
            match step {
                Step::Ask(ask) => drop(world.check(world.scan(&ask))),
                Step::Both(one, two, fails) => {
                    let (one, two) = (world.scan(&one), world.scan(&two));
                    if fails {
                        drop(one);
                    } else {
                        world.check(one);
                    }
                    world.check(two);
                }
                Step::Wait(seconds) => world.wait(seconds),
                Step::Clear(ask, hours) => {
                    let scan = world.scan(&ask);
                    if let Ok(Ok(archive)) = Archive::open(&world.target.keeping.archive) {
                        archive::clear(&archive.folder, Some(world.now() - SignedDuration::from_hours(hours)), None);
                    }
                    world.check(scan);
                }
            }
        }
    }
}
