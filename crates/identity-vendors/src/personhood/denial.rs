//! Why a proof of personhood is not taken.

use std::fmt;

use crate::codes::codes;
use crate::fault::Fault;

codes! {
    /// Which no it is. Each has a code for programs and an advice for people.
    DenialCode {
        NotJson = "not_json": "It is not JSON. In an answer, something stands before the source; try again later.",
        Malformed = "malformed": "The field is not what the source documents.",
        Missing = "missing": "The field must be there.",
        OtherApp = "other_app": "The proof is for another app than the configured one, or the source does not know the app.",
        OtherAction = "other_action": "The proof is for another action, or the source does not know the action.",
        OtherUser = "other_user": "The proof is tied to another user, or to none. It has to be made for this one.",
        OtherRequest = "other_request": "The proof was made for another request than this one: it may be a repetition.",
        OtherProof = "other_proof": "The answer is about another proof than was sent.",
        OtherEnvironment = "other_environment": "The proof is from test data where people are wanted, or the other way round.",
        OtherProtocol = "other_protocol": "The proof is of another version of the protocol than the configured one.",
        LevelNotAccepted = "level_not_accepted": "The person is verified in another way than those that are accepted.",
        NotYet = "not_yet": "The source does not know the person as one yet. It can come again after it has been verified there.",
        UnknownToSource = "unknown": "The source knows nothing by this name. The user has to link it there first.",
        AlreadyUsed = "already_used": "The source says that this person has been here for this action already.",
        SeveralPersons = "several_persons": "The source finds more than one person that it may be. Ask its operators.",
        ScoreTooLow = "score_too_low": "The score is below the threshold. It can come again when it has grown.",
        Expired = "expired": "It does not hold any more. A new one is needed.",
        TooNew = "too_new": "It is from the future, or may not be taken yet. Send it again in a minute.",
        SignatureWrong = "signature_wrong": "The signature is by none of the configured keys.",
        ProofWrong = "proof_wrong": "The source says that the proof is wrong.",
        Refused = "refused": "The source says no, for a reason that it does not document.",
        NotConfigured = "not_configured": "A key or setting is missing, here or at the source.",
        KeyRefused = "key_refused": "The source refuses the key of the account.",
        Limited = "limited": "The source asks to wait.",
        Unavailable = "unavailable": "The source is unavailable. Try again later.",
        Redirected = "redirected": "The source sends elsewhere, where nobody goes. Correct the configured address.",
        TooLarge = "too_large": "It is larger than is taken.",
        UnexpectedStatus = "unexpected_status": "The source answers with a status that it does not document.",
    }
}

/// A no, and what it is about. It never says what is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Denial {
    /// Which no.
    pub code: DenialCode,
    /// What it is about, by the name that the source gives it: `nullifier`, `responses.proof`, `the answer`.
    pub field: &'static str,
}

impl Denial {
    pub(super) fn new(code: DenialCode, field: &'static str) -> Self {
        Self { code, field }
    }

    pub(super) fn malformed(field: &'static str) -> Self {
        Self::new(DenialCode::Malformed, field)
    }

    pub(super) fn missing(field: &'static str) -> Self {
        Self::new(DenialCode::Missing, field)
    }

    /// Whether the same may go well later, without anybody doing anything.
    #[must_use]
    pub fn is_worth_retrying(self) -> bool {
        match self.code {
            DenialCode::Limited | DenialCode::Unavailable => true,
            // What stands before the source, and seldom for long. A proof that is no JSON stays none.
            DenialCode::NotJson => self.field == super::ANSWER,
            _ => false,
        }
    }
}

impl fmt::Display for Denial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}): {}", self.code.as_str(), self.field, self.code.advice())
    }
}

impl std::error::Error for Denial {}

/// What the reader of JSON says.
impl From<Fault> for Denial {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Malformed(field) => Self::malformed(field),
            Fault::Missing(field) => Self::missing(field),
            _ => Self::new(DenialCode::NotJson, super::ANSWER),
        }
    }
}
