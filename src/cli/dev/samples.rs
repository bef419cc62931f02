//! Sample data: a user with a profile, a user without one, and requests that are ready to be sent for them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use idos_credential::Kind;
use idos_devnode::Schema;
use serde_json::{Map, Value, json};

use super::Error;
use crate::app::App;
use crate::cli::background::Background;
use crate::cli::demo::holder::{Holder, random_id};
use crate::cli::demo::{evidence, user};
use crate::cli::folder::Folder;
use crate::flow::{claim, intake};
use crate::model::claim::NewClaim;
use crate::model::issuance::Delivery;
use crate::model::submission::{Authority, SignedGrant, Submission};
use crate::model::submitter::Submitter;
use crate::model::time::DAY;
use crate::model::time::Timestamp;

/// How long the sample credentials are.
const YEAR: i64 = 365 * DAY;

/// What was made.
pub(super) struct Samples {
    with_profile: Holder,
    without_profile: Holder,
    /// Whether the node lets an inserter write.
    has_inserter: bool,
    /// Requests: the name of the sample, what it does, where it is sent, its file.
    requests: Vec<Request>,
    /// The link of a claim, whose credential waits for whoever follows it.
    claim_url: String,
}

struct Request {
    name: &'static str,
    what: &'static str,
    place: &'static str,
    file: PathBuf,
}

/// Makes the users, the first one's profile on the node, and the requests: those that a node with this schema takes.
pub(super) async fn make(
    app: &Arc<App>,
    caller: &Submitter,
    folder: &Folder,
    schema: Schema,
) -> Result<Samples, Error> {
    let with_profile = Holder::new()?;
    let without_profile = Holder::new()?;
    let background = Background::start(app);
    let created = user::create_profile(app, caller, &with_profile).await;
    background.stop().await;
    created?;

    let evidence = sample_evidence(app.clock.now())?;
    let user = with_profile.user_id;
    let by_inserter = json!({
        "userId": user,
        "kind": "kyc",
        "evidence": evidence,
        "delivery": { "by": "inserter" },
        "contact": { "email": "somebody@user.example", "locale": "en" },
        "reference": "sample-1",
    });
    let by_grant = json!({
        "userId": user,
        "kind": "kyc",
        "evidence": evidence,
        "delivery": { "by": "write_grant", "writeGrant": signed_grant(app, &with_profile).await? },
        "reference": "sample-2",
    });
    let mut requests = Vec::new();
    let has_inserter = schema != Schema::Next;
    if has_inserter {
        requests.push(request(
            folder,
            "submit",
            "Submit KYC evidence of a user, to be written as an inserter",
            "/v1/issuances",
            &by_inserter,
        )?);
    }
    requests.extend([
        request(
            folder,
            "submitByGrant",
            "Submit KYC evidence of a user, to be written by the user's write grant",
            "/v1/issuances",
            &by_grant,
        )?,
        request(
            folder,
            "createProfile",
            "Create a second user's profile",
            "/v1/profiles",
            &new_profile(&without_profile),
        )?,
    ]);
    let claim_url = claim(app, caller).await?;
    Ok(Samples { with_profile, without_profile, has_inserter, requests, claim_url })
}

/// A credential for somebody who has no profile yet, and the link by which that person, or anybody here, makes one and signs.
async fn claim(app: &Arc<App>, caller: &Submitter) -> Result<String, Error> {
    let user_id = random_id();
    let submission = Submission {
        user_id,
        evidence: evidence::load(Kind::default(), None, user_id)?.into(),
        files: None,
        authority: Authority::WriteGrant { grant: None, copy_for: None },
        contact: None,
        reference: None,
        renews: None,
        claim: None,
    };
    let waiting = intake::accept(app, caller, &user::request_key(app, caller), submission).await?.record;
    let new = NewClaim {
        kind: None,
        delivery: Delivery::WriteGrant,
        issuance_id: Some(waiting.id),
        grant_seconds: None,
        expires_in: None,
        return_url: None,
        reference: None,
        locale: None,
    };
    Ok(claim::make(app, caller, new).await?.url)
}

impl Samples {
    /// Where somebody with a wallet in the browser gets a credential.
    pub(super) fn claim_url(&self) -> &str {
        &self.claim_url
    }

    pub(super) fn show(&self) -> Value {
        let user = |holder: &Holder| json!({ "userId": holder.user_id, "wallet": holder.wallet.address() });
        let files: Map<_, _> = self
            .requests
            .iter()
            .map(|request| (request.name.to_owned(), request.file.display().to_string().into()))
            .collect();
        json!({
            "userWithProfile": user(&self.with_profile),
            "userWithoutProfile": user(&self.without_profile),
            "requests": files,
        })
    }

    /// Lines for a shell, by the name of the sample; and what shows what has become of all submissions and verifications.
    pub(super) fn curl(&self, url: &str, api_key: &str) -> Value {
        let lines = self.requests.iter().map(|request| (request.name, request.line(url, api_key)));
        let lines = lines.chain([
            ("read", read_line(url, api_key, "issuances")),
            ("readVerifications", read_line(url, api_key, "verifications")),
        ]);
        Value::Object(lines.map(|(name, line)| (name.to_owned(), line.into())).collect())
    }

    /// Each vendor's address, and lines for a shell: `open` opens a verification of the user with a profile; `approve` and `decline` have
    /// the vendor decide about the one whose `externalId` is put in place of `EXTERNAL_ID`; `approveNow` and `declineNow` do both.
    pub(super) fn vendors(&self, url: &str, api_key: &str, vendors: &[(&str, String)]) -> Value {
        let lines = vendors.iter().map(|(name, vendor)| {
            let decide = |what: &str| format!("curl -sS -X POST {vendor}/{what}/EXTERNAL_ID");
            let lines = json!({
                "url": vendor,
                "open": self.open(url, api_key, name),
                "approve": decide("approve"),
                "decline": decide("decline"),
                "approveNow": self.at_once(url, api_key, name, &decide("approve")),
                "declineNow": self.at_once(url, api_key, name, &decide("decline")),
            });
            ((*name).to_owned(), lines)
        });
        Value::Object(lines.collect())
    }

    /// The same for people: what each does, and the line.
    pub(super) fn lines(
        &self,
        url: &str,
        api_key: &str,
        vendors: &[(&str, String)],
    ) -> Vec<(String, String)> {
        let requests = self.requests.iter();
        let mut lines: Vec<_> =
            requests.map(|request| (request.what.to_owned(), request.line(url, api_key))).collect();
        lines.push(("See what has become of it".to_owned(), read_line(url, api_key, "issuances")));
        for (name, vendor) in vendors {
            for what in ["approve", "decline"] {
                let decide = format!("curl -sS -X POST {vendor}/{what}/EXTERNAL_ID");
                let told = format!("Open a verification at {name}, and have it {what} that person");
                lines.push((told, self.at_once(url, api_key, name, &decide)));
            }
        }
        let read = read_line(url, api_key, "verifications");
        lines.push(("See what was approved become a credential by itself".to_owned(), read));
        lines
    }

    /// Opens a verification at a vendor: no evidence is needed.
    fn open(&self, url: &str, api_key: &str, source: &str) -> String {
        let by = if self.has_inserter { "inserter" } else { "write_grant" };
        let opening =
            json!({ "source": source, "delivery": { "by": by }, "userId": self.with_profile.user_id });
        format!(
            "curl -sS -X POST {url}/v1/verifications -H 'Authorization: Bearer {api_key}' \
             -H 'Content-Type: application/json' -H 'Idempotency-Key: {}' -d '{opening}'",
            random_id()
        )
    }

    /// Opens one, and has the vendor decide.
    fn at_once(&self, url: &str, api_key: &str, source: &str, decide: &str) -> String {
        let open = self.open(url, api_key, source);
        let id = r#"sed -n 's/.*"externalId":"\([^"]*\)".*/\1/p'"#;
        decide.replace("EXTERNAL_ID", &format!("$({open} | {id})"))
    }
}

impl Request {
    fn line(&self, url: &str, api_key: &str) -> String {
        // One key for one file: sending it twice is one request.
        format!(
            "curl -sS -X POST {url}{} -H 'Authorization: Bearer {api_key}' -H 'Content-Type: application/json' \
             -H 'Idempotency-Key: {}' --data-binary @{}",
            self.place,
            random_id(),
            quoted(&self.file)
        )
    }
}

fn read_line(url: &str, api_key: &str, what: &str) -> String {
    format!("curl -sS '{url}/v1/{what}?limit=10' -H 'Authorization: Bearer {api_key}'")
}

/// A path as a shell takes it as one word.
fn quoted(path: &Path) -> String {
    format!("'{}'", path.display().to_string().replace('\'', r"'\''"))
}

fn request(
    folder: &Folder,
    name: &'static str,
    what: &'static str,
    place: &'static str,
    body: &Value,
) -> Result<Request, Error> {
    let file = folder.path(&format!("sample-{name}.json"));
    std::fs::write(&file, serde_json::to_vec_pretty(body)?)?;
    Ok(Request { name, what, place, file })
}

fn new_profile(holder: &Holder) -> Value {
    let (message, signature) = holder.prove_wallet();
    json!({
        "userId": holder.user_id,
        "encryptionPublicKey": holder.secret.public().to_base64(),
        "passwordStore": "user",
        "wallet": {
            "type": "EVM",
            "address": holder.wallet.address(),
            "message": message,
            "signature": signature,
        },
    })
}

async fn signed_grant(app: &App, holder: &Holder) -> Result<Value, Error> {
    let SignedGrant { grant, owner, signature } = user::signed_grant(app, holder).await?;
    Ok(json!({
        "grant": {
            "id": grant.id,
            "owner": grant.owner,
            "grantee": grant.grantee,
            "issuerPublicKey": grant.issuer_public_key,
            "accessGrantTimelock": grant.access_grant_timelock.as_str(),
            "notBefore": grant.not_before().as_str(),
            "notAfter": grant.not_after().as_str(),
        },
        "owner": { "type": owner.wallet_type.as_str(), "address": owner.address.expose() },
        "signature": signature.expose(),
    }))
}

/// The example's evidence, with its images in it, approved now.
fn sample_evidence(now: Timestamp) -> Result<Value, Error> {
    let mut evidence: Value = serde_json::from_slice(evidence::EXAMPLE)?;
    put_files_in(&mut evidence)?;
    if let Value::Object(members) = &mut evidence {
        members.insert("approvedAt".to_owned(), now.to_seconds_text().into());
        members.insert("expiresAt".to_owned(), now.plus_millis(YEAR).to_seconds_text().into());
    }
    Ok(evidence)
}

/// `{"file": NAME}` becomes `{"base64": …}`.
fn put_files_in(value: &mut Value) -> Result<(), Error> {
    let Value::Object(members) = value else { return Ok(()) };
    if let Some(Value::String(name)) = members.get("file") {
        *value = json!({ "base64": STANDARD.encode(evidence::example_file(name)?) });
        return Ok(());
    }
    members.values_mut().try_for_each(put_files_in)
}
