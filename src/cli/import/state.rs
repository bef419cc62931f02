//! How far an import is, and what was refused: two files, which hold nothing of what the lines say.

use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, UNIX_EPOCH};

use rand::rngs::OsRng;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Error, beside};
use crate::model::ids::random_uuid;

/// How often it is written down how far it is. What was done since then is answered again, and made only once.
const EVERY: Duration = Duration::from_secs(2);

/// How many lines got which verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Counts {
    pub(super) accepted: u64,
    pub(super) replayed: u64,
    pub(super) refused: u64,
    pub(super) failed: u64,
}

/// How far an import is.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct State {
    /// The `Idempotency-Key` of all its requests.
    idempotency_key: String,
    /// The first line without a verdict.
    next: u64,
    /// Where that begins in the file, in bytes.
    offset: u64,
    /// What tells the file from another one of its name: its length in bytes, and when it was changed (seconds since 1970).
    length: u64,
    changed: u64,
    /// What of the file of refused lines counts, in bytes.
    refused_length: u64,
    counts: Counts,
    complete: bool,
}

/// Both files.
pub(super) struct Ledger {
    path: PathBuf,
    state: State,
    refused: BufWriter<File>,
    saved: Instant,
}

impl Ledger {
    /// Goes on with the import of `file`, or begins it.
    pub(super) fn open(file: &Path, refused: &Path) -> Result<Self, Error> {
        let about = std::fs::metadata(file).map_err(|error| format!("{}: {error}", file.display()))?;
        if !about.is_file() {
            return Err(format!(
                "{} is not a file: it must be one, to go on in it after a break",
                file.display()
            )
            .into());
        }
        let changed = about.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let path = beside(refused, ".state");
        let state = match std::fs::read(&path) {
            Ok(text) => {
                let state: State = serde_json::from_slice(&text)
                    .map_err(|_| format!("{} cannot be read: remove it to begin anew", path.display()))?;
                if (state.length, state.changed) != (about.len(), changed) {
                    return Err(format!(
                        "{} has changed since its import began. Put it back as it was; or name another file by --refused, to import this one",
                        file.display()
                    )
                    .into());
                }
                state
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                if refused.try_exists()? {
                    return Err(format!(
                        "{} is there already, of another import: name another file by --refused",
                        refused.display()
                    )
                    .into());
                }
                State {
                    idempotency_key: random_uuid(&mut OsRng).to_string(),
                    next: 1,
                    offset: 0,
                    length: about.len(),
                    changed,
                    refused_length: 0,
                    counts: Counts::default(),
                    complete: false,
                }
            }
            Err(error) => return Err(format!("{}: {error}", path.display()).into()),
        };
        let mut refused = OpenOptions::new().create(true).truncate(false).write(true).open(refused)?;
        // What was written after the state was saved comes again.
        refused.set_len(state.refused_length)?;
        refused.seek(SeekFrom::End(0))?;
        let mut ledger = Self { path, state, refused: BufWriter::new(refused), saved: Instant::now() };
        // Before anything is sent: it is what all requests of the import have in common.
        ledger.save()?;
        Ok(ledger)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn is_complete(&self) -> bool {
        self.state.complete
    }

    pub(super) fn counts(&self) -> Counts {
        self.state.counts
    }

    /// The `Idempotency-Key`.
    pub(super) fn key(&self) -> &str {
        &self.state.idempotency_key
    }

    /// The first line without a verdict.
    pub(super) fn next(&self) -> u64 {
        self.state.next
    }

    /// Where that begins in the file, in bytes.
    pub(super) fn offset(&self) -> u64 {
        self.state.offset
    }

    /// The length of the file, in bytes.
    pub(super) fn length(&self) -> u64 {
        self.state.length
    }

    /// Writes the verdict of a line down, which ends at `end`.
    pub(super) fn note(
        &mut self,
        number: u64,
        verdict: &str,
        problem: Option<&Value>,
        end: Option<u64>,
    ) -> Result<(), Error> {
        let (Some(end), true) = (end, number >= self.state.next) else {
            return Err("a verdict of the service is about a line that was not sent".into());
        };
        let counts = &mut self.state.counts;
        let (count, is_taken) = match verdict {
            "accepted" => (&mut counts.accepted, true),
            "replayed" => (&mut counts.replayed, true),
            "refused" => (&mut counts.refused, false),
            "failed" => (&mut counts.failed, false),
            _ => {
                return Err(
                    "the service gives a verdict that is not known: is it newer than this program?".into()
                );
            }
        };
        *count += 1;
        if !is_taken {
            let line = json!({ "line": number, "verdict": verdict, "problem": problem }).to_string();
            writeln!(self.refused, "{line}")?;
            self.state.refused_length += line.len() as u64 + 1;
        }
        (self.state.next, self.state.offset) = (number + 1, end);
        Ok(())
    }

    /// All lines have their verdicts.
    pub(super) fn complete(&mut self) {
        self.state.complete = true;
        self.state.offset = self.state.length;
    }

    /// Saves if it is time.
    pub(super) fn save_from_time_to_time(&mut self) -> Result<(), Error> {
        if self.saved.elapsed() < EVERY { Ok(()) } else { self.save() }
    }

    /// Saves how far it is, so that this survives a loss of power: what was refused first.
    pub(super) fn save(&mut self) -> Result<(), Error> {
        self.refused.flush()?;
        self.refused.get_ref().sync_data()?;
        let new = beside(&self.path, ".new");
        let mut file = File::create(&new)?;
        file.write_all(&serde_json::to_vec(&self.state)?)?;
        file.sync_data()?;
        std::fs::rename(&new, &self.path)?;
        self.saved = Instant::now();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> PathBuf {
        let folder = std::env::temp_dir().join(format!("idos-issuer-ledger-{}", random_uuid(&mut OsRng)));
        std::fs::create_dir(&folder).unwrap();
        folder
    }

    #[test]
    fn what_was_not_saved_is_noted_again_and_stands_once() {
        let folder = folder();
        let (file, refused) = (folder.join("a"), folder.join("r"));
        std::fs::write(&file, "1\n2\n3\n").unwrap();
        let mut ledger = Ledger::open(&file, &refused).unwrap();
        let key = ledger.key().to_owned();
        ledger.note(1, "refused", Some(&json!({})), Some(2)).unwrap();
        ledger.save().unwrap();
        ledger.note(2, "refused", None, Some(4)).unwrap();
        ledger.refused.flush().unwrap();
        drop(ledger); // as if it had been killed

        let mut ledger = Ledger::open(&file, &refused).unwrap();
        assert_eq!((ledger.key(), ledger.next(), ledger.offset()), (key.as_str(), 2, 2));
        ledger.note(2, "refused", None, Some(4)).unwrap();
        ledger.note(3, "accepted", None, Some(6)).unwrap();
        assert!(ledger.note(3, "accepted", None, Some(6)).is_err(), "no line twice");
        ledger.complete();
        ledger.save().unwrap();
        let written = std::fs::read_to_string(&refused).unwrap();
        let lines: Vec<Value> = written.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines.iter().map(|line| line["line"].as_u64().unwrap()).collect::<Vec<_>>(), [1, 2]);
        let ledger = Ledger::open(&file, &refused).unwrap();
        assert!(ledger.is_complete());
        assert_eq!(ledger.counts(), Counts { accepted: 1, refused: 2, ..Counts::default() });
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn another_file_of_the_same_name_is_not_gone_on_with() {
        let folder = folder();
        let (file, refused) = (folder.join("a"), folder.join("r"));
        std::fs::write(&file, "1\n").unwrap();
        drop(Ledger::open(&file, &refused).unwrap());
        std::fs::write(&file, "1\n2\n").unwrap();
        let error = Ledger::open(&file, &refused).err().unwrap().to_string();
        assert!(error.contains("has changed"), "{error}");
        std::fs::remove_file(folder.join("r.state")).unwrap();
        let error = Ledger::open(&file, &refused).err().unwrap().to_string();
        assert!(error.contains("is there already"), "{error}");
        assert!(Ledger::open(&folder, &folder.join("s")).is_err(), "a folder is none");
        std::fs::remove_dir_all(folder).unwrap();
    }
}
