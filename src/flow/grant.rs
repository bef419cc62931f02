//! Write grants: have one made for the user's wallet to sign, and check the signed one at once.

use std::mem::take;
use std::time::Duration;

use idos_client::{GrantParties, GrantTime, Refusal, WriteGrant};
use idos_credential::{Invalid, Problem};
use idos_wallet::{Field, InvalidProof, OwnershipProof, WalletType, check_wallet};
use rand::rngs::OsRng;
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::app::{App, NodeError};
use crate::model::ids::random_uuid;
use crate::model::personal::Personal;
use crate::model::submission::{Owner, SignedGrant};
use crate::model::time::Timestamp;
use crate::vault::{self, Locked, VaultError};

/// How long before now a grant begins: the network's blocks and the clocks of others may lag behind ours.
const HEAD_START_SECONDS: i64 = 300;

/// A grant that ends sooner than this cannot be counted on to be used in time.
const SHORTEST_REST_SECONDS: i64 = 60;

/// What is said of a grant that another issuance has.
pub(super) const USED: &str =
    "is that of another issuance's grant, and a grant works once: have a new one signed";

/// What is said of an owner without a profile.
pub(super) const NO_PROFILE: &str = "belongs to no idOS profile: add the wallet to the user's profile first";

/// Why there is no grant, or why it is refused.
#[derive(Debug, thiserror::Error)]
pub enum GrantError {
    /// What is wrong with it.
    #[error("the write grant is refused: {0}")]
    Invalid(#[from] Invalid),
    /// The node has to say which text was to be signed, and does not.
    #[error(transparent)]
    Node(#[from] NodeError),
}

impl From<idos_client::Error> for GrantError {
    fn from(error: idos_client::Error) -> Self {
        Self::Node(error.into())
    }
}

/// Makes a grant for `owner` to sign, and gets the text to be signed from the node: only the node knows it.
pub async fn offer(
    app: &App,
    owner: &Owner,
    valid_for: Duration,
    locked_until: Option<Timestamp>,
    grantee: Option<&str>,
) -> Result<(WriteGrant, String), GrantError> {
    check_owner(owner)?;
    let now = app.clock.now().unix_seconds();
    let seconds = i64::try_from(valid_for.as_secs()).unwrap_or(i64::MAX);
    let time = |seconds, field: &str| {
        GrantTime::from_unix(seconds)
            .map_err(|_| Invalid::from(Problem::new(field, "lies outside the years 0 to 9999")))
    };
    let begin = now.saturating_sub(HEAD_START_SECONDS);
    let signer = app.identity();
    let grant = WriteGrant::new(
        random_uuid(&mut OsRng),
        GrantParties {
            owner: owner.identifier().to_owned(),
            grantee: grantee.map_or_else(|| signer.caller(), str::to_owned),
            issuer_public_key: app.keys.first().public_hex(),
        },
        time(locked_until.map_or(begin, Timestamp::unix_seconds), "lockedUntil")?,
        time(begin, "validForSeconds")?,
        time(now.saturating_add(seconds), "validForSeconds")?,
    )
    .map_err(|_| Invalid::from(Problem::new("validForSeconds", "must be positive")))?;

    let text = message(app, &grant, "").await?;
    Ok((grant, text))
}

/// The text to sign. Where the node makes none of these values, the field is `at`.
async fn message(app: &App, grant: &WriteGrant, at: &str) -> Result<String, GrantError> {
    match app.idos().await?.call_one(&app.identity(), &grant.message()).await {
        Ok(text) => text.ok_or_else(|| idos_client::Error::Malformed("the text of a write grant").into()),
        Err(error) if is_about_values(&error) => {
            tracing::warn!("The node makes no text of a write grant: {error}");
            Err(Invalid::from(Problem::new(at, "has values of which the node makes no text to sign")).into())
        }
        Err(error) => Err(error.into()),
    }
}

/// Whether the node has looked at the values and does not take them: not where it is away, answers for something else, or
/// does not know who asks.
fn is_about_values(error: &idos_client::Error) -> bool {
    /// The engine's own code: what an extension of it refuses.
    const ENGINE: i64 = -300;
    let has_looked = match error {
        idos_client::Error::View { .. } => true,
        idos_client::Error::Node { code, .. } => *code == ENGINE,
        _ => false,
    };
    has_looked && matches!(error.refusal(), None | Some(Refusal::GrantTimes | Refusal::ValueRefused))
}

/// Checks a signed grant: its owner, its window, its issuer's key, its signature. Names what is wrong as
/// `grant.notAfter`, `owner.publicKey`, `signature`. What needs no node is checked first.
pub async fn check(app: &App, signed: &SignedGrant) -> Result<(), GrantError> {
    check_alone(app, signed)?;
    let text = message(app, &signed.grant, "grant").await?;
    Ok(check_signature(signed, &text)?)
}

/// [`check`] as far as it needs no node.
pub fn check_alone(app: &App, signed: &SignedGrant) -> Result<(), Invalid> {
    check_owner(&signed.owner)?;
    let grant = &signed.grant;
    let same = match signed.owner.wallet_type {
        // Text of hexadecimal digits: the case says nothing.
        WalletType::Evm | WalletType::FaceSign => grant.owner.eq_ignore_ascii_case(signed.owner.identifier()),
        _ => grant.owner == signed.owner.identifier(),
    };
    let rules = [
        (same, "grant.owner", "is not the wallet of owner"),
        (
            app.write_key(&grant.issuer_public_key).is_some(),
            "grant.issuerPublicKey",
            "is none of this issuer's write keys",
        ),
        (
            is_current(app, grant),
            "grant.notAfter",
            "is past, or less than a minute away: have a new grant signed",
        ),
    ];
    let problems: Vec<_> = rules
        .into_iter()
        .filter(|(holds, ..)| !holds)
        .map(|(_, field, problem)| Problem::new(field, problem))
        .collect();
    if !problems.is_empty() {
        return Err(Invalid { problems });
    }
    check_form(signed)
}

/// Whether the grant has not ended yet, nor is about to.
#[must_use]
pub fn is_current(app: &App, grant: &WriteGrant) -> bool {
    grant.not_after().unix() >= app.clock.now().unix_seconds().saturating_add(SHORTEST_REST_SECONDS)
}

fn check_signature(signed: &SignedGrant, text: &str) -> Result<(), Invalid> {
    proof(signed, text).verify().map_err(|_| {
        Problem::new("signature", "is not this wallet's signature over the text of this grant").into()
    })
}

/// Whether the signature is written as this wallet writes its signatures. Over which text it must be, only the node knows.
fn check_form(signed: &SignedGrant) -> Result<(), Invalid> {
    match proof(signed, "any other text").verify() {
        Ok(()) | Err(InvalidProof::WrongSignature) => Ok(()),
        Err(error) => match error.field() {
            Field::Signature => {
                Err(Problem::new("signature", "is not written as signatures of this type of wallet are")
                    .into())
            }
            _ => Err(wrong_wallet(error)),
        },
    }
}

fn proof<'a>(signed: &'a SignedGrant, message: &'a str) -> OwnershipProof<'a> {
    OwnershipProof {
        wallet_type: signed.owner.wallet_type,
        address: signed.owner.address.expose(),
        public_key: signed.owner.public_key.as_ref().map(|key| key.expose().as_str()),
        message,
        signature: signed.signature.expose(),
    }
}

fn check_owner(owner: &Owner) -> Result<(), Invalid> {
    let public_key = owner.public_key.as_ref().map(|key| key.expose().as_str());
    check_wallet(owner.wallet_type, owner.address.expose(), public_key).map_err(wrong_wallet)
}

fn wrong_wallet(error: InvalidProof) -> Invalid {
    let (field, problem) = match (error.field(), error) {
        (Field::PublicKey, InvalidProof::Missing { .. }) => {
            ("owner.publicKey", "is required for this type of wallet")
        }
        (Field::PublicKey, _) => ("owner.publicKey", "is no public key of this type of wallet"),
        (_, InvalidProof::NotOfThisKey { .. }) => ("owner.address", "does not belong to the public key"),
        _ => ("owner.address", "is no address of this type of wallet"),
    };
    Problem::new(field, problem).into()
}

/// Whether some profile has the owner's wallet, as far as a node tells an issuer: `None` for NEAR, where a node knows the
/// owner by the key, and looks wallets up by their address only.
pub async fn is_owner_known(app: &App, owner: &Owner) -> Result<Option<bool>, NodeError> {
    if owner.wallet_type == WalletType::Near {
        return Ok(None);
    }
    let found = super::network::exists(app.idos().await?, &app.identity(), owner.address.expose()).await?;
    Ok(Some(found))
}

/// A grant as it lies in the vault.
#[derive(Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
struct Kept {
    id: String,
    owner: String,
    grantee: String,
    issuer_public_key: String,
    timelock: String,
    not_before: String,
    not_after: String,
    wallet_type: String,
    address: String,
    public_key: Option<String>,
    signature: String,
}

impl Locked for SignedGrant {
    const PLACE: &'static str = "write_grant";

    fn to_bytes(&self) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        let Self { grant, owner, signature } = self;
        vault::to_json(&Kept {
            id: grant.id.to_string(),
            owner: grant.owner.clone(),
            grantee: grant.grantee.clone(),
            issuer_public_key: grant.issuer_public_key.clone(),
            timelock: grant.access_grant_timelock.to_string(),
            not_before: grant.not_before().to_string(),
            not_after: grant.not_after().to_string(),
            wallet_type: owner.wallet_type.as_str().to_owned(),
            address: owner.address.expose().clone(),
            public_key: owner.public_key.as_ref().map(|key| key.expose().clone()),
            signature: signature.expose().clone(),
        })
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, VaultError> {
        let mut kept: Kept = vault::from_json(bytes)?;
        let time = |text: &str| text.parse::<GrantTime>().map_err(|_| VaultError::Damaged);
        let grant = WriteGrant::new(
            kept.id.parse().map_err(|_| VaultError::Damaged)?,
            GrantParties {
                owner: take(&mut kept.owner),
                grantee: take(&mut kept.grantee),
                issuer_public_key: take(&mut kept.issuer_public_key),
            },
            time(&kept.timelock)?,
            time(&kept.not_before)?,
            time(&kept.not_after)?,
        )
        .map_err(|_| VaultError::Damaged)?;
        let owner = Owner {
            wallet_type: kept.wallet_type.parse().map_err(|_| VaultError::Damaged)?,
            address: Personal::new(take(&mut kept.address)),
            public_key: kept.public_key.take().map(Personal::new),
        };
        Ok(Self { grant, owner, signature: Personal::new(take(&mut kept.signature)) })
    }
}
