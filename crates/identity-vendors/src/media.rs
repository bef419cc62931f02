//! Files that belong to a result: where they are, and whether they are what they should be.

use std::fmt;

use idos_file_type::FileType;
use url::Url;
use zeroize::Zeroizing;

use crate::account::Account;
use crate::case::CaseId;
use crate::fault::Fault;
use crate::refusal::{Refusal, RefusalCode};

/// The largest file that is taken, in bytes: as large as a file in a credential may be.
pub const LARGEST_FILE: usize = 16 * 1024 * 1024;

/// What a file shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Shows {
    /// The identity document's front.
    Front,
    /// Its back.
    Back,
    /// The face.
    Selfie,
    /// What proves the address.
    AddressProof,
}

impl Shows {
    /// `front`, `back`, `selfie` or `address_proof`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Front => "front",
            Self::Back => "back",
            Self::Selfie => "selfie",
            Self::AddressProof => "address_proof",
        }
    }

    pub(crate) fn field(self) -> &'static str {
        match self {
            Self::Front => "idDocument.frontFile",
            Self::Back => "idDocument.backFile",
            Self::Selfie => "selfieFile",
            Self::AddressProof => "residentialAddress.proofFile",
        }
    }
}

/// A file that can be fetched ([`crate::Vendor::media_request`]). Links do not live long at three of the vendors: an
/// hour at the least. When one has died, the result is asked for again.
#[derive(Clone, PartialEq, Eq)]
pub struct MediaReference {
    /// What it shows.
    pub shows: Shows,
    pub(crate) place: Place,
}

#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// A path of the API, signed as all its requests. With what the signature is over, where that is not the request.
    Api { path: String, over: Option<String>, in_json: bool },
    /// Path and query below one of the account's places for files.
    Files { base: usize, path: Zeroizing<String> },
}

impl MediaReference {
    pub(crate) fn of_api(shows: Shows, path: String) -> Self {
        Self { shows, place: Place::Api { path, over: None, in_json: false } }
    }

    /// Where the vendor signs the file's id.
    pub(crate) fn of_api_over(shows: Shows, path: String, over: &CaseId) -> Self {
        Self { shows, place: Place::Api { path, over: Some(over.as_str().to_owned()), in_json: false } }
    }

    /// Where the vendor answers with base64 within JSON.
    pub(crate) fn of_api_json(shows: Shows, path: String) -> Self {
        Self { shows, place: Place::Api { path, over: None, in_json: true } }
    }

    /// Of a link in a vendor's answer: taken only if it leads to one of the account's places for files.
    pub(crate) fn of_link(shows: Shows, link: &str, account: &Account) -> Result<Self, Refusal> {
        let refused = |code| Refusal::new(code, shows.field());
        let url = Url::parse(link).map_err(|_| refused(RefusalCode::LinkMalformed))?;
        if url.scheme() != "https" || !url.has_host() {
            return Err(refused(RefusalCode::LinkMalformed));
        }
        let base = account.files.iter().position(|base| base.is_of(&url));
        let base = base.ok_or_else(|| refused(RefusalCode::FileElsewhere))?;
        let mut path = Zeroizing::new(url.path().to_owned());
        if let Some(query) = url.query() {
            path.push('?');
            path.push_str(query);
        }
        Ok(Self { shows, place: Place::Files { base, path } })
    }
}

/// Leaves out where it is: links have access tokens in them.
impl fmt::Debug for MediaReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MediaReference").field("shows", &self.shows).finish_non_exhaustive()
    }
}

/// A file, looked at from outside. Wiped on drop.
#[derive(Clone)]
pub struct Media {
    /// By its first bytes.
    pub file_type: FileType,
    /// All of it.
    pub bytes: Zeroizing<Vec<u8>>,
}

impl Media {
    pub(crate) fn read(bytes: Zeroizing<Vec<u8>>) -> Result<Self, Fault> {
        if bytes.is_empty() {
            return Err(Fault::FileEmpty);
        }
        if bytes.len() > LARGEST_FILE {
            return Err(Fault::TooLarge);
        }
        let file_type = FileType::of(&bytes).ok_or(Fault::FileType)?;
        Ok(Self { file_type, bytes })
    }
}

impl fmt::Debug for Media {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Media").field("file_type", &self.file_type).finish_non_exhaustive()
    }
}
