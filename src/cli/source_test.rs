//! `sources test`: sends a running service what a vendor would, through the door that vendors use, and says what came of it.
//!
//! What is sent is about a case that nobody has and that has only just begun: nothing comes of it but the hash by which a repetition
//! is known for 30 days.

use std::time::Duration;

use clap::Args;
use identity_vendors::{Account, CaseId, Proof, Sample, Secret};
use rand::RngCore as _;
use rand::rngs::OsRng;
use reqwest::Response;
use serde_json::{Value, json};
use url::Url;

use super::healthcheck::reachable;
use super::{Outcome, output};
use crate::clock::Clock;
use crate::config::Config;
use crate::outbound::{self, TlsFault};
use crate::source::Source;

type Error = Box<dyn std::error::Error>;

/// How long the service may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// No answer of the service's to a webhook is longer, in bytes.
const LARGEST: usize = 16 * 1024;

/// How long a text of the service's may be that is shown, in characters.
const LONGEST: usize = 300;

/// How far clocks may be apart before it is told, in seconds.
const APART: i64 = 60;

/// What the type of the service's problems begins with.
const PROBLEM: &str = "urn:idos-issuer:problem:";

#[derive(Args)]
pub(super) struct Test {
    /// The source's name.
    name: String,
    /// Where the service is, as the vendor reaches it: what stands before /webhooks/NAME. Without it: where `http.listen` says.
    #[arg(long, value_name = "URL", value_parser = base)]
    url: Option<Url>,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

/// One thing that was tried.
struct Step {
    what: String,
    /// What came, and, if that is not as it should be, what to do about it.
    came: Result<String, (String, &'static str)>,
}

/// What is at the other end.
enum Said {
    /// It was taken; or known from before.
    Taken { is_repeated: bool },
    /// The service does not believe it, and says why.
    NotBelieved { why: String, seconds_ahead: Option<i64> },
    /// Another problem of the service's, by its code.
    Problem(String),
    /// It sends elsewhere.
    Elsewhere,
    /// Something that is not the service, with its status.
    Stranger(u16),
    /// Nothing that speaks HTTP.
    Unreached(Unreached),
}

/// Why there is no answer.
enum Unreached {
    Tls(TlsFault),
    Connection,
    TooSlow,
    BrokenOff,
}

impl Test {
    pub(super) async fn run(&self, config: &Config) -> Outcome {
        let configured = config.source.iter().find(|source| source.name == self.name);
        let configured = configured
            .ok_or("the configuration has no [[source]] of this name: `sources list` shows them")?;
        let url = match &self.url {
            Some(url) => url.clone(),
            None if config.http.listen.port() == 0 => {
                return Err("http.listen takes any free port: say by --url where the service is".into());
            }
            None => format!("http://{}", reachable(config.http.listen)).parse()?,
        };
        let source = Source::wire(configured)?;
        let url: Url = format!("{}/webhooks/{}", url.as_str().trim_end_matches('/'), source.name).parse()?;
        let door = Door { http: outbound::client(PATIENCE)?, url };
        let secrets: Vec<_> =
            configured.webhook_secrets.iter().map(|path| path.display().to_string()).collect();
        let steps = door.steps(&source, &secrets).await?;
        let works = steps.iter().all(|step| step.came.is_ok());
        if self.json {
            let steps: Vec<_> = steps.iter().map(show).collect();
            let shown = json!({
                "source": source.name.as_str(), "url": door.url.as_str(), "works": works, "steps": steps,
            });
            output::line(&shown.to_string());
            return Ok(works);
        }
        output::line(&format!("{}  {}", source.name, door.url));
        for Step { what, came } in &steps {
            match came {
                Ok(text) => output::line(&format!("  as it should be  {what}: {text}")),
                Err((text, cure)) => {
                    output::line(&format!("  WRONG            {what}: {text}"));
                    output::line(&format!("                   cure: {cure}"));
                }
            }
        }
        output::line(if works { "the door works" } else { "the door does NOT work" });
        Ok(works)
    }
}

fn show(step: &Step) -> Value {
    match &step.came {
        Ok(text) => json!({ "what": step.what, "ok": true, "text": text }),
        Err((text, cure)) => json!({ "what": step.what, "ok": false, "text": text, "cure": cure }),
    }
}

/// Where webhooks of a source go.
struct Door {
    http: reqwest::Client,
    url: Url,
}

impl Door {
    /// All that is tried, as far as it makes sense. `secrets` are the names of the files.
    async fn steps(&self, source: &Source, secrets: &[String]) -> Result<Vec<Step>, Error> {
        let mut steps = Vec::new();
        let mut taken = None;
        for (account, what) in signers(source, secrets) {
            let sample = sample(source, &account)?;
            let said = self.send(&sample).await;
            let is_reached = matches!(said, Said::Taken { .. } | Said::NotBelieved { .. });
            let came = accepted(said, sample.proof);
            if came.is_ok() {
                taken = taken.or(Some(sample));
            }
            steps.push(Step { what, came });
            // What is wrong with the way there is wrong with all that goes it.
            if !is_reached {
                return Ok(steps);
            }
        }
        if steps.is_empty() {
            steps.push(Step {
                what: "signed as the vendor does".to_owned(),
                came: Err((
                    "source.webhook_secrets names no file, and this vendor signs: all of its webhooks are refused".to_owned(),
                    "put the webhook's secret into a file, name it in source.webhook_secrets, and start the service again",
                )),
            });
        }
        let stranger = Account { webhook_secrets: vec![Secret::new(random())?], ..source.account.clone() };
        let forged = sample(source, &stranger)?;
        if forged.proof == Proof::Signed {
            let came = refused(self.send(&forged).await);
            steps.push(Step { what: "signed with another secret".to_owned(), came });
        }
        if let Some(sample) = taken {
            let came = repeated(self.send(&sample).await);
            steps.push(Step { what: "the first one again".to_owned(), came });
        }
        Ok(steps)
    }

    async fn send(&self, sample: &Sample) -> Said {
        let mut request = self.http.post(self.url.clone()).body(sample.body.clone());
        for (name, value) in &sample.headers {
            request = request.header(*name, value.as_str());
        }
        match request.send().await {
            Ok(answer) => understand(answer).await,
            Err(error) => Said::Unreached(match outbound::tls_fault(&error) {
                Some(fault) => Unreached::Tls(fault),
                None if error.is_timeout() => Unreached::TooSlow,
                None if error.is_connect() => Unreached::Connection,
                None => Unreached::BrokenOff,
            }),
        }
    }
}

/// The account with each of its secrets alone, and what is said of it.
fn signers(source: &Source, secrets: &[String]) -> Vec<(Account, String)> {
    let account = &source.account;
    let with = |secrets: Vec<Secret>| Account { webhook_secrets: secrets, ..account.clone() };
    // Nobody's secret is needed where nothing is signed.
    let signs_nothing = sample(source, &with(Vec::new())).is_ok();
    if signs_nothing {
        return vec![(with(Vec::new()), "unsigned, as the vendor sends it".to_owned())];
    }
    let named = account.webhook_secrets.iter().zip(secrets);
    named.map(|(secret, file)| (with(vec![secret.clone()]), format!("signed with {file}"))).collect()
}

/// About another case each time.
fn sample(source: &Source, account: &Account) -> Result<Sample, Error> {
    let case = CaseId::new(&format!("sample-{}", random()))?;
    Ok(source.vendor.sample(account, &case, Clock::System.now().unix_seconds())?)
}

fn random() -> String {
    let mut bytes = [0; 16];
    OsRng.fill_bytes(&mut bytes);
    hex::encode(bytes)
}

/// Reads an answer: of the service's are an outcome and problems with codes of its own.
async fn understand(answer: Response) -> Said {
    let now = Clock::System.now().unix_seconds();
    let status = answer.status();
    let date = answer.headers().get("date").and_then(|date| date.to_str().ok());
    let seconds_ahead = date.and_then(|date| outbound::seconds_ahead(date, now));
    if status.is_redirection() {
        return Said::Elsewhere;
    }
    let body = match outbound::read(answer, LARGEST).await {
        Ok(body) => serde_json::from_slice(&body).unwrap_or(Value::Null),
        Err(_) => return Said::Unreached(Unreached::BrokenOff),
    };
    let text = |name: &str| body.get(name).and_then(Value::as_str);
    match (status.as_u16(), text("outcome"), text("type").and_then(|kind| kind.strip_prefix(PROBLEM))) {
        (200, Some("repeated"), _) => Said::Taken { is_repeated: true },
        (200, Some("accepted" | "ignored"), _) => Said::Taken { is_repeated: false },
        (403, None, Some("not_signed")) => {
            let why = text("detail").unwrap_or_default();
            let why = why.chars().filter(|c| !c.is_control()).take(LONGEST).collect();
            Said::NotBelieved { why, seconds_ahead }
        }
        (400.., None, Some(code)) if code.bytes().all(|c| c.is_ascii_lowercase() || c == b'_') => {
            Said::Problem(code.to_owned())
        }
        (status, ..) => Said::Stranger(status),
    }
}

/// What should have been taken.
fn accepted(said: Said, proof: Proof) -> Result<String, (String, &'static str)> {
    const SECRET: &str = "have the same secret at the vendor, in this file and in the running service, and start the service again";

    match said {
        Said::Taken { .. } if proof == Proof::None => {
            Ok("taken; this vendor signs nothing, so what it tells only makes the service ask".to_owned())
        }
        Said::Taken { .. } => Ok("taken".to_owned()),
        Said::NotBelieved { why, seconds_ahead } => match seconds_ahead.filter(|ahead| ahead.abs() > APART) {
            Some(ahead) => Err((
                format!(
                    "refused: {why} The service's clock and this machine's are {} seconds apart",
                    ahead.abs()
                ),
                "have both clocks set (NTP)",
            )),
            None => Err((format!("refused: {why}"), SECRET)),
        },
        other => Err(wrong(other)),
    }
}

/// What should have been refused.
fn refused(said: Said) -> Result<String, (String, &'static str)> {
    match said {
        Said::NotBelieved { why, .. } => Ok(format!("refused: {why}")),
        Said::Taken { .. } => Err((
            "taken: whoever knows the address can send webhooks".to_owned(),
            "see what takes webhooks in place of the service: it checks no signature",
        )),
        other => Err(wrong(other)),
    }
}

/// What should have been known from before.
fn repeated(said: Said) -> Result<String, (String, &'static str)> {
    match said {
        Said::Taken { is_repeated: true } => Ok("known from before".to_owned()),
        Said::Taken { is_repeated: false } => Err((
            "taken as something new".to_owned(),
            "have all replicas of the service use one database, and the same vault keys",
        )),
        Said::NotBelieved { why, .. } => Err((
            format!("refused, and it was taken before: {why}"),
            "have all replicas of the service use the same secrets",
        )),
        other => Err(wrong(other)),
    }
}

/// What is wrong with the way to the service, and what to do about it.
fn wrong(said: Said) -> (String, &'static str) {
    const WHERE: &str = "correct --url or http.listen, or what stands before the service";

    match said {
        Said::Problem(code) => match code.as_str() {
            "not_found" => (
                "the service answers, and knows no such source at this path".to_owned(),
                "start the service with this configuration, and correct the path of --url",
            ),
            "rate_limited" => {
                ("the service takes no more requests at the moment".to_owned(), "try again in a while")
            }
            "overloaded" | "not_ready" | "request_timeout" | "internal" => {
                (format!("the service answers {code}"), "see what its log and `doctor` say, and try again")
            }
            _ => (
                format!("the service answers {code}"),
                "use one version for this command and the service, and let what stands before it change nothing",
            ),
        },
        Said::Elsewhere => (
            "it sends elsewhere (a redirect), and vendors do not follow".to_owned(),
            "give the vendor and --url the address itself, such as https:// for http://",
        ),
        Said::Stranger(404) => {
            ("what answers is not the service, and has no such path (404)".to_owned(), WHERE)
        }
        Said::Stranger(status @ 502..=504) => (
            format!("what stands before the service does not reach it ({status})"),
            "start the service, or see to the proxy",
        ),
        Said::Stranger(status) => (format!("what answers is not the service ({status})"), WHERE),
        Said::Unreached(Unreached::Tls(TlsFault::Certificate)) => (
            "its TLS certificate is not trusted, or is for another name".to_owned(),
            "have a certificate for this name from an authority that vendors trust",
        ),
        Said::Unreached(Unreached::Tls(TlsFault::Protocol)) => (
            "what listens there does not speak TLS as is needed".to_owned(),
            "correct --url: the service itself speaks http://, and what stands before it https://",
        ),
        Said::Unreached(Unreached::Connection) => {
            ("nothing can be reached there".to_owned(), "start the service, or correct --url or http.listen")
        }
        Said::Unreached(Unreached::TooSlow) => (
            "there is no answer in time".to_owned(),
            "see what its log says, and whether it is what listens there",
        ),
        Said::Unreached(Unreached::BrokenOff) => ("the answer breaks off, or is no HTTP".to_owned(), WHERE),
        Said::Taken { .. } | Said::NotBelieved { .. } => ("it is answered in another way".to_owned(), WHERE),
    }
}

/// An address of the service.
fn base(text: &str) -> Result<Url, &'static str> {
    const NO: &str = "must be http:// or https://, a host, and nothing behind a path";
    let url: Url = text.parse().map_err(|_| NO)?;
    let is_bare = url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
    let is_one = ["http", "https"].contains(&url.scheme()) && url.has_host() && url.password().is_none();
    if is_bare && is_one { Ok(url) } else { Err(NO) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_name_a_place_and_nothing_else() {
        for text in ["http://127.0.0.1:8080", "https://kyc.example.com/issuer", "http://issuer:8080/"] {
            base(text).unwrap();
        }
        for text in [
            "",
            "kyc.example.com",
            "ftp://a.example",
            "https://a.example?b",
            "https://a.example#b",
            "https://Xyzzy@a.example",
        ] {
            assert!(!base(text).unwrap_err().contains("Xyzzy"));
        }
    }
}
