//! The service without its HTTP door: from a submission to the user's profile, on both databases.

mod chain;
mod crashes;
mod halts;
mod issuing;
mod keeping;
mod nodes;
mod passing;
mod plans;
mod privacy;

pub(crate) use issuing::create_profile;
