//! The service without its HTTP door: from a submission to the user's profile, on both databases.

mod asked_together;
mod attributes;
mod chain;
mod crashes;
mod erasing;
mod erasing_marks;
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
pub(crate) mod receiver;
mod renewals;
mod reports;
mod rescinding;
mod retention;
mod schema;
pub(crate) mod sharing;
mod silence;
mod submitters;
mod together;
mod unlinked;
mod watching;

pub(crate) use issuing::create_profile;
