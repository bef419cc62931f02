//! `audit`: does the chain of what was done hold? And what others need to find that out by themselves.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use idos_credential::VerificationKey;
use serde_json::json;

use super::context::{self, Context};
use super::input;
use super::{Outcome, output};
use crate::clock;
use crate::flow::audit;
use crate::keys::{Key, Keys};
use crate::model::audit::{Answer, ChainedEntry, Checkpoint, Judge, Verdict, Witness};
use crate::model::time::Timestamp;
use crate::store::StoreError;

type Error = Box<dyn std::error::Error>;

#[derive(Subcommand)]
pub(super) enum Audit {
    /// Walk the whole chain, and hold it against what the issuer has signed about it.
    ///
    /// Exit code 0: it holds. 1: it does not, and what is said tells where. 2: nothing is wrong that can be seen, and what
    /// was signed last was signed with a key that is not known here (--key).
    Verify(Verify),
    /// Print the last signed checkpoint as one line of JSON, to be kept elsewhere as an anchor. Signs one first if
    /// something was added.
    Checkpoint,
    /// Print the chain as lines of JSON: first all checkpoints, then all entries. It holds nothing about any person. Of records
    /// that are erased it tells nothing that an export made earlier may still tell.
    Export,
}

#[derive(Args)]
pub(super) struct Verify {
    /// A file with checkpoints that were kept elsewhere, one a line. May be repeated.
    #[arg(long, value_name = "FILE")]
    anchor: Vec<PathBuf>,
    /// Verify an export in place of the database. `-` reads standard input.
    #[arg(long, value_name = "EXPORT")]
    file: Option<PathBuf>,
    /// A public key of the issuer (z6Mk…) besides the configured one, such as an earlier one. May be repeated.
    #[arg(long, value_name = "KEY")]
    key: Vec<String>,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

impl Audit {
    pub(super) fn run(self, context: &Context) -> Outcome {
        match self {
            Self::Verify(verify) => verify.run(context),
            Self::Checkpoint => checkpoint(context),
            Self::Export => export(context),
        }
    }
}

fn checkpoint(context: &Context) -> Outcome {
    let config = context.config()?;
    let keys = Keys::load(&config.keys, config.issuer.url.as_deref())?;
    context.answer(async {
        let store = context::store(&config).await?;
        let signed = audit::checkpoint(&store, &keys, audit::Before::ThisKey, clock::now()).await;
        store.close().await;
        match signed? {
            Some(checkpoint) => output::line(&checkpoint.to_line()),
            None => output::hint("the audit chain has no entry yet: there is nothing to sign"),
        }
        Ok(true)
    })
}

fn export(context: &Context) -> Outcome {
    let config = context.config()?;
    context.answer(async {
        let store = context::store(&config).await?;
        let exported = audit::export(&store, |checkpoints, entries| -> Result<(), ExportError> {
            let mut lines = Vec::new();
            for checkpoint in checkpoints {
                writeln!(lines, "{}", checkpoint.to_line())?;
            }
            for entry in entries {
                serde_json::to_writer(&mut lines, entry).map_err(std::io::Error::from)?;
                lines.push(b'\n');
            }
            Ok(output::bytes(&lines)?)
        })
        .await;
        store.close().await;
        exported?;
        Ok(true)
    })
}

#[derive(Debug, thiserror::Error)]
enum ExportError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the export cannot be written")]
    Writing(#[from] std::io::Error),
}

impl Verify {
    fn run(self, context: &Context) -> Outcome {
        let (known, anchors) = (self.known(context)?, self.anchors()?);
        let verdict = if let Some(file) = &self.file {
            context.log()?;
            verify_export(file, known, anchors)?
        } else {
            let config = context.config()?;
            let mut verdict = Verdict::default();
            context.answer(async {
                let store = context::store(&config).await?;
                let verified = audit::verify(&store, known, anchors).await;
                store.close().await;
                verdict = verified?;
                Ok(true)
            })?;
            verdict
        };
        if self.json {
            output::line(&show(&verdict).to_string());
        } else {
            tell(&verdict);
        }
        match verdict.answer() {
            Answer::Holds => Ok(true),
            Answer::Broken => Ok(false),
            Answer::NotJudged => {
                Err("the audit chain is not judged: the key that signed last is not known here (--key)"
                    .into())
            }
        }
    }

    /// The issuer's keys: the configured one, if there is a configuration, and those that were named.
    fn known(&self, context: &Context) -> Result<Vec<VerificationKey>, Error> {
        let mut known = Vec::new();
        for key in &self.key {
            let key = VerificationKey::from_multibase(key).map_err(|error| format!("--key {error}"))?;
            known.push(key);
        }
        if context.path().is_some() {
            for entry in &context.config()?.keys.signing {
                match Key::of_file(&entry.file) {
                    Ok(key) => known.push(key.public()),
                    // An auditor need not be able to read it.
                    Err(_) if !self.key.is_empty() => {}
                    Err(error) => return Err(error.into()),
                }
            }
        }
        Ok(known)
    }

    fn anchors(&self) -> Result<Vec<(String, Checkpoint)>, Error> {
        let mut anchors = Vec::new();
        for file in &self.anchor {
            let name = file.display();
            let bytes = input::read(file)?;
            let text = std::str::from_utf8(&bytes).map_err(|_| format!("{name} is no text"))?;
            let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
            let before = anchors.len();
            for (number, line) in lines {
                let place = format!("{name}, line {}", number + 1);
                let anchor = Checkpoint::read(line);
                let anchor = anchor.map_err(|fault| format!("{place}: malformed anchor: {fault}"))?;
                anchors.push((place, anchor));
            }
            if anchors.len() == before {
                return Err(format!("{name}: malformed anchor: it is empty").into());
            }
        }
        Ok(anchors)
    }
}

/// Verifies what `export` has printed.
fn verify_export(
    path: &Path,
    known: Vec<VerificationKey>,
    anchors: Vec<(String, Checkpoint)>,
) -> Result<Verdict, Error> {
    let name = path.display();
    let reader: Box<dyn std::io::Read> = if path == Path::new("-") {
        Box::new(std::io::stdin())
    } else {
        Box::new(std::fs::File::open(path).map_err(|error| format!("{name} cannot be read: {error}"))?)
    };
    let mut judge = Judge::new(known);
    for (place, anchor) in anchors {
        judge.anchor(place, anchor);
    }
    for (number, line) in BufReader::new(reader).lines().enumerate() {
        let number = number + 1;
        let line = line.map_err(|error| format!("{name}, line {number} cannot be read: {error}"))?;
        if line.starts_with(r#"{"checkpoint":"#) {
            let checkpoint = Checkpoint::read(&line);
            judge.checkpoint(checkpoint.map_err(|fault| format!("{name}, line {number}: {fault}"))?);
        } else {
            // Its own words would repeat what stands there.
            let entry: ChainedEntry = serde_json::from_str(&line)
                .map_err(|_| format!("{name}, line {number} is neither an entry nor a checkpoint"))?;
            if !judge.entry(&entry) {
                break;
            }
        }
    }
    Ok(judge.finish(None))
}

fn tell(verdict: &Verdict) {
    let Verdict { entries, erased, put_back, proof, faults, not_judged } = verdict;
    if faults.is_empty() {
        output::line(&format!("the audit chain holds: {entries} entries"));
    }
    if *erased > 0 {
        output::line(&format!("entries of erased records, which say no more whose they were: {erased}"));
    }
    if *put_back > 0 {
        output::line(&format!(
            "entries that were let go and can be read again, so somebody has put them back: {put_back}"
        ));
    }
    for fault in faults {
        output::line(&fault.to_string());
    }
    let Some((witness, checkpoint)) = proof else {
        if *entries > 0 {
            output::line("no signature of the issuer proves any of it");
        }
        return tell_not_judged(not_judged);
    };
    let Checkpoint { entry, at, key_id, public_key, .. } = checkpoint;
    let at = Timestamp::from_unix_millis(*at).map(|at| at.to_string()).unwrap_or_default();
    output::line(&format!(
        "entries up to {entry} are neither altered nor missing: {witness}, signed at {at} by {key_id} ({public_key})"
    ));
    if entries > entry {
        output::line(&format!("entries behind it, which no signature proves yet: {}", entries - entry));
    }
    tell_not_judged(not_judged);
}

fn tell_not_judged(not_judged: &[(Witness, Checkpoint)]) {
    for (witness, checkpoint) in not_judged {
        let Checkpoint { entry, public_key, .. } = checkpoint;
        output::line(&format!(
            "not judged: {witness}, up to entry {entry}, is signed by {public_key}, which is not known here"
        ));
    }
}

fn show(verdict: &Verdict) -> serde_json::Value {
    let witnessed = |(witness, checkpoint): &(Witness, Checkpoint)| {
        json!({
            "by": witness.to_string(),
            "entry": checkpoint.entry,
            "at": checkpoint.at,
            "verificationMethod": checkpoint.key_id,
            "publicKeyMultibase": checkpoint.public_key,
        })
    };
    json!({
        "verdict": match verdict.answer() {
            Answer::Holds => "holds",
            Answer::Broken => "broken",
            Answer::NotJudged => "not judged",
        },
        "entries": verdict.entries,
        "erased": verdict.erased,
        "putBack": verdict.put_back,
        "proven": verdict.proven(),
        "proof": verdict.proof.as_ref().map(witnessed),
        "faults": verdict.faults.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "notJudged": verdict.not_judged.iter().map(witnessed).collect::<Vec<_>>(),
    })
}
