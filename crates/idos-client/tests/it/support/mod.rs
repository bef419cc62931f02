//! The captured vectors, and typed actions made from their inputs.

pub(crate) mod inputs;
pub(crate) mod vectors;
