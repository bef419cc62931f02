//! Why an exchange with a vendor did not lead to a result.

/// Why an answer, an event or a file cannot be used. Names places, never what is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// A web page, or anything else that is no JSON.
    #[error("it is not JSON")]
    NotJson,
    /// A field that is not what the vendor documents.
    #[error("{0} is malformed")]
    Malformed(&'static str),
    /// A field that must be there.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// A list that is longer than it says, or than anybody reads.
    #[error("{0} is not complete")]
    Incomplete(&'static str),
    /// An answer about something else than was asked about.
    #[error("the answer is about another case than asked: {0}")]
    AnotherCase(&'static str),
    /// The vendor has the case under another of the provider's users.
    #[error("the case belongs to another user: {0}")]
    AnotherUser(&'static str),
    /// It is about a company.
    #[error("the case is not about a person")]
    NotAPerson,
    /// The key or its permissions.
    #[error("the vendor refused the key")]
    Denied,
    /// There is no such case, or it was deleted: most vendors do not say which.
    #[error("the vendor does not know it, or has deleted it")]
    NotFound,
    /// Too many requests.
    #[error("the vendor asks to wait")]
    Limited,
    /// The vendor's own fault.
    #[error("the vendor is unavailable")]
    Unavailable,
    /// An answer that sends elsewhere, where nobody goes.
    #[error("the vendor sent elsewhere")]
    Redirected,
    /// Another status.
    #[error("the vendor answered with the status {0}")]
    Status(u16),
    /// More bytes than are taken.
    #[error("the answer is larger than is taken")]
    TooLarge,
    /// The answer's own signature.
    #[error("the answer's signature is wrong or malformed")]
    Signature,
    /// More requests for one case than there can be reason for.
    #[error("the case takes too many requests")]
    TooMany,
    /// An answer came where nothing was asked.
    #[error("nothing was asked")]
    NotAsked,
    /// The account lacks something that this vendor needs.
    #[error("the account has no {0}")]
    NoKey(&'static str),
    /// A file that is none of the kinds that can be shown.
    #[error("the file is not a JPEG, PNG, WebP, HEIC or PDF")]
    FileType,
    /// A file without content.
    #[error("the file is empty")]
    FileEmpty,
}

impl Fault {
    /// Whether the same may go well later, without anybody doing anything.
    #[must_use]
    pub fn is_worth_retrying(self) -> bool {
        // A page instead of JSON is what stands before the vendor: its own fault, too, and seldom for long.
        matches!(self, Self::Limited | Self::Unavailable | Self::NotJson)
    }
}
