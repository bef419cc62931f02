//! Wallets for a credential that lists them: those of links whose challenges were answered, and that were kept for it.
//!
//! In the transaction that makes the issuance, the wallets are forgotten: each is in one credential, whatever is killed when.

use idos_credential::{LinkedWallet, Problem, WalletLinkage};
use uuid::Uuid;

use super::claimed::NotUsed;
use super::wallet_link::KeptWallet;
use crate::app::App;
use crate::model::audit::{AuditAction, AuditEntry};
use crate::model::evidence::Evidence;
use crate::model::ids::{IssuanceId, WalletLinkId};
use crate::model::submitter::Submitter;
use crate::model::time::Timestamp;
use crate::model::validity::Risk;
use crate::model::wallet_link::{LinkState, WalletLink};
use crate::store::{StoreError, Tx};

const AGAIN: &str = "is of an account that another link of the list is of";
const LATE: &str = "is too late for a credential: its wallet is not kept any more. Have another link made";

/// Links whose wallets a credential is to list, in the order in which they were named.
pub(super) struct Used {
    user_id: Uuid,
    links: Vec<WalletLinkId>,
}

/// The wallets of these links of the caller's, as what a credential of this user is made of. Whatever is wrong with any of them is told
/// at once.
pub(super) async fn take_up(
    app: &App,
    caller: &Submitter,
    user_id: Uuid,
    links: Vec<WalletLinkId>,
) -> Result<(Evidence, Used), NotUsed> {
    let now = app.clock.now();
    let (mut problems, mut accounts, mut wallets) = (Vec::new(), Vec::new(), Vec::new());
    for (place, id) in links.iter().enumerate() {
        let mut refuse = |problem: &'static str| problems.push(Problem::new(at(place), problem));
        // First, so that whatever the record says is there is here.
        let locked = app.store.locked_link(id).await?;
        let link = app.store.wallet_link_of(&caller.tenant, id).await?;
        let link = match checked(link, user_id, now) {
            Ok(link) => link,
            Err(problem) => {
                refuse(problem);
                continue;
            }
        };
        let (Some(proven_at), Some(locked)) = (link.proven_at, locked) else {
            refuse(LATE);
            continue;
        };
        let kept: KeptWallet = app.vault.unlock_record(id.as_str(), &locked)?;
        match kept.account() {
            Ok(account) if accounts.contains(&account) => refuse(AGAIN),
            Ok(account) => {
                wallets.push(LinkedWallet::new(account.clone(), proven_at));
                accounts.push(account);
            }
            // An earlier program has kept it, which knew of more.
            Err(_) => refuse("is of a wallet that no credential lists"),
        }
    }
    if !problems.is_empty() {
        return Err(NotUsed::Invalid(idos_credential::Invalid { problems }));
    }
    let subject = WalletLinkage::new(&user_id.to_string(), wallets).map_err(NotUsed::Invalid)?;
    let evidence = Evidence {
        approved_at: subject.newest().unwrap_or(now),
        expires_at: None,
        risk: Risk::default(),
        subject: subject.into(),
        level: None,
    };
    Ok((evidence, Used { user_id, links }))
}

impl Used {
    /// Forgets the wallets with the issuance itself. Refused, by its place, if one was used or has ended since it was read.
    pub(super) async fn record(
        &self,
        tx: &mut Tx,
        issuance: &IssuanceId,
        now: Timestamp,
    ) -> Result<(), NotUsed> {
        let mut in_order: Vec<_> = self.links.iter().enumerate().collect();
        // Two that name the same links in another order would wait for each other.
        in_order.sort_by(|(_, one), (_, other)| one.as_str().cmp(other.as_str()));
        for (place, id) in in_order {
            match tx.list_wallet_of_link(id, issuance, now).await {
                Err(StoreError::Stale) => {
                    let problem = checked(tx.wallet_link(id).await?, self.user_id, now).err().unwrap_or(LATE);
                    return Err(NotUsed::Invalid(Problem::new(at(place), problem).into()));
                }
                listed => listed?,
            }
        }
        Ok(())
    }

    /// Enters into the audit chain in which issuance they are.
    pub(super) async fn write_down(
        &self,
        tx: &mut Tx,
        caller: &Submitter,
        issuance: &IssuanceId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        for id in &self.links {
            let entry = AuditEntry::new(now, caller.actor(), AuditAction::WalletLinkUsed, id.as_str());
            tx.record(&entry.detail(issuance.as_str())).await?;
        }
        Ok(())
    }
}

/// Where a link stands in a submission.
fn at(place: usize) -> String {
    format!("evidence.links.{place}")
}

/// A link of which the wallet can be listed for this user, or why it cannot.
fn checked(link: Option<WalletLink>, user_id: Uuid, now: Timestamp) -> Result<WalletLink, &'static str> {
    let Some(link) = link else { return Err("is no link of this client") };
    match link.state_with(None, now) {
        LinkState::Erased => return Err("is a link that was erased"),
        _ if link.user_id != Some(user_id) => return Err("is a link of another user than userId"),
        LinkState::Challenged => return Err("is a link that waits for its proof"),
        LinkState::Expired => return Err("is a link whose challenge was not answered in time"),
        LinkState::Refused => return Err("is a link that had too many wrong signatures"),
        _ => {}
    }
    if !link.for_credential {
        return Err("is not kept for a credential: have a link made with forCredential");
    }
    if link.issuance_id.is_some() {
        return Err("is in a credential already: have another link made");
    }
    if link.kept_until().is_none_or(|until| until < now) {
        return Err(LATE);
    }
    Ok(link)
}
