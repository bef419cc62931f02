//! Nouns: what the issuer deals with. No files, no network, no clock.

pub mod evidence;
