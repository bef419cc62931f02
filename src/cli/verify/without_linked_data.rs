//! In place of `linked_data.rs` where the program is built without its feature: nothing can be judged.

use idos_credential::VerificationKey;

use super::answer::Answer;
use crate::model::time::Timestamp;

pub(super) fn as_sdk(_: &[u8], _: Option<&str>, _: Vec<VerificationKey>, _: Timestamp) -> Answer {
    not_built("--as-sdk")
}

pub(super) fn foreign(_: &[u8], _: Timestamp) -> Answer {
    not_built("--foreign")
}

fn not_built(switch: &str) -> Answer {
    let reason =
        format!("this program was built without what {switch} needs (build it with --features linked-data)");
    Answer::none("unknown", reason)
}
