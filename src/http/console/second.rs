//! A second person is asked for: something is proposed in the place of being done, where `console.four_eyes` is on.

use axum::http::StatusCode;
use axum::response::Response;

use super::visit::{No, Visit};
use crate::flow::api_keys::KeyError;
use crate::flow::staff::StaffError;
use crate::flow::staff::proposals::{self, ProposalError};
use crate::http::kit::problem::{Code, Problem};
use crate::model::proposal::Proposed;

/// Proposes something in the place of doing it, and goes back to the page that it belongs to, which says so; or gives why it was not taken.
pub(super) async fn propose(
    visit: &Visit,
    back: &str,
    what: Proposed,
) -> Result<Result<Response, No>, Problem> {
    match proposals::propose(visit.app(), &visit.me()?.staff, what).await {
        Ok(_) => Ok(Ok(visit.go_saying(back, "said.proposed"))),
        Err(error) => Ok(Err(no(error)?)),
    }
}

/// What an error is to the reader of a page; or the problem that no form can mend.
pub(super) fn no(error: ProposalError) -> Result<No, Problem> {
    let conflict = |words| No::with(words, StatusCode::CONFLICT);
    Ok(match error {
        ProposalError::NotFound => No::with("no.proposal_gone", StatusCode::NOT_FOUND),
        ProposalError::Waits => conflict("no.proposal_waits"),
        ProposalError::Own => conflict("no.proposal_own"),
        ProposalError::Lapsed => conflict("no.proposal_lapsed"),
        ProposalError::Staff(StaffError::NotFound) => conflict("no.proposal_moot"),
        ProposalError::Staff(error) => return No::told(error),
        ProposalError::Key(error) => return no_key(error),
        ProposalError::Store(error) => return Err(error.into()),
    })
}

/// The same of an API key.
pub(super) fn no_key(error: KeyError) -> Result<No, Problem> {
    Ok(match error {
        KeyError::Client => No::of("no.client"),
        KeyError::NoScope => No::of("no.no_scope"),
        KeyError::Past => No::of("no.days"),
        KeyError::NotFound => return Err(Problem::new(Code::NotFound)),
        KeyError::Store(error) => return Err(error.into()),
    })
}
