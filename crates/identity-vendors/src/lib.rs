#![doc = include_str!("../README.md")]
//!
//! # Where things are
//!
//! - [`Vendor`] checks a webhook over its bytes ([`Vendor::authenticate`]) and reads it ([`Authentic::notice`]); it describes
//!   the requests for files and access tokens. Each vendor is a file of `src/vendor/`. It also signs a [`Sample`], to try the door
//!   that takes webhooks.
//! - [`Inquiry`] asks what became of a case: [`Request`]s out, [`Answer`]s in, a [`Finding`] at the end.
//! - [`Identity`] is who an approved person is, and [`Identity::claims`] what an idOS credential can say of it, or each
//!   reason why not ([`Refusal`]).
//!
//! [`personhood`] does the same for sources that say no more of somebody than that it is a person, and one person only.
//!
//! No I/O, no clock, no randomness. Errors name fields and headers, and never repeat what is in them.

mod account;
mod case;
mod codes;
mod country;
mod date;
mod fault;
mod inquiry;
mod json;
mod media;
mod name;
mod notice;
pub mod personhood;
mod refusal;
mod request;
mod result;
mod schema;
mod secret;
mod signature;
mod talk;
mod vendor;

pub use account::{Account, Canonical, Environment, FilesBase, InvalidBase, Settings};
pub use case::{Case, CaseId, InvalidId, Reference};
pub use country::{Alpha2, Country};
pub use date::{Date, Moment, PartialDate};
pub use fault::Fault;
pub use idos_file_type::FileType;
pub use inquiry::{Inquiry, Step};
pub use media::{LARGEST_FILE, Media, MediaReference, Shows};
pub use name::Name;
pub use notice::{DeliveryId, Event, Notice};
pub use refusal::{Refusal, RefusalCode};
pub use request::{Answer, Base, Method, Request};
pub use result::{
    Address, AddressProof, Checks, Decline, Document, DocumentType, Finding, Gender, Identity, Outcome, Wait,
};
pub use schema::{ClaimedAddress, ClaimedProof, Claims, Level, Schema, Script};
pub use secret::{InvalidSecret, Secret};
pub use signature::{Received, TOLERANCE, Untrusted};
pub use vendor::{Authentic, LARGEST_ANSWER, Proof, Sample, Vendor};
