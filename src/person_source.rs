//! A source of personhood as it is configured, and questions to it: to its configured address alone, within a time, and no more of an
//! answer than is wanted.

use std::path::PathBuf;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use identity_vendors::personhood::{
    self, AttestationKey, Binding, BrightId, Denial, DenialCode, FaceSign, HumanPassport, Question, RelayKey,
    Score, Step, WorldEnvironment, WorldId, WorldIdV2, WorldProtocol,
};
use identity_vendors::{CaseId, Environment, Secret};
use rand::rngs::OsRng;
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use url::Url;

use crate::config;
use crate::keys::{KeysError, load_text};
use crate::model::submitter::{Origin, SourceName, Submitter};
use crate::outbound::{self, OutboundError};
use crate::source::{Answered, Unreached, below, exchange};

/// Who asks: World's API wants a name.
const USER_AGENT: &str = concat!("idOS Issuer/", env!("CARGO_PKG_VERSION"));

/// How alike two scans have to be where nothing is set: as FaceSign's service does by itself.
const MATCH_LEVEL: u8 = 15;

/// How old a token of FaceSign's may be where nothing is set, in seconds.
const TOKEN_MAX_AGE: u32 = 600;

/// What ties a proof to one user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tie {
    /// The verification: its external id is the signal that the user's app is given.
    Verification,
    /// An external id that this service gave for the same user, now or before.
    ExternalId,
    /// A wallet of the user's, which has signed a challenge.
    Wallet,
    /// The proof itself.
    Nothing,
}

/// A source of personhood, ready to be asked.
pub struct PersonSource {
    /// Its name.
    pub name: SourceName,
    /// The client whose records these are.
    pub tenant: String,
    /// How long a verification waits for a proof, in days.
    pub wait_days: u32,
    /// What ties its proofs to a user.
    pub tie: Tie,
    /// Where its API is; nothing where nobody is asked.
    pub base: Option<Url>,
    kind: Kind,
    /// A proof of nobody's, and what it is tied to.
    nobody: (Value, &'static str),
    http: reqwest::Client,
    turns: Semaphore,
    /// How long a question waits for its turn.
    patience: Duration,
}

enum Kind {
    Fixed(personhood::PersonSource),
    /// Its token for the relay is made anew for each request.
    Relayed(FaceSign, RelayKey),
}

/// Why a source cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PersonSourceError {
    /// A setting.
    #[error("the setting source.{0} is none that this source can be used with")]
    Setting(&'static str),
    /// There is no type of subject for it.
    #[error(
        "idOS has no type of subject for this source: write_as_face_sign has its people written in FaceSign's, and without it \
         there is nothing to write"
    )]
    NoSubject,
    /// A file with a secret or a key.
    #[error(transparent)]
    Key(#[from] KeysError),
    /// What a file holds is not what is wanted.
    #[error("{0} {1}")]
    Content(PathBuf, String),
    /// HTTP.
    #[error(transparent)]
    Http(#[from] OutboundError),
}

/// Why a source gives no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unanswered {
    /// It is not reached.
    #[error(transparent)]
    Unreached(#[from] Unreached),
    /// It answers that it is not what is wanted, or in no way that can be used.
    #[error("{denial}")]
    Denied {
        /// Why.
        denial: Denial,
        /// When it wants to be asked again, if it said so.
        come_again: Option<Duration>,
    },
}

impl PersonSource {
    /// Wires a configured source: reads its files, and has the source itself check its settings.
    pub fn wire(of: &config::PersonSource) -> Result<Self, PersonSourceError> {
        let (kind, tie, nobody) = make(of)?;
        let patience = Duration::from_secs(of.timeout);
        let source = Self {
            name: of.name.parse().map_err(|_| PersonSourceError::Setting("name"))?,
            tenant: of.client.clone(),
            wait_days: of.wait_days,
            tie,
            base: of.base(),
            kind,
            nobody,
            http: outbound::client(patience)?,
            turns: Semaphore::new(of.at_once),
            patience,
        };
        let adapter = source.at(0);
        // What the source says of its settings comes before anything that it says of a proof.
        let proofs = [source.nobody.0.to_string(), json!({ "userAttestmentToken": "a" }).to_string()];
        let is_relayed = matches!(source.kind, Kind::Relayed(..));
        for proof in proofs {
            let binding = Binding { user: source.nobody.1, nonce: Some(NONCE) };
            match adapter.begin(proof.as_bytes(), &binding, 0) {
                Err(Denial { code: DenialCode::NotConfigured, field: "relay_token" }) if !is_relayed => {}
                Err(Denial { code: DenialCode::NotConfigured, field: "attestation_keys" }) if is_relayed => {}
                Err(Denial { code: DenialCode::NotConfigured, field }) => {
                    return Err(PersonSourceError::Setting(field));
                }
                _ => {}
            }
        }
        if !(adapter.has_subject() || of.write_as_face_sign) {
            return Err(PersonSourceError::NoSubject);
        }
        Ok(source)
    }

    /// Who submits what comes of it.
    #[must_use]
    pub fn submitter(&self) -> Submitter {
        Submitter { tenant: self.tenant.clone(), origin: Origin::Source(self.name.clone()) }
    }

    /// Which source it is: `world_id` and so on.
    #[must_use]
    pub fn kind_name(&self) -> &'static str {
        self.at(0).name()
    }

    /// The source at `now` (seconds since 1970).
    #[must_use]
    pub fn at(&self, now: i64) -> personhood::PersonSource {
        match &self.kind {
            Kind::Fixed(source) => source.clone(),
            Kind::Relayed(source, key) => {
                FaceSign { relay_token: key.token(now, &mut OsRng), ..source.clone() }.into()
            }
        }
    }

    /// Asks, when it is this question's turn, and has the answer read by `adapter`. `now` is asked for again when the answer is there.
    pub async fn ask(
        &self,
        adapter: &personhood::PersonSource,
        question: &Question,
        now: impl Fn() -> i64,
    ) -> Result<Step, Unanswered> {
        let answered = self.send(question).await?;
        answered
            .with(|answer| adapter.finish(question, answer, now()))
            .map_err(|denial| Unanswered::Denied { denial, come_again: answered.come_again(now()) })
    }

    async fn send(&self, question: &Question) -> Result<Answered, Unreached> {
        let base = self.base.as_ref().ok_or(Unreached::NoPlace)?;
        let url = below(base, &question.path).ok_or(Unreached::NoPlace)?;
        let turn = tokio::time::timeout(self.patience, self.turns.acquire()).await;
        let _turn = turn.map_err(|_| Unreached::TooSlow)?;
        let headers: Vec<_> = question.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        exchange(&self.http, (question.method, url), &headers, &question.body, question.limit).await
    }

    /// A question about nobody, which costs nothing and tells whether the source is there, knows the app and takes the key. Nothing where
    /// nobody is asked. `now` is in seconds since 1970.
    #[must_use]
    pub fn question_about_nobody(&self, now: i64) -> Option<(personhood::PersonSource, Box<Question>)> {
        self.base.as_ref()?;
        let adapter = self.at(now);
        let binding = Binding { user: self.nobody.1, nonce: Some(NONCE) };
        match adapter.begin(self.nobody.0.to_string().as_bytes(), &binding, now) {
            Ok(Step::Ask(question)) => Some((adapter, question)),
            _ => None,
        }
    }
}

/// What a source is made of, and a proof of nobody's with what it is tied to.
type Made = (Kind, Tie, (Value, &'static str));

/// A signal and its hash, as World hashes.
const SIGNAL: (&str, &str) =
    ("test_signal", "0x00c1636e0a961a3045054c4d61374422c31a95846b8442f0927ad2ff1d6112ed");
const NONCE: &str = "0x1";
const WALLET: &str = "0x0000000000000000000000000000000000000001";
const NOBODY: &str = "idos-issuer-doctor";

/// The last second that a source may name.
const LAST: i64 = 9_999_999_999;

fn make(of: &config::PersonSource) -> Result<Made, PersonSourceError> {
    match of.personhood.as_str() {
        "brightid" => brightid(of),
        "face_sign" => face_sign(of),
        "human_passport" => human_passport(of),
        "world_id" => world_id(of),
        "world_id_v2" => world_id_v2(of),
        _ => Err(PersonSourceError::Setting("personhood")),
    }
}

/// A setting that `check` has seen to be there.
fn given<T: Clone>(setting: Option<&T>, name: &'static str) -> Result<T, PersonSourceError> {
    setting.cloned().ok_or(PersonSourceError::Setting(name))
}

fn app(of: &config::PersonSource) -> Result<CaseId, PersonSourceError> {
    CaseId::new(&given(of.app.as_ref(), "app")?).map_err(|_| PersonSourceError::Setting("app"))
}

fn environment(of: &config::PersonSource) -> Environment {
    if of.sandbox { Environment::Sandbox } else { Environment::Live }
}

fn brightid(of: &config::PersonSource) -> Result<Made, PersonSourceError> {
    let key = |text: &String| {
        let bytes = BASE64.decode(text).ok().and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
        bytes.ok_or(PersonSourceError::Setting("node_keys"))
    };
    let ids_as_hex = of.ids_as_hex.unwrap_or(false);
    let source = BrightId {
        app: app(of)?,
        verification: given(of.verification.as_ref(), "verification")?,
        node_keys: of.node_keys.iter().map(key).collect::<Result<_, _>>()?,
        valid_for: given(of.valid_for.as_ref(), "valid_for")?,
        ids_as_hex,
        environment: environment(of),
    };
    let (tie, nobody) = if ids_as_hex { (Tie::Wallet, WALLET) } else { (Tie::ExternalId, NOBODY) };
    Ok((Kind::Fixed(source.into()), tie, (json!({ "appUserId": nobody }), nobody)))
}

fn face_sign(of: &config::PersonSource) -> Result<Made, PersonSourceError> {
    let attestation_key = |text: &String| {
        AttestationKey::from_pem(&pem(text)).map_err(|_| PersonSourceError::Setting("attestation_keys"))
    };
    let source = FaceSign {
        group: given(of.group.as_ref(), "group")?,
        environment: environment(of),
        relay_token: None,
        min_match_level: of.min_match_level.unwrap_or(MATCH_LEVEL),
        attestation_keys: of.attestation_keys.iter().map(attestation_key).collect::<Result<_, _>>()?,
        token_max_age: of.token_max_age.unwrap_or(TOKEN_MAX_AGE),
    };
    let kind = match &of.relay_key {
        Some(path) => {
            let key = RelayKey::from_pem(&load_text(path)?);
            let key = key.map_err(|error| PersonSourceError::Content(path.clone(), error.to_string()))?;
            Kind::Relayed(source, key)
        }
        None => Kind::Fixed(source.into()),
    };
    Ok((kind, Tie::Nothing, (json!({ "requestBlob": "AA==" }), "")))
}

/// A public key as PEM, of what may be no more than what stands between its lines.
fn pem(text: &str) -> String {
    let text = text.trim();
    if text.starts_with('-') {
        return text.to_owned();
    }
    let mut pem = String::from("-----BEGIN PUBLIC KEY-----\n");
    for (at, c) in text.chars().filter(|c| !c.is_whitespace()).enumerate() {
        if at > 0 && at % 64 == 0 {
            pem.push('\n');
        }
        pem.push(c);
    }
    pem + "\n-----END PUBLIC KEY-----\n"
}

fn human_passport(of: &config::PersonSource) -> Result<Made, PersonSourceError> {
    let path = given(of.key.as_ref(), "key")?;
    let key = Secret::new(load_text(&path)?.as_str())
        .map_err(|error| PersonSourceError::Content(path, error.to_string()))?;
    let threshold = Score::read(&given(of.threshold.as_ref(), "threshold")?);
    let source = HumanPassport {
        scorer: given(of.scorer.as_ref(), "scorer")?,
        environment: environment(of),
        key,
        action: given(of.action.as_ref(), "action")?,
        threshold: threshold.ok_or(PersonSourceError::Setting("threshold"))?,
    };
    Ok((Kind::Fixed(source.into()), Tie::Wallet, (json!({ "address": WALLET }), WALLET)))
}

fn world_id(of: &config::PersonSource) -> Result<Made, PersonSourceError> {
    let version = given(of.protocol.as_ref(), "protocol")?;
    let action = given(of.action.as_ref(), "action")?;
    let (environment, name) = if of.sandbox {
        (WorldEnvironment::Staging, "staging")
    } else {
        (WorldEnvironment::Production, "production")
    };
    let source = WorldId {
        app: app(of)?,
        action: action.clone(),
        protocol: if version == "3.0" { WorldProtocol::V3 } else { WorldProtocol::V4 },
        environment,
        levels: of.levels.clone(),
        issuer_schemas: of.issuer_schemas.clone(),
        max_age: of.max_age,
        user_agent: USER_AGENT.to_owned(),
    };
    let response = if version == "3.0" {
        json!({
            "identifier": of.levels.first(), "nullifier": "0x1", "merkle_root": "0x1", "proof": no_proof(),
            "signal_hash": SIGNAL.1,
        })
    } else {
        json!({
            "identifier": "orb", "issuer_schema_id": of.issuer_schemas.first(), "nullifier": "0x1",
            "signal_hash": SIGNAL.1, "expires_at_min": LAST, "proof": ["0x1", "0x1", "0x1", "0x1", "0x1"],
        })
    };
    let nobody = json!({
        "protocol_version": version, "nonce": NONCE, "action": action, "environment": name, "responses": [response],
    });
    Ok((Kind::Fixed(source.into()), Tie::Verification, (nobody, SIGNAL.0)))
}

fn world_id_v2(of: &config::PersonSource) -> Result<Made, PersonSourceError> {
    let source = WorldIdV2 {
        app: app(of)?,
        action: given(of.action.as_ref(), "action")?,
        environment: environment(of),
        levels: of.levels.clone(),
        max_age: of.max_age,
        user_agent: USER_AGENT.to_owned(),
    };
    let nobody = json!({
        "verification_level": of.levels.first(), "nullifier_hash": "0x1", "merkle_root": "0x1", "proof": no_proof(),
        "signal_hash": SIGNAL.1,
    });
    Ok((Kind::Fixed(source.into()), Tie::Verification, (nobody, SIGNAL.0)))
}

/// Eight numbers that prove nothing.
fn no_proof() -> String {
    format!("0x{}", "0".repeat(512))
}
