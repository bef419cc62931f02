//! Forms of envelope: which context a credential has for what it says of itself, and which members.

use crate::contexts::{IDOS_CONTEXT, IDOS_CONTEXT_2};
use crate::vocabulary::{DATE, DATE_TIME};

/// A form of envelope: which idOS context it has, what of its optional members, and in which order they are written.
pub(crate) struct Form {
    pub(crate) context: &'static str,
    pub(crate) members: &'static [Member],
    /// What `approvedAt` is in that context.
    pub(crate) approved_at: &'static str,
}

/// A member that an envelope may have, by its form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Member {
    Issued,
    ApprovedAt,
    KycLevel,
    ExpirationDate,
}

impl Member {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Issued => "issued",
            Self::ApprovedAt => "approvedAt",
            Self::KycLevel => "kycLevel",
            Self::ExpirationDate => "expirationDate",
        }
    }
}

/// The envelope of the first context, as the official SDK up to 1.5 writes it.
pub(crate) static FIRST: Form = Form {
    context: IDOS_CONTEXT,
    members: &[Member::Issued, Member::ApprovedAt, Member::ExpirationDate],
    approved_at: DATE,
};

/// The envelope of the first context, as the classes of the coming SDK write it: no end, and no time of issue.
pub(crate) static FIRST_SHORT: Form =
    Form { context: IDOS_CONTEXT, members: &[Member::ApprovedAt], approved_at: DATE };

/// The envelope of the second context.
pub(crate) static SECOND: Form = Form {
    context: IDOS_CONTEXT_2,
    members: &[Member::ApprovedAt, Member::KycLevel, Member::Issued, Member::ExpirationDate],
    approved_at: DATE_TIME,
};

/// All forms.
pub(crate) const ALL: &[&Form] = &[&FIRST, &SECOND];

impl Form {
    /// Whether such envelopes have the member `name`.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.members.iter().any(|member| member.name() == name)
    }
}
