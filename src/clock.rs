//! The only source of "now".

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use idos_credential::Timestamp;

/// Where the time comes from.
#[derive(Clone, Debug, Default)]
pub enum Clock {
    /// The system's clock.
    #[default]
    System,
    /// A clock that stands still until it is moved, for tests.
    Fixed(Arc<AtomicI64>),
}

impl Clock {
    /// A clock that stands still at this moment.
    #[must_use]
    pub fn fixed(at: Timestamp) -> Self {
        Self::Fixed(Arc::new(AtomicI64::new(at.unix_millis())))
    }

    /// The present moment.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        match self {
            Self::System => now(),
            Self::Fixed(millis) => {
                Timestamp::from_unix_millis(millis.load(Ordering::Relaxed)).unwrap_or(Timestamp::EPOCH)
            }
        }
    }

    /// Moves a fixed clock on; the system's goes by itself.
    pub fn advance_millis(&self, by: i64) {
        if let Self::Fixed(millis) = self {
            millis.fetch_add(by, Ordering::Relaxed);
        }
    }
}

/// The present moment by the system's clock.
#[must_use]
pub fn now() -> Timestamp {
    #[expect(clippy::disallowed_methods, reason = "this is the clock that everyone else uses")]
    let now = chrono::Utc::now();
    Timestamp::from_unix_millis(now.timestamp_millis()).unwrap_or(Timestamp::EPOCH)
}
