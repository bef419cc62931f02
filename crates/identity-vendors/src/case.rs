//! What a vendor calls one verification of one person.

use std::fmt;

use zeroize::Zeroizing;

use crate::fault::Fault;

const LONGEST_ID: usize = 128;
const LONGEST_REFERENCE: usize = 512;

/// One verification of one person at a vendor.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Case {
    /// The vendor's id: applicant, inquiry, session, workflow execution.
    pub id: CaseId,
    /// What else finds it, at vendors where the id alone does not: the account (Jumio), the kind of case (Onfido).
    pub scope: Option<CaseId>,
    /// What the provider calls its user, as it was given to the vendor. Where it is known beforehand, a result for
    /// another one is refused.
    pub reference: Option<Reference>,
}

/// An id of a vendor's: letters, digits, `-` and `_`, so that it stands in a path as it is.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct CaseId(String);

/// What a provider calls its user. Not shown: it may be an address.
#[derive(Clone, PartialEq, Eq)]
pub struct Reference(Zeroizing<String>);

/// Why a text is no id or reference. Never repeats any of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "is no id of a vendor's: 1 to 128 letters, digits, - and _; or no reference: 1 to 512 bytes without control characters"
)]
pub struct InvalidId;

impl Case {
    /// One of which nothing but the vendor's id is known.
    #[must_use]
    pub fn new(id: CaseId) -> Self {
        Self { id, scope: None, reference: None }
    }
}

impl CaseId {
    /// As the vendor writes it.
    pub fn new(text: &str) -> Result<Self, InvalidId> {
        let is_id = (1..=LONGEST_ID).contains(&text.len())
            && text.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-' || c == b'_');
        if is_id { Ok(Self(text.to_owned())) } else { Err(InvalidId) }
    }

    /// As the vendor writes it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// From a vendor's answer.
    pub(crate) fn read(text: &str, field: &'static str) -> Result<Self, Fault> {
        Self::new(text).map_err(|_| Fault::Malformed(field))
    }
}

impl fmt::Display for CaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Reference {
    /// As it was given to the vendor.
    pub fn new(text: &str) -> Result<Self, InvalidId> {
        let is_one = (1..=LONGEST_REFERENCE).contains(&text.len()) && !text.contains(char::is_control);
        if is_one { Ok(Self(Zeroizing::new(text.to_owned()))) } else { Err(InvalidId) }
    }

    /// As it was given to the vendor.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn read(text: Option<&str>, field: &'static str) -> Result<Option<Self>, Fault> {
        text.map(|text| Self::new(text).map_err(|_| Fault::Malformed(field))).transpose()
    }
}

impl fmt::Debug for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Reference(..)")
    }
}
