//! `keys`: the issuer's keys, made and shown.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde_json::json;

use super::context::{self, Context};
use super::{Outcome, say};
use crate::config::{Config, KeyFiles};
use crate::flow::operate;
use crate::vault::Vault;
use crate::{clock, keys};

#[derive(Subcommand)]
pub(super) enum Keys {
    /// Make fresh keys and store them in files that only their owner may read. Never overwrites any.
    Generate(Place),
    /// Show the public halves, in all the spellings that others ask for.
    Show(Place),
    /// Record the present signing key and issuer URL as those that sign from now on. Consumers accept credentials by
    /// them: tell them first. Without this, a service refuses to start with other ones than it has signed with.
    Accept,
}

/// Which keys: those of the configuration (--config), or those in a folder.
#[derive(Args)]
pub(super) struct Place {
    /// The folder of the key files: keys, if nothing is said.
    #[arg(long, value_name = "FOLDER")]
    folder: Option<PathBuf>,
    /// The issuer's URL, for the names of the signing key. Without it the issuer is its did:key.
    #[arg(long, value_name = "URL")]
    issuer: Option<String>,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

impl Keys {
    pub(super) fn run(self, context: &Context) -> Outcome {
        match self {
            Self::Generate(place) => {
                context.log()?;
                let (files, issuer) = place.resolve(context.path())?;
                keys::Keys::generate(&files)?;
                if !place.json {
                    for file in [&files.signing, &files.encryption]
                        .into_iter()
                        .chain(&files.write)
                        .chain(&files.vault)
                    {
                        say::line(&format!("made {}", file.display()));
                    }
                }
                place.show(&files, issuer.as_deref())
            }
            Self::Show(place) => {
                context.log()?;
                let (files, issuer) = place.resolve(context.path())?;
                place.show(&files, issuer.as_deref())
            }
            Self::Accept => accept(context),
        }
    }
}

fn accept(context: &Context) -> Outcome {
    let config = context.config()?;
    let keys = keys::Keys::load(&config.keys, config.issuer.url.as_deref())?;
    context.answer(async {
        let store = context::store(&config).await?;
        let before = operate::accept_signing_key(&store, &keys.identity(), clock::now()).await?;
        store.close().await;
        say::line(&format!("recorded  {}", keys.identity()));
        if let Some(before) = before {
            say::line(&format!("before    {before}"));
        }
        Ok(true)
    })
}

impl Place {
    fn resolve(
        &self,
        config: Option<&Path>,
    ) -> Result<(KeyFiles, Option<String>), Box<dyn std::error::Error>> {
        let path = match (config, &self.folder) {
            (Some(_), Some(_)) => return Err("--config says where the keys are: leave --folder out".into()),
            (Some(path), None) => path,
            (None, folder) => {
                let folder = folder.as_deref().unwrap_or(Path::new("keys"));
                return Ok((KeyFiles::in_folder(folder), self.issuer.clone()));
            }
        };
        let config = Config::load(path)?;
        Ok((config.keys, self.issuer.clone().or(config.issuer.url)))
    }

    fn show(&self, files: &KeyFiles, issuer: Option<&str>) -> Outcome {
        let keys = keys::Keys::load(files, issuer)?;
        let public = keys.signing.verification_key();
        let encryption = keys.encryption.public().to_base64();
        let write: Vec<_> = keys.write.iter().map(|key| key.rows.public_hex()).collect();
        let vault = match files.vault.as_slice() {
            [] => Vec::new(),
            files => Vault::new(&keys::load_vault_keys(files)?)?.key_ids().map(str::to_owned).collect(),
        };
        if self.json {
            let jwk: serde_json::Value = serde_json::from_str(&public.to_jwk())?;
            let verification_key = json!({
                "@context": "https://w3id.org/security/suites/ed25519-2020/v1",
                "type": "Ed25519VerificationKey2020",
                "id": keys.signing.id(),
                "controller": keys.signing.controller(),
                "publicKeyMultibase": public.to_multibase(),
            });
            say::line(&serde_json::to_string_pretty(&json!({
                "signing": { "verificationKey": verification_key, "jwk": jwk, "didKey": public.to_did_key() },
                "write": { "publicKey": keys.first().rows.public_hex(), "publicKeys": write },
                "encryption": { "publicKey": encryption },
                "vault": { "keyIds": vault },
            }))?);
            return Ok(true);
        }
        say::line("signing key, by which consumers verify credentials");
        say::line(&format!("  id          {}", keys.signing.id()));
        say::line(&format!("  controller  {}", keys.signing.controller()));
        say::line(&format!("  multibase   {}", public.to_multibase()));
        say::line(&format!("  did:key     {}", public.to_did_key()));
        say::line(&format!("  JWK         {}", public.to_jwk()));
        say::line(
            "write keys, all to be registered with idOS as delegates of your one inserter; the first is named in write grants",
        );
        for key in &write {
            say::line(&format!("  public      {key}"));
        }
        say::line("encryption key, for which your own copies are sealed");
        say::line(&format!("  public      {encryption}"));
        if !vault.is_empty() {
            say::line("vault keys, which stay with you; the first locks, all unlock");
        }
        for id in &vault {
            say::line(&format!("  id          {id}"));
        }
        Ok(true)
    }
}
