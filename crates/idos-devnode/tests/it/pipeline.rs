//! Many transactions of one signer under way at once, with the real client; and what becomes of a gap among them.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use idos_client::actions::{AddUserAsInserter, PasswordStore};
use idos_client::{
    Broadcast, Class, Client, ClientConfig, Conflict, Error, Fate, Nonce, Prepared, TxOutcome, TxState,
    Uncertainty,
};
use idos_devnode::{Fault, Mix, RandomFaults};

use crate::support::{World, id};

const PATIENCE: Duration = Duration::from_secs(20);

/// A node that makes a block when it is told to.
async fn without_blocks() -> World {
    let world = World::with(|config| {
        config.block_interval = Some(Duration::from_hours(1));
        config.commit_wait = Duration::from_millis(300);
    })
    .await;
    // The first tick of an interval is at once; let it pass.
    tokio::time::sleep(Duration::from_millis(50)).await;
    world
}

async fn connect(world: &World) -> Client {
    Client::connect(ClientConfig::new(world.node.url().parse().unwrap())).await.unwrap()
}

fn add_user(user: u64) -> AddUserAsInserter<'static> {
    AddUserAsInserter {
        id: id(user.into()),
        recipient_encryption_public_key: "Y+kNWSnoYhlBrsDQ/01FTfoHQ5CeXyjDEHbQmNDGOjw=",
        encryption_password_store: PasswordStore::User,
    }
}

/// Signs the addition of this user.
async fn prepare(client: &Client, world: &World, user: u64, nonce: u64) -> Prepared {
    client.prepare(&world.issuer(), &add_user(user), Nonce::Exactly(nonce)).await.unwrap()
}

/// Transactions with the nonces from 1, each for a user of its own.
async fn prepare_all(client: &Client, world: &World, count: u64) -> Vec<Prepared> {
    let mut prepared = Vec::new();
    for nonce in 1..=count {
        prepared.push(prepare(client, world, nonce, nonce).await);
    }
    prepared
}

async fn accept(client: &Client, prepared: &Prepared) -> Result<TxOutcome, Error> {
    client.broadcast(prepared, Broadcast::Accept).await
}

async fn users(world: &World) -> usize {
    world.node.users().await.unwrap().len()
}

#[tokio::test]
async fn sixty_four_go_one_behind_the_other_without_waiting() {
    let world = World::with(|config| config.block_interval = Some(Duration::from_millis(100))).await;
    let client = connect(&world).await;
    let prepared = prepare_all(&client, &world, 64).await;
    for (nonce, prepared) in (1..).zip(&prepared) {
        let outcome = accept(&client, prepared).await.unwrap();
        assert_eq!((outcome.hash, outcome.nonce), (prepared.hash(), nonce));
    }
    let mut last = 0;
    for prepared in &prepared {
        let height = client.confirm(prepared.hash(), PATIENCE).await.unwrap();
        assert!(height >= last, "in the order of their nonces");
        last = height;
    }
    assert!(last < 64, "{last} blocks are one for each");
    assert_eq!(users(&world).await, 64);
    assert_eq!(client.account(&world.issuer()).await.unwrap().nonce, 64);
}

#[tokio::test]
async fn the_account_is_known_with_and_without_what_waits() {
    let world = without_blocks().await;
    let client = connect(&world).await;
    for prepared in prepare_all(&client, &world, 5).await {
        accept(&client, &prepared).await.unwrap();
    }
    let issuer = world.issuer();
    assert_eq!(client.account(&issuer).await.unwrap().nonce, 0);
    assert_eq!(client.pending_account(&issuer).await.unwrap().nonce, 5);
    world.dev().make_block().await.unwrap();
    assert_eq!(client.account(&issuer).await.unwrap().nonce, 5);
    assert_eq!(client.pending_account(&issuer).await.unwrap().nonce, 5);
}

#[tokio::test]
async fn what_is_behind_a_gap_is_refused_with_the_nonce_that_is_missing() {
    let world = without_blocks().await;
    let client = connect(&world).await;
    let prepared = prepare_all(&client, &world, 4).await;
    accept(&client, &prepared[0]).await.unwrap();
    for broadcast in [Broadcast::Accept, Broadcast::Wait] {
        let error = client.broadcast(&prepared[2], broadcast).await.unwrap_err();
        assert!(matches!(&error, Error::Rejected(rejection) if rejection.code == 4), "{error:?}");
        assert_eq!((error.class(), error.expected_nonce()), (Class::Retry, Some(2)));
        assert_eq!(client.transaction(prepared[2].hash()).await.unwrap(), None);
    }
    for prepared in &prepared[1..] {
        accept(&client, prepared).await.unwrap();
    }
    world.dev().make_block().await.unwrap();
    assert_eq!(users(&world).await, 4);
}

#[tokio::test]
async fn the_same_transaction_that_is_refused_for_its_nonce_is_the_outcome() {
    let world = without_blocks().await;
    let client = connect(&world).await;
    let prepared = prepare(&client, &world, 1, 1).await;
    accept(&client, &prepared).await.unwrap();
    let refuse = || world.dev().faults().next(1, Fault::WrongNonce);

    refuse();
    let waits = accept(&client, &prepared).await.unwrap();
    assert_eq!(waits, TxOutcome { hash: prepared.hash(), nonce: 1, committed: false });
    world.dev().make_block().await.unwrap();
    refuse();
    assert!(client.broadcast(&prepared, Broadcast::Wait).await.unwrap().committed);

    let failing = prepare(&client, &world, 1, 2).await; // there is such a user
    accept(&client, &failing).await.unwrap();
    world.dev().make_block().await.unwrap();
    refuse();
    let error = accept(&client, &failing).await.unwrap_err();
    assert!(matches!(error, Error::Failed(_)) && !error.is_wrong_nonce(), "{error:?}");
    assert!(error.conflict().is_some());
}

#[tokio::test]
async fn a_lost_mempool_is_sent_again() {
    let world = without_blocks().await;
    let client = connect(&world).await;
    let prepared = prepare_all(&client, &world, 3).await;
    for prepared in &prepared {
        accept(&client, prepared).await.unwrap();
    }
    assert_eq!(world.dev().pending().await, prepared.iter().map(Prepared::hash).collect::<Vec<_>>());
    assert_eq!(world.dev().lose_mempool().await, 3);

    assert_eq!(client.pending_account(&world.issuer()).await.unwrap().nonce, 0);
    assert_eq!(world.dev().make_block().await.unwrap(), None);
    for prepared in &prepared {
        assert_eq!(client.fate(&world.issuer(), prepared).await.unwrap(), Fate::Absent);
        accept(&client, prepared).await.unwrap();
        let waits = client.fate(&world.issuer(), prepared).await.unwrap();
        assert_eq!(waits, Fate::Known(TxState::Pending));
    }
    world.dev().make_block().await.unwrap();
    assert_eq!(users(&world).await, 3);
    let written = client.fate(&world.issuer(), &prepared[2]).await.unwrap();
    assert!(matches!(written, Fate::Known(TxState::Succeeded { .. })));
    let other = prepare(&client, &world, 9, 3).await;
    assert_eq!(client.fate(&world.issuer(), &other).await.unwrap(), Fate::Superseded);
}

#[tokio::test]
async fn whoever_waits_for_a_lost_transaction_is_not_told() {
    let world = without_blocks().await;
    let client = connect(&world).await;
    for (nonce, fault) in [(1, Fault::DropTransaction), (1, Fault::LoseMempool)] {
        let prepared = prepare(&client, &world, 1, nonce).await;
        world.dev().faults().next(1, fault);
        let error = client.broadcast(&prepared, Broadcast::Wait).await.unwrap_err();
        assert!(matches!(error, Error::OutcomeUnknown { why: Uncertainty::NotInABlockYet, .. }), "{error:?}");
        assert_eq!(client.transaction(prepared.hash()).await.unwrap(), None);
        world.dev().make_block().await.unwrap();
    }
    assert_eq!(users(&world).await, 0);
    accept(&client, &prepare(&client, &world, 1, 1).await).await.unwrap();
}

/// Worse than kwild is known to do: a dropped transaction counts until the next block, and into that block come the ones
/// behind it.
#[tokio::test]
async fn what_is_behind_a_dropped_transaction_fails_in_a_block_and_uses_no_nonce() {
    let world = without_blocks().await;
    let client = connect(&world).await;
    let prepared = prepare_all(&client, &world, 4).await;
    accept(&client, &prepared[0]).await.unwrap();
    world.dev().make_block().await.unwrap();
    for prepared in &prepared[1..3] {
        accept(&client, prepared).await.unwrap();
    }
    assert!(world.dev().drop_pending(&prepared[1].hash()).await);
    assert!(!world.dev().drop_pending(&prepared[1].hash()).await);
    // Until the next block the node knows no better.
    let error = accept(&client, &prepared[1]).await.unwrap_err();
    assert_eq!(error.expected_nonce(), Some(4));
    accept(&client, &prepared[3]).await.unwrap();
    world.dev().make_block().await.unwrap();

    assert_eq!(client.transaction(prepared[1].hash()).await.unwrap(), None);
    for behind in &prepared[2..] {
        let status = client.transaction(behind.hash()).await.unwrap().unwrap();
        let TxState::Failed { rejection, .. } = status.state else { panic!("{status:?}") };
        assert_eq!((rejection.is_wrong_nonce(), rejection.expected_nonce()), (true, Some(2)));
        // Known for ever, so it cannot be sent again.
        let error = accept(&client, behind).await.unwrap_err();
        assert!(matches!(error, Error::Failed(_)) && error.is_wrong_nonce(), "{error:?}");
    }
    assert_eq!(users(&world).await, 1);
    assert_eq!(client.pending_account(&world.issuer()).await.unwrap().nonce, 1);
    accept(&client, &prepared[1]).await.unwrap();
    // The same action with the same nonce is the same transaction, which the node has.
    assert_eq!(prepare(&client, &world, 3, 3).await, prepared[2]);
    let other = client.prepare_anew(&world.issuer(), &add_user(3), Nonce::Exactly(3), 2).await.unwrap();
    assert_ne!(other.hash(), prepared[2].hash());
    accept(&client, &other).await.unwrap();
    world.dev().make_block().await.unwrap();
    assert_eq!(users(&world).await, 3);
    // So does who lets the client find the nonce.
    let outcome =
        client.execute(&world.issuer(), &add_user(4), Nonce::Next, Broadcast::Accept).await.unwrap();
    assert_eq!(outcome.nonce, 4);
    assert_ne!(outcome.hash, prepared[3].hash());
    world.dev().make_block().await.unwrap();
    assert_eq!(users(&world).await, 4);
}

#[tokio::test]
async fn an_account_that_has_done_nothing_has_no_funds_behind_a_gap() {
    let world = without_blocks().await;
    let client = connect(&world).await;
    let prepared = prepare_all(&client, &world, 2).await;
    for prepared in &prepared {
        accept(&client, prepared).await.unwrap();
    }
    world.dev().drop_pending(&prepared[0].hash()).await;
    world.dev().make_block().await.unwrap();
    let error = client.confirm(prepared[1].hash(), PATIENCE).await.unwrap_err();
    assert!(matches!(&error, Error::Failed(rejection) if rejection.code == 6), "{error:?}");
    assert_eq!((error.class(), error.is_wrong_nonce()), (Class::Retry, true));
    assert_eq!(client.pending_account(&world.issuer()).await.unwrap().nonce, 0);
}

#[tokio::test]
async fn a_transaction_is_forgotten_also_where_each_makes_its_block() {
    let world = World::new().await;
    let client = connect(&world).await;
    world.dev().faults().next(1, Fault::DropTransaction);
    let prepared = prepare(&client, &world, 1, 1).await;
    accept(&client, &prepared).await.unwrap();
    assert_eq!(client.transaction(prepared.hash()).await.unwrap(), None);
    assert_eq!(client.pending_account(&world.issuer()).await.unwrap().nonce, 0);
    assert!(client.broadcast(&prepared, Broadcast::Wait).await.unwrap().committed);
}

#[tokio::test]
async fn a_full_mempool_takes_nothing() {
    let world = World::new().await;
    let client = connect(&world).await;
    world.dev().faults().next(1, Fault::MempoolFull);
    let prepared = prepare(&client, &world, 1, 1).await;
    let error = accept(&client, &prepared).await.unwrap_err();
    assert!(matches!(&error, Error::Rejected(rejection) if rejection.code == 11), "{error:?}");
    assert_eq!(error.class(), Class::Retry);
    accept(&client, &prepared).await.unwrap();
}

/// A careful sender: asks what became of each transaction before it does anything again.
#[tokio::test]
async fn every_user_is_added_once_under_random_faults() {
    const USERS: u64 = 30;

    let world = World::with(|config| {
        config.block_interval = Some(Duration::from_millis(20));
        config.commit_wait = Duration::from_millis(500);
    })
    .await;
    let client = connect(&world).await;
    let broadcast = Mix {
        refuse: 5,
        delay: 5,
        delay_ms: 20,
        hang_up_after_commit: 15,
        wrong_nonce: 10,
        drop_transaction: 10,
        lose_mempool: 5,
        down: 5,
        ..Mix::default()
    };
    let look_up = Mix { refuse: 10, hang_up_after_commit: 10, down: 5, down_ms: 50, ..Mix::default() };
    world.dev().faults().set_random(RandomFaults { seed: 7, broadcast, look_up, view: look_up });

    for user in 1..=USERS {
        let mut left = 200;
        let mut prepared = prepare(&client, &world, user, user).await;
        loop {
            left -= 1;
            assert!(left > 0, "user {user} is not added");
            match client.broadcast(&prepared, Broadcast::Wait).await {
                Ok(_) => break,
                Err(error) => match error.class() {
                    Class::Unknown { hash } => {
                        if let Ok(Some(status)) = client.transaction(hash).await
                            && matches!(status.state, TxState::Succeeded { .. })
                        {
                            break;
                        }
                    }
                    Class::Retry => {
                        // Only the nonces that are written count for a sender with one transaction at a time.
                        let Ok(account) = client.account(&world.issuer()).await else { continue };
                        prepared = prepare(&client, &world, user, account.nonce + 1).await;
                    }
                    Class::Refused => {
                        assert!(error.conflict().is_some(), "{error}");
                        break; // an earlier one was written
                    }
                },
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
    world.dev().faults().clear();
    let added = world.node.transactions().await.unwrap().iter().filter(|tx| tx.code == 0).count();
    assert_eq!((added, users(&world).await), (30, 30));
}

/// A sender with many under way that remembers what it signed, and decides by each one's fate.
struct Engine<'a> {
    world: &'a World,
    client: Client,
    /// What was signed last for each user, and how often that was.
    signed: BTreeMap<u64, (Prepared, u32)>,
    done: BTreeSet<u64>,
}

impl Engine<'_> {
    /// Looks what became of all; gives those whose transaction can be sent again, and signs anew what never comes.
    async fn look(&mut self, users: u64) -> Result<BTreeMap<u64, u64>, Error> {
        let issuer = self.world.issuer();
        let (mut nonces, mut lost) = (BTreeMap::new(), Vec::new());
        for user in (1..=users).filter(|user| !self.done.contains(user)).collect::<Vec<_>>() {
            let Some((prepared, _)) = self.signed.get(&user) else {
                lost.push(user);
                continue;
            };
            match self.client.fate(&issuer, prepared).await? {
                Fate::Known(TxState::Succeeded { .. }) => {
                    self.done.insert(user);
                }
                Fate::Known(TxState::Failed { rejection, .. }) => {
                    assert!(rejection.is_wrong_nonce(), "{rejection}");
                    lost.push(user);
                }
                Fate::Known(TxState::Pending) | Fate::Absent => {
                    nonces.insert(prepared.nonce(), user);
                }
                Fate::Superseded => lost.push(user),
            }
        }
        let first = self.client.account(&issuer).await?.nonce + 1;
        let free = (first..).filter(|nonce| !nonces.contains_key(nonce)).take(lost.len()).collect::<Vec<_>>();
        for (user, nonce) in lost.into_iter().zip(free) {
            let attempt = self.signed.get(&user).map_or(1, |(_, attempt)| attempt + 1);
            let (action, exactly) = (add_user(user), Nonce::Exactly(nonce));
            let prepared = if attempt == 1 {
                self.client.prepare(&issuer, &action, exactly).await?
            } else {
                self.client.prepare_anew(&issuer, &action, exactly, attempt).await?
            };
            self.signed.insert(user, (prepared, attempt));
            nonces.insert(nonce, user);
        }
        Ok(nonces)
    }

    /// Sends in the order of the nonces, until the node does not take one.
    async fn send(&self, nonces: &BTreeMap<u64, u64>) {
        for user in nonces.values() {
            if let Err(error) = accept(&self.client, &self.signed[user].0).await
                && !matches!(error.class(), Class::Unknown { .. })
            {
                return;
            }
        }
    }
}

#[tokio::test]
async fn every_user_is_added_once_with_many_under_way_and_random_faults() {
    const USERS: u64 = 64;

    let world = World::with(|config| config.block_interval = Some(Duration::from_millis(20))).await;
    let broadcast = Mix {
        refuse: 2,
        hang_up_after_commit: 5,
        wrong_nonce: 4,
        drop_transaction: 5,
        lose_mempool: 2,
        down: 2,
        down_ms: 30,
        ..Mix::default()
    };
    let look_up = Mix { refuse: 1, hang_up_after_commit: 1, down: 1, down_ms: 20, ..Mix::default() };
    let client = connect(&world).await;
    world.dev().faults().set_random(RandomFaults { seed: 7, broadcast, look_up, view: look_up });
    let mut engine = Engine { world: &world, client, signed: BTreeMap::new(), done: BTreeSet::new() };
    for _ in 0..400 {
        if let Ok(nonces) = engine.look(USERS).await {
            if nonces.is_empty() {
                break;
            }
            engine.send(&nonces).await;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    assert_eq!(engine.done.len(), 64);
    let transactions = world.node.transactions().await.unwrap();
    let added = transactions.iter().filter(|tx| tx.code == 0).count();
    assert_eq!((added, users(&world).await), (64, 64));
    assert!(engine.signed.values().any(|(_, attempt)| *attempt > 1), "the faults have met nobody");
}
#[tokio::test]
async fn what_a_fault_leaves_open_is_found_out_by_the_hash() {
    let world = World::new().await;
    let client = connect(&world).await;
    let issuer = world.issuer();
    world.dev().faults().next(1, Fault::HangUpAfterCommit);
    let prepared = client.prepare(&issuer, &add_user(1), Nonce::Next).await.unwrap();
    let error = client.broadcast(&prepared, Broadcast::Wait).await.unwrap_err();
    assert_eq!(error.class(), Class::Unknown { hash: prepared.hash() });
    assert!(client.transaction(prepared.hash()).await.unwrap().is_some());
    assert_eq!(world.node.counts().await.unwrap().users, 1);

    // Refused before it was taken: nothing is written, and the same may be tried again.
    world.dev().faults().next(1, Fault::WrongNonce);
    client.execute(&issuer, &add_user(2), Nonce::Next, Broadcast::Wait).await.unwrap();
    let twice = client.execute(&issuer, &add_user(2), Nonce::Next, Broadcast::Wait).await.unwrap_err();
    assert_eq!(twice.class(), Class::Refused);
    assert_eq!(twice.conflict(), Some(Conflict::UserExists));
}
