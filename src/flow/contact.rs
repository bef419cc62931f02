//! Whom to write to: locked while it is kept, found again by its keyed hash.

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::model::ids::IssuanceId;
use crate::model::personal::Contact;
use crate::vault::{Vault, VaultError};

/// What keeps the hashes of addresses apart from other keyed hashes.
const PURPOSE: &str = "email";

/// A contact as it is locked.
#[derive(Serialize, Deserialize)]
struct Kept<'a> {
    email: std::borrow::Cow<'a, str>,
    locale: std::borrow::Cow<'a, str>,
}

/// Locks a contact for its issuance's row.
pub fn lock(
    vault: &Vault,
    id: &IssuanceId,
    contact: &Contact,
    rng: &mut dyn rand::RngCore,
) -> Result<String, VaultError> {
    let kept = Kept { email: contact.email.expose().into(), locale: contact.locale.as_str().into() };
    let json = Zeroizing::new(serde_json::to_vec(&kept).map_err(|_| VaultError::Damaged)?);
    vault.lock(&place(id), &json, rng)
}

/// Unlocks the contact of an issuance.
pub fn unlock(vault: &Vault, id: &IssuanceId, locked: &str) -> Result<Contact, VaultError> {
    let json = vault.unlock(&place(id), locked)?;
    let kept: Kept<'_> = serde_json::from_slice(&json).map_err(|_| VaultError::Damaged)?;
    Ok(Contact {
        email: kept.email.parse().map_err(|_| VaultError::Damaged)?,
        locale: kept.locale.parse().map_err(|_| VaultError::Damaged)?,
    })
}

/// The keyed hash under which a contact is stored.
#[must_use]
pub fn index(vault: &Vault, contact: &Contact) -> String {
    vault.index(PURPOSE, contact.email.for_index().as_bytes())
}

fn place(id: &IssuanceId) -> String {
    format!("contact/{id}")
}
