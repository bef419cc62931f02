//! The service that a demo runs on: the same as `serve` runs, with a database and a vault key that are gone afterwards.

use std::path::Path;
use std::sync::Arc;

use idos_devnode::{DevNode, DevNodeConfig, Inserter, Schema};
use rand::rngs::OsRng;
use url::Url;

use super::Error;
use crate::app::App;
use crate::cli::background::Background;
use crate::cli::context::create_database;
use crate::cli::folder::Folder;
use crate::clock::Clock;
use crate::config::{Config, Database, KeyFiles, Node, Secret};
use crate::keys::Keys;
use crate::model::submitter::{Origin, Submitter};

/// The issuer of a demo without configuration.
const ISSUER_NAME: &str = "Demo KYC";
const ISSUER_URL: &str = "https://kyc.example.com/idos";
/// The client that submits.
const CLIENT: &str = "demo";

/// A running service, and who calls it.
pub(super) struct Service {
    pub(super) app: Arc<App>,
    pub(super) caller: Submitter,
    pub(super) node_url: Url,
    background: Background,
    /// An in-process node, where no other is named.
    node: Option<DevNode>,
    folder: Folder,
}

impl Service {
    /// Without a configuration: fresh keys, and a node of its own.
    pub(super) async fn alone(schema: Schema) -> Result<Self, Error> {
        let folder = Folder::new(None, &mut OsRng)?;
        let files = own_keys(&folder)?;
        let keys = Keys::load(&files, Some(ISSUER_URL))?;
        let inserters = vec![Inserter::new(ISSUER_NAME, [keys.first().public_hex()])];
        let node = DevNode::start(DevNodeConfig { schema, inserters, ..DevNodeConfig::default() }).await?;
        let settings = format!(
            "[node]\nurl = \"{}\"\n[issuer]\nname = \"{ISSUER_NAME}\"\nurl = \"{ISSUER_URL}\"\n\
             [keys]\nsigning = \"keys/signing.key\"\nwrite = \"keys/write.key\"\nencryption = \"keys/encryption.key\"\n",
            node.url(),
        );
        let config = Config::of_text(&settings, &folder.path("config.toml"))?;
        Self::start(config, &files, Some(node), folder).await
    }

    /// With the keys, the node and all other settings of a configuration, but for its database, its vault and its webhooks: a
    /// simulated user is nothing that they should know.
    pub(super) async fn configured(path: &Path, node_url: Option<Url>) -> Result<Self, Error> {
        let mut config = Config::load(path)?;
        if let Some(url) = node_url {
            // What else is said of nodes is said of others.
            config.node =
                Node { url, fallback_urls: Vec::new(), chain_id: None, must_agree: None, ..config.node };
        }
        config.webhooks.clear();
        let folder = Folder::new(None, &mut OsRng)?;
        let files = own_keys(&folder)?;
        Self::start(config, &files, None, folder).await
    }

    async fn start(
        mut config: Config,
        own: &KeyFiles,
        node: Option<DevNode>,
        folder: Folder,
    ) -> Result<Self, Error> {
        config.keys.vault.clone_from(&own.vault);
        let url = Secret::new(format!("sqlite://{}", folder.path("issuer.db").display()));
        config.database = Database { url, ..Database::default() };
        let node_url = config.node.url.clone();
        create_database(&config, true).await?;
        let app = Arc::new(App::build(config, Clock::System).await?);
        // Before anything is told: a node that is not there ends it.
        app.idos().await?;
        let caller = Submitter { tenant: CLIENT.to_owned(), origin: Origin::Operator };
        let background = Background::start(&app);
        Ok(Self { app, caller, node_url, background, node, folder })
    }

    /// Whether the node is its own.
    pub(super) fn has_own_node(&self) -> bool {
        self.node.is_some()
    }

    /// Ends it. Nothing is left of it.
    pub(super) async fn stop(self) {
        self.background.stop().await;
        self.app.store.close().await;
        if let Some(node) = self.node {
            node.stop().await;
        }
        self.folder.leave();
    }
}

/// Makes keys of the demo's own, in files as those of a deployment are.
fn own_keys(folder: &Folder) -> Result<KeyFiles, Error> {
    let files = KeyFiles::in_folder(&folder.path("keys"));
    Keys::generate(&files)?;
    Ok(files)
}
