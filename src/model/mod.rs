//! Nouns: what things are. No I/O, no clock, no randomness that is not an argument.

pub mod audit;
pub mod client;
pub mod event;
pub mod evidence;
pub mod files;
pub mod ids;
pub mod issuance;
pub mod job;
pub mod kyc_version;
pub mod lifecycle;
pub mod mail_link;
pub mod named;
pub mod network;
pub mod notes;
pub mod notices;
pub mod personal;
pub mod profile;
mod regions;
pub mod retry;
pub mod server_url;
mod spelling;
pub mod submission;
pub mod submitter;
pub mod time;
pub mod validity;
pub mod verification;
pub mod wallet_link;
