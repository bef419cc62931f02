//! A signed credential: its exact text, and what it hashes to.

use std::borrow::Cow;
use std::fmt;

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::base85;
use crate::claim::{Claim, Value};
use crate::draft::Draft;
use crate::envelope::Head;
use crate::moment::Moment;
use crate::proof::{Options, Suite};
use crate::strict_json::Json;
use crate::unsigned::Unsigned;
use crate::verification_method::VerificationMethod;
use crate::writer::{Literal, Writer};

/// A credential with its proof, as the JSON text that users get. The text is wiped on drop.
pub struct SignedCredential {
    pub(crate) text: Zeroizing<String>,
    pub(crate) content_hash: [u8; 32],
    pub(crate) id: String,
    pub(crate) level: String,
    pub(crate) expiration_date: Option<Moment>,
}

impl fmt::Debug for SignedCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignedCredential").field("id", &self.id).finish_non_exhaustive()
    }
}

impl SignedCredential {
    /// The JSON text, byte for byte as it is sealed.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// SHA-256 of the text: what idOS calls `content_hash`, in lower-case hex.
    #[must_use]
    pub fn content_hash(&self) -> String {
        hex::encode(self.content_hash)
    }

    /// The credential's id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The level that it claims.
    #[must_use]
    pub fn level(&self) -> &str {
        &self.level
    }

    /// When it ends.
    #[must_use]
    pub fn expiration_date(&self) -> Option<Moment> {
        self.expiration_date
    }

    /// Revives a credential whose text had to wait, locked, before it could be sealed. For the service's store only; the
    /// text must be one that [`text`](Self::text) gave, since no signature is checked here. `None` if it cannot be.
    #[must_use]
    pub fn from_stored(text: Zeroizing<String>) -> Option<Self> {
        let json = Json::parse(text.as_bytes()).ok()?;
        let member = |name: &str| json.member(name).and_then(Json::as_text);
        let (id, level) = (member("id")?.to_owned(), member("level")?.to_owned());
        let expiration_date = match member("expirationDate") {
            Some(date) => Some(date.parse().ok()?),
            None => None,
        };
        drop(json);
        Some(Self { content_hash: Sha256::digest(text.as_bytes()).into(), text, id, level, expiration_date })
    }
}

/// Writes the document, up to the place of its proof, and hashes it.
pub(crate) fn prepare(draft: Draft, suite: Suite, method: &VerificationMethod, now: Moment) -> Unsigned {
    let fields = &draft.fields;
    let issuance_date = now.to_seconds_text();
    let dates = [
        ("issued", fields.issued),
        ("approvedAt", fields.approved_at),
        ("expirationDate", fields.expiration_date),
    ]
    .map(|(name, date)| (name, date.map(|date| date.to_string())));
    let claims = draft.subject.claims();

    let head = Head {
        id: &fields.id,
        issuer: method.controller(),
        level: &fields.level,
        issued: dates[0].1.as_deref(),
        approved_at: dates[1].1.as_deref(),
        expiration_date: dates[2].1.as_deref(),
        issuance_date: &issuance_date,
        subject_id: draft.subject.id(),
    };

    let mut out = Writer::with_capacity(room_for(&claims) + fields.id.len() + 2048);
    out.open();
    head.write(suite, &mut out);
    out.name("credentialSubject");
    out.open();
    out.text("@context", draft.subject.kind().context());
    if let Some(id) = draft.subject.id() {
        out.text("id", id);
    }
    let literals: Vec<_> = claims.iter().map(|claim| (claim.0.predicate, out.claim(claim))).collect();
    out.close();
    head.write_end(&mut out);

    let written = out.written();
    let statements = literals.iter().map(|(predicate, literal)| {
        let escaped = match literal {
            Literal::Text(text) => text.clone(),
            Literal::Written(range) => Cow::Borrowed(written.get(range.clone()).unwrap_or_default()),
        };
        (*predicate, escaped)
    });
    let options = Options { created: &issuance_date, verification_method: method.id() };
    let nodes = head.nodes();
    let to_sign = suite.to_sign(&options, head.statements(&nodes, statements));
    drop(literals);
    drop(claims);
    let (method, created) = (method.clone(), issuance_date);
    Unsigned { document: out, suite, to_sign, method, created, fields: draft.fields }
}

/// Bytes that suffice for most documents: one in seventeen Ascii85 characters of a random file is escaped at
/// most, texts seldom are.
fn room_for(claims: &[Claim<'_>]) -> usize {
    claims
        .iter()
        .map(|(term, value)| {
            term.name.len()
                + 8
                + match value {
                    Value::Text(text) => text.len(),
                    Value::Date(_) => 24,
                    Value::File(file) => base85::encoded_len(file.len()) * 17 / 16,
                }
        })
        .sum()
}
