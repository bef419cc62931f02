//! Spans of time, in milliseconds, as moments count them.

/// An hour.
pub const HOUR: i64 = 3_600_000;

/// A day.
pub const DAY: i64 = 24 * HOUR;
