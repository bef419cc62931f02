//! What entries of the audit chain tell of somebody can be let go: the chain holds, and nobody hides anything by it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use idos_credential::VerificationKey;
use idos_issuer::flow::audit::{Before, checkpoint, export, verify};
use idos_issuer::keys::Keys;
use idos_issuer::model::audit::{
    Actor, Answer, AuditAction, AuditEntry, ChainedEntry, Checkpoint, Fault, Judge, Verdict,
};
use idos_issuer::model::ids::{ClaimId, IssuanceId};
use idos_issuer::store::{Store, StoreError};
use rand::rngs::OsRng;
use sqlx::{AnyConnection, AssertSqlSafe, Connection as _, Row as _};

use crate::support::service::{Backend, Database};

/// The columns of an entry, and which of them are numbers.
const COLUMNS: [(&str, bool); 13] = [
    ("seq", true),
    ("at", true),
    ("actor", false),
    ("act", false),
    ("subject", false),
    ("detail", false),
    ("salt", false),
    ("link", false),
    ("also", false),
    ("also_salt", false),
    ("also_link", false),
    ("previous", false),
    ("hash", false),
];

/// A chain of two issuances that two claims have led to, of which the first is erased.
struct Chain {
    store: Store,
    connection: AnyConnection,
    keys: Keys,
    erased: [String; 2],
    kept: [String; 2],
    _database: Database,
}

/// Who erases.
fn client() -> Actor {
    Actor::Client { client: "acme".to_owned(), key: "key_1".to_owned() }
}

async fn record(store: &Store, actor: Actor, act: AuditAction, subject: &str, detail: &str) {
    let mut tx = store.begin().await.unwrap();
    tx.record(&AuditEntry::new(idos_issuer::clock::now(), actor, act, subject).detail(detail)).await.unwrap();
    tx.commit().await.unwrap();
}

async fn unlink(store: &Store, subject: &str) -> i64 {
    let mut tx = store.begin().await.unwrap();
    let count = tx.unlink_audit(subject, client(), idos_issuer::clock::now()).await.unwrap();
    tx.commit().await.unwrap();
    count
}

/// The entries of an issuance that somebody has signed for by the link of a claim. Gives both ids.
async fn issue(store: &Store) -> [String; 2] {
    let now = idos_issuer::clock::now();
    let claim = ClaimId::new(now, &mut OsRng);
    let issuance = IssuanceId::new(now, &mut OsRng);
    let by_claim = Actor::Claim { client: "acme".to_owned(), claim: claim.to_string() };
    let (claim, issuance) = (claim.to_string(), issuance.to_string());
    record(store, client(), AuditAction::ClaimMade, &claim, "").await;
    let user = "user:8f4b0e0e-7f6a-4a52-8f0e-1c2d3e4f5a6b";
    record(store, by_claim.clone(), AuditAction::ClaimIdentified, &claim, user).await;
    record(store, by_claim.clone(), AuditAction::Received, &issuance, "kyc").await;
    record(store, by_claim, AuditAction::ClaimUsed, &claim, &issuance).await;
    record(store, Actor::Service, AuditAction::Issued, &issuance, "tx:ab").await;
    [issuance, claim]
}

impl Chain {
    async fn new(backend: Backend) -> Self {
        let database = Database::new(backend).await;
        let store = Store::connect(&database.url, 4).await.unwrap();
        store.migrate().await.unwrap();
        let connection = AnyConnection::connect(&database.url).await.unwrap();
        let keys = Keys::ephemeral(None).unwrap();
        let erased = issue(&store).await;
        let kept = issue(&store).await;
        // The claim has three entries, of which two name something else, and is named by one; then the issuance has its two.
        assert_eq!(unlink(&store, &erased[1]).await, 6);
        assert_eq!(unlink(&store, &erased[0]).await, 2);
        let chain = Self { store, connection, keys, erased, kept, _database: database };
        record(&chain.store, Actor::Operator, AuditAction::NoticeResent, &chain.kept[0], "").await;
        checkpoint(&chain.store, &chain.keys, Before::ThisKey, idos_issuer::clock::now()).await.unwrap();
        chain
    }

    fn known(&self) -> Vec<VerificationKey> {
        self.keys.signing_public()
    }

    async fn run(&mut self, statement: &str) {
        sqlx::query(AssertSqlSafe(statement)).execute(&mut self.connection).await.unwrap();
    }

    /// The row of an entry, as SQL writes it.
    async fn row(&mut self, seq: i64) -> Vec<String> {
        let statement = format!("SELECT * FROM audit WHERE seq = {seq}");
        let row = sqlx::query(AssertSqlSafe(statement)).fetch_one(&mut self.connection).await.unwrap();
        COLUMNS
            .iter()
            .map(|(name, is_number)| {
                if *is_number {
                    row.get::<i64, _>(*name).to_string()
                } else {
                    format!("'{}'", row.get::<String, _>(*name))
                }
            })
            .collect()
    }

    async fn insert(&mut self, row: &[String]) {
        let columns = COLUMNS.map(|(name, _)| name).join(", ");
        self.run(&format!("INSERT INTO audit ({columns}) VALUES ({})", row.join(", "))).await;
    }

    async fn verdict(&self) -> Verdict {
        verify(&self.store, self.known(), Vec::new()).await.unwrap()
    }

    /// What is found in an export, by who has nothing else.
    async fn verdict_of_export(&self) -> Option<Verdict> {
        let (mut checkpoints, mut entries): (Vec<Checkpoint>, Vec<ChainedEntry>) = (Vec::new(), Vec::new());
        let exported = export(&self.store, |signed, page| -> Result<(), StoreError> {
            checkpoints.extend_from_slice(signed);
            // As lines of JSON, and read from them.
            let lines = page.iter().map(|entry| serde_json::to_string(entry).unwrap());
            entries.extend(lines.map(|line| serde_json::from_str::<ChainedEntry>(&line).unwrap()));
            Ok(())
        });
        match exported.await {
            Err(StoreError::Unreadable(_)) => return None,
            exported => exported.unwrap(),
        }
        let mut judge = Judge::new(self.known());
        for checkpoint in checkpoints {
            judge.checkpoint(checkpoint);
        }
        let _ = entries.iter().all(|entry| judge.entry(entry));
        Some(judge.finish(None))
    }

    /// That it is found, in the database and in an export.
    async fn is_found(&self, what: &str) {
        let verdict = self.verdict().await;
        assert_eq!(verdict.answer(), Answer::Broken, "{what}");
        let exported = self.verdict_of_export().await;
        assert!(exported.is_none_or(|verdict| verdict.answer() == Answer::Broken), "{what}, exported");
    }

    async fn holds(&self) {
        for verdict in [self.verdict().await, self.verdict_of_export().await.unwrap()] {
            assert_eq!(verdict.answer(), Answer::Holds, "{verdict:?}");
            assert_eq!((verdict.entries, verdict.proven(), verdict.erased, verdict.put_back), (13, 13, 5, 0));
        }
    }
}

on_both_databases! {
    async fn an_erased_record_is_named_nowhere_and_the_chain_holds(backend) {
        let mut chain = Chain::new(backend).await;
        chain.holds().await;
        for seq in 1..=13 {
            let columns = chain.row(seq).await;
            let row = columns.join(" ");
            for erased in &chain.erased {
                assert!(!row.contains(erased.as_str()), "{row}");
            }
            assert_eq!(row.contains("user:"), seq == 7, "{row}");
            assert_eq!(row.contains("tx:ab"), seq == 10, "{row}");
            let is_let_go = columns[4..7].iter().all(|column| column == "''");
            assert_eq!(is_let_go, seq <= 5, "{row}");
        }
        // By whom, of what kind, and which entries: of the last one, of the claim's, the other record went with the claim.
        let told: Vec<_> = chain.store.audit_page(10, 12).await.unwrap().into_iter().map(ChainedEntry::told).collect();
        let told: Vec<_> = told.iter().map(|it| (it.actor.as_str(), it.act.as_str(), it.subject.as_str(), it.detail.as_str())).collect();
        assert_eq!(told, [
            ("client:acme:key_1", "erased", "claim", "1-2,4;2-4"),
            ("client:acme:key_1", "erased", "issuance", "3,5"),
        ]);
        for erased in &chain.erased {
            assert_eq!(chain.store.audit_of(erased).await.unwrap(), []);
        }
        // Those of others are as they were said.
        let [issuance, claim] = &chain.kept;
        let of_claim = chain.store.audit_of(claim).await.unwrap();
        let details: Vec<_> = of_claim.iter().map(|entry| entry.detail.as_str()).collect();
        assert_eq!(details, ["", "user:8f4b0e0e-7f6a-4a52-8f0e-1c2d3e4f5a6b", issuance]);
        let of_issuance = chain.store.audit_of(issuance).await.unwrap();
        assert_eq!(of_issuance[0].actor, format!("claim:acme:{claim}"));
        // A user, who is named by the entries of what is kept.
        assert_eq!(unlink(&chain.store, "user:8f4b0e0e-7f6a-4a52-8f0e-1c2d3e4f5a6b").await, 1);
        assert_eq!(chain.store.audit_of(claim).await.unwrap()[1].detail, "");
        assert_eq!(chain.verdict().await.answer(), Answer::Holds);
    }

    async fn every_change_of_every_row_is_found(backend) {
        let mut chain = Chain::new(backend).await;
        for seq in 1..=13 {
            let row = chain.row(seq).await;
            for (place, (column, is_number)) in COLUMNS.iter().enumerate() {
                let old = &row[place];
                let mut others = if *is_number { vec!["999".to_owned()] } else { vec!["'x'".to_owned(), "''".to_owned(), format!("{old} || 'x'")] };
                others.retain(|other| other != old);
                for other in others {
                    chain.run(&format!("UPDATE audit SET {column} = {other} WHERE seq = {seq}")).await;
                    chain.is_found(&format!("{column} of {seq} is {other}")).await;
                    let there = if *column == "seq" { "999".to_owned() } else { seq.to_string() };
                    chain.run(&format!("UPDATE audit SET {column} = {old} WHERE seq = {there}")).await;
                }
            }
            // What hides an act looks like what is erased.
            if seq > 5 {
                chain.run(&format!("UPDATE audit SET subject = '', detail = '', salt = '' WHERE seq = {seq}")).await;
                chain.is_found(&format!("{seq} is emptied")).await;
                let erased = [11, 12].contains(&seq);
                let expected = if erased { Fault::Entry(seq) } else { Fault::Emptied { entry: seq, count: 1 } };
                assert_eq!(chain.verdict().await.faults[0], expected);
                chain.run(&format!("DELETE FROM audit WHERE seq = {seq}")).await;
                chain.insert(&row).await;
            }
            chain.run(&format!("DELETE FROM audit WHERE seq = {seq}")).await;
            chain.is_found(&format!("{seq} is missing")).await;
            chain.insert(&row).await;
        }
        chain.holds().await;
        for seq in 1..13 {
            let (mut first, mut second) = (chain.row(seq).await, chain.row(seq + 1).await);
            std::mem::swap(&mut first[0], &mut second[0]);
            for row in [&first, &second] {
                chain.run(&format!("DELETE FROM audit WHERE seq = {}", row[0])).await;
                chain.insert(row).await;
            }
            chain.is_found(&format!("{seq} is behind the next one")).await;
            std::mem::swap(&mut first[0], &mut second[0]);
            for row in [&first, &second] {
                chain.run(&format!("DELETE FROM audit WHERE seq = {}", row[0])).await;
                chain.insert(row).await;
            }
            // One more, of the same content.
            "14".clone_into(&mut first[0]);
            chain.insert(&first).await;
            chain.run("UPDATE audit_head SET seq = 14").await;
            chain.is_found(&format!("{seq} is there once more")).await;
            chain.run("DELETE FROM audit WHERE seq = 14").await;
            chain.run("UPDATE audit_head SET seq = 13").await;
        }
        chain.holds().await;
    }

    async fn what_was_let_go_and_is_put_back_is_said(backend) {
        let database = Database::new(backend).await;
        let store = Store::connect(&database.url, 4).await.unwrap();
        store.migrate().await.unwrap();
        let mut connection = AnyConnection::connect(&database.url).await.unwrap();
        let [issuance, _] = issue(&store).await;
        let before = store.audit_page(0, 5).await.unwrap();
        assert_eq!(unlink(&store, &issuance).await, 2 + 1 + 1);
        for entry in before {
            let ChainedEntry { seq, subject, detail, salt, also, also_salt, .. } = entry;
            sqlx::query(AssertSqlSafe(format!(
                "UPDATE audit SET subject = '{subject}', detail = '{detail}', salt = '{salt}', also = '{also}', \
                 also_salt = '{also_salt}' WHERE seq = {seq}"
            )))
            .execute(&mut connection)
            .await
            .unwrap();
        }
        let verdict = verify(&store, Vec::new(), Vec::new()).await.unwrap();
        assert_eq!((verdict.answer(), verdict.erased, verdict.put_back), (Answer::Holds, 0, 4));
    }

    async fn very_many_entries_of_one_record_are_let_go_in_one_transaction(backend) {
        let database = Database::new(backend).await;
        let store = Store::connect(&database.url, 4).await.unwrap();
        store.migrate().await.unwrap();
        let mut tx = store.begin().await.unwrap();
        for number in 0..1_000 {
            // Every second one is another's, so that no two are next to each other.
            let subject = if number % 2 == 0 { "iss_1" } else { "iss_2" };
            let entry = AuditEntry::new(idos_issuer::clock::now(), Actor::Service, AuditAction::RecordViewed, subject);
            tx.record(&entry).await.unwrap();
        }
        tx.commit().await.unwrap();
        assert_eq!(unlink(&store, "iss_1").await, 500);
        let verdict = verify(&store, Vec::new(), Vec::new()).await.unwrap();
        assert_eq!((verdict.answer(), verdict.entries, verdict.erased), (Answer::Holds, 1_003, 500));
    }

    async fn it_is_let_go_while_others_write_read_and_verify(backend) {
        let database = Database::new(backend).await;
        let store = Store::connect(&database.url, 8).await.unwrap();
        store.migrate().await.unwrap();
        let other = Store::connect(&database.url, 8).await.unwrap();
        let done = Arc::new(AtomicBool::new(false));
        let mut writers = tokio::task::JoinSet::new();
        for store in [&store, &other, &store] {
            let store = store.clone();
            writers.spawn(async move {
                for _ in 0..12 {
                    let [issuance, claim] = issue(&store).await;
                    unlink(&store, &claim).await;
                    unlink(&store, &issuance).await;
                }
            });
        }
        let mut readers = tokio::task::JoinSet::new();
        for store in [&store, &other] {
            let (store, done) = (store.clone(), Arc::clone(&done));
            readers.spawn(async move {
                let mut verified = 0;
                while !done.load(Ordering::Relaxed) || verified == 0 {
                    let verdict = verify(&store, Vec::new(), Vec::new()).await.unwrap();
                    assert_eq!((verdict.answer(), verdict.put_back), (Answer::Holds, 0), "{verdict:?}");
                    let mut judge = Judge::new(Vec::new());
                    export(&store, |_, page| -> Result<(), StoreError> {
                        assert!(page.iter().all(|entry| judge.entry(entry)));
                        Ok(())
                    })
                    .await
                    .unwrap();
                    assert_eq!(judge.finish(None).faults, []);
                    verified += 1;
                }
            });
        }
        while let Some(written) = writers.join_next().await {
            written.unwrap();
        }
        done.store(true, Ordering::Relaxed);
        while let Some(read) = readers.join_next().await {
            read.unwrap();
        }
        let verdict = verify(&store, Vec::new(), Vec::new()).await.unwrap();
        let erased = 3 * 12 * 5;
        assert_eq!((verdict.answer(), verdict.entries, verdict.erased), (Answer::Holds, 3 * 12 * 7, erased));
    }
}
