//! Kinds of credentials. Each kind is a file here, which says all that is its own: context, terms, how it is read and
//! checked, its level, what public notes say of it. This file lists them, and nothing outside this folder asks which kind it
//! is.

pub mod edd_v1;
pub mod face_sign;
pub mod kyc_v1;
pub mod kyc_v2;
pub mod kyc_v3;
mod sections;
pub mod wallet_linkage;

use std::fmt;
use std::str::FromStr;

use zeroize::Zeroizing;

use crate::claim::{Claim, Value};
use crate::contexts::{IDOS_CONTEXT, OLD_CONTEXT_FOLDERS};
use crate::error::Invalid;
use crate::form::{self, Form};
use crate::reader::ReadFile;
use crate::rejection::Rejection;
use crate::strict_json::Json;
use crate::timestamp::Timestamp;
use crate::vocabulary::{Term, input_path};
use edd_v1::EddSubject;
use face_sign::FaceSignSubject;
use kyc_v2::KycSubject;
use kyc_v3::KycV3Subject;
use wallet_linkage::{Inline, LinkedWallet, WalletLinkage};

/// What a credential is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// Identity data (KYC, AML), second version of the context.
    #[default]
    KycV2,
    /// Proof of personhood by FaceSign.
    FaceSign,
    /// Identity data in sections, third version of the context, with a numbered level.
    KycV3,
    /// Enhanced due diligence: occupation and the source of funds.
    EddV1,
    /// Identity data, first version of the context: verified, and no longer issued.
    KycV1,
    /// Which wallets a user has shown to hold.
    WalletLinkage,
}

/// Whom a credential is about, and what is known of them.
#[derive(Clone, Debug)]
pub enum Subject {
    /// Of [`Kind::KycV2`].
    KycV2(Box<KycSubject>),
    /// Of [`Kind::FaceSign`].
    FaceSign(FaceSignSubject),
    /// Of [`Kind::KycV3`].
    KycV3(KycV3Subject),
    /// Of [`Kind::EddV1`].
    EddV1(EddSubject),
    /// Of [`Kind::WalletLinkage`].
    WalletLinkage(WalletLinkage),
}

impl Kind {
    /// All that are known.
    pub const ALL: &[Self] =
        &[Self::KycV2, Self::FaceSign, Self::KycV3, Self::EddV1, Self::KycV1, Self::WalletLinkage];

    /// Those that a verifier takes unless told otherwise: all but old ones.
    pub const TAKEN: &[Self] = &[Self::KycV2, Self::FaceSign, Self::KycV3, Self::EddV1, Self::WalletLinkage];

    /// Those that are issued, by name.
    pub const ISSUED: &[Self] = &[Self::KycV2, Self::FaceSign, Self::KycV3, Self::EddV1, Self::WalletLinkage];

    /// Those of them that are issued of a subject in JSON. The others are made of what the issuer itself has seen proven.
    pub const GIVEN: &[Self] = &[Self::KycV2, Self::FaceSign, Self::KycV3, Self::EddV1];

    /// Identity data by the version of its context, for versions that are issued.
    #[must_use]
    pub fn of_kyc_version(version: u8) -> Option<Self> {
        match version {
            2 => Some(Self::KycV2),
            3 => Some(Self::KycV3),
            _ => None,
        }
    }

    fn definition(self) -> &'static Definition {
        match self {
            Self::KycV2 => &kyc_v2::DEFINITION,
            Self::FaceSign => &face_sign::DEFINITION,
            Self::KycV3 => &kyc_v3::DEFINITION,
            Self::EddV1 => &edd_v1::DEFINITION,
            Self::KycV1 => &kyc_v1::DEFINITION,
            Self::WalletLinkage => &wallet_linkage::DEFINITION,
        }
    }
}

impl Subject {
    fn inner_mut(&mut self) -> &mut dyn SubjectClaims {
        match self {
            Self::KycV2(subject) => subject.as_mut(),
            Self::FaceSign(subject) => subject,
            Self::KycV3(subject) => subject,
            Self::EddV1(subject) => subject,
            Self::WalletLinkage(subject) => subject,
        }
    }

    fn inner(&self) -> &dyn SubjectClaims {
        match self {
            Self::KycV2(subject) => subject.as_ref(),
            Self::FaceSign(subject) => subject,
            Self::KycV3(subject) => subject,
            Self::EddV1(subject) => subject,
            Self::WalletLinkage(subject) => subject,
        }
    }
}

/// A file of a subject.
pub struct SubjectFile<'s> {
    /// Where it is read from, such as `residentialAddress.proofFile`.
    pub path: String,
    /// Whether it shows a face; otherwise a document.
    pub shows_face: bool,
    /// The file.
    pub bytes: &'s mut Vec<u8>,
}

impl fmt::Debug for SubjectFile<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SubjectFile").field("path", &self.path).finish_non_exhaustive()
    }
}

/// A member of public notes about a document.
pub(crate) struct Document {
    pub(crate) name: &'static str,
    /// Each of its members with the claim that it repeats.
    pub(crate) members: &'static [(&'static str, &'static str)],
    /// The claim that has to be true, where the document proves nothing otherwise.
    pub(crate) only_if: Option<&'static str>,
}

/// What is known of a subject's claims, by their names: `is_there` whether it is made, `holds` whether it says something: a
/// text that is not empty, what is true, any number, any file.
pub(crate) struct Made<'a> {
    pub(crate) is_there: &'a dyn Fn(&str) -> bool,
    pub(crate) holds: &'a dyn Fn(&str) -> bool,
}

type ReadSubject = fn(&Json, &mut ReadFile<'_>) -> Result<Subject, Invalid>;
type Supports = fn(&str, &Made<'_>) -> Option<bool>;
type Lacks = fn(&Made<'_>) -> Option<(&'static str, &'static str)>;

/// What is a kind's own.
struct Definition {
    /// As the API and the database write it.
    name: &'static str,
    /// For people.
    title: &'static str,
    /// The context of its subject.
    context: &'static str,
    /// Whether that context had other addresses: [`OLD_CONTEXT_FOLDERS`].
    has_moved: bool,
    /// The forms of its envelope: that in which it is issued, and others in which it has been met.
    envelopes: &'static [&'static Form],
    /// Whether the context of its subject is written as a list of one.
    lists_context: bool,
    /// The subject's own context and list, where its context stands in it.
    inline: Option<Inline>,
    /// What its subjects may claim.
    terms: &'static [&'static [Term]],
    /// What the verifier insists on and is not there: a claim, or nothing where it is the whole; and what is said of it.
    lacks: Lacks,
    /// Whether its subjects have an id.
    has_id: bool,
    /// Reads a subject from JSON; nothing for a kind that is not issued of one.
    read: Option<ReadSubject>,
    /// Whether what a level claims is there; `None` where levels are not derived.
    supports: Supports,
    /// The numbered level that the claims reach, 0 if none; `None` for kinds without numbers.
    kyc_level: Option<fn(&Made<'_>) -> u32>,
    /// `type` of public notes, unless an issuer chooses another.
    notes_type: &'static str,
    /// What public notes may say of documents.
    documents: &'static [Document],
}

/// What a subject of each kind answers.
pub(crate) trait SubjectClaims {
    fn kind(&self) -> Kind;
    fn id(&self) -> Option<&str>;
    /// The claims that are made, in the order in which they are written.
    fn claims(&self) -> Vec<Claim<'_>>;
    /// The wallets that it lists, in the order in which they are written.
    fn listed(&self) -> &[LinkedWallet] {
        &[]
    }
    /// Checks all rules, for somebody who was checked at `approved_at`.
    fn check(&self, approved_at: Option<Timestamp>) -> Result<(), Invalid>;
    /// The level that is supported.
    fn level(&self) -> String;
    /// Its files, to be put in place of others.
    fn files_mut(&mut self) -> Vec<(&'static Term, &mut Vec<u8>)> {
        Vec::new()
    }
    /// When the credential ends unless somebody says so, and the path that it is read from.
    fn end(&self) -> Option<(Timestamp, &'static str)> {
        None
    }
    /// Until when the document is good, with an extension that it has got, and the path that it is read from.
    fn document_end(&self) -> Option<(Timestamp, &'static str)> {
        self.end()
    }
    /// Whether an issuer may claim `level`.
    fn check_level(&self, _level: &str) -> Result<(), &'static str> {
        Ok(())
    }
}

/// The text names no kind that is issued.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not known")]
pub struct UnknownKind;

impl Kind {
    /// The name, as the API and the database write it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.definition().name
    }

    /// The name, for people.
    #[must_use]
    pub fn title(self) -> &'static str {
        self.definition().title
    }

    /// The context of its subject, under its present address.
    #[must_use]
    pub fn context(self) -> &'static str {
        self.definition().context
    }

    /// By the address of the subject's context, present or old.
    #[must_use]
    pub fn by_context(url: &str) -> Option<Self> {
        let url = present_address(url);
        Self::ALL.iter().copied().find(|kind| kind.context() == url)
    }

    /// Whether the context had other addresses: [`OLD_CONTEXT_FOLDERS`].
    #[must_use]
    pub fn has_moved(self) -> bool {
        self.definition().has_moved
    }

    /// Whether its subjects have an id.
    #[must_use]
    pub fn has_id(self) -> bool {
        self.definition().has_id
    }

    /// `type` of public notes, unless an issuer chooses another. Consumers filter by it.
    #[must_use]
    pub fn notes_type(self) -> &'static str {
        self.definition().notes_type
    }

    /// The members of a subject besides its id, by dotted paths as they are read: those of an address are
    /// `residentialAddress.street` and so on.
    pub fn members(self) -> impl Iterator<Item = String> {
        self.terms().map(input_path)
    }

    /// Whether its subjects list wallets ([`WalletLinkage`]), and are made of those and of nothing else.
    #[must_use]
    pub fn lists_wallets(self) -> bool {
        self.list_member().is_some()
    }

    /// Whether such a credential has the member `name` in its envelope: `issued`, `expirationDate` or `kycLevel`.
    #[must_use]
    pub fn envelope_has(self, name: &str) -> bool {
        self.envelope().has(name)
    }

    /// Whether such credentials have a numbered level besides the other one.
    #[must_use]
    pub fn has_kyc_level(self) -> bool {
        self.definition().kyc_level.is_some()
    }

    /// The form of envelope in which it is issued.
    pub(crate) fn envelope(self) -> &'static Form {
        self.envelopes().first().copied().unwrap_or(&form::FIRST)
    }

    /// The forms of envelope in which it is read.
    pub(crate) fn envelopes(self) -> &'static [&'static Form] {
        self.definition().envelopes
    }

    /// The subject's `@context`, as JSON.
    pub(crate) fn context_json(self) -> String {
        let Definition { context, lists_context, inline, .. } = self.definition();
        if let Some(inline) = inline {
            return inline.context.to_owned();
        }
        if *lists_context { format!("[\"{context}\"]") } else { format!("\"{context}\"") }
    }

    /// By the `@context` of a subject: a text, or a list of one; or the very object of a kind whose context stands in its subject.
    pub(crate) fn of_subject(subject: &Json) -> Option<Self> {
        let inline = |kind: Self| kind.definition().inline.as_ref();
        if let Some(object @ Json::Object(_)) = subject.member("@context") {
            let is_it =
                |own: &Inline| Json::parse(own.context.as_bytes()).is_ok_and(|own| is_same(&own, object));
            return Self::ALL.iter().copied().find(|kind| inline(*kind).is_some_and(is_it));
        }
        Self::by_context(context_of(subject)?).filter(|kind| inline(*kind).is_none())
    }

    /// The member of its subjects that lists wallets, if they have one.
    pub(crate) fn list_member(self) -> Option<&'static str> {
        self.definition().inline.as_ref().map(|inline| inline.member)
    }

    /// Reads that member strictly, of the subject with this id. Nothing for kinds that have none.
    pub(crate) fn read_list(self, id: Option<&str>, list: &Json) -> Result<Vec<LinkedWallet>, Rejection> {
        match &self.definition().inline {
            Some(inline) => (inline.read)(id.unwrap_or_default(), list),
            None => Ok(Vec::new()),
        }
    }

    pub(crate) fn documents(self) -> &'static [Document] {
        self.definition().documents
    }

    /// Whether what `level` claims is there; `None` where levels are not derived.
    pub(crate) fn supports(self, level: &str, made: &Made<'_>) -> Option<bool> {
        (self.definition().supports)(level, made)
    }

    /// The numbered level that the claims reach, 0 if none; `None` for kinds without numbers.
    pub(crate) fn kyc_level(self, made: &Made<'_>) -> Option<u32> {
        self.definition().kyc_level.map(|derive| derive(made))
    }

    /// What a subject must have and has not: a claim, or nothing where it is the whole; and what is said of it.
    pub(crate) fn lacks(self, made: &Made<'_>) -> Option<(&'static str, &'static str)> {
        (self.definition().lacks)(made)
    }

    /// The term `name`, if subjects of this kind have it.
    pub(crate) fn term(self, name: &str) -> Option<&'static Term> {
        self.terms().find(|term| term.name == name)
    }

    fn terms(self) -> impl Iterator<Item = &'static Term> {
        self.definition().terms.iter().copied().flatten()
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Kind {
    type Err = UnknownKind;

    /// By the name of a kind that is issued.
    fn from_str(name: &str) -> Result<Self, UnknownKind> {
        Self::ISSUED.iter().copied().find(|kind| kind.as_str() == name).ok_or(UnknownKind)
    }
}

impl Subject {
    /// Reads a subject of `kind`. Its own rules are checked later, by [`check`](Self::check).
    pub fn read(kind: Kind, json: &Json, read_file: &mut ReadFile<'_>) -> Result<Self, Invalid> {
        match kind.definition().read {
            Some(read) => read(json, read_file),
            None => {
                Err(crate::Problem::new("", "is of a kind that is not issued of a subject in JSON").into())
            }
        }
    }

    /// What it is about.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.inner().kind()
    }

    /// Its id, if subjects of its kind have one.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.inner().id()
    }

    /// Checks all rules: those of the official SDK, and whether a consumer would believe it of somebody who was checked at
    /// `approved_at`.
    pub fn check(&self, approved_at: Option<Timestamp>) -> Result<(), Invalid> {
        self.inner().check(approved_at)
    }

    /// The level that is supported.
    #[must_use]
    pub fn level(&self) -> String {
        self.inner().level()
    }

    /// Bytes of all its files together.
    #[must_use]
    pub fn file_bytes(&self) -> usize {
        let len = |claim: &Claim<'_>| if let Value::File(file) = claim.1 { file.len() } else { 0 };
        self.claims().iter().map(len).sum()
    }

    /// Its files, to be put in place of others: what is put there is checked where a credential is made.
    pub fn files_mut(&mut self) -> Vec<SubjectFile<'_>> {
        let file = |(term, bytes): (&'static Term, _)| SubjectFile {
            path: input_path(term),
            shows_face: term.shows_face,
            bytes,
        };
        self.inner_mut().files_mut().into_iter().map(file).collect()
    }

    /// When the credential ends unless somebody says so, and the path that it is read from: with the document, for kinds that
    /// end with it.
    #[must_use]
    pub fn end(&self) -> Option<(Timestamp, &'static str)> {
        self.inner().end()
    }

    /// Until when the document is good that such a credential ends with, with an extension that it has got; and the path below the
    /// subject that it is read from.
    #[must_use]
    pub fn document_end(&self) -> Option<(Timestamp, &'static str)> {
        self.inner().document_end()
    }

    /// The numbered level that is supported, 0 if none; `None` for kinds without numbers.
    #[must_use]
    pub fn kyc_level(&self) -> Option<u32> {
        let claims = self.claims();
        let find = |name: &str| claims.iter().find(|(term, _)| term.name == name);
        self.kind().kyc_level(&Made {
            is_there: &|name| find(name).is_some(),
            holds: &|name| find(name).is_some_and(|(_, value)| value.holds()),
        })
    }

    /// The free texts that public notes repeat which tell of documents ([`with_documents`](crate::PublicNotes::with_documents)),
    /// each with its path below the subject.
    #[must_use]
    pub fn shown_in_notes(&self) -> Vec<(String, Zeroizing<String>)> {
        let shown: Vec<_> = self.kind().documents().iter().flat_map(|document| document.members).collect();
        let text = |(term, value): &Claim<'_>| match value {
            Value::Text(text) if shown.iter().any(|(_, claim)| *claim == term.name) => {
                Some((input_path(term), Zeroizing::new((*text).to_owned())))
            }
            _ => None,
        };
        self.claims().iter().filter_map(text).collect()
    }

    pub(crate) fn claims(&self) -> Vec<Claim<'_>> {
        self.inner().claims()
    }

    /// The wallets that it lists.
    pub(crate) fn listed(&self) -> &[LinkedWallet] {
        self.inner().listed()
    }

    /// The member that lists them, and its JSON; nothing for a subject that lists none.
    pub(crate) fn list(&self) -> Option<(&'static str, String)> {
        Some((self.kind().list_member()?, wallet_linkage::to_json(self.listed())))
    }

    pub(crate) fn check_level(&self, level: &str) -> Result<(), &'static str> {
        self.inner().check_level(level)
    }
}

/// Whether both are the same value: the order of an object's members says nothing.
fn is_same(one: &Json, other: &Json) -> bool {
    match (one, other) {
        (Json::Object(one), Json::Object(other)) => {
            let is_there = |(name, value): &(String, Json)| {
                other.iter().any(|(there, other)| there == name && is_same(value, other))
            };
            one.len() == other.len() && one.iter().all(is_there)
        }
        _ => one == other,
    }
}

/// The `@context` of a subject: a text, or a list of one text.
pub(crate) fn context_of(subject: &Json) -> Option<&str> {
    match subject.member("@context")? {
        Json::List(items) => match items.as_slice() {
            [one] => one.as_text(),
            _ => None,
        },
        one => one.as_text(),
    }
}

/// The first term that is required and is not there.
fn lacks_required(terms: &'static [Term], made: &Made<'_>) -> Option<(&'static str, &'static str)> {
    let missing = terms.iter().find(|term| term.required && !(made.is_there)(term.name));
    missing.map(|term| (term.name, "is missing"))
}

/// The context that `url` names, under its present address.
#[must_use]
pub fn present_address(url: &str) -> &str {
    let Some(file) = OLD_CONTEXT_FOLDERS.iter().find_map(|folder| url.strip_prefix(folder)) else {
        return url;
    };
    let moved = Kind::ALL.iter().filter(|kind| kind.has_moved()).map(|kind| kind.context());
    let is_it = |context: &&str| context.rsplit_once('/').is_some_and(|(_, name)| name == file);
    std::iter::once(IDOS_CONTEXT).chain(moved).find(is_it).unwrap_or(url)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn kinds_are_told_apart_by_name_and_by_context() {
        let (names, contexts): (BTreeSet<_>, BTreeSet<_>) =
            Kind::ALL.iter().map(|kind| (kind.as_str(), kind.context())).unzip();
        assert_eq!((names.len(), contexts.len()), (Kind::ALL.len(), Kind::ALL.len()));
        for kind in Kind::ALL {
            assert_eq!(Kind::by_context(kind.context()), Some(*kind));
            assert_eq!(kind.definition().read.is_some(), Kind::GIVEN.contains(kind), "{kind}");
            let is_made = kind.definition().read.is_some() || kind.lists_wallets();
            assert_eq!(is_made, Kind::ISSUED.contains(kind), "{kind}");
            assert_eq!(kind.as_str().parse().ok(), Kind::ISSUED.contains(kind).then_some(*kind));
        }
    }

    #[test]
    fn documents_in_public_notes_are_claims() {
        for kind in Kind::ALL {
            for document in kind.documents() {
                for (_, claim) in document.members {
                    assert!(kind.term(claim).is_some(), "{kind} {claim}");
                }
                assert!(document.only_if.is_none_or(|claim| kind.term(claim).is_some()), "{kind}");
            }
        }
    }
}
