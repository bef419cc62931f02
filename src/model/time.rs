//! Time: timestamps, which count milliseconds, and spans of them.

pub use idos_credential::Timestamp;

/// An hour.
pub const HOUR: i64 = 3_600_000;

/// A day.
pub const DAY: i64 = 24 * HOUR;
