//! Sources of personhood: whether their settings and files can be used, and what each says to a proof of nobody's. That costs nothing: a
//! proof that proves nothing is refused by whoever is there and knows the app.

use std::time::Duration;

use identity_vendors::personhood::DenialCode;

use super::Report;
use crate::clock::Clock;
use crate::config::Config;
use crate::person_source::{PersonSource, PersonSourceError, Unanswered};
use crate::source::Unreached;

const CHECK: &str = "sources";

/// How long a source may take.
const PATIENCE: Duration = Duration::from_secs(30);

pub(super) async fn persons(config: &Config, report: &mut Report) {
    for configured in &config.source.persons {
        let name = &configured.name;
        match PersonSource::wire(configured) {
            Ok(source) => {
                if !source.at(0).has_subject() {
                    report.note(
                        CHECK,
                        format!("{name}: its people are written in FaceSign's type of subject: tell your consumers"),
                    );
                }
                look(name, &source, report).await;
            }
            Err(error) => {
                let cure = match &error {
                    PersonSourceError::Key(crate::keys::KeysError::Secret(error)) => error.cure(),
                    PersonSourceError::NoSubject => {
                        "set write_as_face_sign, or leave the source out (docs/sources.md)".to_owned()
                    }
                    _ => "correct the setting, or what its file holds; config.example.toml explains each"
                        .to_owned(),
                };
                report.complain(CHECK, format!("{name}: {}", super::causes(&error)), cure);
            }
        }
    }
}

async fn look(name: &str, source: &PersonSource, report: &mut Report) {
    let now = || Clock::System.now().unix_seconds();
    let Some((adapter, question)) = source.question_about_nobody(now()) else {
        report.fine(CHECK, format!("{name}: nobody is asked, proofs are signed"));
        return;
    };
    let asked = tokio::time::timeout(PATIENCE, source.ask(&adapter, &question, now)).await;
    let denial = match asked.unwrap_or(Err(Unanswered::Unreached(Unreached::TooSlow))) {
        Ok(_) => return report.fine(CHECK, format!("{name}: the source answers")),
        Err(Unanswered::Unreached(error)) => {
            return report.complain(
                CHECK,
                format!("{name}: {error}"),
                "correct source.base_url, or see to the network or the source",
            );
        }
        Err(Unanswered::Denied { denial, .. }) => denial,
    };
    let bad = |text: &str| format!("{name}: {text}");
    match denial.code {
        DenialCode::KeyRefused => report.complain(
            CHECK,
            bad("the source refuses the key"),
            "put a valid key of the source into the file of source.key or source.relay_key",
        ),
        DenialCode::OtherApp => report.complain(
            CHECK,
            bad("the source does not know the app"),
            "correct source.app: it is the source's id of your app",
        ),
        DenialCode::OtherAction => report.complain(
            CHECK,
            bad("the source does not know the action, or it is switched off"),
            "correct source.action, or switch the action on at the source",
        ),
        DenialCode::NotConfigured => report.complain(
            CHECK,
            format!("{name}: something is missing at the source ({})", denial.field),
            "see to the app, the scorer, the group or the verification at the source, and to its setting here",
        ),
        DenialCode::Redirected | DenialCode::UnexpectedStatus | DenialCode::NotJson => report.complain(
            CHECK,
            format!("{name}: what answers is not the source ({})", denial.code.as_str()),
            "correct source.base_url",
        ),
        DenialCode::Unavailable | DenialCode::Limited => report.complain(
            CHECK,
            format!("{name}: the source does not answer now ({})", denial.code.as_str()),
            "wait, and look again",
        ),
        // That the proof proves nothing, however the source says it.
        _ => report.fine(CHECK, format!("{name}: the source answers, and knows the app")),
    }
}
