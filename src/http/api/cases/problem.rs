//! What the errors of cases are to the caller.

use idos_wallet::Field;

use crate::flow::cases::CaseError;
use crate::http::api::common::{conflict, wallet_fault};
use crate::http::kit::problem::{Code, Location, Problem};
use crate::model::case::NoCaseMove;

/// What an error is where what the client vouches for stands below `parent`.
pub(super) fn at(error: CaseError, parent: &str) -> Problem {
    let field = |pointer: &str, detail: String| {
        Problem::new(Code::InvalidFields).at(Location::Pointer(pointer.to_owned()), detail)
    };
    match error {
        CaseError::NotFound => Problem::new(Code::NotFound),
        CaseError::KeyReused => Problem::new(Code::IdempotencyKeyReused),
        CaseError::Move(NoCaseMove::Stands(state)) => conflict(format!("The case is {state}.")),
        CaseError::Move(NoCaseMove::Identified) => conflict(
            "Whoever asks has shown to be the person: it cannot be refused because that is not known.",
        ),
        CaseError::Changed => conflict("The case has changed meanwhile."),
        CaseError::TooMany => conflict(
            "More than 1000 records belong to it, which is no single person's: have a case opened by userId.",
        ),
        CaseError::NotVouched => field(&format!("{parent}/checkedBy"), error.to_string()),
        CaseError::ReceivedAt => field("/receivedAt", error.to_string()),
        CaseError::NoBasis => field("/basis", "is required with the grounds other".to_owned()),
        CaseError::NotACandidate(member) => {
            field(&format!("/{member}"), "names something that is none of the case's candidates".to_owned())
        }
        CaseError::Choose => conflict(
            "The records may be several people's: say whose are meant, by users and records of the case's candidates.",
        ),
        CaseError::Extended => conflict("The case has been extended already: that can be done once."),
        CaseError::TooLate => conflict("The first month is over, in which a case can be extended."),
        CaseError::SameDecider => {
            conflict("Whoever has decided cannot approve as well: somebody else has to.")
        }
        CaseError::WrongWallet(detail) => Problem::new(Code::WrongWallet).because(detail),
        CaseError::StaleText => field(
            "/nonce",
            "is too old, or not that of this case and this wallet: have another text made to sign".to_owned(),
        ),
        CaseError::Signature(error) => {
            let of_answer = matches!(error.field(), Field::Message | Field::Signature);
            Problem::fields(vec![wallet_fault(if of_answer { "" } else { "/wallet" }, error)])
        }
        CaseError::NoMail => Problem::new(Code::NotReady)
            .because("No mail can be sent: [mail] and http.public_url have to be set."),
        CaseError::MailRefused => {
            Problem::new(Code::NotReady).because("The mail server has not taken the mail. Try again later.")
        }
        CaseError::NoAddress => conflict("None of the case's records has an address to write to."),
        CaseError::SeveralAddresses => {
            conflict("The case's records have several addresses, and none is known to be the person's.")
        }
        CaseError::TooSoon => conflict("A mail was sent less than five minutes ago."),
        CaseError::Node(error) => error.into(),
        CaseError::Store(error) => error.into(),
    }
}

impl From<CaseError> for Problem {
    fn from(error: CaseError) -> Self {
        at(error, "/identity")
    }
}
