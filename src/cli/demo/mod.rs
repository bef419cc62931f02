//! `demo`: the whole way of a credential, on an in-process node or, with `--node-url`, on another one.

pub(super) mod evidence;
pub(super) mod holder;
mod story;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::Args;
use idos_client::actions::PasswordStore;
use idos_client::{Client, ClientConfig, GrantParties, GrantTime, Signer, WriteGrant};
use idos_credential::{AcceptedIssuer, verify};
use idos_devnode::{DevNode, DevNodeConfig, Inserter};
use idos_wallet::OwnershipProof;
use url::Url;

use self::holder::Holder;
use self::story::Story;
use super::Outcome;
use super::context::Context;
use crate::clock;
use crate::config::Config;
use crate::flow::issue::{self, Ids};
use crate::flow::profile::{self, ProfileToCreate};
use crate::flow::read;
use crate::keys::Keys;
use crate::model::notes::NotesForm;

/// The issuer of a demo without configuration.
const ISSUER_NAME: &str = "Demo KYC";
const ISSUER_URL: &str = "https://kyc.example.com/idos";
/// How long the demo's write grant is good for.
const GRANT_LIFE: Duration = Duration::from_hours(24);

/// Creates a simulated user, issues a credential from a KYC result into the user's idOS profile, and reads it back
/// as the user and as the issuer.
///
/// Without --config this runs on an in-process development node, with fresh keys. With it, the keys and the node are
/// those of the configuration, and a simulated user is really created on that network.
#[derive(Args)]
pub(super) struct Demo {
    /// The KYC result, a JSON file with its image files beside it. Without it: the example in examples/.
    #[arg(long, value_name = "FILE")]
    evidence: Option<PathBuf>,
    /// The idOS node to use in place of the configured one. Needs --config.
    #[arg(long, value_name = "URL")]
    node_url: Option<Url>,
    /// Print one JSON object in place of the story.
    #[arg(long)]
    json: bool,
}

type Error = Box<dyn std::error::Error>;

/// Who issues, and where.
struct Stage {
    notes: NotesForm,
    url: String,
    keys: Keys,
    client: Client,
    /// Keeps an in-process node alive.
    node: Option<DevNode>,
}

impl Demo {
    pub(super) fn run(self, context: &Context) -> Outcome {
        context.answer(self.play(context.path()))
    }

    async fn play(self, config: Option<&Path>) -> Outcome {
        let mut story = Story::new(self.json);
        let stage = self.set_up(config, &mut story).await?;
        let verified = act(&stage, self.evidence.as_deref(), &mut story).await?;
        if let Some(node) = stage.node {
            node.stop().await;
        }
        story.end(verified)?;
        Ok(verified)
    }

    async fn set_up(&self, config: Option<&Path>, story: &mut Story) -> Result<Stage, Error> {
        let config = config.map(Config::load).transpose()?;
        let (notes, url, keys) = match &config {
            Some(config) => {
                let url = config.issuer.url.clone();
                let keys = Keys::load(&config.keys, url.as_deref())?;
                (config.notes_form(), url, keys)
            }
            None if self.node_url.is_some() => {
                return Err(
                    "another node knows only registered issuers: --node-url needs --config with their keys"
                        .into(),
                );
            }
            None => {
                (NotesForm::of(ISSUER_NAME), Some(ISSUER_URL.to_owned()), Keys::ephemeral(Some(ISSUER_URL))?)
            }
        };
        let url = url.unwrap_or_else(|| keys.signing.controller().to_owned());
        let node = if config.is_none() {
            let inserters = vec![Inserter::new(&notes.issuer_name, [keys.first().rows.public_hex()])];
            Some(DevNode::start(DevNodeConfig { inserters, ..DevNodeConfig::default() }).await?)
        } else {
            None
        };
        let node_url = match (&self.node_url, config, &node) {
            (Some(url), ..) => url.clone(),
            (None, Some(config), _) => config.node.url,
            (None, None, Some(node)) => node.url().parse()?,
            (None, None, None) => return Err("there is no node".into()),
        };
        let client = Client::connect(ClientConfig::new(node_url.clone())).await?;
        story.node(&node_url, client.chain_id(), node.is_some());
        story.issuer(&notes.issuer_name, &keys);
        Ok(Stage { notes, url, keys, client, node })
    }
}

async fn act(stage: &Stage, evidence: Option<&Path>, story: &mut Story) -> Result<bool, Error> {
    let Stage { client, keys, .. } = stage;
    let issuer = Signer::from_seed(&keys.first().seed);
    let holder = Holder::new()?;
    story.holder(&holder);

    let result = evidence::load(evidence, holder.user_id)?;
    story.evidence(&result);

    let ids = Ids { original: holder::random_id(), copy: holder::random_id(), notes: holder::random_id() };
    let kind = result.kind();
    let start = Instant::now();
    let signed = issue::sign(result, ids, &stage.url, keys, clock::now())?;
    let signing = start.elapsed();
    let issued_text = zeroize::Zeroizing::new(signed.text().to_owned());
    let level = signed.level().to_owned();
    let start = Instant::now();
    let own_copy = keys.encryption.public();
    let sealed = issue::seal(
        signed,
        kind,
        ids,
        &stage.notes,
        &holder.secret.public(),
        Some(&own_copy),
        &keys.first().rows,
    )?;
    let sealing = start.elapsed();
    story.sealed(&sealed, &issued_text, &level, signing, sealing);

    let (address, public_key) = (holder.wallet.address(), holder.wallet.public_key());
    let known = profile::exists(client, &issuer, &address).await?;
    let (message, signature) = holder.prove_wallet();
    let wallet = OwnershipProof {
        wallet_type: holder.wallet.wallet_type(),
        address: &address,
        public_key: public_key.as_deref(),
        message,
        signature: &signature,
    };
    let new = ProfileToCreate {
        user_id: holder.user_id,
        encryption_key: &holder.secret.public(),
        password_store: PasswordStore::User,
        wallet_id: holder::random_id(),
        wallet,
    };
    profile::create(client, &issuer, &new).await?;
    story.profile(known);

    let grant = write_grant(&holder, keys)?;
    let grant_text =
        client.call_one(&issuer, &grant.message()).await?.ok_or("the node gave no text of the grant")?;
    let grant_signature = holder.sign(&grant_text);
    story.grant(&grant);

    let start = Instant::now();
    let receipt = issue::write_by_grant(client, &issuer, &sealed, ids, &grant, &grant_signature).await?;
    story.written(ids, receipt, start.elapsed());

    // From here on, as others: first the user, with nothing but the wallet and the password.
    let as_user = Signer::from(holder.wallet.clone());
    let start = Instant::now();
    let mine = read::owned(client, &as_user, &holder.derive_again()?, ids.original).await?;
    let (id, controller) = (keys.signing.id().to_owned(), keys.signing.controller().to_owned());
    let accepted = AcceptedIssuer::named(id, controller, keys.signing.verification_key())?;
    let verdict = verify(&mine, &[accepted], clock::now());
    let same = mine.as_slice() == issued_text.as_bytes();
    story.read_by_user(&verdict, same, start.elapsed());

    let start = Instant::now();
    let (copy_id, copy) = read::copy_of(client, &issuer, &keys.encryption, sealed.content_hash()).await?;
    let same_copy = copy == mine && copy_id == ids.copy;
    story.read_by_issuer(same_copy, start.elapsed());
    Ok(verdict.is_ok() && same && same_copy)
}

fn write_grant(holder: &Holder, keys: &Keys) -> Result<WriteGrant, Error> {
    let now = clock::now().unix_seconds();
    let parties = GrantParties {
        owner: holder.wallet.owner_identifier(),
        grantee: keys.first().rows.public_hex(),
        issuer_public_key: keys.first().rows.public_hex(),
    };
    let end = now.saturating_add_unsigned(GRANT_LIFE.as_secs());
    // The user's clock may be ahead of the node's.
    let start = GrantTime::from_unix(now - 300)?;
    Ok(WriteGrant::new(holder::random_id(), parties, start.clone(), start, GrantTime::from_unix(end)?)?)
}
