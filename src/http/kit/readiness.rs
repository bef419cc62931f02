//! Which parts of the service do not work at the moment.

use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

use crate::app::App;

/// For how long an answer holds: whoever asks often does not burden the parts.
const CACHE_TIME: Duration = Duration::from_secs(3);

/// How long a part may take to answer.
const TIMEOUT: Duration = Duration::from_secs(3);

/// What was last found out about the parts that do not work.
#[derive(Default)]
pub(crate) struct Readiness(Mutex<Option<(Instant, Vec<&'static str>)>>);

impl Readiness {
    /// The parts that do not work.
    pub(crate) async fn broken(&self, app: &App) -> Vec<&'static str> {
        // One asks, the others wait for its answer.
        let mut last = self.0.lock().await;
        if let Some((at, broken)) = &*last
            && at.elapsed() < CACHE_TIME
        {
            return broken.clone();
        }
        let (database, node) = tokio::join!(
            timeout(TIMEOUT, async {
                app.store.require_migrated().await?;
                app.store.probe_write(app.clock.now()).await
            }),
            timeout(TIMEOUT, async {
                match app.idos().await {
                    Ok(client) => client.health().await.is_ok(),
                    Err(_) => false,
                }
            }),
        );
        let parts = [
            ("the database", matches!(database, Ok(Ok(())))),
            ("the idOS node", node == Ok(true)),
            ("a lane, which cannot record what it delivers", app.lanes_record()),
        ];
        let broken: Vec<_> = parts.into_iter().filter(|(_, works)| !works).map(|(part, _)| part).collect();
        *last = Some((Instant::now(), broken.clone()));
        broken
    }
}
