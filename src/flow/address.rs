//! How an address is found again without being readable: by a keyed hash.

use zeroize::Zeroizing;

use crate::model::personal::Email;
use crate::vault::Vault;

/// What the keyed hash of an address is for.
const INDEX: &str = "email";

/// What stands before a hash of a client and an address that was spelled by the rules of [`Email::for_index`], and so for all
/// of its spellings. Other hashes are of earlier versions: `2.`, of the address alone; none, of the address in lower case.
pub(super) const RENEWED: &str = "3.";

/// Each client's hashes are its own: whoever reads the database does not see that two have the same person.
fn keyed(client: &str, email: &Email) -> Zeroizing<Vec<u8>> {
    // No client's name has a NUL.
    Zeroizing::new([client.as_bytes(), b"\0", email.for_index().as_bytes()].concat())
}

/// The hash under which a client's address is kept.
pub(super) fn index(vault: &Vault, client: &str, email: &Email) -> String {
    format!("{RENEWED}{}", vault.index(INDEX, &keyed(client, email)))
}

/// The hashes under which a client's address may have been stored: by each vault key, and by earlier versions.
pub(super) fn indexes(vault: &Vault, client: &str, email: &Email) -> Vec<String> {
    let now = vault.indexes(INDEX, &keyed(client, email));
    let mut all: Vec<_> = now.iter().map(|hash| format!("{RENEWED}{hash}")).collect();
    let before = vault.indexes(INDEX, email.for_index().as_bytes());
    all.extend(before.iter().map(|hash| format!("2.{hash}")));
    for spelling in email.for_earlier_index() {
        all.extend(vault.indexes(INDEX, spelling.as_bytes()));
    }
    all
}
