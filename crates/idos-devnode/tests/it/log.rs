//! What the node writes into its log: a warning where the JavaScript client would stay silent, and nothing that
//! somebody has entrusted to it.

use std::io::Write;
use std::sync::{Arc, Mutex, Once};

use idos_client::Signer;
use idos_wallet::WalletType;
use serde_json::json;
use tracing::Level;
use tracing::subscriber::DefaultGuard;
use tracing_subscriber::fmt::MakeWriter;

use crate::support::{Grant, World, base64, call_params, id, request, wallet};

/// What was logged in this thread, at every level. A test's node runs in the test's thread.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn begin() -> (Self, DefaultGuard) {
        // Where there is one subscriber only, a place that another test's thread passes first counts as one that
        // nobody listens to, for good. So somebody listens in every thread.
        static FOR_ALL_THREADS: Once = Once::new();
        FOR_ALL_THREADS.call_once(|| {
            let deaf =
                tracing_subscriber::fmt().with_max_level(Level::TRACE).with_writer(std::io::sink).finish();
            tracing::subscriber::set_global_default(deaf).unwrap();
        });
        let log = Self::default();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(Level::TRACE)
            .with_ansi(false)
            .with_writer(log.clone())
            .finish();
        (log, tracing::subscriber::set_default(subscriber))
    }

    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }

    fn warnings(&self) -> Vec<String> {
        self.text().lines().filter(|line| line.contains(" WARN ")).map(str::to_owned).collect()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn a_node_says_loudly_that_it_is_none() {
    let (log, _guard) = Log::begin();
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
    let (log, _guard) = Log::begin();
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
    let (log, _guard) = Log::begin();
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
    let (log, _guard) = Log::begin();
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
