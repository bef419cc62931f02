//! Those whom the service tells something: receivers of webhooks, and the mail server.

use std::net::IpAddr;

use idos_webhooks::{Secret, SpecialRange, Targets};
use url::{Host, Url};

use super::Report;
use crate::config::{self, Config, Webhook};
use crate::keys::{KeysError, load_text};
use crate::mail::{self, MailError, Mailer, Reports};

pub(super) async fn webhooks(config: &Config, report: &mut Report) {
    let policy = &config.webhook_policy;
    let targets = Targets { allow_private: policy.allow_private, allow_http: policy.allow_http };
    for webhook in &config.webhooks {
        let name = &webhook.name;
        match look_at(webhook, targets).await {
            Ok(()) => report.fine("webhooks", format!("{name}: its address resolves and may be called")),
            Err((problem, cure)) => report.complain("webhooks", format!("{name}: {problem}"), cure),
        }
    }
}

async fn look_at(webhook: &Webhook, targets: Targets) -> Result<(), (String, String)> {
    for path in &webhook.secrets {
        let secret = load_text(path).map_err(|error| {
            let cure = match &error {
                KeysError::Secret(error) => error.cure(),
                _ => "put the file there, readable by the service's user alone (chmod 600)".to_owned(),
            };
            (super::causes(&error), cure)
        })?;
        secret.parse::<Secret>().map_err(|_| {
            let cure = "it must be whsec_ and 24 to 64 random bytes in base64";
            (format!("{} is no secret", path.display()), cure.to_owned())
        })?;
    }
    reachable(webhook, targets).await.map_err(|(problem, cure)| (problem, cure.to_owned()))
}

async fn reachable(webhook: &Webhook, targets: Targets) -> Result<(), (String, &'static str)> {
    const ALLOW: &str = "correct webhooks.url, or allow it in [webhook_policy]";

    let url: Url =
        webhook.url.expose().parse().map_err(|_| ("its url is none".to_owned(), "correct webhooks.url"))?;
    targets.check_url(&url).map_err(|refusal| (format!("its url {refusal}"), ALLOW))?;
    let Some(Host::Domain(host)) = url.host() else { return Ok(()) };
    let resolved: Vec<IpAddr> = match tokio::net::lookup_host((host, 0)).await {
        Ok(addresses) => addresses.map(|address| address.ip()).collect(),
        Err(_) => Vec::new(),
    };
    if resolved.is_empty() {
        return Err(("its host does not resolve".to_owned(), "correct webhooks.url, or see to DNS"));
    }
    match resolved.into_iter().find_map(SpecialRange::of) {
        Some(range) if !targets.allow_private => {
            Err((format!("its host has an address that is not public: {range}"), ALLOW))
        }
        _ => Ok(()),
    }
}

pub(super) async fn mail(config: &Config, report: &mut Report) {
    const CHECK: &str = "mail";
    let Some(settings) = &config.mail else {
        report.note(CHECK, "no mail server is configured: nobody is written to");
        return;
    };
    let mailer = match Mailer::new(Some(settings)) {
        Ok(mailer) => mailer,
        Err(error) => {
            let cure = match &error {
                MailError::DkimKey(error) => error.cure(),
                MailError::Templates(_) => "correct the templates; `mail check` names the same".to_owned(),
                _ => "correct the setting; config.example.toml explains each".to_owned(),
            };
            report.complain(CHECK, super::causes(&error), cure);
            return;
        }
    };
    match mailer.test().await {
        Ok(()) => report.fine(CHECK, "mails can be handed over; mail test ADDRESS sends one"),
        Err(outcome) => report.complain(CHECK, outcome.to_string(), cure_of(outcome)),
    }
    bounces(settings, report).await;
}

async fn bounces(settings: &config::Mail, report: &mut Report) {
    const CHECK: &str = "bounces";
    match Reports::new(Some(settings)) {
        Ok(None) => report.note(
            CHECK,
            "mail.bounces is not set: mails that come back are heard of by mail bounce and POST /v1/contacts/unreachable alone",
        ),
        Ok(Some(reports)) => match reports.test().await {
            Ok(()) => report.fine(CHECK, "reports of mails that came back can be read; mail collect does it now"),
            Err(error) => report.complain(CHECK, super::causes(&error), error.cure()),
        },
        Err(error) => report.complain(
            CHECK,
            super::causes(&error),
            "correct the setting; config.example.toml explains each",
        ),
    }
}

/// Whether people can come to their own page by a mail.
pub(super) fn own_page(config: &Config, report: &mut Report) {
    const CHECK: &str = "own page";
    if !config.person_page.enabled {
        return;
    }
    if config.mail.is_some() && config.http.public_url.is_some() {
        report.fine(CHECK, "people come to their own page (/me) by a mail or a wallet");
    } else {
        report.note(
            CHECK,
            "people come to their own page (/me) by a wallet alone: links in mails take [mail] and http.public_url",
        );
    }
}

fn cure_of(outcome: mail::Outcome) -> &'static str {
    use mail::{Cause, Outcome, Stage};

    match outcome {
        Outcome::Refused { stage: Stage::Login, .. } => "correct user and password in mail.url",
        Outcome::NotSent { cause: Cause::Local, .. } => {
            "put the folder or the program there that the configuration names, for the service's user"
        }
        Outcome::NotSent { cause: Cause::NoTls, .. } => {
            "have the mail server offer STARTTLS, or use smtps:// if it has TLS from the first byte"
        }
        Outcome::NotSent { cause: Cause::Certificate, .. } => {
            "correct the host in mail.url, or name who vouches for the server in mail.ca_file; a server of this machine may be spoken \
             to without TLS: ?tls=none"
        }
        Outcome::NotSent { cause: Cause::NoLogin, .. } => {
            "have the mail server offer AUTH PLAIN or LOGIN, or leave user and password out"
        }
        _ => "correct host, port and kind of TLS in mail.url, or see to the mail server",
    }
}
