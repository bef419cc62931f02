//! Why a node refuses an action, as far as a caller can act on it.

/// A reason that the schema, the engine or the node gives for refusing an action or a view.
///
/// Recognised from the node's words, which are constants of the idOS schema and of Kwil (or, for constraints, of
/// PostgreSQL); words that are not recognised are no reason of this list. What is there already is a
/// [`Conflict`](crate::Conflict), and only [`WalletTaken`](Self::WalletTaken) is both.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum Refusal {
    /// The caller's key is no delegate of an inserter.
    NotAnInserter,
    /// The action is for the database's owner, or for other actions only.
    NotAllowed,
    /// The write grant cannot be used yet, or not any more.
    GrantWindow,
    /// The write grant's window is empty or one of its times is malformed.
    GrantTimes,
    /// The write grant is not signed by its owner, or says something else than what was signed.
    GrantSignature,
    /// No user has the wallet that the grant names as its owner.
    GrantOwnerUnknown,
    /// The write grant is for another issuer than the one that signed the credential.
    GrantIssuer,
    /// A signature of the credential, of the original or of the copy, does not hold.
    CredentialSignature,
    /// There is no such credential, or it is not one that the caller may touch.
    CredentialUnknown,
    /// The credential is not shared with the caller.
    NotShared,
    /// The delegated access grant is not signed by its owner, or the credential is somebody else's.
    AccessGrantInvalid,
    /// There is no such access grant.
    AccessGrantUnknown,
    /// An access grant is locked: it cannot be revoked, nor its credential removed, until its time.
    AccessGrantLocked,
    /// The wallet's ownership proof does not hold, or its type or key does not do.
    WalletInvalid,
    /// Another wallet row has this address or public key.
    WalletTaken,
    /// There is no such user, or the caller has none.
    UserUnknown,
    /// The database does not take a value, such as a null or an unknown word.
    ValueRefused,
    /// The node has no such action: its schema is an older or a newer one, as [`ContentPlace`](crate::ContentPlace) tells.
    ActionUnknown,
    /// The node has such an action, which changes something, and was asked as if it were a view.
    NotAView,
    /// The node has an action of this name with other parameters: its schema is not one that this client knows.
    OtherSchema,
    /// The transaction is signed for another network.
    OtherNetwork,
    /// The transaction's own signature does not hold.
    TransactionSignature,
    /// The account cannot pay, or offers too little.
    Funds,
}

/// Texts of the schema and the engine. The first that occurs counts.
const TEXTS: [(&str, Refusal); 35] = [
    ("Unauthorized inserter", Refusal::NotAnInserter),
    ("action is owner-only", Refusal::NotAllowed),
    ("action is private", Refusal::NotAllowed),
    ("this write grant can only be used after", Refusal::GrantWindow),
    ("dwg_not_before must be before dwg_not_after", Refusal::GrantTimes),
    ("not_usable_before must be before not_usable_after", Refusal::GrantTimes),
    ("parse_date", Refusal::GrantTimes),
    ("verify owner failed", Refusal::GrantSignature),
    ("dwg_owner not found", Refusal::GrantOwnerUnknown),
    ("dag_owner not found", Refusal::GrantOwnerUnknown),
    ("credentials issuer must be an issuer of delegated write grant", Refusal::GrantIssuer),
    // Also behind "an original credential" and "a copy credential".
    ("signature is wrong", Refusal::CredentialSignature),
    ("the credential is not shared with the caller", Refusal::NotShared),
    ("the credential does not exist", Refusal::CredentialUnknown),
    ("the credential, that the AG is for, does not exist", Refusal::CredentialUnknown),
    ("can not find the credential shared to you", Refusal::CredentialUnknown),
    ("credential does not belong to the caller", Refusal::CredentialUnknown),
    ("credential not found", Refusal::CredentialUnknown),
    ("the dag_signature is invalid", Refusal::AccessGrantInvalid),
    ("the data_id does not belong to the owner", Refusal::AccessGrantInvalid),
    ("the access grant not found", Refusal::AccessGrantUnknown),
    ("the grant is locked", Refusal::AccessGrantLocked),
    ("there are locked access grants for this credential", Refusal::AccessGrantLocked),
    ("wallet is invalid", Refusal::WalletInvalid),
    ("wallet require a public_key to be given", Refusal::WalletInvalid),
    ("unsupported wallet type", Refusal::WalletInvalid),
    ("wallet address already exists in idos", Refusal::WalletTaken),
    ("wallet public key already exists in idos", Refusal::WalletTaken),
    ("no wallet with balance found", Refusal::Funds),
    ("unknown action: ", Refusal::ActionUnknown),
    ("action invocation error: ", Refusal::OtherSchema),
    ("type error: action ", Refusal::OtherSchema),
    ("connection is read-only and cannot mutate state", Refusal::NotAView),
    ("failed to verify the transaction", Refusal::TransactionSignature),
    ("wrong chain ID: ", Refusal::OtherNetwork),
];

impl Refusal {
    /// The reason for what became of a transaction.
    pub(crate) fn of(code: u32, text: &str) -> Option<Self> {
        match code {
            _ if WrongNonce::of(code, text).is_some() => None,
            3 => Some(Self::TransactionSignature),
            5 => Some(Self::OtherNetwork),
            6 | 7 => Some(Self::Funds),
            _ => Self::of_text(text),
        }
    }

    /// The reason in what a node says.
    pub(crate) fn of_text(text: &str) -> Option<Self> {
        let known = TEXTS.into_iter().find(|(known, _)| text.contains(known));
        known.map(|(_, refusal)| refusal).or_else(|| Self::of_constraint(text))
    }

    /// PostgreSQL's words for a row that a constraint forbids. Duplicate keys are conflicts.
    fn of_constraint(text: &str) -> Option<Self> {
        if let Some((_, constraint)) = text.split_once("violates foreign key constraint \"") {
            let (name, _) = constraint.split_once('"')?;
            // Columns are what is sure; the rest of a constraint's name is the database's habit.
            return Some(if name.contains("user_id") { Self::UserUnknown } else { Self::CredentialUnknown });
        }
        if let Some((_, column)) = text.split_once("null value in column \"") {
            // What an action writes for its caller's user where the caller has none.
            return Some(if column.starts_with("user_id\"") {
                Self::UserUnknown
            } else {
                Self::ValueRefused
            });
        }
        text.contains("violates check constraint \"").then_some(Self::ValueRefused)
    }
}

/// A transaction did nothing because its nonce was not the account's next one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct WrongNonce {
    /// The account's next one, if the node says it.
    pub(crate) expected: Option<u64>,
}

impl WrongNonce {
    pub(crate) fn of(code: u32, text: &str) -> Option<Self> {
        const CODE: u32 = 4;
        const NO_FUNDS: u32 = 6;
        // Where a transaction gets into a block without the one before it, kwild has no code of its own for that, and
        // takes an account that has never done anything for one without funds (`TxApp.checkAndSpend`).
        let in_a_block = text.split_once("invalid nonce: expected nonce ");
        let is_of_new_account = code == NO_FUNDS && text.contains("account has zero balance");
        if code != CODE && in_a_block.is_none() && !is_of_new_account {
            return None;
        }
        let before_a_block = || {
            let (_, rest) = text.split_once("invalid nonce for account ")?;
            rest.rsplit_once(", expected ").map(|(_, expected)| expected)
        };
        let expected = match in_a_block {
            Some((_, rest)) => rest.split_once(',').map(|(expected, _)| expected),
            None => before_a_block(),
        };
        Some(Self { expected: expected.and_then(|expected| expected.trim_end().parse().ok()) })
    }
}
