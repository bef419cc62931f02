//! Verbs: what the issuer does. Each may run any number of times: what is done already is left alone.

pub mod issue;
pub mod profile;
pub mod read;
mod submit;

pub use submit::Receipt;
