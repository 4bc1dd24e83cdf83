//! How do the windows get here?
//!
//! One thread downloads several windows at once, waits for those that others bring,
//! and looks at what has arrived where readers are slow. It ends when all windows
//! are in hand, or nobody reads any more and what is under way is kept. Ending drops
//! the rest, which closes the connections at once.

use std::{sync::Arc, time::Duration};

use tokio::{
    task::JoinSet,
    time::{Instant, Interval, MissedTickBehavior, interval},
};

use super::{
    answer::{Answered, Arrived},
    board::{Board, Task},
    inflate,
    plan::{WantedDays, Window},
    request::ExportRequest,
    source::{Brought, WindowSource},
    verify,
};
use crate::{
    contract::{Code, Error, Result},
    fetching::thread,
};

/// Between two looks at what others bring.
const LOOK: Duration = Duration::from_millis(200);

/// Between two looks at whether our claims are to be renewed.
const RENEW: Duration = Duration::from_secs(1);

/// How long what is under way may go on when nobody reads any more.
const LAST: Duration = Duration::from_secs(60);

/// Answers that are looked at at once where no reader has time for them: each takes a core.
const CHECKS: usize = 2;

/// How a scan fetches.
#[derive(Debug, Clone)]
pub struct Terms {
    pub wanted: WantedDays,
    pub max_workers: usize,
    /// How long a spent hour is waited for.
    pub max_wait: Duration,
}

/// Starts to download the windows of a scan.
pub fn start(board: Arc<Board>, request: ExportRequest, terms: Terms) -> Result<()> {
    let source = WindowSource::new(request, Arc::clone(&board.fetch))?;
    // Whatever ends the thread, readers must not wait for it.
    let lost = {
        let board = Arc::clone(&board);
        move |error| board.fail(error)
    };
    thread::run("mixpanel-download", drive(board, Arc::new(source), terms), lost)
}

async fn drive(board: Arc<Board>, source: Arc<WindowSource>, terms: Terms) {
    let (mut tasks, mut checks) = (JoinSet::new(), JoinSet::new());
    let (mut look, mut renew) = (every(LOOK), every(RENEW));
    let mut last = None;
    let ahead = 2 * terms.max_workers;
    while !board.is_over(last.is_some_and(|last| Instant::now() >= last)) {
        if board.is_closed() {
            last.get_or_insert_with(|| Instant::now() + LAST);
        }
        board.fail_at_last();
        plan_anew(&board, &terms.wanted);
        while checks.len() < CHECKS
            && let Some((index, window, answer)) = board.next_to_check()
        {
            checks.spawn(check(Arc::clone(&board), index, window, answer));
        }
        while tasks.len() < terms.max_workers
            && let Some(task) = board.next_to_download(ahead)
        {
            tasks.spawn(fetch(Arc::clone(&board), Arc::clone(&source), task, terms.max_wait));
        }
        tokio::select! {
            () = board.wanted.notified() => {}
            Some(ended) = tasks.join_next(), if !tasks.is_empty() => {
                if let Err(error) = ended {
                    board.fail(thread::broken(error));
                }
            }
            Some(ended) = checks.join_next(), if !checks.is_empty() => {
                if let Err(error) = ended {
                    board.fail(thread::broken(error));
                }
            }
            _ = look.tick(), if board.has_to_look() => look_at_others(&board),
            _ = renew.tick() => board.keeper.renew(!board.is_closed()),
            () = tokio::time::sleep_until(last.unwrap_or_else(Instant::now)), if last.is_some() => {}
        }
    }
}

fn every(period: Duration) -> Interval {
    let mut interval = interval(period);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    interval
}

/// Plans all that is to be planned in one step, for no more requests than it was windows: one by one, each would take its
/// share of the hour.
fn plan_anew(board: &Board, wanted: &WantedDays) {
    let Some((indexes, days)) = board.unplanned() else { return };
    let wanted = WantedDays { days, midnight: None, most: indexes.len(), ..wanted.clone() };
    match board.keeper.plan(&wanted, false) {
        Ok(plan) => board.replace(&indexes, plan),
        Err(error) => indexes.into_iter().for_each(|index| board.give_up(index, error.clone())),
    }
}

fn look_at_others(board: &Board) {
    let awaited = board.awaited();
    if awaited.is_empty() {
        return;
    }
    let claims = awaited.iter().map(|(_, claim)| claim.clone()).collect();
    match board.keeper.look(claims) {
        Ok(states) => awaited.iter().zip(states).for_each(|((index, _), state)| board.looked(*index, state)),
        Err(error) => board.fail(error),
    }
}

/// Fetches one window until it is here or can't be had.
async fn fetch(board: Arc<Board>, source: Arc<WindowSource>, task: Task, max_wait: Duration) {
    if !task.pause.is_zero() {
        tokio::time::sleep(task.pause).await;
    }
    let Task { index, window, claim, .. } = task;
    let again = |failure| board.try_again(index, failure);
    match source.bring(window, claim.as_deref(), again, &board.keeper).await {
        Ok(Brought::Answer(mut answer)) => {
            // What was checked while it arrived is kept at once; a doubtful one is for the reader to judge.
            let count = answer.verified.filter(|count| verify::within_days(*count).is_ok());
            if let Some(count) = count
                && let Some(unkept) = answer.unkept()
            {
                board.keep(index, window, unkept, count);
            }
            board.bring(index, Arrived::Answer(answer));
        }
        Ok(Brought::Broken(pause, error)) => match window.halves() {
            Some(halves) => board.halve(index, halves, pause),
            None => board.give_up(index, error),
        },
        Ok(Brought::Later(at, _)) if board.may_wait(index, at, max_wait) => board.plan_anew(index, Some(at)),
        Ok(Brought::Later(_, error)) | Err(error) => board.give_up(index, error),
    }
}

/// Looks at an answer that no reader has time for, and keeps it.
async fn check(board: Arc<Board>, index: usize, window: Window, mut answer: Box<Answered>) {
    let credentials = board.credentials().clone();
    let (encoding, verified) = (answer.encoding, answer.verified);
    let checked = tokio::task::spawn_blocking(move || {
        let count = match verified {
            Some(count) => Ok(count),
            None => inflate::stream_spool(&mut answer.spool, encoding)
                .map_err(Error::from)
                .and_then(|lines| verify::lines(lines, window.days(), &credentials)),
        };
        (answer, count)
    });
    let (mut answer, count) = match checked.await {
        Ok(checked) => checked,
        Err(error) => return board.give_up(index, Error::new(Code::Internal, format!("a check failed: {error}"))),
    };
    let count = match count {
        Ok(count) => count,
        Err(damage) => return board.again(index, damage),
    };
    let warning = match verify::within_days(count) {
        Ok(warning) => warning,
        Err(error) => return board.give_up(index, error),
    };
    answer.verified = Some(count);
    match answer.unkept().and_then(|unkept| board.keep(index, window, unkept, count)) {
        Some(kept) => {
            // Whoever reads it takes it for one that was looked at long ago.
            board.warn_outside(window, warning);
            board.checked(index, Arrived::Kept(kept));
        }
        None => board.checked(index, Arrived::Answer(answer)),
    }
}
