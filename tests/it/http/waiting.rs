//! Requests that wait for a result: they are woken by what changes their own records, and by nothing else.

use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::join_all;
use idos_issuer::clock::{self, Clock};
use idos_issuer::flow::{erase, sweep};
use idos_issuer::model::client::Scope;
use idos_issuer::model::issuance::HaltCode;
use idos_issuer::model::profile::ProfileState;
use idos_issuer::store::{ProfileChange, Watch};
use idos_wallet::WalletType;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::claims::{Page, SETTINGS as CLAIMS, profile};
use super::door::{Door, inserter, kyc, new_profile, new_wallet, owner};
use super::verifications::{approve, green, open as open_verification, sumsub, sumsub_at, tell};
use crate::service::create_profile;
use crate::support::User;
use crate::support::service::{Backend, Stage, caller};

/// When a test has failed that waits to be told: nothing looks by itself here, however long it takes.
const PATIENCE: Duration = Duration::from_mins(1);

fn watch(door: &Door, id: &str) -> Watch {
    let mut watch = door.app.store.news().watch();
    assert!(watch.add(id));
    watch
}

/// Whether it was told since this was asked last.
fn is_told(watch: &Watch) -> bool {
    watch.changed().now_or_never().is_some()
}

/// Waits to be told.
async fn hear(watch: &Watch, what: &str) {
    assert!(timeout(PATIENCE, watch.changed()).await.is_ok(), "{what} is not told");
}

fn id_of(record: &Value) -> String {
    record["id"].as_str().unwrap().to_owned()
}

/// Makes something over the API, and gives its id.
async fn make(door: &Door, path: &str, body: &Value) -> String {
    let made = door.make(path, body).send().await;
    assert!([201, 202].contains(&made.status), "{made:?}");
    id_of(&made.json())
}

/// A link whose wallet is proven, and the record that writes the wallet.
async fn link(door: &Door, user: &User) -> (String, String) {
    let wallet = User::with(WalletType::Xrpl);
    let body = json!({ "userId": user.id, "wallet": owner(&wallet) });
    let made = door.make("/v1/wallet-links", &body).send().await.expect(201).json();
    let signature = wallet.wallet.sign_message(made["challenge"]["message"].as_str().unwrap(), [3; 32]);
    let path = format!("/v1/wallet-links/{}/proof", made["id"].as_str().unwrap());
    let proven = door.post(path, &json!({ "signature": signature })).send().await.expect(200).json();
    (id_of(&made), proven["walletId"].as_str().unwrap().to_owned())
}

/// A record of each kind that is waited for, on its way to the node: their ids, and where each is shown.
async fn one_of_each(door: &Door, user: &User) -> Vec<(String, String)> {
    let profile = make(door, "/v1/profiles", &new_profile(&User::with(WalletType::Evm))).await;
    let wallet = make(door, "/v1/wallets", &new_wallet(user, &User::with(WalletType::Stellar))).await;
    let attribute = json!({ "userId": user.id, "key": "tier", "value": "gold", "sensitive": "none" });
    let attribute = make(door, "/v1/attributes", &attribute).await;
    let (link, record) = link(door, user).await;
    let submission = kyc(user.id, inserter());
    let issuances = (0..8).map(|_| make(door, "/v1/issuances", &submission));
    let mut all = vec![
        (profile.clone(), format!("/v1/profiles/{profile}")),
        (wallet.clone(), format!("/v1/wallets/{wallet}")),
        (attribute.clone(), format!("/v1/attributes/{attribute}")),
        (record, format!("/v1/wallet-links/{link}")),
    ];
    all.extend(join_all(issuances).await.into_iter().map(|id| (id.clone(), format!("/v1/issuances/{id}"))));
    all
}

/// The same, of kinds that move by what people do.
async fn that_rest(door: &Door, user: &User) -> Vec<String> {
    let claim = Page::make(door, &json!({ "delivery": "write_grant" })).await;
    let case = make(door, "/v1/erasure-cases", &json!({ "user": { "userId": crate::support::id() } })).await;
    let waiting = make(door, "/v1/issuances", &kyc(User::with(WalletType::Near).id, inserter())).await;
    let challenged = json!({ "userId": user.id, "wallet": owner(&User::with(WalletType::Near)) });
    let challenged = make(door, "/v1/wallet-links", &challenged).await;
    vec![claim.id, case, waiting, challenged]
}

on_both_databases! {
    async fn what_the_background_work_does_is_told_to_those_who_wait_for_it_alone(backend) {
        let mut stage = Stage::new(backend).await;
        CLAIMS.clone_into(&mut stage.settings);
        let (user, other) = (User::with(WalletType::Evm), User::with(WalletType::Evm));
        create_profile(&stage, &user).await;
        create_profile(&stage, &other).await;
        let door = Door::on(stage).await;
        let page = Page::make(&door, &json!({ "delivery": "inserter" })).await;
        page.identify(&user).await.expect(200);
        let own = one_of_each(&door, &user).await;
        let resting = that_rest(&door, &user).await;
        let watches: Vec<_> = own.iter().map(|(id, _)| watch(&door, id)).collect();
        let of_resting: Vec<_> = resting.iter().map(|id| watch(&door, id)).collect();
        let of_claim = watch(&door, page.id());

        // Strangers come, in groups and one by one.
        one_of_each(&door, &other).await;
        that_rest(&door, &other).await;
        assert!(watches.iter().chain(&of_resting).chain([&of_claim]).all(|watch| !is_told(watch)));

        // The claim follows what is made for it.
        let submission = kyc(user.id, json!({ "by": "inserter", "claim": page.id() }));
        make(&door, "/v1/issuances", &submission).await;
        assert!(is_told(&of_claim));
        assert!(watches.iter().chain(&of_resting).all(|watch| !is_told(watch)));

        let path = page.path.clone();
        let door = door.working();
        let page = Page::at(&door, &path);
        let pending = ["pending", "writing", "queued"];
        for ((_, place), watch) in own.iter().zip(&watches) {
            // Each is told, also one that has come to something by the time that it is looked at.
            loop {
                hear(watch, place).await;
                let shown = door.get(place).send().await.expect(200).json();
                if !pending.contains(&shown["state"].as_str().unwrap()) {
                    break;
                }
            }
        }
        loop {
            hear(&of_claim, "the claim").await;
            if page.state().await["state"] == "written" {
                break;
            }
        }
        for (id, watch) in resting.iter().zip(&of_resting) {
            assert!(!is_told(watch), "{id} was told of others");
        }
        door.close().await;
    }

    async fn what_is_remembered_together_is_told_to_each(backend) {
        let stage = Stage::new(backend).await;
        let user = User::with(WalletType::Evm);
        create_profile(&stage, &user).await;
        let door = Door::on(stage).await;
        // Nothing else is in the lane: they are sent together, and found together.
        let submission = kyc(user.id, inserter());
        let ids = join_all((0..12).map(|_| make(&door, "/v1/issuances", &submission))).await;
        let watches: Vec<_> = ids.iter().map(|id| watch(&door, id)).collect();
        let door = door.working();
        for (id, watch) in ids.iter().zip(&watches) {
            hear(watch, id).await;
            let shown = door.get(format!("/v1/issuances/{id}")).send().await.expect(200).json();
            assert_eq!(shown["state"], "issued");
        }
        door.close().await;
    }

    async fn what_people_do_is_told_to_those_who_wait_for_it_alone(backend) {
        // The vendor is never asked: no background work is done.
        let (mut stage, _folder) = sumsub_at(backend, "https://vendor.example", "").await;
        stage.settings = format!("{CLAIMS}{}", stage.settings);
        stage.clock = Clock::fixed(clock::Clock::System.now());
        let (user, other) = (User::with(WalletType::Evm), User::with(WalletType::Evm));
        create_profile(&stage, &user).await;
        let door = Door::on(stage).await;
        let claims = [(); 3].map(|()| json!({ "delivery": "write_grant" }));
        let pages = join_all(claims.iter().map(|wanted| Page::make(&door, wanted))).await;
        let [identified, erased, expired] = &pages[..] else { panic!() };
        let case = make(&door, "/v1/erasure-cases", &json!({ "user": { "userId": crate::support::id() } })).await;
        let verification = id_of(&open_verification(&door, None, inserter()).await);
        let issuance = make(&door, "/v1/issuances", &kyc(other.id, inserter())).await;
        let (proven, _) = link(&door, &user).await;
        let all = [identified.id(), erased.id(), expired.id(), &case, &verification, &issuance, &proven];
        let watches: Vec<_> = all.iter().map(|id| watch(&door, id)).collect();
        let told = || watches.iter().map(is_told).collect::<Vec<_>>();
        let alone = |place: usize| (0..all.len()).map(|of| of == place).collect::<Vec<_>>();

        identified.identify(&user).await.expect(200);
        assert_eq!(told(), alone(0));
        door.delete(format!("/v1/claims/{}", erased.id())).send().await.expect(200);
        assert_eq!(told(), alone(1));
        door.post(format!("/v1/erasure-cases/{case}/extend"), &json!({ "reason": "complexity" })).send().await.expect(200);
        assert_eq!(told(), alone(3));
        door.delete(format!("/v1/verifications/{verification}")).send().await.expect(200);
        assert_eq!(told(), alone(4));
        door.delete(format!("/v1/issuances/{issuance}")).send().await.expect(200);
        assert_eq!(told(), alone(5));
        door.delete(format!("/v1/wallet-links/{proven}")).send().await.expect(200);
        assert_eq!(told(), alone(6));
        // All that is overdue goes with one sweep: who is over already is told no more.
        door.stage.clock.advance_millis(4 * 86_400_000);
        sweep::sweep(&door.app).await.unwrap();
        assert!(told()[2]);
        let record = door.get(format!("/v1/claims/{}", expired.id())).send().await.expect(200).json();
        assert_eq!(record["state"], "expired");
        door.close().await;
    }

    async fn what_a_vendor_decides_is_told_to_those_who_wait_for_it_alone(backend) {
        let (door, vendor, _folder) = sumsub(backend, "").await;
        let user = door.user(WalletType::Evm).await;
        let other = open_verification(&door, None, inserter()).await;
        let opened = open_verification(&door, Some(user.id), inserter()).await;
        let (watch, of_other) = (watch(&door, &id_of(&opened)), watch(&door, &id_of(&other)));
        let reference = &opened["externalId"];
        approve(&vendor, reference, "2026-01-02 03:04:05+0000");
        tell(&door, &green(reference, "2026-01-02 03:04:06.000")).await.expect(200);
        let path = format!("/v1/verifications/{}", id_of(&opened));
        while door.get(&path).send().await.expect(200).json()["state"] != "issued" {
            hear(&watch, "the verification").await;
        }
        assert!(!is_told(&of_other));
        door.close().await;
    }
}

/// What has been counted: looks by their reasons, and for how many records is waited.
struct Counts(PrometheusHandle);

impl Counts {
    fn of(&self, line: &str) -> u32 {
        let text = self.0.render();
        let found = text.lines().find_map(|there| there.strip_prefix(line)?.trim().parse().ok());
        found.unwrap_or_default()
    }

    fn looks(&self, why: &str) -> u32 {
        self.of(&format!("waiting_looks_total{{why=\"{why}\"}}"))
    }

    fn told(&self) -> u32 {
        self.looks("told")
    }

    fn waiting(&self) -> u32 {
        self.of("records_waited_for ")
    }

    async fn until(&self, is_so: impl Fn(&Self) -> bool) {
        let counting = async {
            while !is_so(self) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        assert!(timeout(PATIENCE, counting).await.is_ok(), "it is never counted");
    }
}

/// Runs on one thread, on which everything is counted.
async fn looks_are_counted(backend: Backend) {
    let recorder = PrometheusBuilder::new().build_recorder();
    let counts = Counts(recorder.handle());
    let _counting = metrics::set_default_local_recorder(&recorder);
    let stage = Stage::new(backend).await;
    let user = User::with(WalletType::Evm);
    create_profile(&stage, &user).await;
    let door = Door::on(stage).await;
    let stranger = door.key_of("stranger", Scope::ALL).await;
    let absent = kyc(User::with(WalletType::Near).id, inserter());
    let ids: Vec<_> = join_all((0..3).map(|_| make(&door, "/v1/issuances", &absent))).await;
    let place = |at: usize| format!("/v1/issuances/{}", ids[at]);

    // Who does not wait is nobody to tell.
    door.get(place(0)).send().await.expect(200);
    assert_eq!((counts.waiting(), counts.looks("first")), (0, 0));

    let waiting = door.get(format!("{}?wait=60", place(0))).send();
    let meanwhile = async {
        counts.until(|counts| counts.looks("first") == 1).await;
        assert_eq!(counts.waiting(), 1);
        for _ in 0..5 {
            let strange = || {
                let call = door.make("/v1/issuances", &kyc(user.id, inserter())).key(&stranger);
                async { call.send().await.expect(202) }
            };
            join_all((0..8).map(|_| strange())).await;
        }
        door.delete(place(1)).send().await.expect(200);
        assert_eq!(counts.told(), 0, "it was woken by what others did");
        door.delete(place(0)).send().await.expect(200);
    };
    let (heard, ()) = tokio::join!(waiting, meanwhile);
    assert_eq!(heard.expect(200).json()["state"], "erased");
    assert_eq!(counts.told(), 1, "it is looked once for what it was told");
    counts.until(|counts| counts.waiting() == 0).await;

    // Who goes away is forgotten.
    let mut gone = TcpStream::connect(door.address).await.unwrap();
    gone.write_all(&door.get(format!("{}?wait=60", place(2))).bytes()).await.unwrap();
    counts.until(|counts| counts.waiting() == 1).await;
    drop(gone);
    counts.until(|counts| counts.waiting() == 0).await;

    // Another process changes it, and tells nobody here: it is looked unasked.
    let (first, unasked) = (counts.looks("first"), counts.looks("unasked"));
    let elsewhere = door.stage.app().await;
    let waiting = door.get(format!("{}?wait=60", place(2))).send();
    let meanwhile = async {
        counts.until(|counts| counts.looks("first") > first).await;
        erase::erase(&elsewhere, &caller(), &ids[2].parse().unwrap()).await.unwrap();
    };
    let (heard, ()) = tokio::join!(waiting, meanwhile);
    assert_eq!(heard.expect(200).json()["state"], "erased");
    assert_eq!(counts.told(), 1);
    assert!(counts.looks("unasked") > unasked);
    elsewhere.store.close().await;
    door.close().await;
}

/// A record that writes a wallet halts, and nothing else is changed.
async fn halt(door: &Door, record: &str) {
    let change = ProfileChange { halt: Some(HaltCode::UserUnknown), ..ProfileChange::default() };
    let (from, to) = (ProfileState::Pending, ProfileState::Halted);
    let mut tx = door.app.store.begin().await.unwrap();
    tx.advance_profile(&record.parse().unwrap(), from, to, change, door.app.clock.now()).await.unwrap();
    tx.commit().await.unwrap();
}

/// The same on one thread: what is shown of a record depends on another one.
async fn others_are_waited_for_too(backend: Backend) {
    let recorder = PrometheusBuilder::new().build_recorder();
    let counts = Counts(recorder.handle());
    let _counting = metrics::set_default_local_recorder(&recorder);
    let mut stage = Stage::new(backend).await;
    CLAIMS.clone_into(&mut stage.settings);
    let user = User::with(WalletType::Evm);
    create_profile(&stage, &user).await;
    let door = Door::on(stage).await;

    let (link, record) = link(&door, &user).await;
    let place = format!("/v1/wallet-links/{link}?wait=60");
    let meanwhile = async {
        counts.until(|counts| counts.looks("named") == 1).await;
        assert_eq!(counts.waiting(), 2);
        halt(&door, &record).await;
    };
    let (heard, ()) = tokio::join!(door.get(place).send(), meanwhile);
    assert_eq!(heard.expect(200).json()["state"], "halted");
    assert_eq!(counts.told(), 1);

    // On the page of a claim, the profile that the person has asked for.
    let mut newcomer = User::with(WalletType::Evm);
    let page = Page::make(&door, &json!({ "delivery": "inserter" })).await;
    let next = page.create(&newcomer).await;
    newcomer.id = next["userId"].as_str().unwrap().parse().unwrap();
    let seen = page.ask("profile", &profile(&newcomer, &next)).await.expect(202).json();
    assert_eq!(seen["profile"]["state"], "pending");
    let claim = door.app.store.claim(&page.id().parse().unwrap()).await.unwrap().unwrap();
    let news = json!({ "wait": 60, "seen": seen["version"] });
    let meanwhile = async {
        counts.until(|counts| counts.looks("named") == 2).await;
        assert_eq!(counts.waiting(), 2);
        halt(&door, claim.profile_id.as_ref().unwrap().as_str()).await;
    };
    let (heard, ()) = tokio::join!(page.ask("state", &news), meanwhile);
    assert_eq!(heard.expect(200).json()["profile"]["state"], "halted");
    assert_eq!(counts.told(), 2);
    counts.until(|counts| counts.waiting() == 0).await;
    door.close().await;
}

#[tokio::test]
async fn what_a_record_depends_on_is_waited_for_too_on_sqlite() {
    others_are_waited_for_too(Backend::Sqlite).await;
}

#[tokio::test]
async fn what_a_record_depends_on_is_waited_for_too_on_postgres() {
    others_are_waited_for_too(Backend::Postgres).await;
}

#[tokio::test]
async fn it_is_looked_only_when_it_is_worth_it_on_sqlite() {
    looks_are_counted(Backend::Sqlite).await;
}

#[tokio::test]
async fn it_is_looked_only_when_it_is_worth_it_on_postgres() {
    looks_are_counted(Backend::Postgres).await;
}
