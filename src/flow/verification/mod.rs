//! Verifications: a provider opens one, a vendor decides, and what it approves becomes a credential by itself.
//!
//! `hear` takes what a vendor tells, and only notes it. `ask` asks what holds now, from the queue of the source, and brings the
//! verification on. `evidence` makes a submission of who was found to be whom.

mod ask;
mod evidence;
mod hear;
mod open;
mod overdue;

pub use ask::fetch_result;
pub use hear::{Taken, hear};
pub(super) use open::resume_as;
pub use open::{
    EraseError, Opening, OpeningError, ResumeError, Resumption, VendorCase, ask_again, erase, open, resume,
};
pub(super) use overdue::end_overdue;
