//! The idOS node: can it be reached, is it the right network, does it let us write?

use std::time::Duration;

use idos_client::actions::GetUserAsInserter;
use idos_client::{Blob, BlobError, Client, ClientConfig, ContentPlace, Refusal};
use idos_content_id::ContentId;
use rand::rngs::OsRng;
use url::Url;

use super::Report;
use crate::config::Config;
use crate::keys::WriteKey;
use crate::model::ids::random_uuid;
use crate::{clock, outbound};

/// How long a node may take to answer the doctor.
const PATIENCE: Duration = Duration::from_secs(10);

/// What the largest credential of a blob gateway takes in a request: 16 MiB of files, in base64 within JSON, and the rest.
const LARGEST_BODY: usize = 24 * 1024 * 1024;

/// How far clocks may be apart, in milliseconds. Grants allow 65 seconds (section 8 of the protocol); half of it is
/// left to the users' clocks.
const SKEW: i64 = 30_000;

pub(super) async fn examine(
    config: &Config,
    write: &[WriteKey],
    recorded: Option<&str>,
    report: &mut Report,
) {
    for (place, url) in std::iter::once(&config.node.url).chain(&config.node.fallback_urls).enumerate() {
        let setting = if place == 0 { "node.url" } else { "node.fallback_urls" };
        if let Some(client) = connect(config, setting, url, recorded, report).await {
            clocks(&client, url, report).await;
            if place == 0 {
                inserter(&client, write, report).await;
                contents(config, &client, write, report).await;
            }
        }
    }
}

async fn connect(
    config: &Config,
    setting: &str,
    url: &Url,
    recorded: Option<&str>,
    report: &mut Report,
) -> Option<Client> {
    const CHECK: &str = "node";
    let mut settings = ClientConfig::new(url.clone());
    settings.blob_gateway.clone_from(&config.node.blob_gateway_url);
    settings.plain_http = config.node.plain_http;
    settings.timeout = PATIENCE;
    settings.connect_timeout = PATIENCE;
    let client = match Client::connect(settings).await {
        Ok(client) => client,
        Err(error) => {
            let cure = match error {
                idos_client::Error::Config(_) => "correct the URL: https, without user, query and fragment",
                _ => "see to the network between here and the node, or name another node",
            };
            report.complain(CHECK, format!("{setting}: {}", super::causes(&error)), cure);
            return None;
        }
    };
    let id = client.chain_id();
    if config.node.chain_id.as_deref().is_some_and(|expected| expected != id) {
        report.complain(
            CHECK,
            format!("{setting}: the node belongs to the network {id}, which is not node.chain_id"),
            "correct node.chain_id, or name a node of that network",
        );
        return None;
    }
    if recorded.is_some_and(|recorded| recorded != id) {
        report.complain(
            CHECK,
            format!("{setting}: the node belongs to the network {id}, and this database to another one"),
            "name a node of that network; for another network take another database",
        );
        return None;
    }
    match client.health().await {
        Ok(health) if health.healthy => {
            report.fine(CHECK, format!("{setting}: network {id}, block {}", health.block_height));
        }
        Ok(_) => report.complain(
            CHECK,
            format!("{setting}: the node says that it is not healthy"),
            "wait, or name another node first",
        ),
        Err(error) => report.complain(
            CHECK,
            format!("{setting}: {}", super::causes(&error)),
            "wait, or name another node first",
        ),
    }
    Some(client)
}

/// Our clock beside the node's, and beside that of the web server before it.
async fn clocks(client: &Client, url: &Url, report: &mut Report) {
    let node = client.health().await.ok().and_then(|health| health.node_time());
    let server = match outbound::client(PATIENCE) {
        Ok(http) => http.get(url.clone()).send().await.ok().and_then(|answer| {
            let date = answer.headers().get(reqwest::header::DATE)?.to_str().ok()?;
            chrono::DateTime::parse_from_rfc2822(date).ok().map(|date| date.timestamp_millis())
        }),
        Err(_) => None,
    };
    let now = clock::now().unix_millis();
    let skews: Vec<_> = [node, server].into_iter().flatten().map(|theirs| now - theirs).collect();
    match skews.iter().copied().max_by_key(|skew| skew.abs()) {
        Some(skew) if skew.abs() > SKEW => report.complain(
            "clock",
            format!("this machine's clock is {} seconds {} the node's", skew.abs() / 1000, side(skew)),
            "set the clock by NTP, for instance with chrony or systemd-timesyncd",
        ),
        Some(skew) => report.fine("clock", format!("{} seconds apart from the node's", skew.abs() / 1000)),
        None => report.note("clock", "the node does not say what time it is"),
    }
}

/// Where the network keeps contents; and if that is a blob gateway, whether it answers.
async fn contents(config: &Config, client: &Client, write: &[WriteKey], report: &mut Report) {
    const CHECK: &str = "contents";
    let Some(signer) = write.first().map(|key| key.key.signer()) else { return };
    match client.content_place(&signer).await {
        Ok(ContentPlace::Row) => report.fine(
            CHECK,
            "the network keeps contents in credentials' rows: a credential and its copy fit a transaction with about 1.2 MB \
             of files",
        ),
        Ok(ContentPlace::Gateway) => {
            report.note(
                CHECK,
                "the network keeps contents at a blob gateway: credentials are written by write grant only, and have up to \
                 20 MiB",
            );
            if config.http.max_body < LARGEST_BODY {
                report.note(
                    CHECK,
                    format!(
                        "http.max_body takes {} bytes, and files for a credential of 20 MiB have up to {LARGEST_BODY} in a \
                         request",
                        config.http.max_body
                    ),
                );
            }
            // One that nobody has ever sealed.
            let Ok(id) = ContentId::of(random_uuid(&mut OsRng).as_bytes()) else { return };
            match client.check_blob(&signer, Blob { id, size: 16 }).await {
                Ok(()) | Err(BlobError::NotThere) => report.fine(CHECK, "the blob gateway answers"),
                Err(error) => report.complain(
                    CHECK,
                    format!("the blob gateway: {}", super::causes(&error)),
                    "see to the network between here and the gateway, or set node.blob_gateway_url",
                ),
            }
        }
        Err(error) => report.complain(
            CHECK,
            format!("where the network keeps contents cannot be seen: {}", super::causes(&error)),
            "see to the node",
        ),
    }
}

fn side(skew: i64) -> &'static str {
    if skew > 0 { "ahead of" } else { "behind" }
}

/// Whether each write key may write: an inserter may ask for any user, also one who is not there.
async fn inserter(client: &Client, write: &[WriteKey], report: &mut Report) {
    const CHECK: &str = "inserter";
    let mut may = 0;
    for key in write {
        let signer = key.key.signer();
        let public = key.key.public_hex();
        match client.call_one(&signer, &GetUserAsInserter { id: random_uuid(&mut OsRng) }).await {
            Ok(_) => may += 1,
            Err(error) if error.refusal() == Some(Refusal::NotAnInserter) => report.complain(
                CHECK,
                format!("the write key {public} is no delegate of an inserter: the node will refuse what it writes"),
                "have the network's owner make it a delegate of your inserter",
            ),
            Err(error) => report.complain(
                CHECK,
                format!("whether the write key {public} may write cannot be seen: {}", super::causes(&error)),
                "see to the node",
            ),
        }
    }
    if may > 0 {
        report.fine(CHECK, format!("{may} of {} write keys may write", write.len()));
    }
    if may > 1 {
        report.note(
            CHECK,
            "no node tells whose delegate a key is: make sure that all are delegates of one inserter",
        );
    }
}
