//! What the errors of claims are to the page, and to the provider.

use crate::flow::claim::ClaimError;
use crate::flow::resume::ResumeError;
use crate::http::api::common::{conflict, wallet_fault};
use crate::http::kit::problem::{Code, Problem};

impl From<ClaimError> for Problem {
    fn from(error: ClaimError) -> Self {
        match error {
            ClaimError::Unknown => Self::new(Code::NotFound),
            ClaimError::Expired => Self::new(Code::LinkExpired),
            ClaimError::Conflict(detail) => conflict(detail),
            ClaimError::WrongWallet(detail) => Self::new(Code::WrongWallet).because(detail),
            ClaimError::Invalid(invalid) => Self::invalid("", invalid),
            ClaimError::Signature(error) => Self::fields(vec![wallet_fault("", error)]),
            ClaimError::NoPage => Self::new(Code::NotReady)
                .because("http.public_url is not set: there is no page that a link could lead to."),
            ClaimError::Profile(error) => error.into(),
            ClaimError::Resume(error) => resumed(error),
            ClaimError::Node(error) => error.into(),
            ClaimError::Store(error) => error.into(),
            error @ ClaimError::Vault(_) => Self::fault(&error),
        }
    }
}

/// What has not been resumed by the grant, which is the whole body here.
fn resumed(error: ResumeError) -> Problem {
    match error {
        ResumeError::NotFound => Problem::new(Code::NotFound),
        ResumeError::Conflict(_) | ResumeError::GrantNeeded(_) | ResumeError::NoGrantWanted => {
            conflict("The credential does not wait for a write grant.")
        }
        ResumeError::ContentGone => {
            conflict("What was to be written is not kept any more: it has to be submitted again.")
        }
        ResumeError::Grant(invalid) => Problem::invalid("", invalid),
        ResumeError::Node(error) => error.into(),
        ResumeError::Store(error) => error.into(),
        error @ ResumeError::Vault(_) => Problem::fault(&error),
    }
}
