//! The record of processing activities (GDPR, Art. 30(1)), from the configuration that holds at the moment.
//!
//! Of addresses it has the host alone: paths, users and parameters may be secret. What no configuration knows is asked for.

use serde::Serialize;
use serde_json::Value;
use url::Url;

use crate::config::{Bounces, Config, Controller};
use crate::model::retention::KINDS;
use crate::model::time::Timestamp;

/// The record, by the points of Art. 30(1).
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Processing {
    generated_at: String,
    controller: Vec<Named>,
    purposes: Vec<Named>,
    people: Vec<&'static str>,
    data: Vec<&'static str>,
    recipients: Vec<Recipient>,
    transfers: String,
    time_limits: Vec<TimeLimit>,
    safety_net: String,
    measures: Vec<String>,
}

/// Something with a name.
#[derive(Debug, Serialize)]
struct Named {
    name: &'static str,
    text: String,
}

/// Whom data is disclosed to.
#[derive(Debug, Serialize)]
struct Recipient {
    who: String,
    hosts: Vec<String>,
    gets: &'static str,
}

/// How long a kind of row is kept.
#[derive(Debug, Serialize)]
struct TimeLimit {
    place: String,
    what: &'static str,
    how: &'static str,
    long: String,
}

/// The record of this configuration.
pub(super) fn of(config: &Config, now: Timestamp) -> Processing {
    let periods = config.retention.periods(config.wallets.challenge_minutes, config.renewal.link_days);
    Processing {
        generated_at: now.to_string(),
        controller: controller(&config.controller, &config.issuer.name),
        purposes: purposes(config),
        people: people(config),
        data: data(config),
        recipients: recipients(config),
        transfers: given(config.controller.transfers.as_ref(), "controller.transfers"),
        time_limits: KINDS
            .iter()
            .map(|kind| TimeLimit {
                place: kind.place(),
                what: kind.what,
                how: kind.how(),
                long: kind.long_with(&periods),
            })
            .collect(),
        safety_net: safety_net(config, now),
        measures: measures(config),
    }
}

fn given(text: Option<&String>, setting: &str) -> String {
    text.cloned().unwrap_or_else(|| format!("TO BE FILLED IN: the setting {setting}"))
}

fn controller(controller: &Controller, issuer: &str) -> Vec<Named> {
    let Controller { name, address, contact, dpo, transfers: _ } = controller;
    let row = |name, text: Option<&String>, setting| Named { name, text: given(text, setting) };
    vec![
        row("Name", name.as_ref(), "controller.name"),
        row("Address", address.as_ref(), "controller.address"),
        row("Contact", contact.as_ref(), "controller.contact"),
        row("Data protection officer", dpo.as_ref(), "controller.dpo"),
        Named { name: "Name as issuer, in public notes", text: issuer.to_owned() },
    ]
}

fn purposes(config: &Config) -> Vec<Named> {
    let mut all = vec![
        (
            "Issue credentials",
            "a result of an identity verification becomes a credential in the user's own idOS profile",
        ),
        (
            "Profiles, wallets and attributes",
            "the profile that a credential needs is created, and wallets and attributes are added to it, after the wallet is proven",
        ),
        (
            "Prove what was issued",
            "a record of who was issued what, and an audit chain without names, for revocation and for disputes",
        ),
    ];
    if config.mail.is_some() {
        all.push(("Tell of the end", "people with a contact are told by mail before their credentials end"));
    }
    if !config.source.vendors.is_empty() || !config.source.persons.is_empty() {
        all.push((
            "Take results in",
            "results of vendors, and proofs of personhood, are fetched and checked",
        ));
    }
    if config.relay.enabled {
        all.push(("Relay", "people whom consumers of the relay send are identified for them"));
    }
    if config.retention.safety_net().until.is_some() {
        all.push((
            "Safety net",
            "in an introduction, signed credentials are kept, locked, so that they can be given again",
        ));
    }
    all.into_iter().map(|(name, text)| Named { name, text: text.to_owned() }).collect()
}

fn people(config: &Config) -> Vec<&'static str> {
    let mut all = vec!["users whose identity the provider has verified, or has had verified"];
    if !config.source.persons.is_empty() {
        all.push("users who prove that they are a person");
    }
    if config.relay.enabled {
        all.push("users whom consumers of the relay send");
    }
    all
}

fn data(config: &Config) -> Vec<&'static str> {
    let mut all = vec![
        "what a credential says: name, date of birth, address, document and its pictures, selfie, level and times of the verification \
         (in memory; locked while it waits; sealed for the user on its way)",
        "wallet addresses and proofs (locked until they are on the network), keyed hashes of them",
        "idOS user ids, ids of credentials, public encryption keys, public notes, times and states",
        "the provider's references of cases",
    ];
    if config.mail.is_some() || config.renewal.url.is_some() {
        all.push("e-mail addresses and languages (locked; found by a keyed hash)");
    }
    if !config.source.vendors.is_empty() {
        all.push(
            "ids of cases at vendors, classes of their decisions; no reason for which anybody was declined",
        );
    }
    if !config.source.persons.is_empty() {
        all.push("keyed hashes by which a person is known to a source of personhood; no biometric template and no score");
    }
    all
}

/// The host of an address, which is all that is told of it.
fn host(text: &str) -> String {
    let url = text.parse::<Url>().ok();
    url.and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_else(|| "this machine".to_owned())
}

fn recipients(config: &Config) -> Vec<Recipient> {
    let mut all = Vec::new();
    let mut add = |who: String, mut hosts: Vec<String>, gets: &'static str| {
        hosts.sort();
        hosts.dedup();
        all.push(Recipient { who, hosts, gets });
    };
    let node = &config.node;
    let nodes = std::iter::once(&node.url).chain(&node.fallback_urls).map(|url| host(url.as_str())).collect();
    add(
        "the idOS network, and who runs its nodes".to_owned(),
        nodes,
        "sealed credentials, public notes, user ids, wallet addresses, attributes",
    );
    if let Some(gateway) = &node.blob_gateway_url {
        add("the blob gateway of the network".to_owned(), vec![host(gateway.as_str())], "sealed contents");
    }
    add(
        "consumers, each for the credentials that its user grants it".to_owned(),
        Vec::new(),
        "credentials, by the user's access grants",
    );
    if !config.database.url.expose().starts_with("sqlite:") {
        add("the database server".to_owned(), vec![host(config.database.url.expose())], "all rows below");
    }
    if let Some(mail) = &config.mail {
        let mut hosts = Vec::new();
        if let Some(url) = &mail.url {
            hosts.push(host(url.expose()));
        }
        if let Some(Bounces::Mailbox(url)) = &mail.bounces {
            hosts.push(host(url.expose()));
        }
        add(
            "the mail servers".to_owned(),
            hosts,
            "e-mail addresses, and mails that say when which kind of credential ends",
        );
    }
    for vendor in &config.source.vendors {
        let hosts = vendor.base_url.iter().map(|url| host(url.as_str())).collect();
        add(
            format!("the vendor {} (source {})", vendor.vendor, vendor.name),
            hosts,
            "random ids of cases; results come from there",
        );
    }
    for person in &config.source.persons {
        let hosts = person.base_url.iter().map(|url| host(url.as_str())).collect();
        add(
            format!("the source of personhood {} (source {})", person.personhood, person.name),
            hosts,
            "proofs that users bring for it, or ids at the source",
        );
    }
    for webhook in &config.webhooks {
        add(
            format!("the receiver of webhooks {}", webhook.name),
            vec![host(webhook.url.expose())],
            "ids, states and codes",
        );
    }
    for chain in &config.wallets.evm_rpc {
        let hosts = chain.url.iter().map(|url| host(url.expose())).collect();
        add(
            format!("the endpoint of the chain {}", chain.chain),
            hosts,
            "addresses of contract wallets, and signatures of texts that they are to confirm",
        );
    }
    if config.relay.enabled {
        add(
            "consumers of the relay, as registered in the database".to_owned(),
            Vec::new(),
            "whether somebody's verification is done, and a copy of the credential",
        );
    }
    if let Some(enclave) = &config.claims.enclave_url {
        add(
            "the enclave that keeps passwords, for users who want that".to_owned(),
            vec![host(enclave.as_str())],
            "what the user's browser sends there; nothing from this service",
        );
    }
    if let Some(endpoint) = &config.telemetry.otlp_endpoint {
        add(
            "the collector of traces".to_owned(),
            vec![host(endpoint.as_str())],
            "ids, codes, sizes and times",
        );
    }
    all
}

fn safety_net(config: &Config, now: Timestamp) -> String {
    let net = config.retention.safety_net();
    match net.until {
        Some(until) if until > now => format!(
            "signed credentials are kept after delivery, locked, until {until} at the latest; then: {} ({} days to choose)",
            net.after, net.choice_days
        ),
        _ => "content is forgotten on delivery".to_owned(),
    }
}

fn measures(config: &Config) -> Vec<String> {
    let mut all = Vec::new();
    let tls = |may_be_plain: bool| {
        if may_be_plain { "WITHOUT TLS where the address says so" } else { "by TLS, but on this machine" }
    };
    all.push(format!("nodes are spoken to {}", tls(config.node.plain_http)));
    all.push(format!(
        "what waits is locked (XChaCha20-Poly1305), each record under a key of its own, and that under the vault's: {} vault key(s), which \
         can be rotated",
        config.keys.vault.len()
    ));
    all.push("credentials are sealed for their recipients in the request that brings them; what is delivered is deleted".to_owned());
    all.push(format!(
        "keys lie in files that their owner alone reads, one path each: {} signing, {} writing",
        config.keys.signing.len(),
        config.keys.write.len()
    ));
    all.push("look-ups go by keyed hashes (HMAC-SHA-256)".to_owned());
    if config.database.url.expose().starts_with("sqlite:") {
        all.push("the database overwrites what is deleted (secure_delete), and its log is emptied with every sweep".to_owned());
    }
    all.push(format!(
        "callers have API keys with scopes, of which SHA-256 is kept; at most {} requests a second for each client",
        config.http.requests_per_second
    ));
    if !config.webhooks.is_empty() {
        let policy = &config.webhook_policy;
        let private =
            if policy.allow_private { "also to private networks" } else { "to public addresses only" };
        all.push(format!("webhooks are signed, and sent {}, {private}", tls(policy.allow_http)));
    }
    if let Some(mail) = &config.mail {
        let signed = if mail.dkim.is_some() { "signed by DKIM" } else { "NOT signed by DKIM here" };
        all.push(format!("mails go out {}, {signed}", tls(mail.allow_plaintext)));
    }
    if config.wallets.require_challenge {
        all.push("wallets are proven by a challenge of this service".to_owned());
    }
    all.push(
        "logs, metrics and traces hold ids, codes, sizes and times; core dumps are switched off".to_owned(),
    );
    all.push("an audit chain of hashes, with signed checkpoints, says who did what, by ids".to_owned());
    if config.person_page.enabled {
        all.push("people see what is kept about them, take it as a file, and ask to have it erased, on a page of their own (/me)".to_owned());
    }
    all.push(
        "people's rights: erasure (DELETE /v1/issuances/{id}, /v1/issuances/{id}/kept, /v1/wallet-links/{id}, /v1/verifications/{id}), and \
         finding by address (POST /v1/contacts/lookup, contacts lookup)"
            .to_owned(),
    );
    all
}

/// A cell of a table: nothing of it may end the cell.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace(['\r', '\n'], " ")
}

impl Processing {
    /// One JSON object.
    pub(super) fn to_json(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default() // texts only
    }

    /// As a document.
    pub(super) fn to_markdown(&self) -> String {
        let mut lines = vec![
            "# Record of processing activities (GDPR, Art. 30(1))".to_owned(),
            String::new(),
            format!(
                "Made from the configuration at {}. Make it anew when that changes. The legal basis of each purpose is for the \
                 controller to say.",
                self.generated_at
            ),
        ];
        let heading = |lines: &mut Vec<String>, text: &str| {
            lines.extend([String::new(), format!("## {text}"), String::new()]);
        };
        let named = |one: &Named| format!("- {}: {}", one.name, one.text);
        heading(&mut lines, "(a) Controller");
        lines.extend(self.controller.iter().map(named));
        heading(&mut lines, "(b) Purposes");
        lines.extend(self.purposes.iter().map(named));
        heading(&mut lines, "(c) Categories of people");
        lines.extend(self.people.iter().map(|text| format!("- {text}")));
        heading(&mut lines, "(c) Categories of personal data");
        lines.extend(self.data.iter().map(|text| format!("- {text}")));
        heading(&mut lines, "(d) Recipients");
        lines.extend(["| who | hosts | what they get |", "|---|---|---|"].map(str::to_owned));
        lines.extend(
            self.recipients.iter().map(|one| {
                format!("| {} | {} | {} |", cell(&one.who), cell(&one.hosts.join(", ")), one.gets)
            }),
        );
        heading(&mut lines, "(e) Transfers to third countries or international organisations");
        lines.push(self.transfers.clone());
        heading(&mut lines, "(f) Time limits");
        lines.extend([format!("Safety net: {}.", self.safety_net), String::new()]);
        lines.extend(["| what | where | how | how long |", "|---|---|---|---|"].map(str::to_owned));
        lines.extend(
            self.time_limits
                .iter()
                .map(|one| format!("| {} | `{}` | {} | {} |", one.what, one.place, one.how, one.long)),
        );
        heading(&mut lines, "(g) Security measures");
        lines.extend(self.measures.iter().map(|text| format!("- {text}")));
        lines.join("\n")
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn config(more: &str) -> Config {
        let text = format!(
            "[node]\nurl = \"https://Xyzzy:Xyzzy@node.example/Xyzzy?Xyzzy\"\nblob_gateway_url = \"https://blobs.example\"\n\
             [issuer]\nname = \"Example KYC\"\n\
             [keys]\nsigning = \"Xyzzy-s\"\nwrite = \"Xyzzy-w\"\nencryption = \"Xyzzy-e\"\nvault = \"Xyzzy-v\"\n{more}"
        );
        Config::of_text(&text, Path::new("/tmp/config.toml")).unwrap()
    }

    const FULL: &str = "[database]\nurl = \"postgres://user:Xyzzy@db.example/issuer\"\n\
        [controller]\nname = \"Example | Ltd\"\ndpo = \"dpo@kyc.example\"\n\
        [retention]\nphase = \"safety_net\"\nsafety_net_until = \"2027-06-30\"\nrecords_months = 7\nevents_hours = 55\n\
        [[webhooks]]\nname = \"cases\"\nurl = \"https://hooks.example/Xyzzy\"\nsecrets = [\"Xyzzy\"]\n\
        [mail]\nurl = \"smtps://user:Xyzzy@mail.example:465\"\nfrom = \"Example KYC <kyc@kyc.example>\"\n\
        [[wallets.evm_rpc]]\nchain = \"eip155:1\"\nurl = \"https://chain.example/v2/Xyzzy\"\n\
        [[source]]\nname = \"checks\"\nvendor = \"sumsub\"\nclient = \"acme\"\nkey = \"Xyzzy\"\nsecret = \"Xyzzy\"\nwebhook_secrets = [\"Xyzzy\"]\n";

    #[test]
    fn it_says_all_points_and_no_secret() {
        let now: Timestamp = "2026-12-01T00:00:00Z".parse().unwrap();
        let record = of(&config(FULL), now);
        for text in [record.to_markdown(), record.to_json().to_string()] {
            for part in [
                "Example | Ltd",
                "dpo@kyc.example",
                "TO BE FILLED IN: the setting controller.address",
                "TO BE FILLED IN: the setting controller.transfers",
                "node.example",
                "blobs.example",
                "db.example",
                "mail.example",
                "hooks.example",
                "chain.example",
                "sumsub",
                "`retention.records_months` (7)",
                "`retention.events_hours` (55)",
                "until 2027-06-30",
                "XChaCha20-Poly1305",
            ] {
                assert!(text.contains(part), "{part}: {text}");
            }
            assert!(!text.contains("Xyzzy"), "{text}");
        }
        let points = record.to_markdown();
        for point in ["(a)", "(b)", "(c)", "(d)", "(e)", "(f)", "(g)"] {
            assert!(points.contains(&format!("## {point} ")), "{point}");
        }
    }

    #[test]
    fn what_is_not_configured_is_not_said() {
        let now: Timestamp = "2026-12-01T00:00:00Z".parse().unwrap();
        let text = of(&config("[controller]\ntransfers = \"none\"\n"), now).to_markdown();
        for part in
            ["mail server", "vendor ", "webhook", "Safety net: signed", "the setting controller.transfers"]
        {
            let measures = text.split("## (f)").next().unwrap();
            assert!(!measures.contains(part), "{part}: {text}");
        }
        assert!(text.contains("content is forgotten on delivery"), "{text}");
    }
}
