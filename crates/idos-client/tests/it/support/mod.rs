//! The captured vectors, typed actions made from their inputs, and a server that says what a test tells it to.

pub(crate) mod inputs;
pub(crate) mod server;
pub(crate) mod vectors;
