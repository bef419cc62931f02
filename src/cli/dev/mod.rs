//! `dev`: the whole service in one process, beside an in-process node, with a mailbox and sample data.
//!
//! Everything lies in one folder: configuration, keys, databases, sample requests. Other commands work on it, too:
//! `idos-issuer --config FOLDER/config.toml jobs list`.

mod mailbox;
mod people;
mod samples;
mod vendor;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::DateTime;
use clap::Args;
use idos_devnode::{DevNode, DevNodeConfig, Inserter, Schema, State};
use idos_localnet::{AnyNode, Localnet, LocalnetConfig};
use rand::RngCore as _;
use rand::rngs::OsRng;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use url::Url;
use zeroize::Zeroizing;

use self::people::People;
use self::samples::Samples;
use self::vendor::StandIn;
use super::context::{Context, create_database};
use super::folder::Folder;
use super::serve::{Roles, bind, run};
use super::signals::Signals;
use super::{Outcome, output};
use crate::app::App;
use crate::clock::Clock;
use crate::config::{Config, Telemetry};
use crate::flow::api_keys;
use crate::flow::staff::manage::{self, By};
use crate::http;
use crate::keys::{Keys, load_text, store_text};
use crate::mail::{Letter, Mail, Mailer, Sent};
use crate::model::client::Scope;
use crate::model::staff::{Reach, Role};
use crate::model::submitter::Submitter;

type Error = Box<dyn std::error::Error>;

/// Who issues.
const ISSUER_NAME: &str = "Demo KYC";
const ISSUER_URL: &str = "https://kyc.example.com/idos";
/// The client whose API key is made.
const CLIENT: &str = "dev";

/// Runs the service beside a development node, with the background work, a mailbox page, sample data, and a console with sample people.
/// Listens on this machine only, and needs no configuration.
///
/// With --kwild, the node is the software that idOS nodes run, with an extension and a schema of ours, behind a session
/// gateway: a local network that is close to idOS. tests/kwild/build makes its programs.
#[derive(Args)]
#[expect(clippy::struct_excessive_bools, reason = "flags of a command line")]
pub(super) struct Dev {
    /// Where the API listens; port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Run kwild in place of the development node.
    #[arg(long)]
    kwild: bool,
    /// Have the actions and the blob gateway of upstream's next version on the node.
    #[arg(long)]
    next: bool,
    /// How many validators of kwild there are. The service knows them all.
    #[arg(long, value_name = "NUMBER", default_value_t = 1, requires = "kwild", value_parser = validators)]
    validators: usize,
    /// Where the node listens: with --kwild, the gateway of the first validator.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8484")]
    node_listen: SocketAddr,
    /// Where the mailbox page is served.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8025")]
    mailbox_listen: SocketAddr,
    /// Keep everything in this folder, and take up again what is there; a network of kwild lies beside it, in FOLDER-kwild.
    /// Without it, everything is gone at the end.
    #[arg(long, value_name = "FOLDER")]
    data: Option<PathBuf>,
    /// Make a block every so many seconds. Without it, each transaction has its block at once; kwild's shortest time is half
    /// a second.
    #[arg(long, value_name = "SECONDS", value_parser = block_time)]
    block_time: Option<Duration>,
    /// Tell events here, too, such as to a back end that is being written; signed with a secret that is shown.
    #[arg(long, value_name = "URL")]
    webhook: Option<Url>,
    /// Have the links of reminders lead to this page: https://, with {token} where the token of the link belongs.
    #[arg(long, value_name = "URL")]
    renewal_url: Option<String>,
    /// Make no sample people: the console is empty, and no mails come but your own.
    #[arg(long)]
    no_people: bool,
    /// Have two people take what cannot be undone in the console: erasures, API keys, and who works there.
    #[arg(long)]
    four_eyes: bool,
    /// Print one line of JSON as soon as all is ready, and nothing else.
    #[arg(long)]
    json: bool,
}

impl Dev {
    pub(super) fn run(self, context: &Context) -> Outcome {
        if context.path().is_some() {
            return Err("dev makes its own configuration: leave --config out, or use serve".into());
        }
        if !(self.listen.ip().is_loopback() && self.mailbox_listen.ip().is_loopback()) {
            return Err("a development service listens on loopback only".into());
        }
        context.stay(&Telemetry::default(), self.play())
    }

    async fn play(self) -> Outcome {
        let mut signals = Signals::new()?;
        let folder = Folder::new(self.data.as_deref(), &mut OsRng)?;
        let files = crate::config::KeyFiles::in_folder(&folder.path("keys"));
        if !files.ed25519().all(|file| file.exists()) {
            Keys::generate(&files)?;
        }
        let keys = Keys::load(&files, Some(ISSUER_URL))?;
        let node = self.node(&folder, &keys).await?;
        let api = bind(self.listen).await?;
        let url = format!("http://{}", api.local_addr()?);
        let stop = CancellationToken::new();
        let config = folder.path("config.toml");
        let mut text = configuration(&node, api.local_addr()?, self.four_eyes);
        let mut vendors = Vec::new();
        for stand_in in vendor::ALL {
            stand_in.keep_secrets(&folder)?;
            let vendor = vendor(stand_in, &url, stop.clone()).await?;
            text.push_str(&stand_in.section(&vendor, CLIENT));
            vendors.push((stand_in.name, vendor));
        }
        let mut of_people = Vec::new();
        if !self.no_people {
            for stand_in in vendor::OF_PEOPLE {
                stand_in.keep_secrets(&folder)?;
                let vendor = vendor(stand_in, &url, stop.clone()).await?;
                text.push_str(&stand_in.section(&vendor, people::CLIENT));
                of_people.push((stand_in.name, vendor));
            }
        }
        let webhook_secret = match &self.webhook {
            Some(url) => {
                text.push_str(&webhook_section(url));
                Some(webhook_secret(&folder)?)
            }
            None => None,
        };
        if let Some(url) = &self.renewal_url {
            text.push_str(&renewal_section(url));
        }
        std::fs::write(&config, text)?;
        let settings = Config::load_file_only(&config)?;
        create_database(&settings, true).await?;
        let (mailer, sent) = Mailer::memory("Demo KYC <kyc@kyc.example.com>")?;
        let app = App::build(settings, Clock::System).await?.with_mailer(mailer);
        let app = app.taking_test_data().with_sample_staff();
        let app = Arc::new(app);
        let (api_key, caller) = client(&app, &folder, CLIENT, "api.key").await?;
        let mailbox_url = mailbox(&app, sent, self.mailbox_listen, stop.clone()).await?;
        let samples = samples::make(&app, &caller, &folder, self.schema()).await?;
        let console_url = console_url(&app, &url).await?;
        let shown = json!({
            "url": url,
            "consoleUrl": console_url,
            "sampleStaffUrl": format!("{url}/console/sample-staff"),
            "personUrl": format!("{url}/me"),
            "apiKey": api_key.as_str(),
            "node": if self.kwild { "kwild" } else { "development node" },
            "nodeUrl": node.url(),
            "chainId": node.chain_id(),
            "schema": if self.next { "next" } else { "current" },
            "mailboxUrl": mailbox_url,
            "claimUrl": samples.claim_url(),
            "webhookSecret": webhook_secret.as_deref(),
            "vendors": samples.vendors(&url, &api_key, &vendors),
            "config": config.display().to_string(),
            "data": folder.root().display().to_string(),
            "samples": samples.show(),
            "curl": samples.curl(&url, &api_key),
        });
        if self.json {
            output::line(&shown.to_string());
        } else {
            tell(&shown, &samples, &vendors);
        }

        let people = self.people(&app, &node, &folder, of_people).await?;
        let work = async {
            if let Some(people) = people {
                people.make().await;
            }
            std::future::pending().await
        };
        let outcome = tokio::select! {
            outcome = run(&app, Roles { api: Some(api), worker: true, ..Roles::default() }, &mut signals) => outcome,
            never = work => never,
        };
        stop.cancel();
        node.stop().await;
        folder.leave();
        outcome
    }

    /// The sample people, if they are wanted. Nothing is done for them yet.
    async fn people(
        &self,
        app: &Arc<App>,
        node: &AnyNode,
        folder: &Folder,
        vendors: Vec<(&'static str, String)>,
    ) -> Result<Option<People>, Error> {
        if self.no_people {
            return Ok(None);
        }
        Ok(Some(People {
            app: Arc::clone(app),
            onboarding: client(app, folder, people::CLIENT, "onboarding.key").await?.1,
            partner: client(app, folder, people::PARTNER, "partner.key").await?.1,
            vendors,
            faults: node.dev().map(|node| node.faults().clone()),
            has_inserter: !self.next,
            folder: folder.root().to_owned(),
        }))
    }

    fn schema(&self) -> Schema {
        if self.next { Schema::Next } else { Schema::Current }
    }

    /// The node that is wanted, which knows the issuer.
    async fn node(&self, folder: &Folder, keys: &Keys) -> Result<AnyNode, Error> {
        let delegates = keys.write.iter().map(|key| key.key.public_hex());
        let inserters = vec![Inserter::new(ISSUER_NAME, delegates), people::another_issuer()];
        let schema = self.schema();
        if !self.kwild {
            let node = DevNode::start(DevNodeConfig {
                listen: self.node_listen,
                schema,
                state: State::File(folder.path("node.db")),
                inserters,
                block_interval: self.block_time,
                ..DevNodeConfig::default()
            });
            return Ok(AnyNode::Dev(node.await?));
        }
        let defaults = LocalnetConfig::default();
        if self.block_time.is_some_and(|time| time < defaults.propose_timeout) {
            return Err("kwild makes at most two blocks a second: --block-time is at least 0.5".into());
        }
        let network = Localnet::start(LocalnetConfig {
            validators: self.validators,
            listen: self.node_listen,
            schema,
            inserters,
            propose_timeout: self.block_time.unwrap_or(defaults.propose_timeout),
            folder: folder.beside("-kwild"),
            ..defaults
        });
        Ok(network.await?.into())
    }
}

/// A client that may do everything: the API key in `file` of an earlier start, or a fresh one; and as whom it calls.
async fn client(
    app: &App,
    folder: &Folder,
    name: &str,
    file: &str,
) -> Result<(Zeroizing<String>, Submitter), Error> {
    let (path, now) = (folder.path(file), app.clock.now());
    let text = if path.exists() {
        load_text(&path)?
    } else {
        let (_, text) = api_keys::create(&app.store, name, Scope::ALL, None, now).await?;
        store_text(&path, &text)?;
        text
    };
    let caller = api_keys::authenticate(&app.store, &text, now).await?;
    let caller =
        caller.ok_or_else(|| format!("the API key in {file} of this folder is not in its database"))?;
    Ok((text, caller.submitter))
}

/// Where the console is: the invitation of an admin, until somebody has followed it.
async fn console_url(app: &App, url: &str) -> Result<String, Error> {
    const NAME: &str = "admin";
    let invitation_hours = app.console.invitation_hours;
    let by = By::operator(app.clock.now(), invitation_hours);
    let token = match app.store.staff_of_name(NAME).await? {
        Some(staff) if staff.accepted_at.is_some() => return Ok(format!("{url}/console")),
        Some(staff) => manage::reset(&app.store, &by, &staff.id).await?.1,
        None => manage::add(&app.store, &by, NAME, Role::Admin, Reach::All).await?.1,
    };
    Ok(format!("{url}/console/invitation/{}", token.to_text().as_str()))
}

/// The secret of an earlier start with which events are signed, or a fresh one.
fn webhook_secret(folder: &Folder) -> Result<Zeroizing<String>, Error> {
    let path = folder.path("keys").join("webhook.secret");
    if !path.exists() {
        let mut secret = Zeroizing::new([0; 32]);
        OsRng.fill_bytes(secret.as_mut_slice());
        store_text(&path, &Zeroizing::new(format!("whsec_{}", STANDARD.encode(secret.as_slice()))))?;
    }
    Ok(load_text(&path)?)
}

fn renewal_section(url: &str) -> String {
    format!("\n[renewal]\nurl = {}\n", json!(url))
}

fn webhook_section(url: &Url) -> String {
    format!(
        "\n[[webhooks]]\nname = \"{CLIENT}\"\nurl = {}\nsecrets = [\"keys/webhook.secret\"]\nclient = \"{CLIENT}\"\n",
        json!(url.as_str())
    )
}

/// Serves the page with the mails that were sent, of which the first says that it works.
async fn mailbox(
    app: &App,
    sent: Sent,
    listen: SocketAddr,
    stop: CancellationToken,
) -> Result<String, Error> {
    let date = DateTime::from_timestamp_millis(app.clock.now().unix_millis()).unwrap_or_default();
    let letter = Letter { to: &"somebody@user.example".parse()?, locale: "en", id: "works", date };
    app.mailer.send(&app.mailer.write(&Mail::Test, &letter)?).await?;
    let listener = bind(listen).await?;
    let url = format!("http://{}", listener.local_addr()?);
    tokio::spawn(async move {
        let served = http::serve_router(mailbox::router(sent), listener, stop.cancelled_owned()).await;
        if let Err(error) = served {
            tracing::warn!("The mailbox page is served no more: {error}");
        }
    });
    Ok(url)
}

/// Serves a stand-in for a vendor of KYC results, which tells the service at `api`. Gives its URL.
async fn vendor(stand_in: &'static StandIn, api: &str, stop: CancellationToken) -> Result<String, Error> {
    let listener = bind(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
    let url = format!("http://{}", listener.local_addr()?);
    let router = stand_in.router(api)?;
    tokio::spawn(async move {
        let served = http::serve_router(router, listener, stop.cancelled_owned()).await;
        if let Err(error) = served {
            tracing::warn!("The stand-in for a vendor is served no more: {error}");
        }
    });
    Ok(url)
}

fn configuration(node: &AnyNode, listen: SocketAddr, four_eyes: bool) -> String {
    let others = node.kwild().map(|network| network.urls().split_off(1)).unwrap_or_default();
    let (node, others) = (node.url(), json!(others));
    format!(
        "# Made by `idos-issuer dev`, and made again at each start.\n\
         [node]\nurl = \"{node}\"\nfallback_urls = {others}\n\n\
         [issuer]\nname = \"{ISSUER_NAME}\"\nurl = \"{ISSUER_URL}\"\n\n\
         [keys]\nsigning = \"keys/signing.key\"\nwrite = \"keys/write.key\"\nencryption = \"keys/encryption.key\"\n\
         vault = \"keys/vault.key\"\n\n\
         [database]\nurl = \"sqlite://issuer.db\"\n\n\
         # As many requests as a machine sends, from as many callers as a proxy on it says, and waiting that no test has to sit out.\n\
         [http]\nlisten = \"{listen}\"\npublic_url = \"http://{listen}\"\ntrusted_proxies = [\"127.0.0.0/8\", \"::1\"]\nrequests_per_second = 100000\nburst = 100000\nclients_per_address = 0\nmax_wait = 8\n\n\
         [claims]\nprovider_url = \"https://kyc.example.com\"\nreturn_urls = [\"https://kyc.example.com/\"]\n\n\
         [relay]\nenabled = true\nclient = \"{CLIENT}\"\n\
         journey = [{{ level = \"basic+liveness\", source = \"sumsub\", page = \"https://kyc.example.com/check?case={{externalId}}\" }}]\n\n\
         # Sample staff have no codes to show again.\n\
         [console]\nenabled = true\nidle_minutes = 1440\nsession_hours = 24\nstep_up_minutes = 1440\nfour_eyes = {four_eyes}\n\n\
         [person_page]\nenabled = true\n\n\
         [erasure]\nidentity = \"by_client\"\n\n\
         [webhook_policy]\nallow_private = true\nallow_http = true\n\n\
         # Mails go out at any hour.\n\
         [notices]\nquiet_from = 8\nquiet_until = 8\n"
    )
}

fn tell(shown: &Value, samples: &Samples, vendors: &[(&str, String)]) {
    let text = |name: &str| shown.get(name).and_then(Value::as_str).unwrap_or_default();
    output::line(&format!("API        {}", text("url")));
    output::line(&format!("API key    {}", text("apiKey")));
    output::line(&format!("idOS node  {} ({}, a stand-in)", text("nodeUrl"), text("node")));
    output::line(&format!("Mailbox    {}", text("mailboxUrl")));
    output::line(&format!("Console    {} (one click signs in)", text("sampleStaffUrl")));
    output::line(&format!(
        "           {} (an invitation: password, and an app for one-time codes)",
        text("consoleUrl")
    ));
    output::line(&format!("Claim page {} (for a wallet in your browser)", text("claimUrl")));
    output::line(&format!("Own page   {} (what is kept about a person)", text("personUrl")));
    for (name, url) in vendors {
        output::line(&format!(
            "KYC vendor {url} (a stand-in for {name}; POST /approve/EXTERNAL_ID, /decline/EXTERNAL_ID)"
        ));
    }
    if !text("webhookSecret").is_empty() {
        output::line(&format!("Webhooks   signed with {}", text("webhookSecret")));
    }
    output::line(&format!("Folder     {}", text("data")));
    output::line("");
    for (what, line) in samples.lines(text("url"), text("apiKey"), vendors) {
        output::line(&format!("{what}:"));
        output::line(&format!("  {line}"));
    }
    output::line("");
    output::line("Ctrl-c ends it.");
}

fn validators(text: &str) -> Result<usize, &'static str> {
    text.parse().ok().filter(|number| (1..=7).contains(number)).ok_or("must be from 1 to 7")
}

fn block_time(text: &str) -> Result<Duration, &'static str> {
    let seconds: f64 = text.parse().map_err(|_| "must be a number of seconds, such as 1 or 0.2")?;
    if (0.01..=600.0).contains(&seconds) {
        Ok(Duration::from_secs_f64(seconds))
    } else {
        Err("must be from 0.01 to 600")
    }
}
