//! What becomes of pictures.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails loudly")]

mod budgets;
mod metadata;
mod orientations;
mod pictures;
mod properties;
mod refusals;
