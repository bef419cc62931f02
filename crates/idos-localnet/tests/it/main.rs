//! The network from outside. What needs the real node software is in `on_kwild`, so that it can be run, or left out, by
//! that name.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that meets something else than it expects fails loudly"
)]

mod on_kwild;
mod refusals;
mod support;
