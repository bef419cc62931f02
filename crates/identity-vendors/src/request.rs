//! What is to be sent to a vendor, described.

use std::fmt;

use zeroize::Zeroizing;

/// The method of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// GET
    Get,
    /// POST
    Post,
}

impl Method {
    /// `GET` or `POST`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
        }
    }
}

/// What a request's path is relative to: always an address of the configuration, never one of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Base {
    /// The vendor's API ([`crate::Vendor::bases`]).
    Api,
    /// Where the vendor issues access tokens.
    Tokens,
    /// One of the account's places for files, by its number.
    Files(usize),
}

/// A request to a vendor, ready to be sent as it is. No redirect may be followed, and no more of the answer read than
/// [`limit`](Self::limit) bytes.
///
/// Keys and signatures are wiped on drop, and `Debug` shows no value of a header, no body and no link's query.
#[derive(Clone)]
pub struct Request {
    /// Method.
    pub method: Method,
    /// What the path is relative to.
    pub base: Base,
    /// Path and query, to be put behind the base as they are: some vendors sign them.
    pub path: Zeroizing<String>,
    /// Names and values.
    pub headers: Vec<(&'static str, Zeroizing<String>)>,
    /// The body, exactly: some vendors sign it.
    pub body: Zeroizing<Vec<u8>>,
    /// The most bytes of an answer that are taken.
    pub limit: usize,
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.headers.iter().map(|(name, _)| name).collect();
        let path =
            if let Base::Files(_) = self.base { ".." } else { self.path.split('?').next().unwrap_or("..") };
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("base", &self.base)
            .field("path", &path)
            .field("headers", &names)
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}

/// What a vendor answered.
#[derive(Clone, Copy)]
pub struct Answer<'a> {
    /// The status.
    pub status: u16,
    /// Names and values.
    pub headers: &'a [(&'a str, &'a str)],
    /// The body, cut nowhere: where it is longer than the request's limit, as much more than the limit as was read.
    pub body: &'a [u8],
}

impl Answer<'_> {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| *value)
    }
}
