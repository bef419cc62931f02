//! The issuer's word that the chain was so: a position and its hash, signed with the key that signs credentials.

use std::fmt;

use idos_credential::{VerificationKey, VerificationMethod};
use serde::Serialize;
use serde_json::{Map, Value};

use super::Link;
use crate::model::time::Timestamp;

/// The version of the signed text, and of the line of JSON.
const VERSION: i64 = 1;

/// Fields of the line of JSON. There are no others.
const FIELDS: &[&str] = &[
    "checkpoint",
    "version",
    "entry",
    "hash",
    "at",
    "verificationMethod",
    "publicKeyMultibase",
    "signature",
];

/// A signed checkpoint. As one line of JSON, kept elsewhere, it is an anchor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Checkpoint {
    /// Which one of this chain: from 1 on, without gaps, so that it shows where one is missing.
    #[serde(rename = "checkpoint")]
    pub number: i64,
    version: i64,
    /// The entry that it is about. It vouches for all entries up to this one.
    pub entry: i64,
    /// The hash of that entry: 64 digits of lower-case hex.
    pub hash: String,
    /// When it was signed: milliseconds since 1970-01-01T00:00:00Z.
    pub at: i64,
    /// The name of the key: `proof.verificationMethod` of the credentials that it signs.
    #[serde(rename = "verificationMethod")]
    pub key_id: String,
    /// The key, in multibase: a name outlives the key that it stands for.
    #[serde(rename = "publicKeyMultibase")]
    pub public_key: String,
    /// Ed25519 over [`statement`](idos_credential::key::statement) of the text: 128 digits of lower-case hex.
    pub signature: Signature,
}

/// A signature, as it is written down.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Signature(pub String);

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signature")
    }
}

/// Whose signature it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignedBy {
    /// A key that is known as the issuer's.
    TheIssuer,
    /// The key that it names, and of which nothing is known here.
    Another,
    /// Not the key that it names.
    Nobody,
}

/// Why something is no checkpoint. Repeats nothing of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointFault {
    /// Not an object in JSON.
    #[error("is no JSON object")]
    Json,
    /// A field is missing, or is none of its kind.
    #[error("{0} is missing or malformed")]
    Field(&'static str),
    /// More than there is.
    #[error("has fields that no checkpoint has")]
    MoreFields,
    /// Of a later program.
    #[error("version is not one that this program knows")]
    Version,
}

impl Checkpoint {
    /// That `end` is the chain's entry of that place, to be signed by `method`: see [`text`](Self::text).
    #[must_use]
    pub fn unsigned(number: i64, end: &Link, at: Timestamp, method: &VerificationMethod) -> Self {
        Self {
            number,
            version: VERSION,
            entry: end.seq,
            hash: end.hash.clone(),
            at: at.unix_millis(),
            key_id: method.id().to_owned(),
            public_key: method.key().to_multibase(),
            signature: Signature(String::new()),
        }
    }

    /// With the signature of its text.
    #[must_use]
    pub fn signed(self, signature: &[u8; 64]) -> Self {
        Self { signature: Signature(hex::encode(signature)), ..self }
    }

    /// From what a database holds, unread.
    #[must_use]
    pub fn stored(
        (number, entry, at): (i64, i64, i64),
        hash: String,
        key_id: String,
        public_key: String,
        signature: String,
    ) -> Self {
        let signature = Signature(signature);
        Self { number, version: VERSION, entry, hash, at, key_id, public_key, signature }
    }

    /// What is signed, behind the first line that all statements have. Each line ends in a line feed.
    #[must_use]
    pub fn text(&self) -> String {
        let Self { number, version, entry, hash, at, key_id, public_key, signature: _ } = self;
        format!(
            "audit checkpoint {number}\nversion {version}\nentry {entry}\nhash {hash}\nat {at}\n\
             verificationMethod {key_id}\npublicKeyMultibase {public_key}\n"
        )
    }

    /// The place in the chain that it is about.
    #[must_use]
    pub fn link(&self) -> Link {
        Link { seq: self.entry, hash: self.hash.clone() }
    }

    /// Whose signature it bears.
    #[must_use]
    pub fn signed_by(&self, known: &[VerificationKey]) -> SignedBy {
        let mut signature = [0; 64];
        let is_read = hex::decode_to_slice(&self.signature.0, &mut signature).is_ok();
        match VerificationKey::from_multibase(&self.public_key) {
            Ok(key) if is_read && key.verifies_statement(&self.text(), &signature) => {
                if known.contains(&key) { SignedBy::TheIssuer } else { SignedBy::Another }
            }
            _ => SignedBy::Nobody,
        }
    }

    /// One line of JSON.
    #[must_use]
    pub fn to_line(&self) -> String {
        serde_json::to_string(self).unwrap_or_default() // texts and numbers only
    }

    /// From that line.
    pub fn read(line: &str) -> Result<Self, CheckpointFault> {
        Self::of(&serde_json::from_str(line).map_err(|_| CheckpointFault::Json)?)
    }

    fn of(fields: &Map<String, Value>) -> Result<Self, CheckpointFault> {
        let number = |name: &'static str| {
            let number = fields.get(name).and_then(Value::as_i64).filter(|number| *number > 0);
            number.ok_or(CheckpointFault::Field(name))
        };
        // None of them may hold a line feed: they stand in lines.
        let text = |name: &'static str, is_one: fn(&str) -> bool| {
            let text = fields.get(name).and_then(Value::as_str);
            let text = text.filter(|text| !text.chars().any(char::is_control) && is_one(text));
            text.map(str::to_owned).ok_or(CheckpointFault::Field(name))
        };
        let is_hex = |text: &str| text.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'));
        if number("version")? != VERSION {
            return Err(CheckpointFault::Version);
        }
        if fields.keys().any(|name| !FIELDS.contains(&name.as_str())) {
            return Err(CheckpointFault::MoreFields);
        }
        let checkpoint = Self {
            number: number("checkpoint")?,
            version: VERSION,
            entry: number("entry")?,
            hash: text("hash", |text| text.len() == 64)?,
            at: number("at")?,
            key_id: text("verificationMethod", |text| !text.is_empty())?,
            public_key: text("publicKeyMultibase", |text| VerificationKey::from_multibase(text).is_ok())?,
            signature: Signature(text("signature", |text| text.len() == 128)?),
        };
        let hex = [("hash", &checkpoint.hash), ("signature", &checkpoint.signature.0)];
        let wrong = hex.into_iter().find(|(_, text)| !is_hex(text)).map(|(name, _)| name);
        wrong.map_or(Ok(checkpoint), |name| Err(CheckpointFault::Field(name)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use idos_credential::IssuerKey;

    fn key() -> IssuerKey {
        IssuerKey::of_url("https://kyc.example.com/idos", &[7; 32]).unwrap()
    }

    fn checkpoint() -> Checkpoint {
        let end = Link { seq: 42, hash: "0a".repeat(32) };
        let at = Timestamp::from_unix_millis(1_764_419_324_000).unwrap();
        let unsigned = Checkpoint::unsigned(3, &end, at, key().method());
        let signature = key().sign_statement(&unsigned.text());
        unsigned.signed(&signature)
    }

    #[test]
    fn its_line_is_read_back_and_its_signature_holds() {
        let checkpoint = checkpoint();
        assert_eq!(Checkpoint::read(&checkpoint.to_line()), Ok(checkpoint.clone()));
        assert_eq!(checkpoint.signed_by(&[key().verification_key()]), SignedBy::TheIssuer);
        assert_eq!(checkpoint.signed_by(&[]), SignedBy::Another);
        assert_eq!(
            checkpoint.text(),
            format!(
                "audit checkpoint 3\nversion 1\nentry 42\nhash {}\nat 1764419324000\n\
                 verificationMethod https://kyc.example.com/idos/keys/1\n\
                 publicKeyMultibase {}\n",
                "0a".repeat(32),
                key().verification_key().to_multibase()
            )
        );
    }

    #[test]
    fn nothing_in_it_can_be_changed() {
        let good = checkpoint();
        let other = IssuerKey::of_did_key(&[8; 32]).verification_key().to_multibase();
        let cases = [
            Checkpoint { number: good.number + 1, ..good.clone() },
            Checkpoint { version: good.version + 1, ..good.clone() },
            Checkpoint { entry: good.entry - 1, ..good.clone() },
            Checkpoint { hash: "0b".repeat(32), ..good.clone() },
            Checkpoint { at: good.at + 1, ..good.clone() },
            Checkpoint { key_id: format!("{}0", good.key_id), ..good.clone() },
            Checkpoint { public_key: other, ..good.clone() },
            Checkpoint { signature: Signature("00".repeat(64)), ..good.clone() },
        ];
        for changed in cases {
            assert_ne!(changed, good);
            assert_eq!(changed.signed_by(&[key().verification_key()]), SignedBy::Nobody, "{changed:?}");
        }
    }

    #[test]
    fn what_is_none_is_refused_by_field() {
        let fields = |change: &dyn Fn(&mut Map<String, Value>)| {
            let mut fields = serde_json::from_str(&checkpoint().to_line()).unwrap();
            change(&mut fields);
            Checkpoint::of(&fields)
        };
        for name in FIELDS {
            for wrong in [None, Some(Value::Null), Some("x\ny".into()), Some((-1).into()), Some("".into())] {
                let refused = fields(&|all| {
                    all.remove(*name);
                    all.extend(wrong.clone().map(|wrong| ((*name).to_owned(), wrong)));
                });
                assert_eq!(refused, Err(CheckpointFault::Field(name)), "{wrong:?}");
            }
        }
        let upper = fields(&|all| {
            all.insert("hash".to_owned(), "0A".repeat(32).into());
        });
        assert_eq!(upper, Err(CheckpointFault::Field("hash")));
        let later = fields(&|all| {
            all.insert("version".to_owned(), 2.into());
        });
        assert_eq!(later, Err(CheckpointFault::Version));
        let more = fields(&|all| {
            all.insert("note".to_owned(), "x".into());
        });
        assert_eq!(more, Err(CheckpointFault::MoreFields));
        for text in ["", "[]", "{", "null", "7"] {
            assert_eq!(Checkpoint::read(text), Err(CheckpointFault::Json), "{text}");
        }
    }
}
