//! How do the windows get here?
//!
//! One thread downloads several windows at once. It ends when all windows are in hand or nobody reads any more; ending
//! drops what is under way, which closes the connections at once.

use std::sync::Arc;

use tokio::task::JoinSet;

use super::{
    board::{Board, Task},
    request::ExportRequest,
    source::WindowSource,
};
use crate::{contract::Result, fetching::thread};

/// Starts to download the windows of a scan.
pub fn start(board: Arc<Board>, request: ExportRequest, max_workers: usize) -> Result<()> {
    let source = WindowSource::new(request, board.count(), Arc::clone(&board.fetch))?;
    // Whatever ends the thread, readers must not wait for it.
    let lost = {
        let board = Arc::clone(&board);
        move |error| board.fail(error)
    };
    thread::run("mixpanel-download", drive(board, Arc::new(source), max_workers), lost)
}

async fn drive(board: Arc<Board>, source: Arc<WindowSource>, max_workers: usize) {
    let mut tasks = JoinSet::new();
    while !board.is_over() {
        while tasks.len() < max_workers
            && let Some(task) = board.next_to_download(2 * max_workers)
        {
            tasks.spawn(fetch(Arc::clone(&board), Arc::clone(&source), task));
        }
        tokio::select! {
            () = board.wanted.notified() => {}
            Some(ended) = tasks.join_next(), if !tasks.is_empty() => {
                if let Err(error) = ended {
                    board.fail(thread::broken(error));
                }
            }
        }
    }
}

/// Fetches one window until it is here or can't be had.
async fn fetch(board: Arc<Board>, source: Arc<WindowSource>, Task { index, window, mut tries, pause }: Task) {
    if !pause.is_zero() {
        tokio::time::sleep(pause).await;
    }
    match source.bring(window, &mut tries).await {
        Ok(arrived) => board.bring(index, arrived, tries),
        Err(error) => board.give_up(index, error),
    }
}
