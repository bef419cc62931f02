//! What there is between a provider and one of its vendors.

use url::{Origin, Url};

use crate::secret::Secret;

/// Whether people or test data are behind a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Environment {
    /// People.
    Live,
    /// Test data: never to become a credential that others believe.
    Sandbox,
}

impl Environment {
    /// `live` or `sandbox`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Sandbox => "sandbox",
        }
    }

    /// Live only where both say so.
    pub(crate) fn and(self, other: Self) -> Self {
        if self == Self::Live { other } else { self }
    }
}

/// An account with a vendor: its keys, and what cannot be seen in the vendor's data.
#[derive(Clone, Debug)]
pub struct Account {
    /// What the operator says of this account. Five of the vendors do not say it in their data; where one does, a
    /// result is live only if both say so.
    pub environment: Environment,
    /// The webhook's secrets: one, or several while it is being replaced. Each of them is accepted.
    pub webhook_secrets: Vec<Secret>,
    /// What names the caller in requests: API key, app token or client id.
    pub key: Secret,
    /// What signs requests or goes with the key, at vendors that have a second half.
    pub secret: Option<Secret>,
    /// An access token in use, at vendors that issue them for a time ([`crate::Vendor::token_request`]).
    pub token: Option<Secret>,
    /// The caller's name, as `Company App/1.0`: one vendor refuses requests without it.
    pub user_agent: String,
    /// Where files may be fetched from beside the API. A link in a vendor's answer is followed only if it begins with
    /// one of these; no key is sent there.
    pub files: Vec<FilesBase>,
    /// What the vendor leaves to the account.
    pub settings: Settings,
}

/// What a vendor leaves to the account. The default is the strict choice everywhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// Take webhooks that are signed with HMAC-SHA-1 (Sumsub, old webhooks).
    pub allow_sha1: bool,
    /// Take the signature over canonical JSON where there is none over the body (Didit), in this form.
    pub canonical: Option<Canonical>,
    /// The workflow has no decision step: what is complete is approved (Persona).
    pub completed_is_approved: bool,
}

impl Settings {
    /// The names of those that are not left as they are by default.
    pub(crate) fn chosen(self) -> impl Iterator<Item = &'static str> {
        let all = [
            ("allow_sha1", self.allow_sha1),
            ("canonical", self.canonical.is_some()),
            ("completed_is_approved", self.completed_is_approved),
        ];
        all.into_iter().filter(|(_, is_chosen)| *is_chosen).map(|(name, _)| name)
    }
}

/// What the signature over canonical JSON is over. The vendor's own sources show both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Canonical {
    /// The text alone.
    Text,
    /// The timestamp, a colon, and the text.
    TimestampAndText,
}

impl Canonical {
    /// Both.
    pub const ALL: &[Self] = &[Self::Text, Self::TimestampAndText];

    /// By which configurations name it: `text` or `timestamp_and_text`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::TimestampAndText => "timestamp_and_text",
        }
    }

    /// By its name.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|form| form.name() == name)
    }

    /// What is signed.
    pub(crate) fn parts<'a>(self, time: &'a str, text: &'a str) -> Vec<&'a [u8]> {
        match self {
            Self::Text => vec![text.as_bytes()],
            Self::TimestampAndText => vec![time.as_bytes(), b":", text.as_bytes()],
        }
    }
}

/// A place that files are fetched from: `https://host`, without a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilesBase(Origin);

/// Why an address is no place to fetch files from. Never repeats any of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be https:// and a host, without a path, a query or a user name")]
pub struct InvalidBase;

impl FilesBase {
    /// Reads one, such as `https://files.withpersona.com`.
    pub fn new(text: &str) -> Result<Self, InvalidBase> {
        let url = Url::parse(text).map_err(|_| InvalidBase)?;
        let is_bare =
            url.path() == "/" && url.query().is_none() && url.fragment().is_none() && is_plain(&url);
        if is_bare { Ok(Self(url.origin())) } else { Err(InvalidBase) }
    }

    /// The base, without a slash at its end.
    #[must_use]
    pub fn as_url(&self) -> String {
        self.0.ascii_serialization()
    }

    pub(crate) fn is_of(&self, url: &Url) -> bool {
        is_plain(url) && url.origin() == self.0
    }
}

fn is_plain(url: &Url) -> bool {
    url.scheme() == "https" && url.has_host() && url.username().is_empty() && url.password().is_none()
}
