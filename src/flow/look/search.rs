//! Search: one text, everything that it may be.

use std::collections::BTreeSet;

use idos_wallet::WalletType;

use super::found::{self, Hit};
use crate::app::App;
use crate::flow::contact;
use crate::flow::network::{self, By};
use crate::flow::{claim, wallet};
use crate::model::audit::{Actor, AuditAction, AuditEntry};
use crate::model::ids::CaseId;
use crate::model::personal::Personal;
use crate::model::sought::{AnyRecord, Meaning, meanings};
use crate::model::staff::Reach;
use crate::model::submission::Owner;
use crate::store::StoreError;

/// The most records of each kind that are found by one thing that a text may be.
const MOST: u32 = 50;

/// The most that are shown.
const MOST_SHOWN: usize = 200;

/// What the network says of a wallet that was searched for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Network {
    /// Some profile has it. Whose it is, the network does not tell.
    HasIt,
    /// No profile has it.
    HasItNot,
    /// It cannot be asked.
    Away,
}

/// What was found.
#[derive(Clone, Debug, Default)]
pub struct Findings {
    /// As what the text was understood, as codes; nothing if it can be nothing that is searched for.
    pub understood: Vec<&'static str>,
    /// The records, the newest first.
    pub hits: Vec<Hit>,
    /// Whether there are more than are shown.
    pub more: bool,
    /// The request to erase of this id, which names no records to those who search.
    pub case: Option<CaseId>,
    /// What the network says of the wallet, if the text may be one.
    pub network: Option<Network>,
}

/// Finds all that a text may be among the records that may be seen. That an e-mail address or a wallet was looked for is written down, without
/// saying which.
pub async fn search(app: &App, actor: &Actor, whose: &Reach, text: &str) -> Result<Findings, StoreError> {
    let mut findings = Findings::default();
    let mut ids = BTreeSet::new();
    for meaning in meanings(text) {
        findings.understood.push(name(&meaning));
        match meaning {
            Meaning::Record(record) => {
                ids.insert(record.to_string());
            }
            Meaning::Event(id) => ids.extend(app.store.event(&id).await?.map(|event| event.subject)),
            Meaning::Notice(id) => {
                ids.extend(app.store.notice(&id).await?.map(|notice| notice.issuance_id.to_string()));
            }
            Meaning::Job(id) => {
                if let Some(job) = app.store.job(&id).await? {
                    ids.extend(subject_of(app, job.subject).await?);
                }
            }
            Meaning::Case(id) => {
                let case = app.store.case(&id).await?.filter(|case| whose.sees(&case.client));
                findings.case = case.map(|case| case.id);
            }
            Meaning::Email(email) => {
                for (_, found) in contact::look_up_as(app, actor.clone(), whose, &email).await? {
                    ids.extend(found.ids());
                }
            }
            Meaning::Wallet(types, address) => {
                let found = of_wallet(app, &types, &address).await?;
                write_down(app, actor, whose, found.len()).await?;
                ids.extend(found);
                findings.network = of_network(app, &address).await;
            }
            Meaning::Uuid(uuid) => {
                ids.extend(app.store.ids_of_user(uuid, MOST).await?);
                ids.extend(app.store.ids_of_uuid(uuid).await?);
            }
            Meaning::Transaction(hash) => {
                for id in app.store.ids_of_transaction(&hash).await? {
                    ids.extend(subject_of(app, id).await?);
                }
            }
            Meaning::Reference(reference) => {
                for client in clients(app, whose).await? {
                    ids.extend(app.store.ids_of_reference(&client, &reference, MOST).await?);
                }
                for source in &app.sources {
                    let found = app.store.verification_by_case(source.name.as_str(), &reference).await?;
                    ids.extend(found.map(|verification| verification.id.to_string()));
                }
            }
        }
    }
    for id in &ids {
        if let Ok(record) = id.parse::<AnyRecord>() {
            findings.hits.extend(found::hit(app, whose, record).await?);
        }
    }
    findings.hits.sort_by(|one, other| {
        (other.created_at, other.record.as_str()).cmp(&(one.created_at, one.record.as_str()))
    });
    findings.more = findings.hits.len() > MOST_SHOWN;
    findings.hits.truncate(MOST_SHOWN);
    Ok(findings)
}

/// The clients whose records may be seen.
pub(super) async fn clients(app: &App, whose: &Reach) -> Result<Vec<String>, StoreError> {
    match whose {
        Reach::All => Ok(app.store.clients().await?.into_iter().collect()),
        Reach::Client(client) => Ok(vec![client.clone()]),
    }
}

/// What a piece of work is about: a record, or an event that is of one.
async fn subject_of(app: &App, subject: String) -> Result<Option<String>, StoreError> {
    match subject.parse() {
        Ok(event) => Ok(app.store.event(&event).await?.map(|event| event.subject)),
        Err(_) => Ok(Some(subject)),
    }
}

/// Records with a wallet, as far as they are known by its keyed hashes.
async fn of_wallet(
    app: &App,
    types: &[WalletType],
    address: &Personal<String>,
) -> Result<Vec<String>, StoreError> {
    let mut found = Vec::new();
    for wallet_type in types {
        // A NEAR wallet is known by its key, where that is what was given; else by its account.
        let is_key = *wallet_type == WalletType::Near && address.expose().contains(':');
        let public_key = is_key.then(|| address.clone());
        let owner = Owner { wallet_type: *wallet_type, address: address.clone(), public_key };
        let on_the_way = wallet::indexes_under_way(app, &owner);
        found.extend(app.store.ids_of_wallet(&on_the_way, &claim::wallet_indexes(app, &owner)).await?);
    }
    Ok(found)
}

/// What the network says of an address. A key is none.
async fn of_network(app: &App, address: &Personal<String>) -> Option<Network> {
    if address.expose().contains(':') {
        return None;
    }
    let look = network::find(app, By::Address(address.expose()));
    Some(match tokio::time::timeout(network::LOOK_UP, look).await {
        Ok(Ok(found)) if found.exists => Network::HasIt,
        Ok(Ok(_)) => Network::HasItNot,
        Ok(Err(_)) | Err(_) => Network::Away,
    })
}

async fn write_down(app: &App, actor: &Actor, whose: &Reach, found: usize) -> Result<(), StoreError> {
    let subject = whose.client().unwrap_or("all");
    let entry = AuditEntry::new(app.clock.now(), actor.clone(), AuditAction::ContactLookedUp, subject);
    let mut tx = app.store.begin().await?;
    tx.record(&entry.detail(format!("wallet:found:{found}"))).await?;
    tx.commit().await
}

fn name(meaning: &Meaning) -> &'static str {
    match meaning {
        Meaning::Record(_) => "record",
        Meaning::Event(_) => "event",
        Meaning::Notice(_) => "notice",
        Meaning::Job(_) => "job",
        Meaning::Case(_) => "case",
        Meaning::Email(_) => "email",
        Meaning::Wallet(..) => "wallet",
        Meaning::Uuid(_) => "uuid",
        Meaning::Transaction(_) => "transaction",
        Meaning::Reference(_) => "reference",
    }
}
