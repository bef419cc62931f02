//! How many transactions kwild takes when whoever sends them has nothing else to do: all are signed beforehand, and
//! each key sends one after the other without awaiting blocks.
//!
//! Not more wait for a block than are told, so that the blocks are full and the mempool is not the thing that is
//! measured.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use idos_client::actions::{
    CopyToWrite, CreateCredentialsByDwg, OriginalToWrite, UpsertCredentialAsInserter, UpsertWalletAsInserter,
};
use idos_client::{
    Broadcast, Client, ClientConfig, GrantParties, GrantTime, Nonce, Prepared, Signer, WriteGrant,
};
use idos_credential::SealedCredential;
use idos_issuer::clock;
use idos_wallet::{WalletKey, WalletType};
use uuid::Uuid;

use crate::delivery::seal;
use crate::deployment::{KEYS, Node, Site};
use crate::kwild::{Intake, Observed, Row, Times, Way, Who};
use crate::tell;
use crate::usage::Meter;

/// What is sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum What {
    /// `upsert_credential_as_inserter`: one row.
    Inserter,
    /// `create_credentials_by_dwg`: original, copy, access grant.
    WriteGrant,
}

/// One way of sending.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cell {
    pub(crate) what: What,
    pub(crate) file_bytes: usize,
    pub(crate) way: Way,
    pub(crate) keys: usize,
    /// How many are signed.
    pub(crate) count: usize,
    /// How many may wait for a block.
    pub(crate) most: u32,
}

/// A user's wallet, which signs write grants.
pub(crate) struct Holder(WalletKey);

impl Holder {
    /// Gives the node's user a wallet.
    pub(crate) async fn of(site: &Site, node: &Node) -> Self {
        const MESSAGE: &str = "Sign this message to prove you own this wallet";
        let wallet = WalletKey::from_seed(WalletType::Evm, rand::random());
        let client = connect(&node.url).await;
        let (address, signature) = (wallet.address(), wallet.sign_message(MESSAGE, rand::random()));
        let action = UpsertWalletAsInserter {
            id: random_id(),
            user_id: node.user,
            address: &address,
            public_key: None,
            wallet_type: wallet.wallet_type(),
            message: MESSAGE,
            signature: &signature,
        };
        client.execute(&site.signer(KEYS), &action, Nonce::Next, Broadcast::Wait).await.unwrap();
        Self(wallet)
    }

    /// A grant for one credential, and its signature.
    async fn grant(&self, client: &Client, issuer: &Signer) -> (WriteGrant, String) {
        let now = clock::now().unix_seconds();
        let parties = GrantParties {
            owner: self.0.owner_identifier(),
            grantee: issuer.caller(),
            issuer_public_key: issuer.caller(),
        };
        let start = GrantTime::from_unix(now - 300).unwrap();
        let end = GrantTime::from_unix(now + 86400).unwrap();
        let grant = WriteGrant::new(random_id(), parties, start.clone(), start, end).unwrap();
        let text = client.call_one(issuer, &grant.message()).await.unwrap().unwrap();
        let signature = self.0.sign_message(&text, rand::random());
        (grant, signature)
    }
}

/// Measures one way of sending.
pub(crate) async fn measure(site: &Site, node: &Node, holder: &Holder, cell: Cell, times: Times) -> Row {
    let kwild = node.kwild.as_ref().unwrap();
    let url = if cell.way == Way::Gateway { &node.url } else { &kwild.url };
    let signers: Vec<_> = (0..cell.keys).map(|number| site.signer(number)).collect();
    let mut piles = Vec::new();
    for signer in &signers {
        piles.push(prepare(site, node, holder, cell, signer).await);
    }

    let observed = Observed::start(node, times).await;
    let count = observed.count(node, signers.clone()).await;
    let sent = Arc::new(AtomicU64::new(0));
    let mut senders = Vec::new();
    for pile in piles {
        let client = connect(url).await;
        let (sent, count, stop) = (Arc::clone(&sent), Arc::clone(&count), Arc::clone(&observed.stop));
        senders.push(tokio::spawn(async move {
            for prepared in pile {
                let waiting = || sent.load(Ordering::Relaxed).saturating_sub(count.load(Ordering::Relaxed));
                while waiting() >= u64::from(cell.most) && !stop.load(Ordering::Relaxed) {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
                if stop.load(Ordering::Relaxed) {
                    return true;
                }
                sent.fetch_add(1, Ordering::Relaxed);
                client.broadcast(&prepared, Broadcast::Accept).await.unwrap();
            }
            false
        }));
    }
    let (begin, end) = observed.window();
    tokio::time::sleep_until(begin.into()).await;
    let meter = Meter::start(site, node, Vec::new());
    observed.wait_until(end).await;
    let cores = meter.stop();
    let blocks = observed.stop().await;
    for sender in senders {
        if !sender.await.unwrap() {
            tell("too few transactions were signed beforehand");
        }
    }
    node.clear_mempool().await;

    let (filling, seconds, per_second) = blocks.of(&signers);
    tell(&format!("{per_second:.2} a second, {:.0} in a block", filling.mean));
    Row {
        block_seconds: times.block.as_secs_f64(),
        who: Who::Prepared(match cell.what {
            What::Inserter => "signed beforehand, by inserter",
            What::WriteGrant => "signed beforehand, by write grant",
        }),
        keys: cell.keys,
        in_flight: cell.most,
        file_bytes: cell.file_bytes,
        way: cell.way,
        intake: Intake::Meanwhile,
        seconds,
        per_second,
        ratio: None,
        services: 0,
        filling,
        cores,
    }
}

/// Signs what one key sends. Contents may be the same again and again: nodes go by ids.
async fn prepare(site: &Site, node: &Node, holder: &Holder, cell: Cell, signer: &Signer) -> Vec<Prepared> {
    let client = connect(&node.kwild.as_ref().unwrap().url).await;
    let (_, sealed) = seal(site, node, 1, cell.file_bytes).await.pop().unwrap();
    let mut nonce = client.account(signer).await.unwrap().nonce;
    let mut pile = Vec::new();
    for _ in 0..cell.count / cell.keys {
        nonce += 1;
        let nonce = Nonce::Exactly(nonce);
        let prepared = match cell.what {
            What::Inserter => client.prepare(signer, &as_inserter(node.user, &sealed), nonce).await,
            What::WriteGrant => {
                let (grant, signature) = holder.grant(&client, signer).await;
                client.prepare(signer, &by_grant(&sealed, &grant, &signature), nonce).await
            }
        };
        pile.push(prepared.unwrap());
    }
    pile
}

fn as_inserter(user_id: Uuid, sealed: &SealedCredential) -> UpsertCredentialAsInserter<'_> {
    let original = sealed.original();
    UpsertCredentialAsInserter {
        id: random_id(),
        user_id,
        issuer_auth_public_key: sealed.issuer_auth_public_key(),
        encryptor_public_key: original.encryptor_public_key(),
        content: original.content().in_row().unwrap_or_default(),
        public_notes: original.public_notes(),
        public_notes_signature: original.public_notes_signature(),
        broader_signature: original.broader_signature(),
    }
}

fn by_grant<'a>(
    sealed: &'a SealedCredential,
    grant: &'a WriteGrant,
    signature: &'a str,
) -> CreateCredentialsByDwg<'a> {
    let (original, copy) = (sealed.original(), sealed.copy().unwrap());
    CreateCredentialsByDwg::new(
        sealed.issuer_auth_public_key(),
        OriginalToWrite {
            id: random_id(),
            encryptor_public_key: original.encryptor_public_key(),
            content: original.content().in_row().unwrap_or_default(),
            public_notes: original.public_notes(),
            public_notes_signature: original.public_notes_signature(),
            broader_signature: original.broader_signature(),
        },
        CopyToWrite {
            id: random_id(),
            encryptor_public_key: copy.encryptor_public_key(),
            content: copy.content().in_row().unwrap_or_default(),
            public_notes_signature: copy.public_notes_signature(),
            broader_signature: copy.broader_signature(),
        },
        sealed.content_hash(),
        grant,
        signature,
    )
}

async fn connect(url: &str) -> Client {
    Client::connect(ClientConfig::new(url.parse().unwrap())).await.unwrap()
}

fn random_id() -> Uuid {
    uuid::Builder::from_random_bytes(rand::random()).into_uuid()
}
