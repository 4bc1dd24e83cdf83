//! Where windows are, and what becomes of those that fail.

use jiff::civil::date;

use super::{
    super::{
        keeper::{PlannedWindow, WindowOrigin},
        spool::Allowance,
    },
    *,
};
use crate::{config::Secret, contract::Clock, decode::Selection, fetching::record, mixpanel::testing::target};

fn board(count: i8, on_failure: OnFailure) -> Board {
    board_of((1..=count).map(|day| window(day, day)).collect(), on_failure)
}

fn window(first: i8, last: i8) -> Window {
    Window { from: date(2025, 1, first), to: date(2025, 1, last) }
}

fn board_of(windows: Vec<Window>, on_failure: OnFailure) -> Board {
    let credentials = Credentials::OAuthToken(Secret::new("hidden-token"));
    let target = Target { credentials, ..target() };
    let planned =
        |window: Window| PlannedWindow { window, days: vec![window.from], origin: WindowOrigin::Mixpanel(None) };
    let plan = WindowPlan { windows: windows.into_iter().map(planned).collect(), shortage: None };
    let record = record::start("test", "{}".into(), 0, Clock::default());
    Board::new(plan, on_failure, record, Keeper::for_test(&target), &target)
}

/// A board asks so soon whether a reader still waits.
const LOOK: Duration = Duration::from_millis(1);

const ASKED: Asked = Asked { at: Timestamp::UNIX_EPOCH, is_empty: true };

fn arrived() -> Arrived {
    Arrived::Answer(Box::new(Answered::empty(&Allowance::default(), Timestamp::UNIX_EPOCH)))
}

fn broken() -> Error {
    Error::new(Code::Truncated, "cut")
}

#[test]
fn windows_go_out_oldest_first_and_no_further_than_asked() {
    let board = board(3, OnFailure::Error);
    assert_eq!(board.next_to_download(2).map(|task| task.index), Some(0));
    assert_eq!(board.next_to_download(2).map(|task| task.index), Some(1));
    assert!(board.next_to_download(2).is_none());
    board.bring(1, arrived());
    let (_taken, window, _) = board.take(LOOK, || false).unwrap().unwrap();
    assert_eq!(window.from, date(2025, 1, 2));
    assert_eq!(board.next_to_download(2).map(|task| task.index), Some(2));
}

/// An archived answer for days from one to another, of which some are wanted.
fn kept(first: i8, last: i8, wanted: &[i8]) -> PlannedWindow {
    let day = |number: i8| date(2025, 1, number);
    let days: Vec<Date> = wanted.iter().map(|number| day(*number)).collect();
    let name = format!("{}_{}.1735862400123.0.0.99.00000000.jsonl.gz", day(first), day(last));
    let copy = crate::archive::Copy::read(&name).unwrap();
    let is_whole = copy.days().count() == days.len();
    let selection = Selection::new((copy.from, copy.to), (!is_whole).then_some(&*days), None);
    let window = Window { from: days[0], to: days[days.len() - 1] };
    PlannedWindow { window, days, origin: WindowOrigin::Copy(KeptAnswer { copy, place: name.into(), selection }) }
}

#[test]
fn kept_answers_of_which_days_are_cut_away_come_last() {
    let board = board(2, OnFailure::Error);
    let windows = vec![kept(3, 5, &[4]), kept(6, 7, &[6, 7])];
    board.replace(&[], WindowPlan { windows, shortage: None });
    let take = || board.take(LOOK, || true).unwrap();
    let (whole, window, _) = take().unwrap();
    assert_eq!(window.from, date(2025, 1, 6));
    // One is read, and two are still to be asked for: any of them may show that the third must not be cut.
    assert!(take().is_none());
    whole.settle(Count::default(), ASKED);
    for index in 0..2 {
        assert!(take().is_none());
        board.next_to_download(8);
        board.bring(index, arrived());
        take().unwrap().0.settle(Count { rows: 1, on_days: 1, outside: 0 }, ASKED);
    }
    let (cut, window, _) = take().unwrap();
    assert_eq!(window.from, date(2025, 1, 4));
    assert!(board.may_cut());
    cut.settle(Count::default(), ASKED);
    assert!(board.is_over(false) && board.take(LOOK, || false).unwrap().is_none());
}

#[test]
fn what_shows_other_days_comes_before_anything_is_cut() {
    let board = board(1, OnFailure::Error);
    board.replace(&[], WindowPlan { windows: vec![kept(3, 5, &[4])], shortage: None });
    board.next_to_download(8);
    board.bring(0, arrived());
    board.take(LOOK, || false).unwrap().unwrap().0.settle(Count { rows: 2, on_days: 1, outside: 0 }, ASKED);
    let (cut, ..) = board.take(LOOK, || false).unwrap().unwrap();
    assert!(!board.may_cut());
    cut.plan_anew();
    assert_eq!(board.unplanned(), Some((vec![1], vec![date(2025, 1, 4)])));
}

#[test]
fn a_settled_scan_is_over() {
    let board = board(1, OnFailure::Error);
    board.next_to_download(1);
    board.bring(0, arrived());
    let (taken, ..) = board.take(LOOK, || false).unwrap().unwrap();
    assert!(!board.is_over(false));
    taken.settle(Count::default(), ASKED);
    assert!(board.is_over(false) && board.take(LOOK, || false).unwrap().is_none());
    assert_eq!(board.progress(), 1.0);
}

#[test]
fn progress_is_the_share_of_the_days() {
    let board = board(2, OnFailure::Error);
    board.lock().slots[1].days = (2..=4).map(|day| date(2025, 1, day)).collect();
    board.next_to_download(2);
    board.bring(0, arrived());
    assert_eq!(board.progress(), 0.125);
    let (taken, ..) = board.take(LOOK, || false).unwrap().unwrap();
    taken.settle(Count::default(), Asked { at: Timestamp::UNIX_EPOCH, is_empty: true });
    assert_eq!(board.progress(), 0.25);
}

#[test]
fn a_damaged_window_is_fetched_again_and_then_named() {
    let board = board(2, OnFailure::Error);
    for _ in 0..Policy::default().damaged {
        let task = board.next_to_download(8).unwrap();
        assert_eq!(task.index, 0);
        board.bring(0, arrived());
        board.take(LOOK, || false).unwrap().unwrap().0.again(broken());
    }
    let error = board.take(LOOK, || false).err().unwrap().to_string();
    assert!(error.contains("2025-01-01: after 4 attempts: cut"), "{error}");
    assert!(board.is_over(false));
}

/// A board of one window of four days, that broke off: its halves are to be requested.
fn halved() -> Board {
    let board = board_of(vec![window(1, 4)], OnFailure::Error);
    let task = board.next_to_download(8).unwrap();
    let pause = board.try_again(task.index, Failure::backoff(broken())).unwrap();
    board.halve(task.index, task.window.halves().unwrap(), pause);
    board
}

/// Which windows are requested now, by their first and last day.
fn requested(board: &Board) -> Vec<(i8, i8)> {
    let task = || board.next_to_download(8).map(|task| (task.window.from.day(), task.window.to.day()));
    std::iter::from_fn(task).collect()
}

fn failures(board: &Board, index: usize) -> usize {
    (0..99).take_while(|_| board.try_again(index, Failure::backoff(broken())).is_ok()).count()
}

#[test]
fn six_tries_in_a_row_end_a_half_and_one_that_is_kept_starts_the_count_anew() {
    let board = halved();
    for _ in 0..4 {
        board.try_again(2, Failure::backoff(broken())).unwrap();
    }
    // While the other one is still under way.
    board.lock().begin_anew(1, board.policy);
    assert_eq!(failures(&board, 2), 5);
    let board = halved();
    for part in [1, 2, 1, 2] {
        board.try_again(part, Failure::backoff(broken())).unwrap();
    }
    assert_eq!(failures(&board, 2), 0);
}

#[test]
fn a_server_that_breaks_off_everything_is_asked_six_times() {
    let board = board_of(vec![window(1, 31)], OnFailure::Error);
    let mut requests = vec![];
    loop {
        let task = board.next_to_download(8).unwrap();
        assert_eq!(requested(&board), [], "one part at a time");
        requests.push((task.window.from.day(), task.window.to.day()));
        match board.try_again(task.index, Failure::backoff(broken())) {
            Ok(pause) => board.halve(task.index, task.window.halves().unwrap(), pause),
            Err(error) => {
                assert!(error.to_string().contains("after 6 attempts"), "{error}");
                break;
            }
        }
    }
    assert_eq!(requests, [(1, 31), (1, 16), (1, 8), (1, 4), (1, 2), (1, 1)]);
}

#[test]
fn what_is_good_in_small_parts_comes_however_long_the_window_was() {
    for length in [2, 16, 31] {
        let board = board_of(vec![window(1, length)], OnFailure::Error);
        let (mut requests, mut days) = (0, vec![]);
        while let Some(task) = board.next_to_download(8) {
            requests += 1;
            match task.window.halves() {
                // The server breaks off whatever is longer than a day.
                Some(halves) => {
                    let pause = board.try_again(task.index, Failure::backoff(broken())).unwrap();
                    board.halve(task.index, halves, pause);
                }
                None => {
                    board.bring(task.index, arrived());
                    let (taken, window, _) = board.take(LOOK, || false).unwrap().unwrap();
                    days.push(window.from.day());
                    taken.settle(Count::default(), ASKED);
                }
            }
        }
        days.sort_unstable();
        assert_eq!(days, (1..=length).collect::<Vec<_>>());
        assert_eq!(requests, 2 * usize::try_from(length).unwrap() - 1);
    }
}

#[test]
fn once_a_part_is_good_the_others_go_at_the_same_time() {
    let board = halved();
    assert_eq!(requested(&board), [(1, 2)]);
    board.bring(1, arrived());
    assert_eq!(requested(&board), [], "nobody has read it yet");
    let (taken, ..) = board.take(LOOK, || false).unwrap().unwrap();
    assert_eq!(requested(&board), []);
    taken.settle(Count::default(), ASKED);
    assert_eq!(requested(&board), [(3, 4)]);
}

#[test]
fn skipping_leaves_out_one_window_but_not_all() {
    let board = board(2, OnFailure::Skip);
    board.give_up(0, broken());
    assert!(!board.is_over(false));
    assert_eq!(board.fetch.end().failed.len(), 1);
    board.give_up(1, broken());
    assert!(board.take(LOOK, || false).is_err());
}

#[test]
fn days_that_the_plan_does_not_keep_can_be_skipped() {
    let board = board(2, OnFailure::Skip);
    let error = Error::new(Code::PermissionDenied, "HTTP 403").because(Reason::HistoryLimit(Some(90)));
    board.give_up(0, error);
    assert!(!board.is_over(false));
    assert_eq!(board.fetch.end().failed.len(), 1);
}

#[test]
fn a_wrong_password_is_never_skipped() {
    let board = board(2, OnFailure::Skip);
    board.give_up(0, Error::new(Code::AuthenticationFailed, "HTTP 401"));
    assert_eq!(board.take(LOOK, || false).err().unwrap().code(), Code::AuthenticationFailed);
}

#[test]
fn an_answer_that_repeats_the_credentials_does_not_spread_them() {
    let board = board(1, OnFailure::Error);
    board.give_up(0, Error::new(Code::Truncated, "line 1 says hidden-token").server("hidden-token"));
    let error = board.take(LOOK, || false).err().unwrap().to_string();
    assert!(error.contains("line 1 says") && !error.contains("hidden-token"), "{error}");
}

#[test]
fn a_window_that_is_dropped_fails_the_scan() {
    let board = board(1, OnFailure::Error);
    board.next_to_download(1);
    board.bring(0, arrived());
    drop(board.take(LOOK, || false).unwrap());
    assert_eq!(board.take(LOOK, || false).err().map(|error| error.code()), Some(Code::Internal));
}

#[test]
fn only_a_reader_that_may_leave_does() {
    let board = board(1, OnFailure::Error);
    assert!(board.take(LOOK, || true).unwrap().is_none());
    assert!(!board.is_over(false));
}

#[test]
fn what_another_request_does_not_mend_is_not_asked_for_again() {
    let board = board(1, OnFailure::Error);
    board.next_to_download(1);
    board.bring(0, arrived());
    board.take(LOOK, || false).unwrap().unwrap().0.again(Error::new(Code::InvalidRequest, "bad filter"));
    assert!(board.is_over(false) && board.next_to_download(1).is_none());
}

#[test]
fn closing_wakes_a_waiting_reader() {
    let board = Arc::new(board(1, OnFailure::Error));
    let waiting = std::thread::spawn({
        let board = Arc::clone(&board);
        move || board.take(LOOK, || false).unwrap().is_none()
    });
    board.close();
    assert!(waiting.join().unwrap());
}
