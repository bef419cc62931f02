//! Fuzz targets for everything in this repository that reads foreign bytes.
//!
//! A target is a plain function of bytes. `fuzz_targets/` hands each to libFuzzer, and `tests/seeds.rs` replays the
//! committed inputs (`seeds/<target>/`) with a stable compiler, so that a target cannot rot. A target asserts more
//! than that nothing panics: what was read must be written back the same, what was changed must not verify any
//! more, two readers of the same thing must agree.

mod answers;
mod audit;
mod credentials;
mod evidence;
mod formats;
mod grants;
mod images;
mod input;
mod json;
mod keys;
mod linked_data;
mod mails;
mod payloads;
mod persons;
mod relay;
mod service;
mod transactions;
mod vendors;
mod wallets;

pub use answers::rpc_answers;
pub use audit::audit_lines;
pub use credentials::verify_credential;
pub use evidence::{evidence, issue_as_sdk};
pub use formats::{base85_decode, moment, open_content, user_key};
pub use grants::write_grant;
pub use images::images;
pub use json::{json_strict, public_notes};
pub use keys::{did_key, keys};
pub use linked_data::{as_sdk, foreign_credential, nquads};
pub use mails::{imap_answers, mail_report, mail_templates};
pub use payloads::{action_call, action_execution};
pub use persons::{personhood_answers, personhood_proofs};
pub use relay::relay_token;
pub use service::{
    config_toml, http_bodies, http_headers, http_multipart, http_submission, page_bodies, personhood,
    short_texts, stored_credential, vault_unlock, webhooks,
};
pub use transactions::{nep413, transaction_signature, transaction_wire};
pub use vendors::{vendor_results, vendor_webhooks};
pub use wallets::{wallet_proof, wallet_signed};

/// A target: asserts what must hold for any input.
pub type Target = fn(&[u8]);

/// All targets, by name.
pub const TARGETS: &[(&str, Target)] = &[
    ("action_call", action_call),
    ("action_execution", action_execution),
    ("as_sdk", as_sdk),
    ("audit_lines", audit_lines),
    ("base85_decode", base85_decode),
    ("config_toml", config_toml),
    ("did_key", did_key),
    ("evidence", evidence),
    ("foreign_credential", foreign_credential),
    ("http_bodies", http_bodies),
    ("http_headers", http_headers),
    ("http_multipart", http_multipart),
    ("http_submission", http_submission),
    ("images", images),
    ("imap_answers", imap_answers),
    ("issue_as_sdk", issue_as_sdk),
    ("json_strict", json_strict),
    ("keys", keys),
    ("mail_report", mail_report),
    ("mail_templates", mail_templates),
    ("moment", moment),
    ("nep413", nep413),
    ("nquads", nquads),
    ("open_content", open_content),
    ("page_bodies", page_bodies),
    ("personhood", personhood),
    ("personhood_answers", personhood_answers),
    ("personhood_proofs", personhood_proofs),
    ("public_notes", public_notes),
    ("relay_token", relay_token),
    ("rpc_answers", rpc_answers),
    ("short_texts", short_texts),
    ("stored_credential", stored_credential),
    ("transaction_signature", transaction_signature),
    ("transaction_wire", transaction_wire),
    ("user_key", user_key),
    ("vault_unlock", vault_unlock),
    ("vendor_results", vendor_results),
    ("vendor_webhooks", vendor_webhooks),
    ("verify_credential", verify_credential),
    ("wallet_proof", wallet_proof),
    ("wallet_signed", wallet_signed),
    ("webhooks", webhooks),
    ("write_grant", write_grant),
];

/// Makes a binary of a target: under cargo fuzz the fuzzer, otherwise a program that replays files.
#[macro_export]
macro_rules! target {
    ($name:ident) => {
        #[cfg(fuzzing)]
        libfuzzer_sys::fuzz_target!(|data: &[u8]| $crate::$name(data));

        #[cfg(not(fuzzing))]
        fn main() -> std::io::Result<()> {
            $crate::replay($crate::$name)
        }
    };
}

/// Runs a target once for each file that the command line names.
pub fn replay(target: Target) -> std::io::Result<()> {
    for file in std::env::args_os().skip(1) {
        target(&std::fs::read(file)?);
    }
    Ok(())
}
