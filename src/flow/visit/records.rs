//! Which records a visitor sees.

use crate::app::App;
use crate::flow::contact;
use crate::model::sought::AnyRecord;
use crate::model::visit::Visitor;
use crate::store::StoreError;

/// The most records of each kind that a visitor sees: what belongs to one person is a handful.
const MOST: u32 = 100;

/// The records, each once.
pub(super) async fn records(app: &App, visitor: &Visitor) -> Result<Vec<AnyRecord>, StoreError> {
    let mut ids = Vec::new();
    match visitor {
        Visitor::Address(email) => {
            for client in app.store.clients_with_contacts().await? {
                ids.extend(contact::find(app, &client, email).await?.ids());
            }
        }
        Visitor::User(user_id) => ids.extend(app.store.ids_of_user(*user_id, MOST).await?),
    }
    let mut found: Vec<AnyRecord> = Vec::new();
    let mut left: Vec<_> = ids.iter().rev().filter_map(|id| id.parse().ok()).collect();
    while let Some(record) = left.pop() {
        if found.contains(&record) {
            continue;
        }
        left.extend(parts(app, &record).await?.iter().filter_map(|id| id.parse().ok()));
        found.push(record);
    }
    Ok(found)
}

/// What a record was made of, or is waited for by: it has neither an address nor a user of its own once that is known. Never another
/// record of the same user, which may have another address.
async fn parts(app: &App, record: &AnyRecord) -> Result<Vec<String>, StoreError> {
    Ok(match record {
        AnyRecord::Issuance(id) => {
            let mut parts = app.store.claims_for_issuance(id).await?;
            parts.extend(app.store.verification_behind(id).await?);
            parts
        }
        AnyRecord::Verification(id) => app.store.claims_for_verification(id).await?,
        _ => Vec::new(),
    })
}

/// Ids of all of them, as text.
pub(super) fn texts(records: &[AnyRecord]) -> Vec<String> {
    records.iter().map(ToString::to_string).collect()
}
