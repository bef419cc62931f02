//! A person asks on their own page to have erased what is kept about them: a case at each client that has something, identified by the way
//! in which they have come.

use std::collections::BTreeSet;

use super::records::records;
use super::{Inside, VisitError, person_of};
use crate::app::App;
use crate::flow::cases::{self, NewCase, Whose};
use crate::flow::look;
use crate::model::case::{CaseOrigin, CaseState, Identity};
use crate::model::client::Idempotency;
use crate::model::ids::CaseId;
use crate::model::visit::Visitor;
use crate::store::StoreError;

/// Opens the cases. Where one is under way, there is no other; if that one waits for the person to show who they are, a wallet that has
/// signed shows it. Gives how many cases are under way then.
pub async fn erase(app: &App, me: &Inside) -> Result<usize, VisitError> {
    let mut clients = BTreeSet::new();
    let mut under_way: BTreeSet<(String, CaseId)> = BTreeSet::new();
    for record in records(app, &me.visitor).await? {
        let Some((hit, _)) = look::known(app, &record).await? else { continue };
        for id in app.store.cases_about(record.as_str()).await? {
            let case = app.store.case(&id).await?;
            let is_open = |state: CaseState| {
                !matches!(state, CaseState::Done | CaseState::Refused | CaseState::Withdrawn)
            };
            if case.is_some_and(|case| is_open(case.state)) {
                under_way.insert((hit.client.clone(), id));
            }
        }
        clients.insert(hit.client);
    }
    for (client, id) in &under_way {
        recognise(app, me, client, id).await?;
    }
    let mut all = under_way.len();
    for client in clients.iter().filter(|client| under_way.iter().all(|(other, _)| other != *client)) {
        let (whose, identity) = match &me.visitor {
            Visitor::Address(email) => (Whose::Email(email.clone()), Identity::Mail),
            Visitor::User(user_id) => (Whose::User(*user_id), Identity::Wallet),
        };
        let new = NewCase { whose, received_at: None, identity: Some(identity), origin: CaseOrigin::Person };
        // Who presses twice has asked once.
        cases::open(app, &person_of(client), Some(&key(app, me, client)), new).await?;
        all += 1;
    }
    Ok(all)
}

/// A case that waits for somebody to show who they are: the visitor has.
async fn recognise(app: &App, me: &Inside, client: &str, id: &CaseId) -> Result<(), VisitError> {
    let Visitor::User(user_id) = &me.visitor else { return Ok(()) };
    let waits = app.store.case(id).await?.is_some_and(|case| case.state == CaseState::AwaitingIdentity);
    if !waits {
        return Ok(());
    }
    match cases::recognise(app, &person_of(client), id, *user_id).await {
        // It is about somebody else as well, or somebody was faster.
        Ok(_)
        | Err(
            cases::CaseError::WrongWallet(_)
            | cases::CaseError::Move(_)
            | cases::CaseError::Store(StoreError::Stale),
        ) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

fn key(app: &App, me: &Inside, client: &str) -> Idempotency {
    let scope = person_of(client).idempotency_scope();
    let name = format!("{scope}\0{}", me.visit.id);
    Idempotency {
        key_hashes: app.vault.indexes("idempotency", name.as_bytes()),
        fingerprints: app.vault.fingerprint().part(b"visit erase").part(name.as_bytes()).finish(),
    }
}
