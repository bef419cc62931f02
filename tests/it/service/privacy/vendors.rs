//! What vendors send and answer about a person: each of them, with a rare word in each field that takes one, and in fields that nobody
//! has asked for.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::os::unix::fs::PermissionsExt as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use identity_vendors::{Outcome, Schema, Script};
use rand::Rng as _;
use serde_json::{Value, json};

use super::{Wanted, World, date, word};
use crate::http::recorded::cases::{Conversation, Recorded, all, patch};
use crate::http::verifications::{Vendor, hmac};
use crate::support::{Folder, User, id, owned};

/// An account with a vendor.
pub(super) struct Account {
    recorded: Recorded,
    vendor: Vendor,
    key: String,
    hook: String,
}

impl Account {
    /// One with each vendor. Its section of the configuration is added to `settings`.
    pub(super) async fn all(folder: &Folder, settings: &mut String, secrets: &mut Wanted) -> Vec<Self> {
        let mut accounts = Vec::new();
        for recorded in all() {
            let vendor = Vendor::start().await;
            let (name, url) = (recorded.vendor.name(), &vendor.url);
            let mut secret = |of: &str, before: &str| {
                let rare = word();
                secrets.text(&rare);
                let text = format!("{before}{rare}");
                let file = folder.write(&format!("{name}-{of}"), &text);
                std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
                (file, text)
            };
            let account = &recorded.cases["account"];
            // What stands before says which environment it is.
            let (key_file, key) = secret("key", account["key"].as_str().unwrap());
            let (hook_file, hook) = secret("hook", "");
            let second =
                account["secret"].is_string().then(|| format!("secret = \"{}\"\n", secret("secret", "").0));
            let hooks = account["webhookSecrets"].as_array().is_some_and(|hooks| !hooks.is_empty());
            let hooks = if hooks { format!("webhook_secrets = [\"{hook_file}\"]\n") } else { String::new() };
            let files = account.get("files").cloned().unwrap_or_else(|| json!([]));
            write!(
                settings,
                "[[source]]\nname = \"{name}\"\nvendor = \"{name}\"\nclient = \"acme\"\nbase_url = \"{url}\"\n\
                 tokens_url = \"{url}\"\nkey = \"{key_file}\"\nfiles = {files}\n{hooks}{}\n",
                second.unwrap_or_default()
            )
            .unwrap();
            accounts.push(Self { recorded, vendor, key, hook });
        }
        accounts
    }

    /// Where this vendor keeps files, in place of hosts with TLS.
    pub(super) fn place_of_files(&self) -> (&'static str, url::Url) {
        (self.recorded.vendor.name(), self.vendor.url.parse().unwrap())
    }

    /// The headers of a webhook with this body, as the vendor signs it.
    fn signed(&self, secret: &str, body: &str, now: i64) -> String {
        let with = |text: &str| hmac(secret.as_bytes(), text.as_bytes());
        let key = self.recorded.cases["account"]["key"].as_str().unwrap();
        let headers = self.recorded.cases["signing"].as_object().into_iter().flatten();
        let line = |(name, value): (&String, &Value)| {
            let value =
                value.as_str().unwrap().replace("{time}", &now.to_string()).replace("{hmac}", &with(body));
            let value = value.replace("{hmac_time}", &with(&format!("{now}.{body}"))).replace(key, &self.key);
            format!("{name}: {value}\r\n")
        };
        headers.map(line).collect()
    }
}

/// Whether it is still about the same person, as far as the recording is read.
fn is_the_same(conversation: &Conversation, outcome: &str) -> bool {
    // What is asked for elsewhere than in the recording is not there.
    let found = conversation.run_with(&mut |_, request| {
        let asked = format!("{} {}", request.method.as_str(), *request.path);
        (!conversation.answers.contains_key(&asked)).then(|| (404, Vec::new()))
    });
    match found {
        Ok(found) => {
            let has_claims = match &found.outcome {
                Outcome::Approved(person) => person.claims(Schema::V2, Script::Latin).is_ok(),
                _ => true,
            };
            found.outcome.as_str() == outcome && has_claims
        }
        Err(_) => false,
    }
}

/// Rare texts that may stand for this one, those first that say the most.
fn instead_of(text: &str) -> Vec<String> {
    let number =
        || (0..14).map(|_| char::from(rand::thread_rng().gen_range(b'1'..=b'9'))).collect::<String>();
    if text.starts_with("https://") {
        let joint = if text.contains('?') { '&' } else { '?' };
        return vec![format!("{text}{joint}{}={}", word(), word())];
    }
    if text.len() == 10 && text.parse::<idos_credential::Timestamp>().is_ok() {
        // Of a birth, of an issue, of an expiry.
        return vec![date(match text[..4].parse().unwrap() {
            ..=2005_u32 => 1903..1925,
            2006..=2026 => 1951..1969,
            _ => 2103..2155,
        })];
    }
    if text.contains('@') {
        return vec![format!("{}@{}.example", word(), word())];
    }
    if text.starts_with('+') {
        return vec![format!("+8{}", number())];
    }
    vec![word(), number()]
}

/// The texts in an answer, each once.
fn texts(answers: &Conversation) -> BTreeSet<String> {
    let all = answers.answers.values().flat_map(|answer| {
        let at = crate::http::recorded::cases::leaves(answer);
        at.into_iter().filter_map(|at| Some(answer.pointer(&at)?.as_str()?.to_owned())).collect::<Vec<_>>()
    });
    all.filter(|text| !text.is_empty() && text != "u1").collect()
}

/// The same with another text in every place of `old`.
fn with(conversation: &Conversation, old: &str, new: &str) -> Conversation {
    let mut changed = conversation.clone();
    for answer in changed.answers.values_mut() {
        for at in crate::http::recorded::cases::leaves(answer) {
            if answer.pointer(&at).and_then(Value::as_str) == Some(old) {
                patch(answer, &at, json!(new)).unwrap();
            }
        }
    }
    changed
}

/// Puts a member that nobody knows into every object.
fn add_members(value: &mut Value, stray: &str) {
    match value {
        Value::Object(members) => {
            members.values_mut().for_each(|value| add_members(value, stray));
            members.insert(stray.to_owned(), json!(stray));
        }
        Value::Array(items) => items.iter_mut().for_each(|value| add_members(value, stray)),
        _ => {}
    }
}

impl World {
    /// A conversation with rare words wherever it leads to the same outcome. Gives it with the number of words.
    fn marked(&mut self, conversation: &Conversation, outcome: &str) -> (Conversation, usize) {
        let mut marked = conversation.clone();
        let mut words = 0;
        for old in texts(conversation) {
            for new in instead_of(&old) {
                let tried = with(&marked, &old, &new);
                if is_the_same(&tried, outcome) {
                    marked = tried;
                    words += 1;
                    if old.starts_with("https://") {
                        new.rsplit(['?', '&', '=']).take(2).for_each(|token| self.secrets.text(token));
                    } else if new.len() == 10 {
                        self.person.wanted.date(&new);
                    } else {
                        self.person.wanted.text(&new);
                    }
                    break;
                }
            }
        }
        let mut tried = marked.clone();
        tried.answers.values_mut().for_each(|answer| add_members(answer, &self.person.stray));
        assert!(is_the_same(&tried, outcome), "{}: nobody has to know all members", conversation.name);
        (tried, words)
    }

    /// Has a vendor say this of a new verification, and tell of it; waits for the state. Gives the verification.
    async fn hear(&self, account: &Account, conversation: &Conversation, user: &User, state: &str) -> Value {
        let name = account.recorded.vendor.name();
        let mut case = json!({ "id": conversation.case.id.as_str() });
        if let Some(scope) = &conversation.case.scope {
            case["scope"] = json!(scope.as_str());
        }
        let opening = json!({ "source": name, "delivery": { "by": "inserter" }, "userId": user.id, "case": case,
            "contact": { "email": self.person.email, "locale": self.person.locale } });
        let headers = format!("Content-Type: application/json\r\nIdempotency-Key: {}\r\n", id());
        let opened =
            self.ask_with("POST", "/v1/verifications", &headers, opening.to_string().as_bytes(), false).await;
        let opened = opened.accepted();
        let ours = opened["externalId"].to_string();
        for (asked, answer) in &conversation.answers {
            account.vendor.says(asked, 200, answer.to_string().replace("\"u1\"", &ours));
        }
        let file = self.person.files[2].1.clone();
        let in_json =
            json!({ "data": STANDARD.encode(&file), self.person.stray.as_str(): self.person.stray })
                .to_string();
        account.vendor.otherwise(if name == "complycube" { in_json.into_bytes() } else { file });

        // The first event of the recording, about this case, and full of what nobody wants to know.
        let events = account.recorded.list("events");
        let event = events
            .iter()
            .find(|event| ["approved", "changed"].contains(&event["is"].as_str().unwrap_or_default()))
            .unwrap();
        let mut body = event["body"].clone();
        add_members(&mut body, &self.person.stray);
        body[word().as_str()] = json!(conversation.answers);
        let mut body = body.to_string().replace("\"u1\"", &ours);
        let theirs = event["case"]["id"].to_string();
        body = body.replace(&theirs, &json!(conversation.case.id.as_str()).to_string());
        if let Some(delivery) = event["delivery"].as_str().and_then(|delivery| delivery.strip_prefix("id:")) {
            body = body.replace(&format!("\"{delivery}\""), &format!("\"{}\"", id()));
        }
        let now = self.app.clock.now().unix_seconds();
        // One of them signs the time that is in the body.
        let recorded_at = crate::http::recorded::cases::NOW.to_string();
        body = body.replace(&recorded_at, &now.to_string());
        let target = format!("/webhooks/{name}");
        let is_signed =
            account.recorded.cases["signing"].as_object().is_some_and(|headers| !headers.is_empty());
        for secret in [&self.person.stray, &account.hook] {
            let headers = format!("Content-Type: application/json\r\n{}", account.signed(secret, &body, now));
            let answer = self.ask_with("POST", &target, &headers, body.as_bytes(), false).await;
            let is_taken = secret == &account.hook || !is_signed;
            assert_eq!(answer.status, if is_taken { 200 } else { 403 }, "{name}: {}", answer.body);
        }
        self.until(&format!("/v1/verifications/{}", opened["id"].as_str().unwrap()), state).await
    }

    /// Every vendor declines the person, says what nobody can use, and approves. Gives the issuances.
    pub(super) async fn verify_at_every_vendor(&mut self, user: &User) -> Vec<String> {
        let mut issuances = Vec::new();
        for account in std::mem::take(&mut self.accounts) {
            let name = account.recorded.vendor.name();
            let conversations = account.recorded.conversations();
            let declined = conversations.iter().find(|one| one.expected["is"] == "declined").unwrap();
            let (declined, _) = self.marked(declined, "declined");
            let over = self.hear(&account, &declined, user, "declined").await;
            self.erase(&over).await;

            let approved = account.recorded.approved().swap_remove(0);
            let (approved, words) = self.marked(&approved, "approved");
            assert!(words >= 5, "{name} has only {words} fields");
            let mut odd = approved.clone();
            let is_code = |text: &String| {
                (2..=3).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_uppercase())
            };
            for code in texts(&approved).iter().filter(|text| is_code(text)) {
                odd = with(&odd, code, &self.person.stray);
            }
            assert!(!is_the_same(&odd, "approved"), "{name}");
            let over = self.hear(&account, &odd, user, "halted").await;
            self.erase(&over).await;

            let issued = self.hear(&account, &approved, user, "issued").await;
            let issuance = format!("/v1/issuances/{}", issued["issuance"]["id"].as_str().unwrap());
            let credential =
                self.get(&issuance).await.accepted()["credentialId"].as_str().unwrap().parse().unwrap();
            let text = owned(self.app.idos().await.unwrap(), user, credential).await.unwrap();
            let found = self.person.wanted.search().found("the credential", &text).len();
            assert!(found >= 2, "{name}: the words do reach the user: {found}");
            issuances.push(issuance);
        }
        issuances
    }

    async fn erase(&self, verification: &Value) {
        let target = format!("/v1/verifications/{}", verification["id"].as_str().unwrap());
        self.ask_with("DELETE", &target, "", b"", false).await.accepted();
    }
}
