//! What the node writes into its log: a warning where the JavaScript client would stay silent, and nothing that
//! somebody has entrusted to it.

use std::cell::RefCell;
use std::io::Write;
use std::sync::Once;

use idos_client::Signer;
use idos_wallet::WalletType;
use serde_json::json;
use tracing::Level;

use crate::support::{Grant, World, base64, call_params, id, request, wallet};

thread_local! {
    static WRITTEN: RefCell<Option<Vec<u8>>> = const { RefCell::new(None) };
}

/// What was logged in this thread, at every level. A test's node runs in the test's thread.
struct Log;

/// Writes into the log of the thread, if it has one.
struct ToThread;

/// Has every thread's log written, before anything is logged at all. A subscriber for one thread alone would not do:
/// `tracing` asks only once, in whatever thread comes first, whether a place in the code is of interest.
pub(crate) fn install() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(Level::TRACE)
            .with_ansi(false)
            .with_writer(|| ToThread)
            .finish();
        tracing::subscriber::set_global_default(subscriber).unwrap();
        tracing::callsite::rebuild_interest_cache();
    });
}

impl Log {
    fn begin() -> Self {
        install();
        WRITTEN.with_borrow_mut(|written| *written = Some(Vec::new()));
        Self
    }

    #[expect(clippy::unused_self, reason = "only who has begun a log has one to read")]
    fn text(&self) -> String {
        WRITTEN.with_borrow(|written| String::from_utf8(written.clone().unwrap()).unwrap())
    }

    fn warnings(&self) -> Vec<String> {
        self.text().lines().filter(|line| line.contains(" WARN ")).map(str::to_owned).collect()
    }
}

impl Write for ToThread {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        WRITTEN.with_borrow_mut(|written| {
            if let Some(written) = written {
                written.extend_from_slice(bytes);
            }
        });
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_node_says_loudly_that_it_is_none() {
    let log = Log::begin();
    let world = World::new().await;
    assert!(log.warnings().iter().any(|line| line.contains("THIS IS NO idOS NODE")));
    assert!(!log.text().contains("Other machines"));
    drop(world);
    World::with(|config| {
        config.listen = "0.0.0.0:0".parse().unwrap();
        config.allow_non_loopback = true;
    })
    .await;
    assert!(
        log.warnings().iter().any(|line| line.contains("Other machines can reach this development node"))
    );
}

#[tokio::test]
async fn an_error_inside_a_success_is_a_warning() {
    let log = Log::begin();
    let world = World::new().await;
    let before = log.warnings().len();
    let _refused = world.view(None, "get_user_as_inserter", vec![id(1).into()]).await;
    let warnings = log.warnings().split_off(before);
    assert_eq!(warnings.len(), 1);
    assert!(warnings[0].contains("\"Unauthorized inserter\""), "{}", warnings[0]);
    assert!(warnings[0].contains("JavaScript client swallows"), "{}", warnings[0]);
    assert!(warnings[0].contains("get_user_as_inserter"), "{}", warnings[0]);
}

#[tokio::test]
async fn a_second_901_is_a_warning_and_a_first_is_not() {
    let log = Log::begin();
    let world = World::with(|config| config.require_sessions = true).await;
    let before = log.warnings().len();
    let issuer = world.issuer();
    let call = async |cookie: &str| {
        let params = call_params(Some(&issuer), "get_user", vec![]);
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": "user.call", "params": params }).to_string();
        let headers = [("Cookie", cookie)];
        let answer = request(&world.node.url(), "POST", "/rpc/v1", &headers, body.as_bytes()).await.unwrap();
        answer.json()["error"]["code"].as_i64()
    };
    assert_eq!(call("").await, Some(-901));
    assert_eq!(log.warnings().len(), before);
    crate::login::log_in(&world, &issuer).await;
    assert_eq!(call("the cookie got lost").await, Some(-901));
    let warnings = log.warnings().split_off(before);
    assert_eq!(warnings.len(), 1);
    assert!(warnings[0].contains("swallows this second -901"), "{}", warnings[0]);

    let cookie = crate::login::log_in(&world, &issuer).await;
    assert_eq!(call(&cookie).await, None);
    assert_eq!(call("").await, Some(-901)); // a new beginning
    assert_eq!(log.warnings().len(), before + 1);
}

#[tokio::test]
async fn nothing_entrusted_to_the_node_is_in_its_log() {
    let log = Log::begin();
    let world = World::with(|config| config.require_sessions = true).await;
    let key = wallet(WalletType::Evm, 3);
    world.user(id(1), &key).await;
    let mut grant = Grant::draft(&world, &key, 1);
    grant.signature = key.sign_message("not the text", [5; 32]);
    grant.write(&world, &world.issuer()).await.failed("verify owner failed");
    let cookie = crate::login::log_in(&world, &Signer::Wallet(key.clone())).await;
    let token = cookie.trim_start_matches("kgw_session=").split(';').next().unwrap().to_owned();
    let attribute = vec![id(9).into(), id(1).into(), "favourite colour".into(), "ultraviolet".into()];
    world.execute(&world.issuer(), "add_attribute_as_inserter", attribute.clone()).await.succeeded();
    world.execute(&world.issuer(), "add_attribute_as_inserter", attribute).await; // fails: it is there
    let body = json!({ "jsonrpc": "2.0", "id": 1, "method": "kgw.logout", "params": {} }).to_string();
    let headers = [("Cookie", cookie.as_str())];
    request(&world.node.url(), "POST", "/rpc/v1", &headers, body.as_bytes()).await.unwrap();

    let text = log.text();
    assert!(text.contains("create_credentials_by_dwg")); // it has been listened to
    for secret in [
        grant.original.content.as_str(),
        &grant.copy.content,
        &grant.original.notes,
        &grant.original.notes_signature,
        &grant.original.broader_signature,
        grant.signature.trim_start_matches("0x"),
        &token,
        "ultraviolet",
        &base64(b"ultraviolet"),
        &key.address(),
        "Y+kNWSnoYhlBrsDQ/01FTfoHQ5CeXyjDEHbQmNDGOjw=",
    ] {
        assert!(!text.contains(secret), "the log shows {secret}");
    }
}
