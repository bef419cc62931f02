//! Which version of the idOS schema a node has.

/// A version of the idOS schema.
///
/// A state file goes from today's to the next one by being opened with it, and never back.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub enum Schema {
    /// Today's: contents lie in rows.
    #[default]
    Current,
    /// Upstream's next: contents lie at the blob gateway, and rows name them by their identifiers. The actions that write
    /// contents into rows are gone. Those of the owner stay, or nobody could say who may write.
    Next,
    /// The next one on a node that has kept today's actions beside the new ones. Whether real nodes do is not known.
    Transition,
}

impl Schema {
    /// Whether contents may lie at the blob gateway.
    #[must_use]
    pub const fn has_blobs(self) -> bool {
        match self {
            Self::Current => false,
            Self::Next | Self::Transition => true,
        }
    }
}
