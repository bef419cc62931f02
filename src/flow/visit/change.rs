//! What people change themselves: reminders, the language of mails, and what is kept of a credential after delivery.

use super::records::records;
use super::{Inside, VisitError, person_of};
use crate::app::App;
use crate::flow::contact;
use crate::flow::kept;
use crate::flow::mail_link;
use crate::flow::notices;
use crate::model::audit::{Actor, AuditAction, AuditEntry};
use crate::model::ids::IssuanceId;
use crate::model::issuance::{Issuance, State};
use crate::model::mail_link::StopReason;
use crate::model::personal::{ContactChange, Locale};
use crate::model::sought::AnyRecord;
use crate::model::visit::Visitor;
use crate::store::StoreError;

/// The visitor's issuances.
async fn issuances(app: &App, me: &Inside) -> Result<Vec<Issuance>, StoreError> {
    let mut all = Vec::new();
    for record in records(app, &me.visitor).await? {
        if let AnyRecord::Issuance(id) = record {
            all.extend(app.store.issuance(&id).await?);
        }
    }
    Ok(all)
}

/// Has reminders sent to the visitor's address, or not any more. Asking again changes nothing. Gives how many addresses were left as they
/// are: others have them as well, and who reads their mail decides.
pub async fn reminders(app: &App, me: &Inside, on: bool) -> Result<usize, VisitError> {
    let mut left = 0;
    for issuance in issuances(app, me).await? {
        if !is_ones_own(app, me, &issuance.id).await? {
            left += 1;
            continue;
        }
        if on {
            send_again(app, &issuance.id).await?;
        } else {
            mail_link::stop_for(app, &issuance.id, (Actor::Person, StopReason::Unsubscribed)).await?;
        }
    }
    app.store.forget_traces().await?;
    Ok(left)
}

/// Has reminders sent again to the address of an issuance's contact, whose owner wanted none: what is still to come is planned anew. What does
/// not arrive there, or was called spam, stays so.
async fn send_again(app: &App, id: &IssuanceId) -> Result<(), StoreError> {
    let Some((client, index)) = app.store.contact_index(id).await? else { return Ok(()) };
    let mut all = Vec::new();
    for id in app.store.issuances_of_contact(&client, std::slice::from_ref(&index)).await? {
        all.extend(app.store.issuance(&id).await?);
    }
    let now = app.clock.now();
    let mut tx = app.store.begin().await?;
    if !tx.start_mail((&client, &index), StopReason::Unsubscribed).await? {
        return Ok(());
    }
    for issuance in all.iter().filter(|issuance| issuance.state == State::Issued) {
        notices::plan(app, &mut tx, issuance, now).await?;
    }
    for issuance in &all {
        let entry = AuditEntry::new(now, Actor::Person, AuditAction::ContactChanged, issuance.id.as_str());
        tx.record(&entry.detail("reminders_on")).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Whether nobody else's mails go to the address of an issuance's contact, as far as is known here: whoever has come by a wallet is not known
/// to read what comes there.
async fn is_ones_own(app: &App, me: &Inside, id: &IssuanceId) -> Result<bool, StoreError> {
    let Visitor::User(user_id) = &me.visitor else { return Ok(true) };
    let Some((client, index)) = app.store.contact_index(id).await? else { return Ok(true) };
    for other in app.store.issuances_of_contact(&client, &[index]).await? {
        if app.store.issuance(&other).await?.is_some_and(|other| other.user_id != *user_id) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Has mails to the visitor written in this language.
pub async fn speak(app: &App, me: &Inside, locale: &Locale) -> Result<(), VisitError> {
    for issuance in issuances(app, me).await? {
        let has_contact = issuance.has_contact && !matches!(issuance.state, State::Failed | State::Erased);
        if !has_contact {
            continue;
        }
        let change = ContactChange { email: None, locale: Some(locale.clone()) };
        contact::change(app, &person_of(&issuance.client), &issuance.id, change).await?;
    }
    Ok(())
}

/// Deletes what is kept of the visitor's credentials after delivery. Asking again changes nothing.
pub async fn end_safety_net(app: &App, me: &Inside) -> Result<(), VisitError> {
    for issuance in issuances(app, me).await? {
        kept::delete(app, &person_of(&issuance.client), &issuance.id).await?;
    }
    Ok(())
}
