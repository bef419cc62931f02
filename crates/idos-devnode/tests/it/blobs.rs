//! The blob gateway of the development node: sessions, refusals, and its faults.

use std::time::Duration;

use idos_devnode::{DevNodeConfig, Fault, Schema, StartError, State, Switch};
use idos_wallet::{WalletKey, WalletType};
use serde_json::{Value as Json, json};
use uuid::Uuid;

use crate::login::log_in;
use crate::support::{Answer, Cut, Grant, GrantedNames, World, form, id, request, sealed, wallet};

/// A node with sessions, a session of the issuer's, and a set of rows that wait for their contents.
struct Bench {
    world: World,
    cookie: String,
    key: WalletKey,
    set: GrantedNames,
}

impl Bench {
    async fn new() -> Self {
        let world = World::with(|config| config.schema = Schema::Next).await;
        Self::on(world).await
    }

    /// With sessions: the grant's text is fetched before there is one.
    async fn with_sessions() -> Self {
        Self::on(World::with(|config| (config.schema, config.require_sessions) = (Schema::Next, true)).await)
            .await
    }

    async fn on(world: World) -> Self {
        let cookie = log_in(&world, &world.issuer()).await;
        let key = wallet(WalletType::Evm, 3);
        world.user(id(1), &key).await;
        let mut grant = Grant::draft(&world, &key, 1);
        // Anybody may ask for the text, and without a sender nobody is asked for a session.
        let text = grant.text_for_anybody(&world).await;
        grant.signature = key.sign_message(&text, [5; 32]);
        let set = GrantedNames::new(&world, grant, 1);
        set.write(&world).await.succeeded();
        Self { world, cookie, key, set }
    }

    async fn upload(&self) -> Answer {
        self.try_upload().await.unwrap()
    }

    async fn try_upload(&self) -> Result<Answer, Cut> {
        self.world.upload_with(&[("Cookie", &self.cookie)], self.set.request_id, &self.set.parts()).await
    }

    async fn fetch(&self) -> Answer {
        let path = format!("/blob/v1/ipfs/{}", self.set.copy.cid());
        request(&self.world.node.url(), "GET", &path, &[("Cookie", &self.cookie)], b"").await.unwrap()
    }

    fn fault(&self, fault: Fault) {
        self.world.dev().faults().next(1, fault);
    }

    fn fault_of(&self, method: &str, fault: Fault) {
        let method = Some(method.to_owned());
        self.world.dev().faults().set(Switch { fault, method, action: None, next: Some(1) });
    }

    /// How many contents there are, and how many of them no row names.
    async fn kept(&self) -> (usize, usize) {
        let blobs = self.world.dev().blobs().await.unwrap();
        (blobs.len(), blobs.iter().filter(|blob| !blob.is_named).count())
    }

    async fn is_seen(&self) -> bool {
        let id = vec![self.set.grant.copy_id.into()];
        match self.world.view(Some(&self.world.issuer()), "get_credential_shared", id).await {
            Ok(rows) => rows.len() == 1,
            Err(error) => {
                assert_eq!(error, "the credential does not exist");
                false
            }
        }
    }
}

/// Without JSON, of which the official client waits for the rest.
fn is_logged_out(answer: &Answer) -> bool {
    answer.status == 401 && answer.header("content-type").is_some_and(|kind| kind.starts_with("text/plain"))
}

fn code(answer: &Answer) -> (u16, i64) {
    (answer.status, answer.json()["error"]["code"].as_i64().unwrap())
}

#[tokio::test]
async fn nothing_is_taken_or_given_without_a_session() {
    let bench = Bench::with_sessions().await;
    let world = &bench.world;
    for headers in [&[][..], &[("Cookie", "kgw_session=abc")]] {
        let refused = world.upload_with(headers, bench.set.request_id, &bench.set.parts()).await.unwrap();
        assert!(is_logged_out(&refused));
        let path = format!("/blob/v1/ipfs/{}", bench.set.copy.cid());
        let refused = request(&world.node.url(), "GET", &path, headers, b"").await.unwrap();
        assert!(is_logged_out(&refused));
    }
    assert_eq!(bench.kept().await, (0, 0));
    assert_eq!(bench.upload().await.status, 200);
    assert_eq!(bench.fetch().await.body, bench.set.copy.bytes);
    // A session ends.
    world.clock.advance(Duration::from_hours(1) + Duration::from_secs(1));
    assert!(is_logged_out(&bench.fetch().await));
}

#[tokio::test]
async fn rows_are_seen_when_their_contents_have_come() {
    let bench = Bench::new().await;
    let (world, grant) = (&bench.world, &bench.set.grant);
    let exists = async || {
        let id = vec![grant.copy_id.into()];
        let rows = world.view(Some(&world.issuer()), "credential_exist_as_inserter", id).await.unwrap();
        rows[0][0].as_bool().unwrap()
    };
    let holder = idos_client::Signer::Wallet(bench.key.clone());
    let lists = async || {
        let hash = vec![grant.content_hash.as_str().into()];
        let of_user = vec![id(1).into(), idos_client::encoding::Value::UntypedNull];
        [
            world.view(Some(&holder), "get_credentials", vec![]).await.unwrap().len(),
            world
                .view(Some(&holder), "get_credential_owned", vec![grant.original_id.into()])
                .await
                .unwrap()
                .len(),
            world.view(Some(&world.issuer()), "get_credentials_shared_by_user", of_user).await.unwrap().len(),
            world.view(Some(&world.issuer()), "get_sibling_credential_id", hash).await.unwrap().len(),
        ]
    };
    assert!(!bench.is_seen().await && !exists().await);
    assert_eq!(lists().await, [0; 4]);
    world.dev().faults().until_cleared(Fault::ShowPreliminary);
    assert!(bench.is_seen().await && exists().await);
    assert_eq!(lists().await, [2, 1, 1, 1]);
    world.dev().faults().clear();
    let waiting = request(&world.node.url(), "GET", "/dev/credentials", &[], b"").await.unwrap().json();
    assert_eq!(waiting["credentials"][0]["uploaded"], false);

    assert_eq!(bench.upload().await.status, 200);
    assert!(bench.is_seen().await && exists().await);
    assert_eq!(lists().await, [2, 1, 1, 1]);
    let come = request(&world.node.url(), "GET", "/dev/credentials", &[], b"").await.unwrap().json();
    assert_eq!(come["credentials"][1]["uploaded"], true);
}

#[tokio::test]
async fn an_upload_may_come_twice_and_brings_what_was_named_or_nothing() {
    let bench = Bench::new().await;
    let (world, set) = (&bench.world, &bench.set);
    let [original, copy] = set.parts();
    let other: (&str, &[u8]) = ("copy", b"other bytes");
    let message = |answer: &Answer| answer.json()["error"]["message"].as_str().unwrap().to_owned();
    for (parts, status, text) in [
        (vec![original], 400, "the part copy is missing"),
        (vec![copy], 400, "the part original is missing"),
        (vec![], 400, "the part original is missing"),
        (vec![original, other], 409, "the part copy is not the content that its credential names"),
        (
            vec![("original", copy.1), ("copy", original.1)],
            409,
            "the part original is not the content that its credential names",
        ),
        (vec![original, copy, ("note", b"x")], 400, "the form has a part that is neither original nor copy"),
    ] {
        let answer = world.upload(set.request_id, &parts).await;
        assert_eq!((answer.status, message(&answer).as_str()), (status, text));
    }
    let path = format!("/blob/v1/requests/{}/upload", set.request_id);
    let (content_type, body) = form(&[]);
    for (path, content_type, body, status) in [
        (path.as_str(), "application/json", b"{}".as_slice(), 415),
        (path.as_str(), content_type, &form(&set.parts()).1[..60], 400),
        ("/blob/v1/requests/none/upload", content_type, &body, 400),
    ] {
        let headers = [("Content-Type", content_type)];
        assert_eq!(request(&world.node.url(), "POST", path, &headers, body).await.unwrap().status, status);
    }
    assert_eq!(code(&world.upload(id(4242), &set.parts()).await), (404, -904));
    assert_eq!(bench.kept().await, (0, 0));

    let first = bench.upload().await;
    let again = bench.upload().await;
    assert_eq!((again.status, again.json()), (first.status, first.json()));
    assert_eq!(bench.kept().await, (2, 0));
    assert_eq!(world.upload(set.request_id, &[original, other]).await.status, 409);
    assert_eq!(bench.kept().await, (2, 0));

    // Only contents that a row names are given: not under any spelling of another, and not when the row is gone.
    for (cid, status) in [
        ("x", 400),
        (set.copy.uri.as_str(), 404),
        ("bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku", 404),
    ] {
        assert_eq!(world.fetch(cid).await.status, status, "{cid}");
    }
    let gone = vec![set.grant.copy_id.into()];
    world.execute(&world.issuer(), "rescind_shared_credential", gone).await.succeeded();
    assert_eq!(code(&bench.fetch().await), (404, -904));
    assert_eq!(bench.kept().await, (2, 1), "a row is gone, and its content is left");
    let listed = request(&world.node.url(), "GET", "/dev/blobs", &[], b"").await.unwrap().json();
    let left = listed["blobs"].as_array().unwrap().iter().find(|blob| blob["named"] == false).unwrap();
    assert_eq!(*left, json!({ "cid": set.copy.cid(), "size": set.copy.size, "named": false }));
}

#[tokio::test]
async fn uploads_are_lost_cut_off_and_answered_wrongly() {
    let bench = Bench::new().await;
    let right = {
        bench.fault(Fault::LoseUpload);
        let answer = bench.upload().await;
        assert_eq!((answer.status, bench.kept().await, bench.is_seen().await), (200, (0, 0), false));
        assert_eq!(bench.fetch().await.status, 404);
        answer.json()
    };
    bench.fault_of("blob.upload", Fault::HangUpAfterCommit);
    assert!(bench.try_upload().await.is_err());
    assert_eq!((bench.kept().await, bench.is_seen().await), ((2, 0), true));
    assert_eq!(bench.upload().await.json(), right);

    bench.fault(Fault::WrongCid);
    let wrong = bench.upload().await.json();
    for name in ["original_cid", "copy_cid"] {
        assert!(wrong[name].is_string() && wrong[name] != right[name], "{name}");
    }
    bench.fault(Fault::Quorum { count: None });
    assert_eq!(bench.upload().await.json().get("quorum"), None);
    bench.fault(Fault::Quorum { count: Some(1) });
    assert_eq!(bench.upload().await.json()["quorum"], 1);
    bench.fault(Fault::AnswerTwice);
    let twice = String::from_utf8(bench.upload().await.body).unwrap();
    let mut answers = serde_json::Deserializer::from_str(&twice).into_iter::<Json>();
    assert_eq!(
        [answers.next().unwrap().unwrap(), answers.next().unwrap().unwrap()],
        [right.clone(), right.clone()]
    );

    bench.fault_of("blob.upload", Fault::RateLimited { retry_after: 7 });
    let limited = bench.upload().await;
    assert_eq!((limited.status, limited.header("retry-after")), (429, Some("7")));
    for status in [413, 403, 500, 503] {
        bench.fault_of("blob.upload", Fault::Answer { status, body: "no".to_owned() });
        let answer = bench.upload().await;
        assert_eq!((answer.status, answer.body.as_slice()), (status, b"no".as_slice()));
    }
    let refuse = Fault::Refuse { code: Some(-901), message: None, transaction_code: None };
    bench.fault_of("blob.upload", refuse);
    assert_eq!(code(&bench.upload().await), (200, -901));
    bench.fault_of("blob.upload", Fault::Down);
    assert!(bench.try_upload().await.is_err());
    assert_eq!(bench.upload().await.json(), right);
}

#[tokio::test]
async fn contents_come_late_and_altered() {
    let bench = Bench::new().await;
    bench.upload().await;
    bench.world.dev().faults().next(2, Fault::HideBlob);
    assert_eq!([bench.fetch().await.status, bench.fetch().await.status], [404, 404]);
    bench.fault(Fault::OtherBytes);
    let (altered, right) = (bench.fetch().await.body, bench.set.copy.bytes.clone());
    assert!(altered.len() == right.len() && altered != right);
    assert_eq!(bench.fetch().await.body, right);
}

#[tokio::test]
async fn a_session_ends_between_a_request_and_its_answer() {
    let mut bench = Bench::with_sessions().await;
    bench.fault(Fault::EndSession);
    assert!(is_logged_out(&bench.upload().await));
    assert_eq!(bench.kept().await, (0, 0));
    assert!(is_logged_out(&bench.upload().await), "it is over");
    bench.cookie = log_in(&bench.world, &bench.world.issuer()).await;
    assert_eq!(bench.upload().await.status, 200);
    bench.fault_of("blob.fetch", Fault::EndSession);
    assert!(is_logged_out(&bench.fetch().await));
}

#[tokio::test]
async fn the_routes_are_the_next_schemas_and_the_gateways() {
    let routes = async |change: fn(&mut DevNodeConfig)| {
        let world = World::with(change).await;
        let upload = world.upload(id(1), &[]).await.status;
        (upload, world.fetch("x").await.status)
    };
    assert_eq!(routes(|_| {}).await, (404, 404));
    assert_eq!(routes(|config| config.schema = Schema::Next).await, (404, 400));
    assert_eq!(routes(|config| config.schema = Schema::Transition).await, (404, 400));
    assert_eq!(
        routes(|config| (config.schema, config.private_mode) = (Schema::Next, true)).await,
        (404, 404)
    );

    let bench = Bench::new().await;
    let path = format!("/blob/v1/requests/{}/upload", Uuid::nil());
    let origin = [("Origin", "http://localhost:5173")];
    let preflight = request(&bench.world.node.url(), "OPTIONS", &path, &origin, b"").await.unwrap();
    let allowed = preflight.header("access-control-allow-origin");
    assert_eq!((preflight.status, allowed), (200, Some("http://localhost:5173")));
    assert_eq!(request(&bench.world.node.url(), "GET", &path, &[], b"").await.unwrap().status, 405);
}

/// A network that goes from today's schema to the next one: rows with contents stay, and are read the new way.
#[tokio::test]
async fn a_state_goes_to_the_next_schema_and_never_back() {
    let folder = tempfile::tempdir().unwrap();
    let state = State::File(folder.path().join("node.sqlite"));
    let start = async |schema| {
        let state = state.clone();
        World::with(|config| (config.state, config.schema) = (state, schema)).await
    };
    let world = start(Schema::Current).await;
    let key = wallet(WalletType::Evm, 3);
    world.user(id(1), &key).await;
    let grant = Grant::draft(&world, &key, 1).signed_by(&world, &key).await;
    grant.write(&world, &world.issuer()).await.succeeded();
    let content = sealed(&world.issuer, b"sealed for the issuer", "").content;
    world.node.stop().await;

    let world = start(Schema::Next).await;
    let rows = world.view(Some(&world.issuer()), "get_credential_shared", vec![grant.copy_id.into()]).await;
    let row = &rows.unwrap()[0];
    assert_eq!([&row[3], &row[4], &row[5]], [&json!(content), &Json::Null, &Json::Null]);
    assert_eq!([&row[8], &row[9]], [&json!("delegated_write_grant"), &json!(grant.id)]);
    world.node.stop().await;
    start(Schema::Transition).await.node.stop().await;

    let back = DevNodeConfig { state, ..DevNodeConfig::default() };
    assert!(matches!(idos_devnode::DevNode::start(back).await, Err(StartError::OtherSchema)));
}
