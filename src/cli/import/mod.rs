//! `import`: a file of results, a line each, sent to a running service by `POST /v1/imports`; goes on by itself after a break.

mod progress;
mod send;
mod state;

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use serde_json::json;
use url::Url;
use zeroize::Zeroizing;

use self::progress::Progress;
use self::send::{Ended, Sending};
use self::state::{Counts, Ledger};
use super::context::Context;
use super::signals::Signals;
use super::{Outcome, output};
use crate::{config, outbound, secret_file};

type Error = Box<dyn std::error::Error>;

/// How long the service may say nothing while an import runs. It lets go of a caller who says nothing sooner than that.
const SILENCE: Duration = Duration::from_mins(2);

/// The longest that is waited before it is tried again.
const MAX_PAUSE: Duration = Duration::from_mins(1);

#[derive(Args)]
pub(super) struct Import {
    /// The file: on each line a submission as `POST /v1/issuances` takes it, with its files inside (docs/imports.md).
    file: PathBuf,
    /// Where the service is, such as <https://issuer.example.com>.
    #[arg(long)]
    url: Url,
    /// A file with the API key, which needs the scope issuances:write. Without it: the environment variable `IDOS_ISSUER_API_KEY`.
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
    /// Where refused lines are written down: their numbers and reasons, not the lines. Without it: FILE.refused.ndjson. How far the import is
    /// stands beside it, in a file that ends in .state.
    #[arg(long, value_name = "FILE")]
    refused: Option<PathBuf>,
    /// Show how fast it goes, what is left and how many lines were refused.
    #[arg(long)]
    progress: bool,
    /// Send to http:// elsewhere than on this machine: who is on the way there reads everything.
    #[arg(long)]
    plain_http: bool,
    /// After so many attempts in a row that brought no line further, it is given up. Run it again then, and it goes on.
    #[arg(long, value_name = "COUNT", default_value_t = 20)]
    attempts: u32,
    /// Print one JSON object at the end.
    #[arg(long)]
    json: bool,
}

impl Import {
    pub(super) fn run(self, context: &Context) -> Outcome {
        context.answer(async {
            let url = endpoint(&self.url, self.plain_http)?;
            let key = api_key(self.key_file.as_deref())?;
            let refused = self.refused.clone().unwrap_or_else(|| beside(&self.file, ".refused.ndjson"));
            let mut ledger = Ledger::open(&self.file, &refused)?;
            if ledger.is_complete() {
                output::hint(&format!(
                    "this file has been imported already: {} says so. Remove that and {} to import it once more",
                    ledger.path().display(),
                    refused.display()
                ));
                return Ok(self.report(ledger.counts(), &refused));
            }
            let sending = Sending { client: outbound::patient_client(SILENCE)?, url, key, file: &self.file };
            let mut progress = Progress::new(self.progress, &ledger);
            let mut signals = Signals::new()?;
            let sent = tokio::select! {
                sent = self.send(&sending, &mut ledger, &mut progress) => sent,
                () = signals.next() => Err("stopped before its end".into()),
            };
            progress.end();
            ledger.save()?;
            sent.map_err(|error| at(&error.to_string(), &ledger))?;
            Ok(self.report(ledger.counts(), &refused))
        })
    }

    /// Sends until all lines have their verdicts.
    async fn send(
        &self,
        sending: &Sending<'_>,
        ledger: &mut Ledger,
        progress: &mut Progress,
    ) -> Result<(), Error> {
        let mut in_vain = 0;
        loop {
            let before = ledger.next();
            let (why, pause) = match sending.once(ledger, progress).await? {
                Ended::Complete => return Ok(()),
                Ended::Early { why, retry_after } => (why, retry_after),
            };
            ledger.save()?;
            in_vain = if ledger.next() > before { 1 } else { in_vain + 1 };
            if in_vain >= self.attempts {
                return Err(
                    format!("given up after {in_vain} attempts that brought no line further: {why}").into()
                );
            }
            // Twice as long each time, but for what the service asks for.
            let pause =
                pause.unwrap_or_else(|| Duration::from_secs(1 << (in_vain - 1).min(6))).min(MAX_PAUSE);
            progress.say(&format!("{why}. It goes on at line {} in {} s", ledger.next(), pause.as_secs()));
            tokio::time::sleep(pause).await;
        }
    }

    /// Says what has come of it, and whether every line was taken.
    fn report(&self, counts: Counts, refused: &Path) -> bool {
        let Counts { accepted, replayed, refused: no, failed } = counts;
        if self.json {
            let file = refused.display().to_string();
            let counts = json!({
                "accepted": accepted, "replayed": replayed, "refused": no, "failed": failed, "refusedFile": file
            });
            output::line(&counts.to_string());
        } else {
            output::line(&format!("accepted {accepted}, replayed {replayed}, refused {no}, failed {failed}"));
            if no + failed > 0 {
                output::line(&format!("their numbers and reasons are in {}", refused.display()));
            }
        }
        no + failed == 0
    }
}

/// Why it did not come to its end, and how it does.
fn at(error: &str, ledger: &Ledger) -> Error {
    format!("{error}. Run the same command again: it goes on at line {}", ledger.next()).into()
}

/// A file of this name and ending.
fn beside(file: &Path, ending: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// Where imports are sent.
fn endpoint(url: &Url, plain_http: bool) -> Result<Url, Error> {
    match url.scheme() {
        "https" => {}
        "http" if plain_http || config::is_here(url) => {}
        "http" => {
            return Err(
                "--url must be https:// (or say --plain-http: who is on the way reads everything)".into()
            );
        }
        _ => return Err("--url must be https:// and a host".into()),
    }
    format!("{}/v1/imports", url.as_str().trim_end_matches('/')).parse().map_err(|_| "--url is no URL".into())
}

/// The key, from a file or the environment: arguments can be read by every user of the machine.
fn api_key(file: Option<&Path>) -> Result<Zeroizing<String>, Error> {
    match file {
        Some(file) => Ok(secret_file::read(file)?),
        None => match config::api_key() {
            Some(key) => Ok(Zeroizing::new(key.expose().to_owned())),
            None => Err("there is no API key: name a file by --key-file, or set IDOS_ISSUER_API_KEY".into()),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_spoken_to_in_the_clear() {
        let endpoint =
            |url: &str, plain| endpoint(&url.parse().unwrap(), plain).map(|url| url.to_string()).ok();
        let at = |text: &str| Some(text.to_owned());
        assert_eq!(endpoint("https://a.example/b/", false), at("https://a.example/b/v1/imports"));
        assert_eq!(endpoint("http://127.0.0.1:8080", false), at("http://127.0.0.1:8080/v1/imports"));
        assert_eq!(endpoint("http://[::1]:8080", false), at("http://[::1]:8080/v1/imports"));
        assert_eq!(endpoint("http://issuer:8080", true), at("http://issuer:8080/v1/imports"));
        for refused in ["http://issuer:8080", "http://127.0.0.1.example", "ftp://localhost", "file:///a"] {
            assert_eq!(endpoint(refused, false), None, "{refused}");
        }
    }
}
