//! The service without its HTTP door: from a submission to the user's profile, on both databases.

mod crashes;
mod issuing;
mod keeping;
mod nodes;
mod passing;
mod plans;
mod privacy;
