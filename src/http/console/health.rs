//! Whether the service works, and its keys: what is cheap of what `doctor` looks at.

use std::time::Duration;

use axum::response::Response;
use minijinja::{Value, context};

use super::page::Page;
use super::visit::Visit;
use crate::app::NodeError;
use crate::http::kit::problem::Problem;
use crate::oidc::OidcError;

/// How long the node, and the OpenID provider, may take to answer.
const PATIENCE: Duration = Duration::from_secs(3);

/// The page.
pub(in crate::http) async fn show(visit: Visit) -> Result<Response, Problem> {
    let app = visit.app();
    let now = app.clock.now();
    let broken = visit.broken().await;
    let works = |part: &str| !broken.iter().any(|there| there.starts_with(part));
    let node = match tokio::time::timeout(PATIENCE, node(&visit)).await {
        Ok(Ok(shown)) => shown,
        Ok(Err(_)) | Err(_) => Value::from(()),
    };
    let openid = match &app.oidc {
        Some(provider) => Some(match tokio::time::timeout(PATIENCE, provider.check()).await {
            Ok(Ok(())) => "",
            Ok(Err(OidcError::OtherIssuer)) => "health.openid_other",
            Ok(Err(OidcError::NoKeys)) => "health.openid_keys",
            Ok(Err(_)) | Err(_) => "health.openid_away",
        }),
        None => None,
    };
    let signing = app.keys.signing_at(now).ok();
    let last = app.store.last_checkpoint().await?;
    let checkpoint = last.as_ref().map(|last| {
        let at = crate::model::time::Timestamp::from_unix_millis(last.at).ok();
        context! { number => last.number, entry => last.entry, at => visit.maybe_when(at), key => last.public_key.as_str() }
    });
    let entries = app.store.audit_end().await?.seq;
    let content = context! {
        version => env!("CARGO_PKG_VERSION"),
        database => works("the database"),
        database_kind => format!("{:?}", app.store.kind()),
        node_works => works("the idOS node"),
        node,
        lanes => works("a lane"),
        mail => app.mailer.is_there(),
        openid,
        issuer_url => app.issuer_url(),
        signing => signing.map(|key| key.method.id().to_owned()),
        write_keys => app.keys.write.iter().map(|key| key.key.public_hex()).collect::<Vec<_>>(),
        vault_keys => app.vault.key_ids().map(str::to_owned).collect::<Vec<_>>(),
        checkpoint,
        entries,
    };
    visit.page(Page::new("health.html", "nav.health", content))
}

async fn node(visit: &Visit) -> Result<Value, NodeError> {
    let client = visit.app().idos().await?;
    let health = client.health().await?;
    Ok(context! { network => client.chain_id(), block => health.block_height, healthy => health.healthy })
}
