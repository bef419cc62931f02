//! What an auditor is handed: an export of the audit chain, in lines, and what verifies it.

use std::collections::BTreeSet;

use idos_credential::{IssuerKey, VerificationKey};
use idos_issuer::model::audit::{Answer, ChainedEntry, Checkpoint, Fault, Judge, LetGo, Verdict};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::input::{flipped, text};

/// The seed of the key that has signed the checkpoints of the seeds (`fuzz/make-seeds`).
const ISSUER_SEED: [u8; 32] = [7; 32];

/// The issuer that they name.
const ISSUER_URL: &str = "https://kyc.example.com/idos";

/// Places that one `erased` may tell before the second reader, which goes through each, leaves it to the first.
const MOST_PLACES: i64 = 10_000;

/// A line of an export.
#[derive(Clone, PartialEq)]
enum Line {
    Entry(Box<ChainedEntry>),
    Checkpoint(Box<Checkpoint>),
}

/// Lines of an export of the audit chain. The first bytes choose a bit that is turned over afterwards.
///
/// What is read is written back the same. Where the chain breaks is said by a second reader, which is written after `docs/audit.md`,
/// too. Nothing is proven that the issuer's key has not signed; and of what is proven no bit can be turned over, no line be left out, put
/// twice or moved without being found.
///
/// # Panics
///
/// Where that does not hold.
pub fn audit_lines(data: &[u8]) {
    let Some((position, rest)) = data.split_first_chunk::<2>() else { return };
    let Some(export) = text(rest) else { return };
    let Some(lines) = read_all(export) else { return };
    let verdict = judge(&lines);
    if let Some(found) = second_reader(export) {
        let mut first = Found::Emptied(0);
        for fault in &verdict.faults {
            match fault {
                Fault::Entry(place) => first = Found::Broken(*place),
                Fault::Emptied { count, .. } => {
                    first = Found::Emptied(usize::try_from(*count).unwrap_or_default())
                }
                _ => {}
            }
        }
        assert_eq!(first, found, "{:?}", verdict.faults);
    }
    let Some((_, checkpoint)) = verdict.proof.as_ref().filter(|_| verdict.answer() == Answer::Holds) else {
        return;
    };
    assert!(checkpoint.entry <= verdict.entries);
    assert_eq!(checkpoint.public_key, key().to_multibase());
    harm(rest, u16::from_le_bytes(*position).into(), &lines, checkpoint.entry);
}

fn key() -> VerificationKey {
    let key = IssuerKey::of_url(ISSUER_URL, &ISSUER_SEED);
    assert!(key.is_ok(), "the issuer is one");
    key.map_or_else(|_| IssuerKey::of_did_key(&ISSUER_SEED).verification_key(), |key| key.verification_key())
}

fn read(line: &str) -> Option<Line> {
    if line.starts_with(r#"{"checkpoint":"#) {
        let checkpoint = Checkpoint::read(line).ok()?;
        assert_eq!(Checkpoint::read(&checkpoint.to_line()).as_ref(), Ok(&checkpoint));
        return Some(Line::Checkpoint(Box::new(checkpoint)));
    }
    let entry: ChainedEntry = serde_json::from_str(line).ok()?;
    let written = serde_json::to_string(&entry).unwrap_or_default();
    assert_eq!(serde_json::from_str::<ChainedEntry>(&written).ok().as_ref(), Some(&entry));
    // As people read it: nothing is told that is not in the entry.
    let told = entry.clone().told();
    assert_eq!((told.seq, told.at, &told.act, &told.hash), (entry.seq, entry.at, &entry.act, &entry.hash));
    assert!(told.detail == entry.detail || told.detail == entry.also);
    Some(Line::Entry(Box::new(entry)))
}

fn read_all(text: &str) -> Option<Vec<Line>> {
    text.lines().map(read).collect()
}

fn judge(lines: &[Line]) -> Verdict {
    let mut judge = Judge::new(vec![key()]);
    for line in lines {
        match line {
            Line::Checkpoint(checkpoint) => judge.checkpoint((**checkpoint).clone()),
            Line::Entry(entry) => {
                if !judge.entry(entry) {
                    break;
                }
            }
        }
    }
    judge.finish(None)
}

/// What the script in `docs/audit.md` finds.
#[derive(Debug, PartialEq)]
enum Found {
    /// The first entry that does not follow.
    Broken(i64),
    /// How many texts are gone of which no later entry says that they were let go.
    Emptied(usize),
}

/// Reads an export as that script does; `None` where places are told in a way on which it has no opinion.
fn second_reader(export: &str) -> Option<Found> {
    let sha256 = |texts: Value| hex::encode(Sha256::digest(texts.to_string()));
    let mut previous = String::new();
    let mut emptied = BTreeSet::new();
    let mut place: i64 = 0;
    for line in export.lines().filter(|line| !line.starts_with(r#"{"checkpoint":"#)) {
        place += 1;
        let entry: Value = serde_json::from_str(line).ok()?;
        let of = |name: &str| entry[name].as_str().unwrap_or_default();
        let (act, detail, salt) = (of("act"), of("detail"), of("salt"));
        let link = if salt.is_empty() {
            of("subject").is_empty() && detail.is_empty() && act != "erased"
        } else {
            of("link") == sha256(json!([salt, of("subject"), detail]))
        };
        let also = if of("alsoSalt").is_empty() {
            of("also").is_empty()
        } else {
            of("alsoLink") == sha256(json!([of("alsoSalt"), of("also")]))
        };
        let (link_is, also_is) = (of("link"), of("alsoLink"));
        let hash = sha256(json!([entry["seq"], entry["at"], of("actor"), act, link_is, also_is, previous]));
        let follows = entry["seq"] == place && of("previous") == previous && of("hash") == hash;
        if !follows || !link || !also {
            return Some(Found::Broken(place));
        }
        previous = hash;
        if salt.is_empty() {
            emptied.insert((0, place));
        }
        if of("alsoSalt").is_empty() && !also_is.is_empty() {
            emptied.insert((1, place));
        }
        if act == "erased" {
            for (kind, ranges) in detail.split(';').enumerate() {
                for range in ranges.split(',').filter(|range| !range.is_empty()) {
                    let (from, to) = range.split_once('-').unwrap_or((range, range));
                    let (from, to): (i64, i64) = (from.parse().ok()?, to.parse().ok()?);
                    if from < 1 || from > to || to >= place || to - from > MOST_PLACES {
                        return None;
                    }
                    for seq in from..=to {
                        emptied.remove(&(kind, seq));
                    }
                }
            }
            // In which spelling they may stand is for the first reader to say.
            detail.parse::<LetGo>().ok()?;
        }
    }
    Some(Found::Emptied(emptied.len()))
}

/// Whatever is done to what is proven is found.
fn harm(export: &[u8], position: usize, lines: &[Line], proven: i64) {
    let is_proven = |line: &Line| matches!(line, Line::Entry(entry) if entry.seq <= proven);
    let turned = flipped(export, position);
    if let Some(turned) = text(&turned).and_then(read_all)
        && turned != lines
    {
        // What stands behind the last signature has only the chain to hold it, and a checkpoint before the last one may be spoilt.
        let entries =
            |lines: &[Line]| lines.iter().filter(|line| is_proven(line)).cloned().collect::<Vec<_>>();
        let verdict = judge(&turned);
        let is_found = verdict.answer() != Answer::Holds || verdict.proven() < proven;
        assert!(is_found || entries(&turned) == entries(lines), "a bit was turned over");
    }
    let places: Vec<_> = (0..lines.len()).filter(|at| is_proven(&lines[*at])).collect();
    let Some(at) = places.get(position % places.len().max(1)).copied() else { return };
    let (mut dropped, mut doubled, mut moved) = (lines.to_vec(), lines.to_vec(), lines.to_vec());
    dropped.remove(at);
    doubled.insert(at, lines[at].clone());
    let other = places[(position / 7) % places.len()];
    moved.swap(at, other);
    for harmed in [dropped, doubled, moved].iter().filter(|harmed| *harmed != lines) {
        assert_ne!(judge(harmed).answer(), Answer::Holds, "a line is not where it was");
    }
}
