//! Work that keeps a core busy: as much at once as there are cores, and what belongs to lines of imports behind what belongs to requests.

use std::panic;
use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

tokio::task_local! {
    /// There where a line of an import is worked on.
    static BEHIND_REQUESTS: ();
}

/// Does `work` so that what it computes comes behind what requests have computed: of all that is done so, no more waits in the common queue than
/// there are cores.
pub async fn behind_requests<T>(work: impl Future<Output = T>) -> T {
    BEHIND_REQUESTS.scope((), work).await
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

    /// Does work on a thread for it.
    pub async fn compute<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> T {
        // Given back after the core, so that whoever waits for that gets it first.
        let _behind = match BEHIND_REQUESTS.try_with(|()| ()) {
            Ok(()) => Arc::clone(&self.behind).acquire_owned().await.ok(),
            Err(_) => None,
        };
        let _core = Arc::clone(&self.all).acquire_owned().await;
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
                    .compute(move || {
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
}
