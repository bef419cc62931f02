//! What the errors of issuing are to the caller.

use std::error::Error as _;

use idos_client::ContentPlace;

use crate::flow::contact::ChangeError;
use crate::flow::credential::TooLarge;
use crate::flow::erase::EraseError;
use crate::flow::files::RefusedFile;
use crate::flow::intake::IntakeError;
use crate::flow::kept::KeptError;
use crate::flow::read_back::CopyError;
use crate::flow::restore::RestoreError;
use crate::flow::resume::ResumeError;
use crate::flow::revoke::RevokeError;
use crate::http::api::common::conflict;
use crate::http::kit::problem::{Code, Location, Problem};
use crate::model::issuance::Stopped;
use crate::model::safety_net::NoChoice;

impl From<IntakeError> for Problem {
    fn from(error: IntakeError) -> Self {
        match error {
            IntakeError::Invalid(invalid) => Self::invalid("", invalid),
            IntakeError::KeyReused => Self::new(Code::IdempotencyKeyReused),
            IntakeError::TooLarge(too_large) => Self::new(Code::TooLarge)
                .because(too_large_text(too_large))
                .at(Location::Pointer("/evidence/subject".to_owned()), "has files that are too large"),
            IntakeError::Files(refused) => files(&refused),
            IntakeError::NotAnInserter(error) => error.into(),
            IntakeError::NoSigningKey(error) => {
                tracing::error!("Nothing can be signed: {error}");
                Self::new(Code::NotReady).because("No key is valid that signs credentials.")
            }
            IntakeError::NotSigned(error) => {
                tracing::error!(cause = error.source(), "{error}");
                Self::new(Code::NotReady).because("A key cannot be used at the moment.")
            }
            IntakeError::Store(error) => error.into(),
            error => Self::fault(&error),
        }
    }
}

/// Files that are too large are one thing, and files that are of a wrong kind another; where there are both, the wrong ones count.
fn files(refused: &[RefusedFile]) -> Problem {
    let is_about_size = refused.iter().all(|file| file.refusal.is_about_size());
    let problem = if is_about_size {
        Problem::new(Code::TooLarge).because("The files cannot be made to fit what the network takes.")
    } else {
        Problem::new(Code::InvalidFields)
    };
    refused.iter().fold(problem, |problem, RefusedFile { field, refusal }| {
        let pointer = format!("/evidence/{}", field.replace('.', "/"));
        problem.at(Location::Pointer(pointer), format!("{refusal} ({})", refusal.code()))
    })
}

fn too_large_text(TooLarge { bytes, limit, twice, place }: TooLarge) -> String {
    if place == ContentPlace::Gateway {
        return format!(
            "The sealed credential would have {bytes} bytes, and the blob gateway takes {limit}. Every byte of a file \
             counts 5/4 in the credential: send smaller files."
        );
    }
    let (what, times) = if twice {
        ("The sealed credential and its copy together would have", "twice, 4/3")
    } else {
        ("The sealed credential would have", "4/3")
    };
    format!(
        "{what} {bytes} bytes, and a transaction takes {limit}. Every byte of a file counts 5/4 in the credential, and \
         every byte of the credential {times} in the transaction: send smaller files."
    )
}

impl From<ResumeError> for Problem {
    fn from(error: ResumeError) -> Self {
        match error {
            ResumeError::NotFound => Self::new(Code::NotFound),
            ResumeError::Conflict(state) => conflict(format!(
                "The issuance is {state}; only what is halted or awaiting_grant is resumed."
            )),
            ResumeError::ContentGone => {
                conflict("Its content is gone: submit again, with a new Idempotency-Key.")
            }
            ResumeError::GrantNeeded(code) => Self::new(Code::InvalidFields)
                .at(Location::Pointer("/writeGrant".to_owned()), "is required")
                .because(format!(
                    "The issuance waits for a write grant ({code}): {}.",
                    code.cure(Stopped::Issuance)
                )),
            ResumeError::NoGrantWanted => Self::new(Code::InvalidFields).at(
                Location::Pointer("/writeGrant".to_owned()),
                "is not wanted: the issuer writes as inserter",
            ),
            ResumeError::Grant(invalid) => Self::invalid("/writeGrant", invalid),
            ResumeError::Node(error) => error.into(),
            ResumeError::Store(error) => error.into(),
            error @ ResumeError::Vault(_) => Self::fault(&error),
        }
    }
}

impl From<RevokeError> for Problem {
    fn from(error: RevokeError) -> Self {
        match error {
            RevokeError::NotFound => Self::new(Code::NotFound),
            RevokeError::Conflict(state) => {
                conflict(format!("The issuance is {state}; only what is issued can be revoked."))
            }
            RevokeError::KeyMissing => conflict(
                "The write key that sealed the credential is not in the configuration any more, and no other can edit \
                 it.",
            ),
            RevokeError::Store(error) => error.into(),
        }
    }
}

impl From<ChangeError> for Problem {
    fn from(error: ChangeError) -> Self {
        match error {
            ChangeError::NotFound => Self::new(Code::NotFound),
            ChangeError::Conflict(state) => {
                conflict(format!("The issuance is {state}: nobody is written to about it any more."))
            }
            ChangeError::NoContact => Self::new(Code::InvalidFields)
                .at(Location::Pointer("/email".to_owned()), "is required: there is no contact yet"),
            ChangeError::Unreadable => {
                conflict("The contact that is there cannot be unlocked. Give email and locale, both.")
            }
            ChangeError::Store(error) => error.into(),
            error @ ChangeError::Vault(_) => Self::fault(&error),
        }
    }
}

impl From<CopyError> for Problem {
    fn from(error: CopyError) -> Self {
        match error {
            CopyError::NotFound => Self::new(Code::NotFound),
            CopyError::NotIssued(state) => {
                conflict(format!("The issuance is {state}; only what is issued has a copy."))
            }
            CopyError::Erased => Self::new(Code::Gone).because("The issuance was erased."),
            CopyError::NoCopy => {
                Self::new(Code::NotFound).because("The credential was written as inserter: there is no copy.")
            }
            CopyError::OtherGrantee => Self::new(Code::NotFound).because(
                "The copy is for another grantee than the issuer, or for a write key that it has no more.",
            ),
            CopyError::Gone => Self::new(Code::Gone)
                .because("The user has taken back the issuer's access to the copy, or removed the copy."),
            CopyError::OtherKey => {
                conflict("The copy does not open with the encryption key in the configuration.")
            }
            CopyError::Altered => Self::new(Code::CopyAltered),
            CopyError::Node(error) => error.into(),
            CopyError::Store(error) => error.into(),
        }
    }
}

impl From<RestoreError> for Problem {
    fn from(error: RestoreError) -> Self {
        match error {
            RestoreError::NotFound => Self::new(Code::NotFound),
            RestoreError::Conflict(state) => conflict(format!(
                "The issuance is {state}; only a credential that is issued and holds is given again."
            )),
            RestoreError::NothingKept => conflict("Nothing is kept of the issuance's content."),
            RestoreError::Unreadable(_) => conflict(
                "What is kept cannot be unlocked: the vault key that locked it is not in the configuration, or it is damaged.",
            ),
            RestoreError::Intake(error) => error.into(),
            RestoreError::Store(error) => error.into(),
        }
    }
}

impl From<KeptError> for Problem {
    fn from(error: KeptError) -> Self {
        match error {
            KeptError::NotFound => Self::new(Code::NotFound),
            KeptError::NothingKept => conflict("Nothing is kept of the issuance's content."),
            KeptError::NoChoice(error @ NoChoice::NotYet) => {
                conflict(format!("The phase in which content is kept goes on: {error}."))
            }
            KeptError::NoChoice(error) => {
                Self::new(Code::InvalidFields).at(Location::Pointer("/until".to_owned()), error.to_string())
            }
            KeptError::Store(error) => error.into(),
        }
    }
}

impl From<EraseError> for Problem {
    fn from(error: EraseError) -> Self {
        match error {
            EraseError::NotFound => Self::new(Code::NotFound),
            EraseError::Conflict(state) => {
                conflict(format!("The issuance is {state}: wait until that is over, and erase it then."))
            }
            EraseError::Store(error) => error.into(),
        }
    }
}
