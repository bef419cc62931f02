//! The audit chain: whatever is done to it behind the service's back is found, and nothing is signed on top of it.

use idos_credential::{VerificationKey, VerificationMethod};
use idos_issuer::clock::Clock;
use idos_issuer::flow::audit::{Before, NoCheckpoint, checkpoint, checkpoint_or_log, verify};
use idos_issuer::keys::{Key, Keys, SigningKey, Validity};
use idos_issuer::model::audit::{
    Actor, Answer, AuditAction, AuditEntry, Checkpoint, Fault, Link, Verdict, Witness, hash,
};
use idos_issuer::store::Store;
use sqlx::{AnyConnection, AssertSqlSafe, Connection as _};

use crate::support::service::{Backend, Database, Stage, audit_holds};

/// The keys of an issuer whose signing key has this seed.
fn keys(seed: u8) -> Keys {
    let mut keys = Keys::ephemeral(None).unwrap();
    let key = Key::from_seed(&[seed; 32]);
    let method = VerificationMethod::of_url("https://kyc.example.com/idos", key.public()).unwrap();
    keys.signing = vec![SigningKey { method, validity: Validity::default(), key }];
    keys
}

/// A chain with signatures behind the entries 4 and 8, and two entries more.
struct Chain {
    store: Store,
    connection: AnyConnection,
    signed: Vec<Checkpoint>,
    _database: Database,
}

impl Chain {
    async fn new(backend: Backend) -> Self {
        let database = Database::new(backend).await;
        let store = Store::connect(&database.url, 4).await.unwrap();
        store.migrate().await.unwrap();
        let connection = AnyConnection::connect(&database.url).await.unwrap();
        let mut chain = Self { store, connection, signed: Vec::new(), _database: database };
        chain.begin_anew().await;
        chain
    }

    async fn begin_anew(&mut self) {
        for statement in
            ["DELETE FROM audit", "DELETE FROM audit_checkpoint", "UPDATE audit_head SET seq = 0, hash = ''"]
        {
            self.run(statement).await;
        }
        self.signed.clear();
        for _ in 0..2 {
            add(&self.store, 4).await;
            self.signed.extend(sign(&self.store).await.unwrap());
        }
        add(&self.store, 2).await;
        assert_eq!(self.signed.iter().map(|signed| signed.entry).collect::<Vec<_>>(), [4, 8]);
    }

    async fn run(&mut self, statement: &str) {
        sqlx::query(AssertSqlSafe(statement)).execute(&mut self.connection).await.unwrap();
    }

    /// Writes the chain anew, from the first entry, as anybody can who can write into the database.
    async fn write_anew(&mut self, first_actor: &str) {
        let mut at = Link::default();
        for mut entry in self.store.audit_page(0, i64::MAX).await.unwrap() {
            if entry.seq == 1 {
                first_actor.clone_into(&mut entry.actor);
            }
            entry.previous.clone_from(&at.hash);
            entry.hash = hash(&entry);
            at.follow(&entry).unwrap();
            let (seq, actor) = (entry.seq, &entry.actor);
            let (previous, hash) = (&entry.previous, &entry.hash);
            self.run(&format!(
                "UPDATE audit SET actor = '{actor}', previous = '{previous}', hash = '{hash}' WHERE seq = {seq}"
            ))
            .await;
        }
        self.run(&format!("UPDATE audit_head SET hash = '{}'", at.hash)).await;
    }

    /// Cuts the end off, so that the rest hangs together.
    async fn cut_behind(&mut self, last: i64) {
        for statement in [
            format!("DELETE FROM audit WHERE seq > {last}"),
            format!("DELETE FROM audit_checkpoint WHERE entry > {last}"),
            format!("UPDATE audit_head SET seq = {last}, hash = (SELECT hash FROM audit WHERE seq = {last})"),
        ] {
            self.run(&statement).await;
        }
    }

    async fn verify(&self, anchor: Option<&Checkpoint>) -> Verdict {
        verify(&self.store, known(), anchor.map(|it| ("a".to_owned(), it.clone())).into_iter().collect())
            .await
            .unwrap()
    }
}

fn known() -> Vec<VerificationKey> {
    keys(1).signing_public()
}

async fn add(store: &Store, entries: usize) {
    for _ in 0..entries {
        let entry = AuditEntry {
            at: idos_issuer::clock::now(),
            actor: Actor::Client { client: "acme".to_owned(), key: "key_1".to_owned() },
            act: AuditAction::Received,
            subject: "iss_1".to_owned(),
            detail: "ü".to_owned(),
        };
        let mut tx = store.begin().await.unwrap();
        tx.record(&entry).await.unwrap();
        tx.commit().await.unwrap();
    }
}

async fn sign(store: &Store) -> Result<Option<Checkpoint>, NoCheckpoint> {
    checkpoint(store, &keys(1), Before::ThisKey, idos_issuer::clock::now()).await
}

on_both_databases! {
    async fn a_chain_is_proven_up_to_what_was_signed(backend) {
        let chain = Chain::new(backend).await;
        for anchor in [None, Some(&chain.signed[0]), Some(&chain.signed[1])] {
            let verdict = chain.verify(anchor).await;
            assert_eq!(verdict.answer(), Answer::Holds, "{verdict:?}");
            assert_eq!((verdict.entries, verdict.proven()), (10, 8));
        }
        // Nothing more is signed where nothing was added.
        let third = sign(&chain.store).await.unwrap().unwrap();
        assert_eq!((third.number, third.entry), (3, 10));
        assert_eq!(sign(&chain.store).await.unwrap(), Some(third));
    }

    async fn whatever_is_done_to_the_chain_is_found(backend) {
        let mut chain = Chain::new(backend).await;
        let other = Chain::new(backend).await.signed[0].clone();
        let anchor = |_: &Chain| Witness::Anchor("a".to_owned());
        let differs = |witness, entry| Fault::Differs { witness, entry };

        for (seq, change) in [
            (1, "actor = 'operator'"),
            (1, "at = at + 1"),
            (5, "actor = 'operator'"),
            (5, "detail = detail || 'x'"),
            (5, "seq = 11"),
            (10, "subject = 'iss_2'"),
        ] {
            chain.run(&format!("UPDATE audit SET {change} WHERE seq = {seq}")).await;
            assert_eq!(chain.verify(None).await.faults, [Fault::Entry(seq)], "{change}");
            chain.begin_anew().await;
        }
        // What would tear the text of a page apart: separators within a column, and an entry within another one.
        for (inside, faults) in [("x\u{1f}y", Fault::Entry(5)), ("x\u{1e}y", Fault::Entry(5))] {
            chain.run(&format!("UPDATE audit SET detail = '{inside}' WHERE seq = 5")).await;
            assert_eq!(chain.verify(None).await.faults, [faults], "{inside:?}");
            chain.begin_anew().await;
        }
        let six = chain.store.audit_page(5, 6).await.unwrap().remove(0);
        let inside = [
            "6".to_owned(), six.at.to_string(), six.actor, six.act, six.subject, six.detail, six.salt, six.link, six.also,
            six.also_salt, six.also_link, six.previous, six.hash,
        ].join("\u{1f}");
        chain.run(&format!("UPDATE audit SET hash = hash || '\u{1e}{inside}' WHERE seq = 5")).await;
        chain.run("DELETE FROM audit WHERE seq = 6").await;
        assert_eq!(chain.verify(None).await.faults, [Fault::Entry(5)]);
        chain.begin_anew().await;
        if backend == Backend::Sqlite {
            chain.run("UPDATE audit SET detail = CAST(x'ff' AS TEXT) WHERE seq = 5").await;
            assert_eq!(chain.verify(None).await.faults, [Fault::Entry(5)]);
            chain.begin_anew().await;
        }

        // An entry less, and the recorded end.
        chain.run("DELETE FROM audit WHERE seq = 5").await;
        assert_eq!(chain.verify(None).await.faults, [Fault::Entry(5)]);
        chain.begin_anew().await;
        chain.run("DELETE FROM audit WHERE seq > 8").await;
        assert_eq!(chain.verify(None).await.faults, [Fault::Entry(9)]);
        chain.begin_anew().await;
        chain.run("UPDATE audit_head SET hash = 'x'").await;
        assert_eq!(chain.verify(None).await.faults, [Fault::End(10)]);

        // All of it written anew, with another first actor: each signature says so.
        chain.begin_anew().await;
        let signed = chain.signed[1].clone();
        chain.write_anew("operator").await;
        let verdict = chain.verify(None).await;
        assert_eq!(verdict.faults, [differs(Witness::Checkpoint(1), 4), differs(Witness::Checkpoint(2), 8)]);
        chain.run("DELETE FROM audit_checkpoint").await;
        assert_eq!(chain.verify(Some(&signed)).await.faults, [differs(anchor(&chain), 8)]);

        // The end cut off: with the signatures behind it, only what was kept elsewhere tells.
        chain.begin_anew().await;
        let signed = chain.signed[1].clone();
        chain.cut_behind(6).await;
        assert_eq!(chain.verify(None).await.answer(), Answer::Holds);
        let cut = |witness| Fault::EndsBefore { witness, end: 6, entry: 8 };
        assert_eq!(chain.verify(Some(&signed)).await.faults, [cut(anchor(&chain))]);
        let mut tx = chain.store.begin().await.unwrap();
        tx.add_checkpoint(&signed).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(chain.verify(None).await.faults, [cut(Witness::Checkpoint(2))]);

        // The signatures themselves.
        chain.begin_anew().await;
        chain.run("DELETE FROM audit_checkpoint WHERE number = 1").await;
        assert_eq!(chain.verify(None).await.faults, [Fault::Missing(1)]);
        chain.begin_anew().await;
        chain.run("UPDATE audit_checkpoint SET at = at + 1 WHERE number = 2").await;
        assert_eq!(chain.verify(None).await.faults, [Fault::Forged(Witness::Checkpoint(2))]);
        chain.begin_anew().await;
        assert_eq!(chain.verify(Some(&other)).await.faults, [differs(anchor(&chain), 4)]);
    }

    async fn a_signature_of_another_key_is_not_believed(backend) {
        let chain = Chain::new(backend).await;
        // Named as the issuer's own key, signed by somebody else.
        let end = chain.store.audit_end().await.unwrap();
        let other = &keys(2).signing[0];
        let unsigned = Checkpoint::unsigned(3, &end, idos_issuer::clock::now(), &other.method);
        let signature = other.sign_statement(&unsigned.text()).await.unwrap();
        let forged = unsigned.signed(&signature);
        let mut posing = forged.clone();
        posing.public_key = keys(1).signing_public()[0].to_multibase();
        assert_eq!(chain.verify(Some(&posing)).await.faults, [Fault::Forged(Witness::Anchor("a".to_owned()))]);
        let mut tx = chain.store.begin().await.unwrap();
        tx.add_checkpoint(&forged).await.unwrap();
        tx.commit().await.unwrap();
        let verdict = chain.verify(None).await;
        assert_eq!((verdict.answer(), verdict.proven()), (Answer::NotJudged, 8));
        assert!(matches!(sign(&chain.store).await, Err(NoCheckpoint::OtherKey(3))));
        // A person who knows why: the keys have changed.
        let now = idos_issuer::clock::now();
        let signed = checkpoint(&chain.store, &keys(1), Before::AnyKey, now).await.unwrap().unwrap();
        assert_eq!((signed.number, signed.entry), (4, 10));
        assert_eq!(chain.verify(None).await.answer(), Answer::Holds);
    }

    async fn nothing_is_signed_on_top_of_what_was_changed(backend) {
        let mut chain = Chain::new(backend).await;
        for changes in [
            vec!["UPDATE audit SET actor = 'operator' WHERE seq = 9"],
            vec!["DELETE FROM audit WHERE seq = 9"],
            vec!["DELETE FROM audit WHERE seq > 7", "UPDATE audit_head SET seq = 7"],
            vec!["DELETE FROM audit", "UPDATE audit_head SET seq = 0, hash = ''"],
            vec!["UPDATE audit_head SET hash = 'x'"],
        ] {
            for change in &changes {
                chain.run(change).await;
            }
            assert!(matches!(sign(&chain.store).await, Err(NoCheckpoint::Broken(2))), "{changes:?}");
            chain.begin_anew().await;
        }
        chain.write_anew("operator").await;
        add(&chain.store, 1).await;
        assert!(matches!(sign(&chain.store).await, Err(NoCheckpoint::Broken(2))));
        chain.begin_anew().await;
        chain.run("UPDATE audit_checkpoint SET hash = 'x' WHERE number = 2").await;
        assert!(matches!(sign(&chain.store).await, Err(NoCheckpoint::OtherKey(2))));
    }

    async fn several_sign_at_once_while_others_write(backend) {
        let database = Database::new(backend).await;
        let first = Store::connect(&database.url, 4).await.unwrap();
        first.migrate().await.unwrap();
        let second = Store::connect(&database.url, 4).await.unwrap();
        let mut tasks = tokio::task::JoinSet::new();
        for store in [&first, &second, &first, &second] {
            let store = store.clone();
            tasks.spawn(async move {
                for _ in 0..10 {
                    add(&store, 3).await;
                    sign(&store).await.unwrap();
                }
            });
        }
        while let Some(done) = tasks.join_next().await {
            done.unwrap();
        }
        let last = sign(&first).await.unwrap().unwrap();
        assert_eq!(last.entry, 120);
        let verdict = verify(&second, known(), Vec::new()).await.unwrap();
        assert_eq!(verdict.answer(), Answer::Holds, "{verdict:?}");
        assert_eq!((verdict.entries, verdict.proven()), (120, 120));
    }

    async fn a_service_signs_nothing_in_place_of_what_it_has_seen(backend) {
        let stage = Stage::new(backend).await;
        let app = stage.app().await;
        add(&app.store, 3).await;
        checkpoint_or_log(&app).await;
        assert_eq!(app.store.last_checkpoint().await.unwrap().unwrap().entry, 3);
        add(&app.store, 1).await;
        let mut connection = AnyConnection::connect(&stage.database.url).await.unwrap();
        sqlx::query("DELETE FROM audit_checkpoint").execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
        for _ in 0..2 {
            checkpoint_or_log(&app).await;
            assert_eq!(app.store.last_checkpoint().await.unwrap(), None);
        }
    }

    async fn a_service_signs_at_its_end_and_each_hour(backend) {
        let mut stage = Stage::new(backend).await;
        stage.clock = Clock::fixed(idos_issuer::clock::now());
        let store = Store::connect(&stage.database.url, 2).await.unwrap();
        let service = stage.service().await;
        add(&service.app.store, 3).await;
        service.stop().await;
        let signed = store.last_checkpoint().await.unwrap().unwrap();
        assert_eq!((signed.entry, signed.key_id.as_str()), (3, stage.keys.signing[0].method.id()));

        // The next one signs what was added meanwhile, when the hour is over.
        add(&store, 1).await;
        stage.clock.advance_millis(3_600_000);
        let service = stage.service().await;
        for _ in 0..1200 {
            if store.last_checkpoint().await.unwrap().unwrap().entry == 4 {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(25)).await;
        }
        service.kill().await;
        assert_eq!(store.last_checkpoint().await.unwrap().unwrap().entry, 4);
        assert_eq!(audit_holds(&store).await, 4);
    }
}
