//! What the errors of cases are to those who work here.

use axum::http::StatusCode;

use crate::flow::cases::CaseError;
use crate::http::console::visit::No;
use crate::http::kit::problem::{Code, Problem};
use crate::model::case::NoCaseMove;

/// What an error is to the reader of a page; or the problem that no form can mend.
pub(super) fn no(error: CaseError) -> Result<No, Problem> {
    let conflict = |words| No::with(words, StatusCode::CONFLICT);
    let later = |words| No::with(words, StatusCode::SERVICE_UNAVAILABLE);
    Ok(match error {
        CaseError::Move(NoCaseMove::Stands(_)) | CaseError::Changed => conflict("no.case_changed"),
        CaseError::Move(NoCaseMove::Identified) => conflict("no.case_identified"),
        CaseError::TooMany => conflict("no.case_too_many"),
        CaseError::ReceivedAt => No::of("no.case_received"),
        CaseError::NotVouched => No::of("no.case_not_vouched"),
        CaseError::Choose => No::of("no.case_choose"),
        CaseError::NotACandidate(_) => conflict("no.case_candidate"),
        CaseError::Extended => conflict("no.case_extended"),
        CaseError::TooLate => conflict("no.case_too_late"),
        CaseError::SameDecider => conflict("no.case_same"),
        CaseError::NoBasis => No::of("no.case_no_basis"),
        CaseError::NoMail => later("no.case_no_mail"),
        CaseError::MailRefused => later("no.case_mail_refused"),
        CaseError::NoAddress => conflict("no.case_no_address"),
        CaseError::SeveralAddresses => conflict("no.case_addresses"),
        CaseError::TooSoon => conflict("no.case_too_soon"),
        CaseError::KeyReused => conflict("no.case_once"),
        other => return Err(problem(other)),
    })
}

/// What an error is where there is no form.
pub(super) fn problem(error: CaseError) -> Problem {
    match error {
        CaseError::NotFound => Problem::new(Code::NotFound),
        CaseError::Store(error) => error.into(),
        CaseError::Node(error) => error.into(),
        // No wallet signs anything here.
        _ => Problem::new(Code::StateConflict),
    }
}
