//! What the demo tells: a narration for newcomers, or one JSON object.

use std::time::Duration;

use idos_client::WriteGrant;
use idos_credential::{Rejection, Verified};
use serde_json::{Map, Value, json};
use url::Url;

use super::holder::Holder;
use crate::cli::output;
use crate::keys::Keys;
use crate::model::evidence::Evidence;
use crate::model::issuance::Issuance;

pub(super) struct Narration {
    tells: bool,
    chapter: u32,
    answer: Map<String, Value>,
    timings: Map<String, Value>,
}

impl Narration {
    pub(super) fn new(json: bool) -> Self {
        Self { tells: !json, chapter: 0, answer: Map::new(), timings: Map::new() }
    }

    fn chapter(&mut self, title: &str, lines: &[String]) {
        self.chapter += 1;
        if self.tells {
            output::line(&format!("{}. {title}", self.chapter));
            for line in lines {
                output::line(&format!("   {line}"));
            }
            output::line("");
        }
    }

    fn note(&mut self, name: &str, value: impl Into<Value>) {
        self.answer.insert(name.to_owned(), value.into());
    }

    fn took(&mut self, name: &str, time: Duration) {
        self.timings.insert(name.to_owned(), json!((time.as_secs_f64() * 1e6).round() / 1e3));
    }

    pub(super) fn node(&mut self, url: &Url, chain_id: &str, in_process: bool) {
        self.note("node", url.as_str());
        self.note("chainId", chain_id);
        let what = if in_process {
            "It runs inside this program and forgets everything afterwards. It is no idOS node, but it speaks the same protocol and makes the same checks."
        } else {
            "It is a real network to this program: what follows is really written."
        };
        self.chapter("A node", &[format!("{url} (chain {chain_id})"), what.to_owned()]);
    }

    pub(super) fn issuer(&mut self, name: &str, keys: &Keys) {
        let public = keys.signing_public().first().map(|key| key.to_multibase()).unwrap_or_default();
        self.note("issuer", keys.controller());
        self.note("issuerKey", public.as_str());
        self.note("writeKey", keys.first().public_hex());
        self.chapter(
            "An issuer",
            &[
                format!(
                    "\"{name}\" signs credentials as {} with the key {public}",
                    keys.controller()
                ),
                format!("and writes to the node with the key {}.", keys.first().public_hex()),
                "It is the service as it runs elsewhere, with a database and a vault of its own that are gone afterwards."
                    .to_owned(),
            ],
        );
    }

    pub(super) fn holder(&mut self, holder: &Holder) {
        let (address, id) = (holder.wallet.address(), holder.user_id.to_string());
        self.note("userId", id.as_str());
        self.note("wallet", address.as_str());
        self.chapter(
            "A user",
            &[
                format!("User {id} has the EVM wallet {address}"),
                "and a password, from which the user's encryption key is derived. Nobody else has either."
                    .to_owned(),
            ],
        );
    }

    pub(super) fn evidence(&mut self, result: &Evidence) {
        let bytes = result.subject.file_bytes();
        let level = result.subject.level();
        self.note("evidenceFileBytes", bytes);
        self.note("level", level.clone());
        self.chapter(
            &format!("A result: {}", result.kind().title()),
            &[format!("The provider has checked the user's documents ({bytes} bytes of images). That supports the level {level}.")],
        );
    }

    pub(super) fn profile(&mut self, known: bool, time: Duration) {
        self.note("profileCreated", !known);
        self.took("createProfile", time);
        let lines = if known {
            vec!["The user had a profile already.".to_owned()]
        } else {
            vec![
                "The user had no profile. The wallet signed a challenge of the issuer's, and so proved that it is the user's;"
                    .to_owned(),
                format!("the issuer's background work created the profile and added the wallet ({time:.2?})."),
            ]
        };
        self.chapter("A profile in idOS", &lines);
    }

    pub(super) fn grant(&mut self, grant: &WriteGrant) {
        self.note("writeGrantId", grant.id.to_string());
        self.chapter(
            "A permission",
            &[
                format!(
                    "The node gave the text of the write grant {}; the user's wallet signed it.",
                    grant.id
                ),
                format!("It permits one write, until {}.", grant.not_after()),
            ],
        );
    }

    pub(super) fn accepted(&mut self, issuance: &Issuance, signing: Duration, time: Duration) {
        self.note("issuanceId", issuance.id.as_str());
        self.note("contentHash", issuance.content_hash.as_deref());
        self.took("buildAndSign", signing);
        self.took("accept", time);
        self.chapter(
            "A credential",
            &[
                format!(
                    "The service took the KYC result in as the issuance {}: in one request ({time:.2?}),",
                    issuance.id
                ),
                format!(
                    "a W3C Verifiable Credential of level {} was built and signed (which takes {signing:.2?}),",
                    issuance.level
                ),
                "then sealed twice, for the user and for the issuer's own copy. Nothing readable is stored."
                    .to_owned(),
            ],
        );
    }

    pub(super) fn written(&mut self, issuance: &Issuance, time: Duration) {
        let ids = issuance.ids;
        let hash = issuance.transaction.as_ref().map(|transaction| transaction.hash.as_str());
        self.note("credentialId", ids.original.to_string());
        self.note("copyId", ids.copy.to_string());
        self.note("txHash", hash);
        self.took("write", time);
        let transaction =
            hash.map_or_else(|| "An earlier transaction".to_owned(), |hash| format!("Transaction {hash}"));
        self.chapter(
            "Written",
            &[
                format!(
                    "{transaction} holds the credential {} and its copy {} ({time:.2?}).",
                    ids.original, ids.copy
                ),
                "The issuer has deleted what it had sealed, and the write grant.".to_owned(),
            ],
        );
    }

    pub(super) fn read_by_user(
        &mut self,
        verdict: &Result<Verified, Rejection>,
        bytes: usize,
        same: bool,
        time: Duration,
    ) {
        self.note("credentialBytes", bytes);
        self.took("readAsUser", time);
        let proof = match verdict {
            Ok(_) => "The proof verifies with the issuer's public key.".to_owned(),
            Err(rejection) => format!("The proof does NOT verify: {rejection}."),
        };
        let text = if same {
            format!("It is, byte for byte, what was issued: {bytes} bytes of the hash that was recorded.")
        } else {
            "It is NOT what was issued.".to_owned()
        };
        self.chapter(
            "Read back by the user",
            &[
                "The user logged in at the gateway with the wallet, fetched the credential,".to_owned(),
                format!("derived the key from the password and opened it ({time:.2?})."),
                proof,
                text,
            ],
        );
    }

    pub(super) fn read_by_issuer(&mut self, same: bool, time: Duration) {
        self.took("readAsIssuer", time);
        let text = if same {
            "It holds the same credential. That it was read stands in the audit chain."
        } else {
            "It does NOT hold the same credential."
        };
        self.chapter(
            "Read back by the issuer",
            &[
                format!(
                    "The issuer fetched its own copy, compared the content's hash and opened it ({time:.2?})."
                ),
                text.to_owned(),
            ],
        );
    }

    pub(super) fn end(mut self, verified: bool) -> Result<(), serde_json::Error> {
        if self.tells {
            output::line(if verified { "verified" } else { "NOT verified" });
            return Ok(());
        }
        self.note("verified", verified);
        let timings = std::mem::take(&mut self.timings);
        self.note("timingsMs", Value::Object(timings));
        output::line(&serde_json::to_string_pretty(&self.answer)?);
        Ok(())
    }
}
