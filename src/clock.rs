//! The only source of "now".

use idos_credential::Moment;

/// The present moment by the system's clock.
#[must_use]
pub fn now() -> Moment {
    #[expect(clippy::disallowed_methods, reason = "this is the clock that everyone else uses")]
    let now = chrono::Utc::now();
    Moment::from_unix_millis(now.timestamp_millis()).unwrap_or(Moment::EPOCH)
}
