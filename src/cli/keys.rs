//! `keys`: the issuer's keys, made, imported and shown.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};
use idos_credential::VerificationKey;
use idos_credential::secret_key::{Curve, SecretKey};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::context::{self, Context};
use super::input::{self, InputError};
use super::{Outcome, output};
use crate::config::{Config, KeyFiles};
use crate::flow::{admin, audit};
use crate::keys::{Imported, SigningKey, Use};
use crate::secret_file::{MAX_BYTES, NotText};
use crate::vault::Vault;
use crate::{clock, keys};

#[derive(Subcommand)]
pub(super) enum Keys {
    /// Make fresh keys and store them in files that only their owner may read. Never overwrites any.
    Generate(Place),
    /// Put a key that you have into its key file.
    ///
    /// Reads Ed25519 keys (signing, write) and X25519 keys (encryption) as the official SDK, OpenSSL and key stores have
    /// them: hex or base64 (a seed or secret of 32 bytes; for Ed25519 also an nacl secret key of 64), PKCS#8 in PEM, a
    /// JSON Web Key, multibase (zrv…), JSON with privateKeyMultibase. Says what it read and shows the public half, which
    /// tells whether it is the key that you meant. One key may be imported as signing and as write key.
    Import(Import),
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

/// A key, and where it goes: to the file that the configuration (--config) or --folder says.
#[derive(Args)]
pub(super) struct Import {
    /// What the key is for.
    #[arg(value_enum)]
    what: What,
    /// The file with the key. `-` reads standard input. The key itself is never an argument: others could see it.
    file: PathBuf,
    /// Give up the key that is there. It is named by its public half, as `keys show` shows it.
    #[arg(long, value_name = "PUBLIC HALF")]
    replace: Option<String>,
    /// Which of several write keys: its file, as keys.write names it.
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
    /// The folder of the key files: keys, if nothing is said.
    #[arg(long, value_name = "FOLDER")]
    folder: Option<PathBuf>,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum What {
    /// Signs credentials (Ed25519).
    Signing,
    /// Writes to the node (Ed25519).
    Write,
    /// Opens your own copies (X25519).
    Encryption,
}

impl Keys {
    pub(super) fn run(self, context: &Context) -> Outcome {
        match self {
            Self::Generate(place) => {
                context.log()?;
                let (files, issuer) = place.resolve(context.path())?;
                keys::Keys::generate(&files)?;
                if !place.json {
                    for file in files.all() {
                        output::line(&format!("made {}", file.display()));
                    }
                }
                place.show(&files, issuer.as_deref())
            }
            Self::Show(place) => {
                context.log()?;
                let (files, issuer) = place.resolve(context.path())?;
                place.show(&files, issuer.as_deref())
            }
            Self::Import(import) => {
                context.log()?;
                import.run(context.path())
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
        let before = admin::accept_signing_key(&store, &keys.identity(), clock::now()).await?;
        // The new key vouches for what the old one has vouched for, so that verifying needs the new one alone.
        let signed = audit::checkpoint(&store, &keys, audit::Before::AnyKey, clock::now()).await;
        store.close().await;
        output::line(&format!("recorded  {}", keys.identity()));
        if let Some(before) = before {
            output::line(&format!("before    {before}"));
        }
        signed?;
        Ok(true)
    })
}

/// The key files of the configuration or of a folder, and the configuration.
fn resolve(
    config: Option<&Path>,
    folder: Option<&Path>,
) -> Result<(KeyFiles, Option<Config>), Box<dyn std::error::Error>> {
    match (config, folder) {
        (Some(_), Some(_)) => Err("--config says where the keys are: leave --folder out".into()),
        (Some(path), None) => {
            let config = Config::load(path)?;
            Ok((config.keys.clone(), Some(config)))
        }
        (None, folder) => Ok((KeyFiles::in_folder(folder.unwrap_or(Path::new("keys"))), None)),
    }
}

impl Import {
    fn run(&self, config: Option<&Path>) -> Outcome {
        let what = match self.what {
            What::Signing => Use::Signing,
            What::Write => Use::Write,
            What::Encryption => Use::Encryption,
        };
        let (files, _) = resolve(config, self.folder.as_deref())?;
        let file = self.target(what, &files, config)?;
        let key = self.read(what)?;
        let imported = keys::import(what, &key, file, self.replace.as_deref())?;
        if self.json {
            output::line(&serde_json::to_string_pretty(&json!({
                "use": what.as_str(),
                "read": key.to_string(),
                "public": public_halves(what, &key),
                "file": file.display().to_string(),
                "outcome": match imported {
                    Imported::Made => "made",
                    Imported::Replaced(_) => "replaced",
                    Imported::WasThere => "was there",
                },
                "replaced": match &imported {
                    Imported::Replaced(public) => Some(public),
                    Imported::Made | Imported::WasThere => None,
                },
            }))?);
            return Ok(true);
        }
        output::line(&format!("read      {key}"));
        output::line(&format!("public    {}", what.public(&key)));
        match &imported {
            Imported::Made => output::line(&format!("made      {}", file.display())),
            Imported::Replaced(public) => {
                output::line(&format!("replaced  {} (before: {public})", file.display()));
            }
            Imported::WasThere => {
                output::line(&format!("is there  {} (nothing was written)", file.display()));
            }
        }
        if what == Use::Signing && matches!(imported, Imported::Replaced(_)) {
            output::hint(
                "A service that has signed with the other key starts with this one only after `keys accept`.",
            );
        }
        Ok(true)
    }

    /// The file that the key goes to.
    fn target<'a>(
        &self,
        what: Use,
        files: &'a KeyFiles,
        config: Option<&Path>,
    ) -> Result<&'a Path, Box<dyn std::error::Error>> {
        let all: Vec<&'a PathBuf> = match what {
            Use::Signing => files.signing.iter().map(|entry| &entry.file).collect(),
            Use::Write => files.write.iter().map(|entry| &entry.file).collect(),
            Use::Encryption => vec![&files.encryption],
        };
        match (&self.to, all.as_slice()) {
            (None, [only]) => Ok(only),
            (None, _) => {
                Err(format!("keys.{} names several files: say with --to which one", what.as_str()).into())
            }
            (Some(to), _) => {
                let from_config = config.and_then(Path::parent).map(|folder| folder.join(to));
                let is_meant = |file: &&PathBuf| *file == to || Some(*file) == from_config.as_ref();
                let found = all.into_iter().find(is_meant).map(PathBuf::as_path);
                found.ok_or_else(|| format!("--to names no file of keys.{}", what.as_str()).into())
            }
        }
    }

    fn read(&self, what: Use) -> Result<SecretKey, Box<dyn std::error::Error>> {
        let bytes = input::read(&self.file).map_err(|error| self.unread(&error))?;
        if bytes.len() as u64 > MAX_BYTES {
            return Err("what was read is longer than 16 KiB, which no key is".into());
        }
        let text = NotText::refuse(&bytes).map_err(|error| format!("what was read {error}"))?;
        let read = SecretKey::read(what.curve(), text);
        Ok(read.map_err(|error| format!("what was read is no {} key: it {error}", what.as_str()))?)
    }

    /// Why there is no input, without the name of the file: it may be the key.
    fn unread(&self, error: &InputError) -> String {
        let argument = Zeroizing::new(self.file.display().to_string());
        let is_key = |curve| SecretKey::read(curve, &argument).is_ok();
        match error {
            InputError::Unreadable(..) if is_key(Curve::Ed25519) || is_key(Curve::X25519) => {
                "a key is never an argument, which others can see and shells remember: give it in a file, or on \
                 standard input as -"
                    .to_owned()
            }
            InputError::Unreadable(_, error) => format!("the file with the key cannot be read: {error}"),
            InputError::TooLong(_) => "the file with the key is longer than 32 MiB".to_owned(),
        }
    }
}

/// All spellings in which others ask for it.
fn public_halves(what: Use, key: &SecretKey) -> Value {
    let public = key.public();
    match (what, VerificationKey::from_bytes(&public)) {
        (Use::Signing | Use::Write, Ok(key)) => json!({
            "multibase": key.to_multibase(),
            "didKey": key.to_did_key(),
            "hex": hex::encode(public),
        }),
        _ => json!({ "base64": Use::Encryption.public(key), "hex": hex::encode(public) }),
    }
}

impl Place {
    fn resolve(
        &self,
        config: Option<&Path>,
    ) -> Result<(KeyFiles, Option<String>), Box<dyn std::error::Error>> {
        let (files, config) = resolve(config, self.folder.as_deref())?;
        Ok((files, self.issuer.clone().or(config.and_then(|config| config.issuer.url))))
    }

    fn show(&self, files: &KeyFiles, issuer: Option<&str>) -> Outcome {
        let keys = keys::Keys::load(files, issuer)?;
        let current = keys.signing_at(clock::now()).ok().or(keys.signing.first());
        let encryption = keys.encryption.public().to_base64();
        let write: Vec<_> = keys.write.iter().map(|key| key.key.public_hex()).collect();
        let vault = match files.vault.as_slice() {
            [] => Vec::new(),
            files => Vault::new(&keys::load_vault_keys(files)?)?.key_ids().map(str::to_owned).collect(),
        };
        if self.json {
            let all: Vec<_> = keys.signing.iter().map(signing_json).collect::<Result<_, _>>()?;
            output::line(&serde_json::to_string_pretty(&json!({
                "signing": current.map(signing_json).transpose()?,
                "signingKeys": all,
                "write": { "publicKey": keys.first().public_hex(), "publicKeys": write },
                "encryption": { "publicKey": encryption },
                "vault": { "keyIds": vault },
            }))?);
            return Ok(true);
        }
        output::line("signing key, by which consumers verify credentials");
        for key in &keys.signing {
            let public = key.method.key();
            output::line(&format!("  id          {}", key.method.id()));
            output::line(&format!("  controller  {}", key.method.controller()));
            output::line(&format!("  multibase   {}", public.to_multibase()));
            output::line(&format!("  did:key     {}", public.to_did_key()));
            output::line(&format!("  JWK         {}", public.to_jwk()));
            if let Some(from) = key.validity.from {
                output::line(&format!("  valid from  {from}"));
            }
            if let Some(until) = key.validity.until {
                output::line(&format!("  valid until {until}"));
            }
        }
        output::line(
            "write keys, all to be registered with idOS as delegates of your one inserter; the first is named in write grants",
        );
        for key in &write {
            output::line(&format!("  public      {key}"));
        }
        output::line("encryption key, for which your own copies are sealed");
        output::line(&format!("  public      {encryption}"));
        if !vault.is_empty() {
            output::line("vault keys, which stay with you; the first locks, all unlock");
        }
        for id in &vault {
            output::line(&format!("  id          {id}"));
        }
        Ok(true)
    }
}

/// A signing key, as documents of keys have it.
fn signing_json(key: &SigningKey) -> Result<Value, serde_json::Error> {
    let public = key.method.key();
    let jwk: Value = serde_json::from_str(&public.to_jwk())?;
    Ok(json!({
        "verificationKey": {
            "@context": "https://w3id.org/security/suites/ed25519-2020/v1",
            "type": "Ed25519VerificationKey2020",
            "id": key.method.id(),
            "controller": key.method.controller(),
            "publicKeyMultibase": public.to_multibase(),
        },
        "jwk": jwk,
        "didKey": public.to_did_key(),
        "validFrom": key.validity.from.map(|time| time.to_string()),
        "validUntil": key.validity.until.map(|time| time.to_string()),
    }))
}
