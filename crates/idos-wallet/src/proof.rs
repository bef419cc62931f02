//! Proofs that somebody holds the key of a wallet.

use crate::error::{Fault, Field, InvalidProof};
use crate::limits::{MAX_ADDRESS_LEN, MAX_MESSAGE_LEN, MAX_PUBLIC_KEY_LEN, MAX_SIGNATURE_LEN, check_length};
use crate::{SignatureType, WalletType, check_address, encoding, evm, facesign, near, stellar, xrpl};

/// A proof of ownership as given to the actions `upsert_wallet_as_inserter` and `add_wallet`.
///
/// | type | address | public key | signature |
/// | --- | --- | --- | --- |
/// | EVM | `0x` and 40 hexadecimal digits | ignored | `0x` and 65 bytes in hexadecimal, EIP-191 |
/// | NEAR | account id | `ed25519:` and base58 | hexadecimal of [`crate::nep413::SignedPayload`] |
/// | XRPL | `r…` | 33 bytes in hexadecimal | hexadecimal: 64 bytes (Ed25519) or DER (secp256k1) |
/// | Stellar | `G…` | `G…` or 32 bytes in hexadecimal | 64 bytes in hexadecimal or base64, plain or `SEP-53` |
/// | `FaceSign` | the public key | 32 bytes in hexadecimal | 64 bytes in hexadecimal |
///
/// Hexadecimal may be of either case. Identities are compared by the node as text, though, so store them in the
/// case in which the wallet's software writes them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OwnershipProof<'a> {
    /// What kind of wallet it is, and so how to read the rest.
    pub wallet_type: WalletType,
    /// The wallet's address.
    pub address: &'a str,
    /// The wallet's public key; EVM wallets have none.
    pub public_key: Option<&'a str>,
    /// What was signed, exactly.
    pub message: &'a str,
    /// The signature, as text.
    pub signature: &'a str,
}

impl OwnershipProof<'_> {
    /// Whether the wallet of this address signed this message.
    ///
    /// Says nothing about *when* or *for whom* it was signed: that is in the message, which the caller chose.
    pub fn verify(&self) -> Result<(), InvalidProof> {
        let key = wallet_key(self.wallet_type, self.address, self.public_key)?;
        check_storable(Field::Message, self.message)?;
        key.check_signature(self.message, self.signature, Field::PublicKey)
    }
}

/// Whether there can be a wallet of this type with this address and this public key: both in their forms, and the
/// address that of the key wherever it can be derived from it. Nothing is said about who holds it.
pub fn check_wallet(
    wallet_type: WalletType,
    address: &str,
    public_key: Option<&str>,
) -> Result<(), InvalidProof> {
    wallet_key(wallet_type, address, public_key).map(|_| ())
}

fn wallet_key(wallet_type: WalletType, address: &str, public_key: Option<&str>) -> Result<Key, InvalidProof> {
    // A malformed address is named as that, before anything is said of keys and signatures.
    check_address(wallet_type, address)?;
    let key = match wallet_type {
        WalletType::Evm => {
            check_public_key_length(public_key)?;
            // It stands for nothing, and would still be stored.
            check_storable(Field::PublicKey, public_key.unwrap_or_default())?;
            Key::parse_evm(address, Field::Address)?
        }
        wallet_type => Key::parse(wallet_type, required(public_key)?, Field::PublicKey)?,
    };
    key.check_address(address, Field::Address)?;
    Ok(key)
}

/// Nodes keep message and public key as texts of PostgreSQL, which has no NUL in them.
fn check_storable(field: Field, text: &str) -> Result<(), InvalidProof> {
    if text.contains('\0') {
        return Err(InvalidProof::Malformed { field, expected: "a text without NUL" });
    }
    Ok(())
}

/// Whether a wallet that is already known signed `message`, as in write grants and access grants.
///
/// `identifier` is what idOS calls the owner: the address for EVM, XRPL and Stellar, the public key for NEAR and
/// `FaceSign`. `public_key` is that of the stored wallet; it must belong to the identifier. EVM wallets have
/// none, and where the identifier is the key, it may be left out.
pub fn verify_signed_by(
    wallet_type: WalletType,
    identifier: &str,
    public_key: Option<&str>,
    message: &str,
    signature: &str,
) -> Result<(), InvalidProof> {
    check_length(Field::Identifier, identifier, MAX_ADDRESS_LEN)?;
    check_public_key_length(public_key)?;
    let (key, key_field) = match wallet_type {
        WalletType::Evm => (Key::parse_evm(identifier, Field::Identifier)?, Field::Identifier),
        WalletType::Near | WalletType::FaceSign => {
            let key = Key::parse(wallet_type, identifier, Field::Identifier)?;
            if let Some(stored) = public_key
                && Key::parse(wallet_type, stored, Field::PublicKey)? != key
            {
                return Err(InvalidProof::NotOfThisKey { field: Field::Identifier });
            }
            (key, Field::Identifier)
        }
        WalletType::Xrpl | WalletType::Stellar => {
            let key = Key::parse(wallet_type, required(public_key)?, Field::PublicKey)?;
            key.check_address(identifier, Field::Identifier)?;
            (key, Field::PublicKey)
        }
    };
    key.check_signature(message, signature, key_field)
}

/// A login or transaction that a wallet has signed whose key is elsewhere, as a node takes it: what signs, the bytes that name it, and
/// the bytes of the signature. `signature` is the text of a proof of the wallet's type ([`OwnershipProof`]).
///
/// It is checked, by the rules of [`verify_transaction_signature`](crate::verify_transaction_signature): a Stellar wallet must
/// have signed by `SEP-53`, since nodes find no other.
pub fn signed_elsewhere(
    wallet_type: WalletType,
    address: &str,
    public_key: Option<&str>,
    text: &str,
    signature: &str,
) -> Result<SignedElsewhere, InvalidProof> {
    let key = wallet_key(wallet_type, address, public_key)?;
    key.check_signature(text, signature, Field::PublicKey)?;
    let malformed = |expected| InvalidProof::Malformed { field: Field::Signature, expected };
    let (signature_type, sender) = key.sender();
    let signature = key.signature_bytes(signature).ok_or(malformed("a signature of this type of wallet"))?;
    crate::verify_transaction_signature(signature_type, &sender, text.as_bytes(), &signature)
        .map_err(|_| InvalidProof::WrongSignature)?;
    Ok(SignedElsewhere { signature_type, sender, signature })
}

/// What a wallet has signed whose key is elsewhere. The signature is right.
#[derive(Clone, PartialEq, Eq)]
pub struct SignedElsewhere {
    signature_type: SignatureType,
    sender: Vec<u8>,
    signature: Vec<u8>,
}

impl SignedElsewhere {
    /// How it is signed.
    #[must_use]
    pub const fn signature_type(&self) -> SignatureType {
        self.signature_type
    }

    /// The bytes that name the wallet in logins and calls.
    #[must_use]
    pub fn sender(&self) -> &[u8] {
        &self.sender
    }

    /// The bytes of the signature.
    #[must_use]
    pub fn signature(&self) -> &[u8] {
        &self.signature
    }
}

/// A wallet is personal, and a signature opens a session.
impl std::fmt::Debug for SignedElsewhere {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SignedElsewhere(..)")
    }
}

/// What a signature is checked against.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Key {
    /// The address stands for the key.
    Evm([u8; 20]),
    Near([u8; 32]),
    Xrpl(xrpl::PublicKey),
    Stellar([u8; 32]),
    FaceSign([u8; 32]),
}

impl Key {
    fn parse_evm(address: &str, field: Field) -> Result<Key, InvalidProof> {
        let malformed = InvalidProof::Malformed { field, expected: evm::ADDRESS };
        evm::parse_address(address).map(Key::Evm).ok_or(malformed)
    }

    fn parse(wallet_type: WalletType, text: &str, field: Field) -> Result<Key, InvalidProof> {
        let (key, expected) = match wallet_type {
            WalletType::Evm => return Key::parse_evm(text, field),
            WalletType::Near => (near::parse_public_key(text).map(Key::Near), near::PUBLIC_KEY),
            WalletType::Xrpl => (xrpl::PublicKey::parse(text).map(Key::Xrpl), xrpl::PUBLIC_KEY),
            WalletType::Stellar => (stellar::parse_public_key(text).map(Key::Stellar), stellar::PUBLIC_KEY),
            WalletType::FaceSign => (facesign::parse_key(text).map(Key::FaceSign), facesign::KEY),
        };
        key.ok_or(InvalidProof::Malformed { field, expected })
    }

    /// Whether `address` can be this key's, as far as that can be known without asking a chain.
    fn check_address(&self, address: &str, field: Field) -> Result<(), InvalidProof> {
        let malformed = |expected| InvalidProof::Malformed { field, expected };
        let is_ours = match self {
            Key::Evm(_) => true, // it is the address
            Key::Near(key) => match near::parse_account(address).ok_or(malformed(near::ACCOUNT))? {
                near::Account::Implicit(named) => named == *key,
                near::Account::Named => true,
            },
            Key::Xrpl(key) => {
                xrpl::is_address(address).then_some(()).ok_or(malformed(xrpl::ADDRESS))?;
                key.address() == address
            }
            Key::Stellar(key) => stellar::parse_address(address).ok_or(malformed(stellar::ADDRESS))? == *key,
            Key::FaceSign(key) => facesign::parse_key(address).ok_or(malformed(facesign::KEY))? == *key,
        };
        if is_ours { Ok(()) } else { Err(InvalidProof::NotOfThisKey { field }) }
    }

    fn check_signature(&self, message: &str, signature: &str, key_field: Field) -> Result<(), InvalidProof> {
        check_length(Field::Message, message, MAX_MESSAGE_LEN)?;
        check_length(Field::Signature, signature, MAX_SIGNATURE_LEN)?;
        for (field, text) in [(Field::Message, message), (Field::Signature, signature)] {
            if text.is_empty() {
                return Err(InvalidProof::Missing { field });
            }
        }
        self.verify(message.as_bytes(), signature).map_err(|fault| InvalidProof::from_fault(fault, key_field))
    }

    /// How this wallet's transactions are signed, and the bytes that name it in them.
    fn sender(&self) -> (SignatureType, Vec<u8>) {
        match self {
            Key::Evm(address) => (SignatureType::Secp256k1Ep, address.to_vec()),
            Key::Near(key) => (SignatureType::Nep413, key.to_vec()),
            Key::Xrpl(key) => (SignatureType::Xrpl, key.as_bytes().to_vec()),
            Key::Stellar(key) => (SignatureType::Sep53, stellar::address_text(key).into_bytes()),
            Key::FaceSign(key) => (SignatureType::Ed25519, key.to_vec()),
        }
    }

    /// The bytes of a signature that is written as this wallet's proofs are.
    fn signature_bytes(&self, text: &str) -> Option<Vec<u8>> {
        match self {
            Key::Evm(_) => evm::parse_signature(text).map(Vec::from),
            Key::Near(_) | Key::Xrpl(_) => hex::decode(text).ok(),
            Key::Stellar(_) => stellar::parse_signature(text).map(Vec::from),
            Key::FaceSign(_) => encoding::hex_array::<64>(text).map(Vec::from),
        }
    }

    fn verify(&self, message: &[u8], signature: &str) -> Result<(), Fault> {
        match self {
            Key::Evm(address) => {
                let bytes = evm::parse_signature(signature).ok_or(Fault::Signature(evm::SIGNATURE_TEXT))?;
                evm::verify(address, message, &bytes)
            }
            Key::Near(key) => {
                let blob = hex::decode(signature).map_err(|_| Fault::Signature(near::SIGNATURE_TEXT))?;
                near::verify(key, message, &blob)
            }
            Key::Xrpl(key) => {
                let bytes = hex::decode(signature).map_err(|_| Fault::Signature(xrpl::SIGNATURE_TEXT))?;
                key.verify(message, &bytes)
            }
            Key::Stellar(key) => {
                let expected = Fault::Signature(stellar::SIGNATURE_TEXT);
                let bytes = stellar::parse_signature(signature).ok_or(expected)?;
                stellar::verify_either(key, message, &bytes)
            }
            Key::FaceSign(key) => {
                let expected = Fault::Signature(facesign::SIGNATURE_TEXT);
                let bytes: [u8; 64] = encoding::hex_array(signature).ok_or(expected)?;
                crate::ed25519::verify(key, message, &bytes)
            }
        }
    }
}

fn required(public_key: Option<&str>) -> Result<&str, InvalidProof> {
    check_public_key_length(public_key)?;
    public_key.filter(|key| !key.is_empty()).ok_or(InvalidProof::Missing { field: Field::PublicKey })
}

fn check_public_key_length(public_key: Option<&str>) -> Result<(), InvalidProof> {
    check_length(Field::PublicKey, public_key.unwrap_or_default(), MAX_PUBLIC_KEY_LEN)
}
