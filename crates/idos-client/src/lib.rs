//! Speaks to an idOS node.

pub mod encoding;
pub mod transaction;
