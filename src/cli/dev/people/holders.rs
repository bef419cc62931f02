//! Sample people as users of idOS: each with an id, a wallet and a password that follow from the folder's vault key and their name.

use idos_wallet::{WalletKey, WalletType};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::Error;
use crate::app::App;
use crate::cli::demo::holder::Holder;

/// The one of this name, with a wallet of this type.
pub(super) async fn of(app: &App, name: &str, wallet_type: WalletType) -> Result<Holder, Error> {
    with_wallet_of(app, name, name, wallet_type).await
}

/// The one of this name, with the wallet of this type of another one.
pub(super) async fn with_wallet_of(
    app: &App,
    name: &str,
    owner: &str,
    wallet_type: WalletType,
) -> Result<Holder, Error> {
    let part = |name: &str, what: &str| -> Zeroizing<[u8; 32]> {
        let secret = Zeroizing::new(app.vault.index("sample_person", name.as_bytes()));
        let digest = Sha256::new_with_prefix(secret.as_bytes()).chain_update(what.as_bytes()).finalize();
        Zeroizing::new(digest.into())
    };
    let id = part(name, "id").first_chunk::<16>().copied().unwrap_or_default();
    let user_id = uuid::Builder::from_random_bytes(id).into_uuid();
    let wallet = WalletKey::from_seed(wallet_type, *part(owner, "wallet"));
    let password = Zeroizing::new(hex::encode(part(name, "password").as_slice()));
    // Deriving a key from a password takes a while, on purpose.
    let made = tokio::task::spawn_blocking(move || Holder::of(user_id, wallet, password)).await?;
    Ok(made?)
}
