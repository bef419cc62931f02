//! Erasures, carried out: whatever state a record is in, and whatever happens meanwhile, nothing is left but a receipt.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use idos_client::actions::RemoveCredential;
use idos_client::{Broadcast, Nonce, Signer};
use idos_credential::{AcceptedIssuer, ErasureReceipt, VerifiedReceipt};
use idos_devnode::{DevNodeConfig, Fault};
use idos_issuer::app::App;
use idos_issuer::clock::{self, Clock};
use idos_issuer::flow::{erasure, intake, resume, revoke};
use idos_issuer::mail::{Mailer, Sent};
use idos_issuer::model::ids::{
    AttributeId, CaseId, ClaimId, IssuanceId, ProfileId, VerificationId, WalletId, WalletLinkId,
};
use idos_issuer::model::issuance::{Issuance, State};
use idos_issuer::model::job::JobState;
use idos_issuer::model::personal::Contact;
use idos_issuer::model::submission::{Authority, CopyFor, Submission};
use idos_issuer::model::time::HOUR;
use idos_issuer::store::{HOLDS_NO_IDS, PLACES};
use idos_wallet::WalletType;
use rand::Rng as _;
use rand::rngs::OsRng;
use sqlx::{AnyConnection, AssertSqlSafe, Connection as _, Row as _};

use super::crashes::all_faults;
use super::issuing::create_profile;
use super::privacy::dump_tables;
use super::receiver::Receiver;
use super::sharing::{endpoints, wait_for};
use crate::support::service::{
    Backend, Service, Stage, audit_holds, caller, fresh_key, issued_record, signed_grant, signed_grant_for,
    submission, submit, until,
};
use crate::support::{Folder, ISSUER_URL, User, run, stdout};

pub(super) const EMAIL: &str = "marianne.quirxblat@example.com";
pub(super) const REFERENCE: &str = "reference-quirxblat-17";

/// A stage with a mailbox that every service on it sends to.
pub(super) struct Scene {
    pub(super) stage: Stage,
    pub(super) sent: Sent,
}

impl Scene {
    pub(super) async fn new(backend: Backend) -> Self {
        let node =
            DevNodeConfig { block_interval: Some(Duration::from_millis(60)), ..DevNodeConfig::default() };
        let mut stage = Stage::with(backend, 1, node).await;
        "[delivery]\nlease_seconds = 5\n".clone_into(&mut stage.settings);
        Self { stage, sent: Sent::default() }
    }

    pub(super) async fn app(&self) -> Arc<App> {
        let mailer = Mailer::memory_of("Example <a@b.example>", self.sent.clone()).unwrap();
        Arc::new(Arc::into_inner(self.stage.app().await).unwrap().with_mailer(mailer))
    }

    pub(super) async fn service(&self) -> Service {
        Service::start(self.app().await)
    }

    pub(super) async fn execute(&self, statement: &str) -> u64 {
        let mut connection = AnyConnection::connect(&self.stage.database.url).await.unwrap();
        let done = sqlx::query(AssertSqlSafe(statement.to_owned())).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
        done.rows_affected()
    }

    pub(super) async fn texts(&self, query: &str) -> Vec<String> {
        let mut connection = AnyConnection::connect(&self.stage.database.url).await.unwrap();
        let rows = sqlx::query(AssertSqlSafe(query.to_owned())).fetch_all(&mut connection).await.unwrap();
        connection.close().await.unwrap();
        rows.iter().map(|row| row.get::<Option<String>, _>(0).unwrap_or_default()).collect()
    }

    /// A case that was decided, and is carried out from now on.
    pub(super) async fn open(&self, app: &App, revokes: bool, records: &[(&str, &str)]) -> CaseId {
        let now = app.clock.now();
        let id = CaseId::new(now, &mut OsRng);
        let millis = now.unix_millis();
        self.execute(&format!(
            "INSERT INTO erasure_case (id, client, state, origin, received_at, due_at, revokes, records, is_shared, version, created_at, updated_at) \
             VALUES ('{id}', 'acme', 'carrying_out', 'api', {millis}, {millis}, {}, {}, 0, 1, {millis}, {millis})",
            i32::from(revokes),
            records.len(),
        ))
        .await;
        for (kind, record) in records {
            self.execute(&format!(
                "INSERT INTO erasure_record (case_id, kind, record_id, step) VALUES ('{id}', '{kind}', '{record}', 'listed')"
            ))
            .await;
        }
        let mut tx = app.store.begin().await.unwrap();
        erasure::begin(&mut tx, &id, now).await.unwrap();
        tx.commit().await.unwrap();
        id
    }

    pub(super) async fn is_done(&self, app: &App, case: &CaseId) -> bool {
        // What failed often is due much later.
        for job in app.store.jobs(Some(JobState::Ready), 1000).await.unwrap() {
            let mut tx = app.store.begin().await.unwrap();
            tx.bring_forward(job.work, &job.subject, app.clock.now()).await.unwrap();
            tx.commit().await.unwrap();
        }
        self.texts(&format!("SELECT state FROM erasure_case WHERE id = '{case}'")).await == ["done"]
    }

    /// The verified receipt of a case that is done.
    pub(super) async fn receipt(&self, app: &App, case: &CaseId) -> BTreeMap<&'static str, String> {
        let text =
            self.texts(&format!("SELECT receipt FROM erasure_case WHERE id = '{case}'")).await.remove(0);
        let key = app.keys.signing_at(app.clock.now()).unwrap();
        let accepted = [AcceptedIssuer::of(key.method.clone())];
        let VerifiedReceipt { case: of, says, .. } =
            ErasureReceipt::verify(text.as_bytes(), &accepted, app.clock.now()).unwrap();
        assert_eq!(of, case.as_str());
        says.into_iter().collect()
    }

    pub(super) async fn done(&self, app: &App, case: &CaseId) -> BTreeMap<&'static str, String> {
        wait_for("the case is done", async || self.is_done(app, case).await).await;
        self.receipt(app, case).await
    }

    /// All that the database holds, the audit chain aside.
    pub(super) async fn dump(&self, app: &App) -> Vec<u8> {
        app.store.forget_traces().await.unwrap();
        match self.stage.database.folder() {
            Some(folder) => {
                let files = std::fs::read_dir(&folder.0).unwrap().map(|file| file.unwrap().path());
                files.flat_map(|file| std::fs::read(file).unwrap()).collect()
            }
            None => dump_tables(&self.stage.database.url).await,
        }
    }
}

pub(super) fn contains(bytes: &[u8], text: &str) -> bool {
    memchr::memmem::find(bytes, text.as_bytes()).is_some()
}

pub(super) async fn by_grant(app: &App, user: &User) -> Authority {
    let grant = signed_grant(app, user, -60, 3600).await;
    Authority::WriteGrant { grant: Some(Box::new(grant)), copy_for: None }
}

/// Submits, with a contact and a reference.
pub(super) async fn submit_for(app: &Arc<App>, user: &User, authority: Authority) -> Issuance {
    let contact = Contact { email: EMAIL.parse().unwrap(), locale: "de".parse().unwrap() };
    let submission = Submission {
        contact: Some(contact),
        reference: Some(REFERENCE.parse().unwrap()),
        ..submission(user.id, authority)
    };
    intake::accept(app, &caller(), &fresh_key(app), submission).await.unwrap().record
}

fn text(number: u64) -> String {
    number.to_string()
}

on_both_databases! {
    async fn nothing_is_left_but_a_receipt(backend) {
        let (folder, receiver) = (Folder::new(), Receiver::start(&[]).await);
        let mut scene = Scene::new(backend).await;
        let user = User::with(WalletType::Evm);
        create_profile(&scene.stage, &user).await;
        scene.stage.settings.push_str(&endpoints(&folder, &[("cases", &receiver.url)]));
        let service = scene.service().await;
        let app = &service.app;
        let authority = by_grant(app, &user).await;
        let issuance = submit_for(app, &user, authority).await;
        let issued = until(app, &issuance.id, |i| i.state == State::Issued).await;
        let profile = scene.texts("SELECT id FROM profile").await.remove(0);
        let before = scene.dump(app).await;
        let marks = [user.id.to_string(), issued.ids.original.to_string(), issued.ids.copy.to_string(), REFERENCE.to_owned()];
        assert!(marks.iter().all(|mark| contains(&before, mark)), "it is a dump of the records");

        // Its profile, and all else of the same user, is found.
        let case = scene.open(app, true, &[("issuance", issuance.id.as_str())]).await;
        let receipt = scene.done(app, &case).await;
        for (member, wanted) in [
            ("issuances", 1), ("profiles", 1), ("claims", 0), ("issuerCopiesRemoved", 1), ("issuerCopiesLeft", 0),
            ("userCredentials", 0), ("userCredentialsRevoked", 1), ("userRows", 1), ("consumerCopies", 0),
        ] {
            assert_eq!(receipt[member], text(wanted), "{member}");
        }
        assert_eq!(receipt["confirmation"], "sent");

        // By the command, as whoever got it does.
        let written = scene.texts(&format!("SELECT receipt FROM erasure_case WHERE id = '{case}'")).await.remove(0);
        let key = app.keys.signing_at(app.clock.now()).unwrap().method.key().to_multibase();
        let file = folder.write("receipt.json", written.as_bytes());
        let verify = |file: &str| run(&["receipt", "verify", file, "--key", &key, "--issuer", ISSUER_URL]);
        let good = verify(&file);
        assert_eq!((good.status.code(), stdout(&good).starts_with("verified\n")), (Some(0), true));
        let changed = folder.write("changed.json", written.replace("\"profiles\":1", "\"profiles\":0").as_bytes());
        let bad = verify(&changed);
        assert_eq!((bad.status.code(), stdout(&bad).as_str()), (Some(1), "not verified: the signature is wrong\n"));
        assert_eq!(verify("nothing-here").status.code(), Some(2));

        // On the network, the user has the credential, revoked, and nobody else has anything.
        let rows = scene.stage.node.credentials().await.unwrap();
        assert_eq!(rows.iter().map(|row| row.id.as_str()).collect::<Vec<_>>(), [marks[1].as_str()]);
        assert!(rows[0].public_notes.contains("revoked"));
        assert!(scene.stage.dev().access_grants().await.unwrap().is_empty());

        // The person was told once, in their language, and the client by a webhook that says ids alone.
        let mut mails = scene.sent.all();
        mails.retain(|mail| mail.rendered.subject.contains("gelöscht"));
        assert_eq!(mails.len(), 1);
        assert_eq!(mails[0].envelope.to, EMAIL);
        let told: Vec<_> = receiver.got().into_iter().filter(|request| request.contains("record.erased")).collect();
        assert_eq!(told.len(), 1, "{told:?}");
        let body: serde_json::Value = serde_json::from_str(told[0].split_once("\r\n\r\n").unwrap().1).unwrap();
        assert_eq!(body["data"], serde_json::json!({ "records": [issuance.id.as_str(), profile] }));

        // The audit chain names records by our ids, until they are unlinked; nothing else of them is anywhere.
        let after = scene.dump(app).await;
        for mark in marks.iter().map(String::as_str).chain([EMAIL]) {
            assert!(!contains(&after, mark), "{mark}");
        }
        for table in scene.tables().await {
            let rows = scene.rows(&table).await;
            for id in [issuance.id.as_str(), &profile] {
                assert!(table == "audit" || !contains(rows.as_bytes(), id), "{table}");
            }
        }
        assert_eq!(app.store.jobs(None, 10).await.unwrap(), []);
        audit_holds(&app.store).await;
        service.stop().await;
    }

    async fn every_kind_in_every_state_that_rests(backend) {
        let scene = Scene::new(backend).await;
        let service = scene.service().await;
        let app = &service.app;
        let mut records = Vec::new();
        let rests = ["awaiting_profile", "awaiting_grant", "queued", "issued", "halted", "revoked", "failed", "erased"];
        for state in rests {
            records.push(("issuance", scene.issuance(app, state).await));
        }
        for (prefix, states) in [
            ("prf", vec!["pending", "created", "halted", "failed"]),
            ("wal", vec!["pending", "created", "halted", "failed"]),
            ("att", vec!["pending", "created", "halted", "failed"]),
            ("ver", vec!["opened", "pending", "approved", "halted", "declined", "issued", "revoked", "ended", "failed", "erased"]),
            ("clm", vec!["open", "identified", "granted", "writing", "written", "failed", "expired", "erased"]),
            ("lnk", vec!["challenged", "proven", "expired", "refused", "erased"]),
        ] {
            for state in states {
                records.push(scene.other(app, prefix, state).await);
            }
        }
        // One that was never there, and one of another client's, which is left alone.
        records.push(("issuance", IssuanceId::new(app.clock.now(), &mut OsRng).to_string()));
        let others = scene.issuance(app, "failed").await;
        scene.execute(&format!("UPDATE issuance SET client = 'other' WHERE id = '{others}'")).await;
        records.push(("issuance", others.clone()));
        let listed: Vec<_> = records.iter().map(|(kind, id)| (*kind, id.as_str())).collect();
        let case = scene.open(app, false, &listed).await;
        let receipt = scene.done(app, &case).await;
        for (member, wanted) in [
            ("issuances", 9), ("profiles", 4), ("wallets", 4), ("attributes", 4), ("verifications", 10), ("claims", 8),
            ("walletLinks", 5), ("userRows", 3),
        ] {
            assert_eq!(receipt[member], text(wanted), "{member}");
        }
        assert_eq!(receipt["confirmation"], "none");
        assert_eq!(scene.texts("SELECT id FROM issuance").await, std::slice::from_ref(&others));
        for (_, id) in &records[..records.len() - 1] {
            assert_eq!(app.store.remains_of(id).await.unwrap(), Vec::<String>::new(), "{id}");
        }
        for table in ["vendor_event", "event"] {
            assert_eq!(scene.rows(table).await.trim(), "", "{table}");
        }
        assert_eq!(scene.texts("SELECT subject FROM idempotency").await, [others]);
        // What is left of all of them is a case of which nobody can say whose it was.
        assert_eq!(scene.texts("SELECT case_id FROM erasure_record").await, Vec::<String>::new());
        assert_eq!(scene.texts("SELECT case_id FROM erasure_run").await, Vec::<String>::new());
        service.stop().await;
    }

    async fn what_is_on_its_way_arrives_first(backend) {
        let scene = Scene::new(backend).await;
        // No sweep, which gives work to what has lost its own.
        let app = scene.app().await;
        let soon = app.clock.now().unix_millis() + 100_000;
        scene.execute(&format!("INSERT INTO recurring (name, due_at) VALUES ('sweep', {soon})")).await;
        app.store.close().await;
        let service = scene.service().await;
        let app = &service.app;
        for state in ["queued", "uploading", "revoking"] {
            let id = scene.issuance(app, state).await;
            scene.execute(&format!("UPDATE issuance SET was_sent = 1 WHERE id = '{id}'")).await;
            let case = scene.open(app, false, &[("issuance", &id)]).await;
            tokio::time::sleep(Duration::from_millis(1500)).await;
            assert!(!scene.is_done(app, &case).await, "{state}");
            assert!(app.store.issuance(&id.parse().unwrap()).await.unwrap().is_some());
            scene.execute(&format!("UPDATE issuance SET state = 'issued' WHERE id = '{id}'")).await;
            scene.done(app, &case).await;
        }
        let (_, id) = scene.other(app, "prf", "pending").await;
        scene.execute(&format!("UPDATE profile SET was_sent = 1 WHERE id = '{id}'")).await;
        let case = scene.open(app, false, &[("profile", &id)]).await;
        tokio::time::sleep(Duration::from_millis(1500)).await;
        assert!(!scene.is_done(app, &case).await);
        scene.execute(&format!("UPDATE profile SET state = 'created' WHERE id = '{id}'")).await;
        assert_eq!(scene.done(app, &case).await["userRows"], "1");
        service.stop().await;
    }

    async fn what_halted_may_be_there_after_all(backend) {
        let scene = Scene::new(backend).await;
        let user = User::with(WalletType::Evm);
        create_profile(&scene.stage, &user).await;
        let service = scene.service().await;
        let app = &service.app;
        let authority = by_grant(app, &user).await;
        let issuance = submit(app, &user, authority).await;
        until(app, &issuance.id, |i| i.state == State::Issued).await;
        // As if nobody had heard of its block.
        let id = &issuance.id;
        scene.execute(&format!("UPDATE issuance SET state = 'halted', halt = 'too_many_attempts', was_sent = 1, issued_at = NULL, \
             tx_hash = NULL, tx_height = NULL WHERE id = '{id}'")).await;
        scene.stage.dev().faults().until_cleared(Fault::Down);
        let case = scene.open(app, true, &[("issuance", id.as_str())]).await;
        tokio::time::sleep(Duration::from_millis(1500)).await;
        assert!(!scene.is_done(app, &case).await, "the node is away");
        scene.stage.dev().faults().clear();
        let receipt = scene.done(app, &case).await;
        assert_eq!((receipt["userCredentialsRevoked"].as_str(), receipt["issuerCopiesRemoved"].as_str()), ("1", "1"));
        assert_eq!(scene.stage.node.credentials().await.unwrap().len(), 1);
        service.stop().await;
    }

    async fn a_consumer_keeps_its_copy_and_a_user_may_have_removed_theirs(backend) {
        let scene = Scene::new(backend).await;
        let (user, consumer) = (User::with(WalletType::Evm), User::with(WalletType::Evm));
        create_profile(&scene.stage, &user).await;
        let service = scene.service().await;
        let app = &service.app;
        let grantee = Signer::from(consumer.wallet.clone()).caller();
        let grant = signed_grant_for(app, &user, &grantee, -60, 3600).await;
        let copy_for = CopyFor { grantee, encryption_key: consumer.secret.public() };
        let authority = Authority::WriteGrant { grant: Some(Box::new(grant)), copy_for: Some(copy_for) };
        let for_consumer = submit(app, &user, authority).await;
        let authority = by_grant(app, &user).await;
        let ours = submit(app, &user, authority).await;
        for issuance in [&for_consumer, &ours] {
            until(app, &issuance.id, |i| i.state == State::Issued).await;
        }
        // The original is gone, and so the network lets nobody but the user remove the copy.
        let client = app.idos().await.unwrap();
        let holder = Signer::from(user.wallet.clone());
        let remove = RemoveCredential { id: ours.ids.original };
        client.execute(&holder, &remove, Nonce::Next, Broadcast::Wait).await.unwrap();
        let case = scene.open(app, false, &[("issuance", for_consumer.id.as_str()), ("issuance", ours.id.as_str())]).await;
        let receipt = scene.done(app, &case).await;
        for (member, wanted) in [("consumerCopies", 1), ("issuerCopiesLeft", 1), ("issuerCopiesRemoved", 0), ("userCredentials", 2)] {
            assert_eq!(receipt[member], text(wanted), "{member}");
        }
        service.stop().await;
    }

    async fn what_comes_meanwhile_goes_too(backend) {
        let scene = Scene::new(backend).await;
        let user = User::with(WalletType::Evm);
        create_profile(&scene.stage, &user).await;
        let service = scene.service().await;
        let app = &service.app;
        let first = submit_for(app, &user, Authority::Inserter).await;
        until(app, &first.id, |i| i.state == State::Issued).await;
        let case = scene.open(app, false, &[("issuance", first.id.as_str())]).await;
        // Somebody submits, resumes and revokes at the same time.
        let mut asked = vec![first];
        for _ in 0..4 {
            asked.push(submit_for(app, &user, Authority::Inserter).await);
            for issuance in &asked {
                let _ = resume::resume(app, &caller(), &issuance.id, None).await;
                let _ = revoke::request(app, &caller(), &issuance.id).await;
            }
        }
        scene.done(app, &case).await;
        // Whatever came after the case was done is another request's.
        let case = scene.open(app, false, &asked.iter().map(|of| ("issuance", of.id.as_str())).collect::<Vec<_>>()).await;
        scene.done(app, &case).await;
        for issuance in &asked {
            assert_eq!(app.store.remains_of(issuance.id.as_str()).await.unwrap(), Vec::<String>::new());
        }
        assert_eq!(app.store.jobs(None, 10).await.unwrap(), []);
        audit_holds(&app.store).await;
        service.stop().await;
    }

    async fn killed_anywhere_it_goes_on(backend) {
        let scene = Scene::new(backend).await;
        let users = [User::with(WalletType::Evm), User::with(WalletType::FaceSign)];
        let mut records = Vec::new();
        for user in &users {
            create_profile(&scene.stage, user).await;
            let service = scene.service().await;
            for _ in 0..2 {
                let authority = by_grant(&service.app, user).await;
                let issuance = submit_for(&service.app, user, authority).await;
                until(&service.app, &issuance.id, |i| i.state == State::Issued).await;
                records.push(issuance.id);
            }
            service.stop().await;
        }
        let app = scene.app().await;
        let mut cases = Vec::new();
        for pair in records.chunks(2) {
            let of: Vec<_> = pair.iter().map(|id| ("issuance", id.as_str())).collect();
            cases.push(scene.open(&app, true, &of).await);
        }
        app.store.close().await;
        for round in 0..25 {
            scene.stage.dev().faults().set_random(all_faults(round));
            let service = scene.service().await;
            let moment = rand::thread_rng().gen_range(0..150);
            tokio::time::sleep(Duration::from_millis(moment)).await;
            service.kill().await;
        }
        scene.stage.dev().faults().clear();
        let service = scene.service().await;
        let app = &service.app;
        for case in &cases {
            let receipt = scene.done(app, case).await;
            assert_eq!((receipt["issuances"].as_str(), receipt["issuerCopiesRemoved"].as_str()), ("2", "2"));
            assert_eq!(receipt["userCredentialsRevoked"], "2");
        }
        assert!(scene.sent.all().len() <= 2, "each is told at most once");
        assert_eq!(scene.stage.node.credentials().await.unwrap().len(), 4, "the users' own");
        for id in &records {
            assert_eq!(app.store.remains_of(id.as_str()).await.unwrap(), Vec::<String>::new());
        }
        audit_holds(&app.store).await;
        service.stop().await;
    }

    async fn nobody_is_waited_for_for_ever(backend) {
        let mut scene = Scene::new(backend).await;
        scene.stage.clock = Clock::fixed(clock::now());
        let service = scene.service().await;
        let app = &service.app;
        let id = scene.issuance(app, "halted").await;
        scene.execute(&format!("UPDATE issuance SET was_sent = 1, delivery = 'write_grant' WHERE id = '{id}'")).await;
        scene.stage.dev().faults().until_cleared(Fault::Down);
        let case = scene.open(app, true, &[("issuance", &id)]).await;
        // Nobody has it in hand when the clock is moved: a lease would not end by a clock that stands.
        let put_off = "SELECT id FROM job WHERE work = 'erase' AND reason = 'the node cannot be asked' AND lease_owner IS NULL";
        wait_for("the node is away", async || !scene.texts(put_off).await.is_empty()).await;
        scene.stage.clock.advance_millis(72 * HOUR + 1);
        let receipt = scene.done(app, &case).await;
        assert_eq!((receipt["userCredentialsUnknown"].as_str(), receipt["issuerCopiesLeft"].as_str()), ("1", "1"));
        service.stop().await;
    }

    async fn one_that_is_not_to_be_carried_out_is_left_alone(backend) {
        let scene = Scene::new(backend).await;
        let app = scene.app().await;
        let id = scene.issuance(&app, "failed").await;
        let case = scene.open(&app, false, &[("issuance", &id)]).await;
        // A hold came before anything was done.
        scene.execute(&format!("UPDATE erasure_case SET state = 'held' WHERE id = '{case}'")).await;
        let service = Service::start(app);
        wait_for("the work ends", async || service.app.store.jobs(None, 10).await.unwrap().is_empty()).await;
        assert!(service.app.store.issuance(&id.parse().unwrap()).await.unwrap().is_some());
        // It ends, and the case goes on.
        scene.execute(&format!("UPDATE erasure_case SET state = 'carrying_out' WHERE id = '{case}'")).await;
        let mut tx = service.app.store.begin().await.unwrap();
        erasure::begin(&mut tx, &case, service.app.clock.now()).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(scene.done(&service.app, &case).await["issuances"], "1");
        service.stop().await;
    }

    async fn every_column_that_can_hold_an_id_is_looked_into(backend) {
        let scene = Scene::new(backend).await;
        let app = scene.app().await;
        let columns = match backend {
            Backend::Sqlite => {
                "SELECT m.name || '.' || p.name FROM sqlite_master m JOIN pragma_table_info(m.name) p WHERE m.type = 'table'"
            }
            Backend::Postgres => {
                "SELECT CAST(table_name || '.' || column_name AS TEXT) FROM information_schema.columns WHERE table_schema = 'public'"
            }
        };
        let may_be = |column: &str| {
            column == "id" || column.ends_with("_id") || ["subject", "series", "renews", "superseded_by"].contains(&column)
        };
        let there: BTreeSet<_> = scene
            .texts(columns)
            .await
            .into_iter()
            .filter(|name| name.split_once('.').is_some_and(|(table, column)| may_be(column) && !table.starts_with('_')))
            .collect();
        let places = PLACES.iter().map(|(table, column)| format!("{table}.{column}"));
        let known: BTreeSet<_> = places.chain(HOLDS_NO_IDS.iter().map(|(name, _)| (*name).to_owned())).collect();
        assert_eq!(there, known);
        app.store.close().await;
    }
}

impl Scene {
    pub(super) async fn tables(&self) -> Vec<String> {
        let query = match self.stage.database.folder() {
            Some(_) => "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'",
            None => "SELECT CAST(tablename AS TEXT) FROM pg_tables WHERE schemaname = 'public'",
        };
        self.texts(query).await.into_iter().filter(|table| !table.starts_with('_')).collect()
    }

    /// All text columns of a table, one after the other.
    pub(super) async fn rows(&self, table: &str) -> String {
        let query = match self.stage.database.folder() {
            Some(_) => format!("SELECT name FROM pragma_table_info('{table}') WHERE type = 'TEXT'"),
            None => format!(
                "SELECT CAST(column_name AS TEXT) FROM information_schema.columns WHERE table_name = '{table}' AND data_type = 'text'"
            ),
        };
        let mut all = String::new();
        for column in self.texts(&query).await {
            all += &self.texts(&format!("SELECT {column} FROM {table}")).await.join("\n");
        }
        all
    }

    /// An issuance that is in this state, of which nothing was sent but where the state says so.
    pub(super) async fn issuance(&self, app: &App, state: &str) -> String {
        let now = app.clock.now();
        let id = IssuanceId::new(now, &mut OsRng);
        let record = Issuance { was_sent: false, issued_at: None, ..issued_record(app, &id, now) };
        let mut tx = app.store.begin().await.unwrap();
        tx.add_issuance(&record, None).await.unwrap();
        tx.commit().await.unwrap();
        self.execute(&format!("UPDATE issuance SET state = '{state}' WHERE id = '{id}'")).await;
        let hash = format!("{:064x}", rand::random::<u128>());
        self.execute(&format!(
            "INSERT INTO idempotency (client, key_hash, fingerprint, subject, created_at) VALUES ('acme', '{hash}', 'f', '{id}', 1)"
        ))
        .await;
        id.to_string()
    }

    /// A record of another kind that is in this state.
    pub(super) async fn other(&self, app: &App, prefix: &str, state: &str) -> (&'static str, String) {
        let now = app.clock.now();
        let (user, other) = (crate::support::id(), crate::support::id());
        let (kind, id, statement) = match prefix {
            "prf" | "wal" => {
                let (kind, id) = if prefix == "prf" {
                    ("profile", ProfileId::new(now, &mut OsRng).to_string())
                } else {
                    ("wallet", WalletId::new(now, &mut OsRng).to_string())
                };
                let key =
                    if prefix == "prf" { "'MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY='" } else { "NULL" };
                let store = if prefix == "prf" { "'user'" } else { "NULL" };
                let statement = format!(
                    "INSERT INTO profile (id, client, state, user_id, wallet_id, write_key, encryption_public_key, password_store, \
                     was_sent, created_at, updated_at) VALUES ('{id}', 'acme', '{state}', '{user}', '{other}', 'k', {key}, {store}, 0, 1, 1)"
                );
                (kind, id, statement)
            }
            "att" => {
                let id = AttributeId::new(now, &mut OsRng).to_string();
                let statement = format!(
                    "INSERT INTO attribute (id, client, state, user_id, attribute_id, sensitive, write_key, was_sent, created_at, \
                     updated_at) VALUES ('{id}', 'acme', '{state}', '{user}', '{other}', 'none', 'k', 0, 1, 1)"
                );
                ("attribute", id, statement)
            }
            "ver" => {
                let id = VerificationId::new(now, &mut OsRng).to_string();
                self.execute(&format!(
                    "INSERT INTO vendor_event (id, event, case_id, received_at) VALUES ('kyc/{id}', 'progress', '{other}', 1)"
                ))
                .await;
                let statement = format!(
                    "INSERT INTO verification (id, client, source, external_id, state, delivery, user_id, reference, case_id, problems, \
                     made, version, created_at, updated_at) VALUES ('{id}', 'acme', 'kyc', '{other}', '{state}', 'inserter', '{user}', \
                     '{REFERENCE}', '{other}', '', 0, 1, 1, 1)"
                );
                ("verification", id, statement)
            }
            "clm" => {
                let id = ClaimId::new(now, &mut OsRng).to_string();
                let far = now.unix_millis() * 2;
                let statement = format!(
                    "INSERT INTO claim (id, client, hash, state, delivery, user_id, grant_seconds, version, expires_at, due_at, \
                     created_at, updated_at) VALUES ('{id}', 'acme', '{other}', '{state}', 'write_grant', '{user}', 60, 1, {far}, {far}, 1, 1)"
                );
                ("claim", id, statement)
            }
            _ => {
                let id = WalletLinkId::new(now, &mut OsRng).to_string();
                let statement = format!(
                    "INSERT INTO wallet_link (id, client, state, user_id, in_profile, for_credential, attempts, expires_at, created_at, \
                     updated_at) VALUES ('{id}', 'acme', '{state}', '{user}', 1, 0, 0, 1, 1, 1)"
                );
                ("wallet_link", id, statement)
            }
        };
        self.execute(&statement).await;
        let event = format!("evt_{}", &id[4..]);
        self.execute(&format!(
            "INSERT INTO event (id, client, kind, subject, body, created_at) VALUES ('{event}', 'acme', 'claim.granted', '{id}', '{{}}', {})",
            now.unix_millis()
        ))
        .await;
        (kind, id)
    }
}
