//! `keys`: the issuer's keys, made and shown.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde_json::json;

use super::{Outcome, say};
use crate::config::{Config, KeyFiles};
use crate::keys;

#[derive(Subcommand)]
pub(super) enum Keys {
    /// Make fresh keys and store them in files that only their owner may read. Never overwrites any.
    Generate(Place),
    /// Show the public halves, in all the spellings that others ask for.
    Show(Place),
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
    pub(super) fn run(self, config: Option<&Path>) -> Outcome {
        match self {
            Self::Generate(place) => {
                let (files, issuer) = place.resolve(config)?;
                keys::Keys::generate(&files)?;
                if !place.json {
                    for file in [&files.signing, &files.encryption].into_iter().chain(&files.write).chain(&files.vault) {
                        say::line(&format!("made {}", file.display()));
                    }
                }
                place.show(&files, issuer.as_deref())
            }
            Self::Show(place) => {
                let (files, issuer) = place.resolve(config)?;
                place.show(&files, issuer.as_deref())
            }
        }
    }
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
                "write": { "publicKey": keys.first().rows.public_hex() },
                "encryption": { "publicKey": encryption },
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
            "write key, to be registered with idOS as a delegate of your inserter, and named in write grants",
        );
        say::line(&format!("  public      {}", keys.first().rows.public_hex()));
        say::line("encryption key, for which your own copies are sealed");
        say::line(&format!("  public      {encryption}"));
        Ok(true)
    }
}
