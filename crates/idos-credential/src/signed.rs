//! A signed credential: its exact text, and what it hashes to.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::base85;
use crate::draft::Draft;
use crate::iri::{self, Place};
use crate::moment::Moment;
use crate::nquads::{self, Quad};
use crate::strict_json::Json;
use crate::subject::{Member, Value};
use crate::terms::{CONTEXTS, envelope};
use crate::unsigned::Unsigned;
use crate::verification_method::VerificationMethod;

/// The blank node of a subject without id, under its canonical label.
pub(crate) const BLANK: &str = "_:c14n0";

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
pub(crate) fn prepare(draft: Draft, method: &VerificationMethod, now: Moment) -> Unsigned {
    let fields = &draft.fields;
    let issuance_date = now.to_seconds_text();
    let dates = [
        ("issued", fields.issued),
        ("approvedAt", fields.approved_at),
        ("expirationDate", fields.expiration_date),
    ]
    .map(|(name, date)| (name, date.map(|date| date.to_string())));
    let members = draft.members();

    let mut out = Writer::with_capacity(room_for(&members) + fields.id.len() + 2048);
    out.open();
    out.raw("@context", &contexts());
    out.raw("type", r#"["VerifiableCredential"]"#);
    out.text("issuer", method.controller());
    out.text("id", &fields.id);
    out.text("level", &fields.level);
    for (name, date) in &dates {
        if let Some(date) = date {
            out.text(name, date);
        }
    }
    out.name("credentialSubject");
    out.open();
    out.text("@context", draft.subject_context());
    if let Some(id) = draft.subject_id() {
        out.text("id", id);
    }
    let literals: Vec<_> = members.iter().map(|member| (member.0.predicate, out.member(member))).collect();
    out.close();
    out.text("issuanceDate", &issuance_date);

    let head = Head {
        id: &fields.id,
        issuer: method.controller(),
        level: &fields.level,
        issued: dates[0].1.as_deref(),
        approved_at: dates[1].1.as_deref(),
        expiration_date: dates[2].1.as_deref(),
        issuance_date: &issuance_date,
        subject_id: draft.subject_id(),
    };
    let written = std::str::from_utf8(&out.bytes).unwrap_or_default(); // texts and Ascii85
    let claims = literals.iter().map(|(predicate, literal)| {
        let escaped = match literal {
            Literal::Text(text) => text.clone(),
            Literal::Written(range) => Cow::Borrowed(written.get(range.clone()).unwrap_or_default()),
        };
        (*predicate, escaped)
    });
    let to_sign = verify_data(&head, claims, &issuance_date, method.id());
    drop(literals);

    drop(members);
    Unsigned { document: out, to_sign, method: method.clone(), created: issuance_date, fields: draft.fields }
}

/// What the statements about the credential itself are made of, all as they stand in the document.
pub(crate) struct Head<'a> {
    pub(crate) id: &'a str,
    pub(crate) issuer: &'a str,
    pub(crate) level: &'a str,
    pub(crate) issued: Option<&'a str>,
    pub(crate) approved_at: Option<&'a str>,
    pub(crate) expiration_date: Option<&'a str>,
    pub(crate) issuance_date: &'a str,
    pub(crate) subject_id: Option<&'a str>,
}

/// The 64 bytes that Ed25519Signature2020 signs: SHA-256 of the canonical proof options, then SHA-256 of the
/// canonical document (Data Integrity, create verify data).
pub(crate) fn verify_data<'a>(
    head: &Head<'a>,
    claims: impl Iterator<Item = (&'static str, Cow<'a, str>)>,
    created: &str,
    verification_method: &str,
) -> [u8; 64] {
    let id = iri::to_term(head.id, Place::Envelope);
    let issuer = iri::to_term(head.issuer, Place::Envelope);
    let subject = head.subject_id.map_or_else(|| BLANK.to_owned(), |id| iri::to_term(id, Place::Subject));
    let text = nquads::escape_literal;

    let mut quads = vec![
        Quad::node(&id, envelope::TYPE, envelope::VERIFIABLE_CREDENTIAL),
        Quad::node(&id, envelope::ISSUER, &issuer),
        Quad::node(&id, envelope::SUBJECT, &subject),
        Quad::literal(&id, envelope::LEVEL, text(head.level)),
        Quad::date_time(&id, envelope::ISSUANCE_DATE, text(head.issuance_date)),
    ];
    quads.extend(head.issued.map(|date| Quad::date_time(&id, envelope::ISSUED, text(date))));
    quads.extend(head.approved_at.map(|date| Quad::literal(&id, envelope::APPROVED_AT, text(date))));
    quads
        .extend(head.expiration_date.map(|date| Quad::date_time(&id, envelope::EXPIRATION_DATE, text(date))));
    quads.extend(claims.map(|(predicate, escaped)| Quad::literal(&subject, predicate, escaped)));

    let mut data = [0; 64];
    let (options, document) = data.split_at_mut(32);
    options.copy_from_slice(&hash_of_options(created, verification_method));
    document.copy_from_slice(&nquads::hash(quads));
    data
}

/// The proof options always are these four lines, in this order.
fn hash_of_options(created: &str, verification_method: &str) -> [u8; 32] {
    let lines = format!(
        "{BLANK} <http://purl.org/dc/terms/created> \"{}\"^^<http://www.w3.org/2001/XMLSchema#dateTime> .\n\
         {BLANK} <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <https://w3id.org/security#Ed25519Signature2020> .\n\
         {BLANK} <https://w3id.org/security#proofPurpose> <https://w3id.org/security#assertionMethod> .\n\
         {BLANK} <https://w3id.org/security#verificationMethod> {} .\n",
        nquads::escape_literal(created),
        iri::to_term(verification_method, Place::Proof),
    );
    Sha256::digest(lines.as_bytes()).into()
}

fn contexts() -> String {
    format!("[\"{}\"]", CONTEXTS.join("\",\""))
}

/// Bytes that suffice for most documents: one in seventeen Ascii85 characters of a random file is escaped at
/// most, texts seldom are.
fn room_for(members: &[Member<'_>]) -> usize {
    members
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

/// A literal as N-Quads escape it: files are already spelled so in the document.
enum Literal<'a> {
    Text(Cow<'a, str>),
    Written(Range<usize>),
}

/// Writes JSON as `JSON.stringify` does. Wiped on drop.
pub(crate) struct Writer {
    bytes: Zeroizing<Vec<u8>>,
}

impl Writer {
    fn with_capacity(capacity: usize) -> Self {
        Self { bytes: Zeroizing::new(Vec::with_capacity(capacity)) }
    }

    /// What was written. Texts and Ascii85, so UTF-8.
    pub(crate) fn into_text(mut self) -> String {
        String::from_utf8(std::mem::take(&mut *self.bytes)).unwrap_or_default()
    }

    pub(crate) fn open(&mut self) {
        self.bytes.push(b'{');
    }

    pub(crate) fn close(&mut self) {
        self.bytes.push(b'}');
    }

    pub(crate) fn name(&mut self, name: &str) {
        if self.bytes.last() != Some(&b'{') {
            self.bytes.push(b',');
        }
        self.raw_text(name);
        self.bytes.push(b':');
    }

    fn raw(&mut self, name: &str, json: &str) {
        self.name(name);
        self.bytes.extend_from_slice(json.as_bytes());
    }

    pub(crate) fn text(&mut self, name: &str, text: &str) {
        self.name(name);
        self.raw_text(text);
    }

    /// `serde_json` escapes exactly what `JSON.stringify` escapes.
    fn raw_text(&mut self, text: &str) {
        let written = serde_json::to_writer(&mut *self.bytes, text);
        debug_assert!(written.is_ok(), "writing text to memory cannot fail");
    }

    fn member<'a>(&mut self, (term, value): &Member<'a>) -> Literal<'a> {
        match value {
            Value::Text(text) => {
                self.text(term.name, text);
                Literal::Text(nquads::escape_literal(text))
            }
            Value::Date(date) => {
                let text = date.to_string();
                self.text(term.name, &text);
                Literal::Text(Cow::Owned(text))
            }
            Value::File(file) => {
                self.name(term.name);
                self.bytes.push(b'"');
                let start = self.bytes.len();
                base85::encode_escaped(file, &mut self.bytes);
                let end = self.bytes.len();
                self.bytes.push(b'"');
                Literal::Written(start..end)
            }
        }
    }
}
