//! Notices: people are told by mail before their credentials end. `plan` says when, in the transaction in which a credential
//! is issued; [`claim()`] takes the turn of what is due; [`Claimed::send`] sends it and remembers what came of it. What is sent
//! how often, whatever is killed when, stands in `docs/notices.md`.

mod claim;
mod letter;
mod operate;
mod plan;
mod send;

pub(super) use claim::may_send_today;
pub use claim::{Claim, Claimed, claim};
pub use letter::{Item, Letter};
pub use operate::{NoticeError, act, cancel, resend, text_of, visible};
pub use plan::replan;
pub(super) use plan::{drop_all, owner, plan};
