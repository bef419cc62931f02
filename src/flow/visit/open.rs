//! Open a visit: by the link of a mail, or by a wallet. What opens one is good once, and each has a token that was nobody's before.

use std::str::FromStr as _;

use rand::rngs::OsRng;

use super::records::{records, texts};
use super::{Inside, VisitError, lock, visitor_of};
use crate::app::App;
use crate::flow::login::{self, LoginFault, Offered};
use crate::flow::staff::pace;
use crate::model::audit::{Actor, AuditAction, AuditEntry};
use crate::model::ids::VisitId;
use crate::model::mail_link::LinkToken;
use crate::model::submission::Owner;
use crate::model::time::Timestamp;
use crate::model::visit::{Visit, Visitor, Way};
use crate::store::StoreError;

const MINUTE: i64 = 60_000;

/// How long somebody may take to sign, in minutes.
const TO_SIGN: i64 = 10;

/// Between the id of a visit and what the login has to bring back.
const BETWEEN: char = '~';

async fn linked(app: &App, token: &LinkToken) -> Result<Option<Visit>, StoreError> {
    let visit = app.store.visit_of_link(&token.hash()).await?;
    Ok(visit.filter(|visit| visit.ends_at > app.clock.now() && visit.hash.is_none()))
}

/// Whether there is a visit to be opened by the link of this token. Looking changes nothing, since programs look at links in mails.
pub async fn can_open(app: &App, token: &LinkToken) -> Result<bool, StoreError> {
    Ok(linked(app, token).await?.is_some())
}

/// Opens the visit of a link, once. A visit that was open in the same browser ends with it.
pub async fn open(app: &App, token: &LinkToken, before: Option<&Inside>) -> Result<Inside, VisitError> {
    let visit = linked(app, token).await?.ok_or(VisitError::NoLink)?;
    let visitor = visitor_of(app, &visit).ok_or(VisitError::NoLink)?;
    begin(app, visit, visitor, before).await.map_err(|error| match error {
        VisitError::Store(StoreError::Stale) => VisitError::NoLink,
        error => error,
    })
}

/// Somebody has connected a wallet: a text is made for it to sign, and what has to come back with the signature.
pub async fn meet(app: &App, owner: &Owner, from: &str) -> Result<Offered, VisitError> {
    pace::VISITS.count(app, from).await?;
    let now = app.clock.now();
    let id = VisitId::new(now, &mut OsRng);
    let Offered { message, nonce } = login::offer(app, id.as_str(), owner).await?;
    let visit = Visit {
        id: id.clone(),
        way: Way::Wallet,
        locked: None,
        link_hash: None,
        hash: None,
        ends_at: now.plus_millis(TO_SIGN * MINUTE),
        created_at: now,
    };
    let mut tx = app.store.begin().await?;
    tx.add_visit(&visit).await?;
    tx.commit().await?;
    Ok(Offered { message, nonce: format!("{id}{BETWEEN}{nonce}") })
}

/// The wallet has signed. Whose it is, the gateway of idOS says; it is asked once for each text.
pub async fn sign(
    app: &App,
    owner: &Owner,
    (nonce, signature): (&str, &str),
    before: Option<&Inside>,
) -> Result<Inside, VisitError> {
    let (id, nonce) = nonce.split_once(BETWEEN).ok_or(VisitError::StaleText)?;
    let id = VisitId::from_str(id).map_err(|_| VisitError::StaleText)?;
    let now = app.clock.now();
    let waiting = |visit: &Visit| visit.way == Way::Wallet && visit.hash.is_none() && visit.ends_at > now;
    let visit = app.store.visit(&id).await?.filter(waiting).ok_or(VisitError::StaleText)?;
    let user_id = match login::whose(app, id.as_str(), owner, (nonce, signature)).await {
        Ok(Some(user_id)) => user_id,
        Ok(None) => return Err(VisitError::NoProfile),
        Err(LoginFault::Stale) => return Err(VisitError::StaleText),
        Err(LoginFault::Signature(error)) => return Err(VisitError::Signature(error)),
        Err(LoginFault::Node(error)) => return Err(error.into()),
    };
    begin(app, visit, Visitor::User(user_id), before).await.map_err(|error| match error {
        VisitError::Store(StoreError::Stale) => VisitError::StaleText,
        error => error,
    })
}

async fn begin(
    app: &App,
    visit: Visit,
    visitor: Visitor,
    before: Option<&Inside>,
) -> Result<Inside, VisitError> {
    let now = app.clock.now();
    let token = LinkToken::new(&mut OsRng);
    let found = records(app, &visitor).await?;
    let opened = Visit {
        locked: Some(lock(app, &visit.id, &visitor)?),
        link_hash: None,
        hash: Some(token.hash()),
        ends_at: until(app, now),
        ..visit
    };
    let mut tx = app.store.begin().await?;
    tx.open_visit(&opened, &texts(&found), now).await?;
    if let Some(before) = before {
        tx.end_visit(&before.visit.id).await?;
    }
    for record in &found {
        // What is erased by now is not named.
        if tx.is_in_audit(record.as_str()).await? {
            let entry = AuditEntry::new(now, Actor::Person, AuditAction::VisitOpened, record.as_str());
            tx.record(&entry.detail(opened.way.as_str())).await?;
        }
    }
    tx.commit().await?;
    metrics::counter!("visits_total", "way" => opened.way.as_str()).increment(1);
    Ok(Inside { visit: opened, visitor, token })
}

fn until(app: &App, now: Timestamp) -> Timestamp {
    now.plus_millis(i64::from(app.person_page.visit_minutes) * MINUTE)
}
