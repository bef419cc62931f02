//! Answers that are no word of a node: nothing stops for them, whatever is asked at the time, and all of it is done as soon
//! as the node is understood again.

use idos_devnode::{Fault, Switch};
use idos_issuer::app::App;
use idos_issuer::flow::{profile, resume};
use idos_issuer::model::issuance::{HaltCode, Issuance, State};
use idos_issuer::model::profile::ProfileState;
use idos_issuer::model::submission::Authority;
use idos_wallet::WalletType;

use super::issuing::create_profile;
use crate::support::User;
use crate::support::service::{Backend, Stage, caller, fresh_key, new_profile, submit, until};

/// What stands in the node's place may say anything.
fn answers() -> Vec<(&'static str, u16, String)> {
    let deep = format!(r#"{{"jsonrpc":"2.0","id":1,"result":{}{}}}"#, "[".repeat(20_000), "]".repeat(20_000));
    let of = |name, status, body: &str| (name, status, body.to_owned());
    vec![
        of("forbidden", 403, "<html>Forbidden</html>"),
        of("not found", 404, "<html>Not Found</html>"),
        of("elsewhere", 307, ""),
        of("too large", 413, "<html>Request Entity Too Large</html>"),
        of("a page", 200, "<html>Welcome</html>"),
        of("no result", 200, r#"{"jsonrpc":"2.0","id":1}"#),
        of("another result", 200, r#"{"jsonrpc":"2.0","id":1,"result":[1]}"#),
        of("a new error", 200, r#"{"jsonrpc":"2.0","id":1,"error":{"code":-12345,"message":"who knows"}}"#),
        of(
            "a view's new error",
            200,
            r#"{"jsonrpc":"2.0","id":1,"result":{"error":"who knows","query_result":null}}"#,
        ),
        ("huge", 200, " ".repeat(20_000_000)),
        ("deep", 200, deep),
    ]
}

fn switch(stage: &Stage, fault: Fault, method: &str, action: Option<&str>, times: u32) {
    let (method, action) = (Some(method.to_owned()), action.map(str::to_owned));
    stage.dev().faults().set(Switch { fault, method, action, next: Some(times) });
}

async fn settled(app: &App, issuance: &Issuance) -> (State, Option<HaltCode>) {
    let settled = |i: &Issuance| matches!(i.state, State::Halted | State::Issued | State::Failed);
    let issuance = until(app, &issuance.id, settled).await;
    (issuance.state, issuance.halt)
}

async fn nothing_stops(backend: Backend, name: &str, status: u16, body: String) {
    let stage = Stage::new(backend).await;
    let user = User::with(WalletType::Evm);
    create_profile(&stage, &user).await;
    let service = stage.service().await;
    let app = &service.app;
    let answer = || Fault::Answer { status, body: body.clone() };

    // Before it is known who the user is; when a transaction is sent, and when its outcome is asked for.
    for (method, action) in [
        ("user.call", Some("get_user_as_inserter")),
        ("user.broadcast", None),
        ("user.account", None),
        ("user.tx_query", None),
    ] {
        switch(&stage, answer(), method, action, 2);
        let issuance = submit(app, &user, Authority::Inserter).await;
        assert_eq!(settled(app, &issuance).await, (State::Issued, None), "{name}: {method}");
        stage.dev().faults().clear();
    }

    // When it is asked whether the credential is there already.
    let words = "ERROR: Unauthorized inserter".to_owned();
    let refuse = Fault::Refuse { code: Some(-201), message: Some(words), transaction_code: Some(110) };
    switch(&stage, refuse, "user.broadcast", None, 1);
    let issuance = submit(app, &user, Authority::Inserter).await;
    assert_eq!(settled(app, &issuance).await, (State::Halted, Some(HaltCode::NotAnInserter)), "{name}");
    switch(&stage, answer(), "user.call", Some("credential_exist_as_inserter"), 1);
    resume::resume(app, &caller(), &issuance.id, None).await.unwrap();
    assert_eq!(settled(app, &issuance).await, (State::Issued, None), "{name}: looked for");
    assert_eq!(stage.dev().faults().active(), [], "{name}: it was looked for");

    // A profile.
    let other = User::with(WalletType::Evm);
    switch(&stage, answer(), "*", None, 2);
    let asked = profile::request(app, &caller(), &fresh_key(app), new_profile(&other)).await.unwrap();
    let mut record = asked.record;
    for _ in 0..1200 {
        record = app.store.profile(&record.id).await.unwrap().unwrap();
        if record.state != ProfileState::Pending {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert_eq!((record.state, record.halt), (ProfileState::Created, None), "{name}");
    assert_eq!(stage.node.counts().await.unwrap().credentials, 5);
    service.stop().await;
}

on_both_databases! {
    async fn who_is_not_understood_has_not_said_no(backend) {
        // At the same time: they mostly wait.
        let all = answers().into_iter().map(|(name, status, body)| nothing_stops(backend, name, status, body));
        futures_util::future::join_all(all).await;
    }
}
