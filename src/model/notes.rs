//! What the public notes of an issuer's credentials have in common.

/// The form of public notes, which are readable by everybody. An id, a level and a status they always have.
#[derive(Clone, Debug)]
pub struct NotesForm {
    /// The issuer's name.
    pub issuer_name: String,
    /// What KYC credentials are called. Consumers filter by it, letter by letter.
    pub kyc_type: String,
    /// What proofs of personhood are called.
    pub personhood_type: String,
    /// Whether they say which documents were checked.
    pub documents: bool,
}

impl NotesForm {
    /// The usual form: the types that consumers filter by, and nothing of a document.
    #[must_use]
    pub fn of(issuer_name: &str) -> Self {
        Self {
            issuer_name: issuer_name.to_owned(),
            kyc_type: "kyc".to_owned(),
            personhood_type: "pop".to_owned(),
            documents: false,
        }
    }
}
