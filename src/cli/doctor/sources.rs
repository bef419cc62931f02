//! Vendors of KYC results: whether their secrets can be read, whether they answer as they should and take our key, and whether their
//! clock is ours.

use std::time::Duration;

use identity_vendors::{Case, CaseId, Fault, Inquiry, Step};

use super::Report;
use crate::clock::Clock;
use crate::config::Config;
use crate::source::{AskError, Source, SourceError, Unreached};

const CHECK: &str = "sources";

/// No vendor's ids look like this.
const NO_CASE: &str = "idos-issuer-doctor";

/// How far clocks may be apart, in seconds: vendors refuse what was signed longer ago than some minutes.
const APART: i64 = 60;

/// How long a vendor may take.
const PATIENCE: Duration = Duration::from_secs(30);

pub(super) async fn sources(config: &Config, report: &mut Report) {
    for configured in &config.source {
        let name = &configured.name;
        let source = match Source::wire(configured) {
            Ok(source) => source,
            Err(error) => {
                let cure = match &error {
                    SourceError::Key(crate::keys::KeysError::Secret(error)) => error.cure(),
                    _ => "put the vendor's secrets into files of one line each, for the service's user alone"
                        .to_owned(),
                };
                report.complain(CHECK, format!("{name}: {}", super::causes(&error)), cure);
                continue;
            }
        };
        if source.account.webhook_secrets.is_empty() {
            report.note(
                CHECK,
                format!("{name}: no webhook_secrets: its webhooks are refused, or, where the vendor signs none, only hints"),
            );
        }
        for setting in source.vendor.idle_settings(&source.account) {
            report.note(CHECK, format!("{name}: source.{setting} does nothing at this vendor"));
        }
        let mut ahead = None;
        let asked = tokio::time::timeout(PATIENCE, ask(&source, &mut ahead)).await;
        let asked = asked.unwrap_or(Ok(Seen::Fault(AskError::Unreached(Unreached::TooSlow))));
        // A request that is signed with a wrong time is refused like one with a wrong key.
        if let Some(seconds) = ahead.filter(|seconds| seconds.abs() > APART) {
            report.complain(
                CHECK,
                format!("{name}: its clock and this machine's are {} seconds apart", seconds.abs()),
                "have this machine's clock set (NTP): signatures of requests and webhooks have a time",
            );
        }
        match asked {
            Ok(Seen::TakesKey) => report.fine(CHECK, format!("{name}: the vendor answers, and takes the key")),
            Ok(Seen::Fault(AskError::Fault { fault: Fault::Limited, .. })) => report.note(
                CHECK,
                format!("{name}: the vendor answers, and asks to wait: whether it takes the key is not known"),
            ),
            Ok(Seen::Page) => report.complain(
                CHECK,
                format!("{name}: a web page answers in place of the vendor's API"),
                "correct source.base_url or source.tokens_url, or have what stands before the vendor let this machine through",
            ),
            Ok(Seen::Fault(error)) | Err(error) => {
                let (text, cure) = complaint(&error);
                report.complain(CHECK, format!("{name}: {text}"), cure);
            }
        }
    }
}

/// What a vendor made of a question about a case that there is not.
enum Seen {
    /// It said so, however it does.
    TakesKey,
    /// An answer for people: of something else than an API.
    Page,
    /// Something else.
    Fault(AskError),
}

/// Asks about a case that there is not. Puts into `ahead` how far the vendor's clock is ahead of ours, if it tells the time.
async fn ask(source: &Source, ahead: &mut Option<i64>) -> Result<Seen, AskError> {
    let now = Clock::System.now().unix_seconds();
    let account = source.account(now).await?;
    let id = || CaseId::new(NO_CASE).map_err(|_| AskError::from(Fault::NotAsked));
    // At one vendor, the id alone finds nothing.
    let case = Case { scope: Some(id()?), ..Case::new(id()?) };
    let mut inquiry = Inquiry::new(source.vendor, &account, case);
    let Step::Ask(request) = inquiry.next(now)? else { return Err(Fault::NotAsked.into()) };
    let answered = source.send(&request).await?;
    *ahead = answered.seconds_ahead(now);
    if answered.is_page() {
        return Ok(Seen::Page);
    }
    Ok(match answered.read(|answer| inquiry.answer(answer), now) {
        Err(AskError::Fault { fault: Fault::NotFound | Fault::Status(400 | 409 | 422), .. }) => {
            Seen::TakesKey
        }
        Err(error) => Seen::Fault(error),
        // No vendor has it. What answers so may be an API, but hardly this vendor's.
        Ok(()) => Seen::Fault(inquiry.next(now).err().unwrap_or(Fault::NotAsked).into()),
    })
}

/// What is wrong, and what to do about it.
fn complaint(error: &AskError) -> (String, &'static str) {
    const ADDRESS: &str = "correct source.base_url: what answers there is not this vendor's API";

    match error {
        AskError::Fault { fault: Fault::Denied, .. } => (
            "the vendor refuses the key".to_owned(),
            "put a valid key of the vendor into the files of source.key and source.secret, with the right to read results",
        ),
        AskError::Fault { fault: fault @ Fault::NoKey(_), .. } => (
            fault.to_string(),
            "put what the vendor gave you beside the key into a file, one line of ASCII, and name it in source.secret",
        ),
        AskError::Fault { fault: Fault::Signature, .. } => (
            "the vendor's answer is signed with another secret".to_owned(),
            "put the secret that belongs to the key into the file of source.secret",
        ),
        AskError::Fault { fault: fault @ (Fault::Unavailable | Fault::Redirected), .. } => {
            (fault.to_string(), "correct source.base_url, or see to the vendor")
        }
        AskError::Fault { fault: fault @ Fault::Status(_), .. } => (fault.to_string(), ADDRESS),
        AskError::Fault { fault, .. } => {
            (format!("the answer about a case that there is not cannot be read: {fault}"), ADDRESS)
        }
        AskError::Unreached(Unreached::NoPlace) => (
            "there is no address for access tokens".to_owned(),
            "put the address at which the vendor issues access tokens into source.tokens_url",
        ),
        AskError::Unreached(unreached @ Unreached::Tls) => (
            unreached.to_string(),
            "correct source.base_url, or have this machine trust the certificate of what stands before the vendor",
        ),
        AskError::Unreached(unreached) => {
            (unreached.to_string(), "correct source.base_url, or see to the network or the vendor")
        }
    }
}
