//! Work that keeps a core busy: as much at once as there are cores, and what belongs to lines of imports behind what belongs to requests.
//!
//! What takes a moment is done at once: to wake a thread for it, and to be woken when it is done, costs more than it does.

use std::panic;
use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::task::{JoinError, spawn_blocking, yield_now};

/// Work on so many bytes takes a moment: to seal them is mostly the agreement on keys, which takes a third of a millisecond. Other tasks of
/// the thread wait for so long.
pub const MOMENTARY: usize = 16 * 1024;

/// Does work on `bytes` bytes, on a thread for it unless they are few. The error says that it has panicked there.
pub async fn aside<T: Send + 'static>(
    bytes: usize,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, JoinError> {
    if bytes <= MOMENTARY { Ok(work()) } else { spawn_blocking(work).await }
}

tokio::task_local! {
    /// There where a line of an import is worked on.
    static BEHIND_REQUESTS: ();
}

/// Does `work` so that what it computes comes behind what requests have computed: of all that is done so, no more waits in the common queue than
/// there are cores.
pub async fn behind_requests<T>(work: impl Future<Output = T>) -> T {
    BEHIND_REQUESTS.scope((), work).await
}

/// Whether that comes behind requests which is worked on here.
#[must_use]
pub fn is_behind_requests() -> bool {
    BEHIND_REQUESTS.try_with(|()| ()).is_ok()
}

/// The cores.
pub struct Cores {
    all: Arc<Semaphore>,
    /// For what comes behind requests, before it gets in line with them.
    behind: Arc<Semaphore>,
}

impl Cores {
    /// So many.
    #[must_use]
    pub fn new(count: usize) -> Self {
        let semaphore = || Arc::new(Semaphore::new(count.max(1)));
        Self { all: semaphore(), behind: semaphore() }
    }

    /// Does work on `bytes` bytes, on a thread for it unless they are few.
    pub async fn compute<T: Send + 'static>(
        &self,
        bytes: usize,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> T {
        let behind =
            if is_behind_requests() { Arc::clone(&self.behind).acquire_owned().await.ok() } else { None };
        if bytes <= MOMENTARY {
            let done = work();
            if behind.is_some() {
                // Whoever else is ready comes first, and no other line until then.
                yield_now().await;
            }
            return done;
        }
        let core = Arc::clone(&self.all).acquire_owned().await;
        // Held until it is done, also if nobody waits for it any more: it cannot be broken off.
        let work = move || {
            let done = work();
            drop(core);
            // After the core, so that whoever waits for that gets it first.
            drop(behind);
            done
        };
        match spawn_blocking(work).await {
            Ok(result) => result,
            Err(panicked) => panic::resume_unwind(panicked.into_panic()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::sync::mpsc;
    use std::thread;

    use super::*;

    #[tokio::test]
    async fn a_request_waits_for_no_more_lines_than_there_are_cores() {
        let cores = Arc::new(Cores::new(1));
        let done = Arc::new(Mutex::new(Vec::new()));
        let (go, told) = mpsc::channel();
        let gate = Arc::new(Mutex::new(told));
        let ask = |who: &'static str| {
            let (cores, done, gate) = (Arc::clone(&cores), Arc::clone(&done), Arc::clone(&gate));
            async move {
                cores
                    .compute(usize::MAX, move || {
                        gate.lock().unwrap().recv().unwrap();
                        done.lock().unwrap().push(who);
                    })
                    .await;
            }
        };
        let mut all: Vec<_> = (0..8).map(|_| tokio::spawn(behind_requests(ask("line")))).collect();
        tokio::task::yield_now().await;
        all.push(tokio::spawn(ask("request")));
        // All of them wait now, but for the first line, which is being worked on.
        tokio::task::yield_now().await;
        for _ in 0..9 {
            go.send(()).unwrap();
        }
        for one in all {
            one.await.unwrap();
        }
        assert_eq!(done.lock().unwrap()[..3], ["line", "request", "line"]);
    }

    #[tokio::test]
    async fn a_core_is_taken_until_the_work_is_done_also_if_nobody_waits_for_it() {
        let cores = Arc::new(Cores::new(1));
        let (go, told) = mpsc::channel::<()>();
        let (begun, begins) = tokio::sync::oneshot::channel();
        let asked = {
            let cores = Arc::clone(&cores);
            tokio::spawn(async move {
                cores
                    .compute(usize::MAX, move || {
                        begun.send(()).unwrap();
                        told.recv().unwrap();
                    })
                    .await;
            })
        };
        begins.await.unwrap();
        asked.abort();
        assert!(asked.await.unwrap_err().is_cancelled());
        assert_eq!(cores.all.available_permits(), 0);
        go.send(()).unwrap();
        cores.compute(usize::MAX, || ()).await;
        assert_eq!(cores.all.available_permits(), 1);
    }

    #[tokio::test]
    async fn what_takes_a_moment_is_done_where_it_is_asked_for_and_lines_let_requests_go_first() {
        let cores = Arc::new(Cores::new(1));
        let done = Arc::new(Mutex::new(Vec::new()));
        let here = thread::current().id();
        let ask = |who: &'static str| {
            let (cores, done) = (Arc::clone(&cores), Arc::clone(&done));
            async move {
                let at = cores.compute(MOMENTARY, move || thread::current().id()).await;
                assert_eq!(at, here);
                cores.compute(MOMENTARY, move || done.lock().unwrap().push(who)).await;
            }
        };
        let mut all: Vec<_> = (0..8).map(|_| tokio::spawn(behind_requests(ask("line")))).collect();
        all.push(tokio::spawn(ask("request")));
        for one in all {
            one.await.unwrap();
        }
        assert_eq!(done.lock().unwrap()[0], "request");
        assert_ne!(cores.compute(MOMENTARY + 1, || thread::current().id()).await, here);
    }
}
