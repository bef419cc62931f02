//! Find out whether whoever asks is the person. By a wallet of their idOS profile nothing new is collected about them (GDPR,
//! Art. 12(6)).

use uuid::Uuid;

use super::find;
use super::look::{Shown, shown};
use super::{CaseError, Whose, step};
use crate::app::App;
use crate::flow::login::{self, LoginFault, Offered};
use crate::model::case::{Case, CaseState, Identity, NoCaseMove, Step};
use crate::model::ids::CaseId;
use crate::model::personal::Personal;
use crate::model::submission::Owner;
use crate::model::submitter::Submitter;

/// What is said where a wallet is none of the person's.
const ANOTHER: &str = "The wallet belongs to another idOS profile than those that the case is about.";

/// What is said where it is nobody's.
const IN_NONE: &str = "The wallet belongs to no idOS profile.";

/// A wallet, and what it has signed.
#[derive(Debug)]
pub struct Answer {
    /// The wallet.
    pub wallet: Owner,
    /// What came with the text to sign.
    pub nonce: String,
    /// Its signature over the text, in the encoding of its type.
    pub signature: Personal<String>,
}

async fn waiting(app: &App, caller: &Submitter, id: &CaseId) -> Result<Case, CaseError> {
    let case = app.store.case_of(&caller.tenant, id).await?.ok_or(CaseError::NotFound)?;
    if case.state == CaseState::AwaitingIdentity {
        Ok(case)
    } else {
        Err(NoCaseMove::Stands(case.state).into())
    }
}

/// The client has checked it, and vouches for it.
pub async fn vouch(app: &App, caller: &Submitter, id: &CaseId) -> Result<Shown, CaseError> {
    if !app.erasure.clients_vouch() {
        return Err(CaseError::NotVouched);
    }
    let case = waiting(app, caller, id).await?;
    let case = step::take(app, caller.actor(), case, Step::Identified(Identity::Client), None).await?;
    shown(app, case).await
}

/// Has a text made for a wallet to sign.
pub async fn offer(app: &App, caller: &Submitter, id: &CaseId, wallet: &Owner) -> Result<Offered, CaseError> {
    let case = waiting(app, caller, id).await?;
    Ok(login::offer(app, case.id.as_str(), wallet).await?)
}

/// A wallet has signed. Whose it is, the gateway of idOS says: the case is about that person alone from then on. Where it was opened by a
/// wallet of which nothing is known here, what that person has is found now.
pub async fn sign(app: &App, caller: &Submitter, id: &CaseId, answer: &Answer) -> Result<Shown, CaseError> {
    let case = waiting(app, caller, id).await?;
    let signed = (answer.nonce.as_str(), answer.signature.expose().as_str());
    let user_id = match login::whose(app, case.id.as_str(), &answer.wallet, signed).await {
        Ok(Some(user_id)) => user_id,
        Ok(None) => return Err(CaseError::WrongWallet(IN_NONE)),
        Err(LoginFault::Stale) => return Err(CaseError::StaleText),
        Err(LoginFault::Signature(error)) => return Err(CaseError::Signature(error)),
        Err(LoginFault::Node(error)) => return Err(error.into()),
    };
    shown_to_be(app, caller, case, user_id).await
}

/// A wallet of this idOS user has signed: the same, where that was shown before.
pub async fn recognise(
    app: &App,
    caller: &Submitter,
    id: &CaseId,
    user_id: Uuid,
) -> Result<Shown, CaseError> {
    let case = waiting(app, caller, id).await?;
    shown_to_be(app, caller, case, user_id).await
}

async fn shown_to_be(app: &App, caller: &Submitter, case: Case, user_id: Uuid) -> Result<Shown, CaseError> {
    let id = case.id.clone();
    let found = find::these(app, &case.client, app.store.case_records(&id).await?).await?;
    let users = found.users();
    let records = if users.contains(&user_id) {
        // What names nobody stays for somebody to decide about.
        found.only(|_, user| user.is_none_or(|user| user == user_id))
    } else if users.is_empty() {
        found.with(find::find(app, &case.client, &Whose::User(user_id)).await?)
    } else {
        return Err(CaseError::WrongWallet(ANOTHER));
    };
    let identified = Step::Identified(Identity::Wallet);
    let case = step::take(app, caller.actor(), case, identified, Some(records)).await?;
    shown(app, case).await
}
