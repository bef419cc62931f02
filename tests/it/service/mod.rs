//! The service without its HTTP door: from a submission to the user's profile, on both databases.

mod attributes;
mod chain;
mod crashes;
mod erasure;
mod gateway;
mod halts;
mod issuing;
mod keeping;
mod key_rotation;
mod looks;
mod nodes;
mod not_understood;
mod notices;
mod passing;
mod plans;
pub(crate) mod privacy;
mod receiver;
mod renewals;
mod reports;
mod retention;
mod schema;
mod sharing;
mod submitters;
mod together;
mod unlinked;

pub(crate) use issuing::create_profile;
