//! Look: how staff find records, and what they see of them. Each look goes by an index, whatever the tables hold, and sees the records of
//! those clients alone that whoever looks may see: everybody else's are not there.
//!
//! Nothing here is about a person but what the records are: ids, codes and times. Whoever shows a record writes down that it was seen.

mod act;
mod cases;
mod fact;
mod found;
mod halted;
mod lists;
mod mails;
mod numbers;
mod record;
mod related;
mod search;
mod standing;
mod timeline;

pub use act::{resume, tell_again};
pub use cases::{CasesAsked, DueWithin, Waiting, cases, cases_about, waiting};
pub use fact::{Fact, Value};
pub use found::Hit;
pub(super) use halted::forget_old as forget_bulk_resumes;
pub use halted::{
    BulkError, Halts, StoppedRecord, bring_on_all, end as end_bulk_resume, halts, resume_all, stopped_for,
};
pub use lists::{At, Listed, NotTold, events_not_told, issuances, notices, verifications};
pub use mails::{MailPreview, mail_names, preview};
pub(super) use numbers::forget_old as forget_numbers;
pub use numbers::{Numbers, count_up, numbers};
pub use record::{Delivered, Record, known, record};
pub use related::{Related, Relation};
pub use search::{Findings, Network, search};
pub use standing::{Stop, Waits};
pub use timeline::{Moment, Planned, What};
