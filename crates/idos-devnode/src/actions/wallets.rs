//! Wallets: which ones a user has, with the proof that each is the user's.

use idos_wallet::WalletType;
use serde_json::json;

use super::arguments::Arguments;
use super::issuer::inserter;
use super::{Context, Failure, Outcome};
use crate::extension;
use crate::state::wallets::{self, NewWallet};

/// What both ways to write a wallet are given, beside the user.
struct Given {
    id: Option<String>,
    address: Option<String>,
    public_key: Option<String>,
    wallet_type: Option<String>,
    message: Option<String>,
    signature: Option<String>,
}

/// Whether the caller may write at all is checked *after* the proof and the uniqueness, as in the schema: a
/// stranger learns `wallet is invalid` first.
pub(super) async fn upsert_wallet_as_inserter(c: &mut Context<'_>, mut a: Arguments) -> Outcome {
    let (id, user_id) = (a.uuid(), a.uuid());
    let given = Given::read(id, &mut a);
    given.check(c).await?;
    let inserter = inserter(c).await?;
    let wallet = NewWallet {
        user_id: user_id.as_deref(),
        inserter: Some(&inserter),
        ..given.as_row() // an empty public key stays empty here
    };
    wallets::upsert(c.db, &wallet).await?;
    Ok(vec![])
}

pub(super) async fn add_wallet(c: &mut Context<'_>, mut a: Arguments) -> Outcome {
    let id = a.uuid();
    let given = Given::read(id, &mut a);
    given.check(c).await?;
    let user = wallets::user_of(c.db, Some(c.caller)).await?;
    let row = given.as_row();
    let public_key = row.public_key.filter(|key| !key.is_empty());
    wallets::insert(c.db, &NewWallet { user_id: user.as_deref(), public_key, ..row }).await?;
    Ok(vec![])
}

pub(super) async fn get_wallets(c: &mut Context<'_>, _: Arguments) -> Outcome {
    let Some(user) = wallets::user_of(c.db, Some(c.caller)).await? else { return Ok(vec![]) };
    let rows = wallets::of_user(c.db, &user).await?;
    Ok(rows
        .into_iter()
        .map(|wallet| {
            vec![
                json!(wallet.id),
                json!(wallet.user_id),
                json!(wallet.address),
                json!(wallet.public_key),
                json!(wallet.wallet_type),
                json!(wallet.message),
                json!(wallet.signature),
                json!(wallet.inserter),
            ]
        })
        .collect())
}

/// The schema spares the wallet that the caller signs with, if the caller's identifier means exactly one wallet,
/// which it always does: the actions that write wallets keep identifiers unique.
pub(super) async fn remove_wallet(c: &mut Context<'_>, mut a: Arguments) -> Outcome {
    let id = a.uuid();
    let connected = wallets::by_identifier(c.db, Some(c.caller)).await?;
    if connected.as_ref().is_some_and(|wallet| Some(&wallet.id) == id.as_ref()) {
        return Err(Failure::Raised(
            "You can not delete a wallet you are connected with. To delete this wallet you have to connect other \
             wallet.",
        ));
    }
    let user = connected.map(|wallet| wallet.user_id);
    wallets::delete(c.db, id.as_deref(), user.as_deref()).await?;
    Ok(vec![])
}

/// Knows addresses only: a NEAR user is not found by public key.
pub(super) async fn has_profile(c: &mut Context<'_>, mut a: Arguments) -> Outcome {
    let address = a.text();
    let found = wallets::has_address(c.db, address.as_deref()).await?;
    Ok(vec![vec![json!(found)]])
}

impl Given {
    fn read(id: Option<String>, a: &mut Arguments) -> Self {
        Self {
            id,
            address: a.text(),
            public_key: a.text(),
            wallet_type: a.text(),
            message: a.text(),
            signature: a.text(),
        }
    }

    fn as_row(&self) -> NewWallet<'_> {
        NewWallet {
            id: self.id.as_deref(),
            user_id: None,
            address: self.address.as_deref(),
            public_key: self.public_key.as_deref(),
            wallet_type: self.wallet_type.as_deref(),
            message: self.message.as_deref(),
            signature: self.signature.as_deref(),
            inserter: None,
        }
    }

    async fn check(&self, c: &mut Context<'_>) -> Result<(), Failure> {
        let row = self.as_row();
        let wallet_type = row.wallet_type.map(str::parse::<WalletType>);
        if matches!(wallet_type, Some(Err(_))) {
            return Err(Failure::Raised("unsupported wallet type"));
        }
        let is_valid = extension::is_wallet_valid(
            row.address,
            row.public_key,
            row.wallet_type,
            row.message,
            row.signature,
        );
        let (true, Some(Ok(wallet_type))) = (is_valid, wallet_type) else {
            return Err(Failure::Raised("wallet is invalid"));
        };
        if wallet_type != WalletType::Evm {
            if row.public_key.is_none() {
                return Err(Failure::Raised("wallet require a public_key to be given"));
            }
            if wallets::is_key_taken(c.db, row.id, row.public_key).await? {
                return Err(Failure::Raised("wallet public key already exists in idos"));
            }
        }
        let is_known_by_address =
            matches!(wallet_type, WalletType::Evm | WalletType::Xrpl | WalletType::Stellar);
        if is_known_by_address && wallets::is_address_taken(c.db, row.id, row.address).await? {
            return Err(Failure::Raised("wallet address already exists in idos"));
        }
        Ok(())
    }
}
