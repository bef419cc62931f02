//! Wallets that are contracts: what is asked of a chain about a signature, and what its answer means. Nothing is asked here.
//!
//! A contract has no key. It says itself whether it takes a signature as its own ([ERC-1271]), and one that is not deployed yet
//! can be tried out with what would deploy it ([ERC-6492]). Both are questions that a node answers without a transaction
//! (`eth_call`), and the answer is the chain's at that moment: owners of a contract change.
//!
//! [ERC-1271]: https://eips.ethereum.org/EIPS/eip-1271
//! [ERC-6492]: https://eips.ethereum.org/EIPS/eip-6492

use std::fmt;
use std::str::FromStr;

use crate::error::{Field, InvalidProof};
use crate::limits::{MAX_MESSAGE_LEN, MAX_SIGNATURE_LEN, check_length};
use crate::{check_address, evm};

/// `isValidSignature(bytes32,bytes)`: its selector, and what it gives for a signature that is the contract's.
const IS_VALID_SIGNATURE: &str = "1626ba7e";

/// What a signature of a contract that is not deployed yet ends with (ERC-6492).
const NOT_DEPLOYED: &str = "6492649264926492649264926492649264926492649264926492649264926492";

/// The code of `ValidateSigOffchain`, whose constructor deploys the contract, asks it, and gives one byte: that of the reference
/// implementation in ERC-6492 (CC0), as the library viem (2.57, `erc6492SignatureValidatorByteCode`, MIT) has it compiled.
const VALIDATOR: &str = include_str!("erc6492.hex");

const SIGNATURE: &str = "0x and hexadecimal digits of whole bytes";

/// A chain with the Ethereum virtual machine, as CAIP-2 names it: `eip155:` and its number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct EvmChain(u64);

impl EvmChain {
    /// The number by which the chain knows itself (EIP-155).
    #[must_use]
    pub const fn number(self) -> u64 {
        self.0
    }
}

impl fmt::Display for EvmChain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "eip155:{}", self.0)
    }
}

/// The text names no chain of this kind. Does not repeat it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("must be eip155: and the chain's number (CAIP-2), such as eip155:137")]
pub struct NotAChain;

impl FromStr for EvmChain {
    type Err = NotAChain;

    fn from_str(text: &str) -> Result<Self, NotAChain> {
        let number = text.strip_prefix("eip155:").and_then(|number| number.parse().ok()).ok_or(NotAChain)?;
        let chain = Self(number);
        // A chain has one name: no sign, no zero before it.
        if number > 0 && chain.to_string() == text { Ok(chain) } else { Err(NotAChain) }
    }
}

/// What a node is asked: the parameters of `eth_call`. Not shown: it has the address in it.
pub struct ContractCall {
    to: Option<String>,
    data: String,
}

impl fmt::Debug for ContractCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ContractCall(..)")
    }
}

/// What a contract says of a signature.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ContractVerdict {
    /// It is its own.
    Valid,
    /// It is not.
    Invalid,
    /// There is no contract at the address, or none that judges signatures.
    NoContract,
}

impl ContractCall {
    /// The question whether the contract wallet of `address` takes `signature` as its own over `message`, whose hash is that of
    /// EIP-191 (`personal_sign`), as wallets sign texts.
    pub fn new(address: &str, message: &str, signature: &str) -> Result<Self, InvalidProof> {
        check_address(crate::WalletType::Evm, address)?;
        check_length(Field::Message, message, MAX_MESSAGE_LEN)?;
        check_length(Field::Signature, signature, MAX_SIGNATURE_LEN)?;
        if message.is_empty() {
            return Err(InvalidProof::Missing { field: Field::Message });
        }
        let malformed = InvalidProof::Malformed { field: Field::Signature, expected: SIGNATURE };
        // Some contracts take an empty signature, for what was signed on chain before.
        let signature = signature.strip_prefix("0x").filter(|digits| hex::decode(digits).is_ok());
        let signature = signature.ok_or(malformed)?.to_ascii_lowercase();
        let hash = hex::encode(evm::personal_digest(message.as_bytes()));
        Ok(if signature.ends_with(NOT_DEPLOYED) && signature.len() > NOT_DEPLOYED.len() {
            let owner = address.strip_prefix("0x").unwrap_or_default().to_ascii_lowercase();
            Self { to: None, data: format!("0x{VALIDATOR}{owner:0>64}{hash}{}", bytes(3, &signature)) }
        } else {
            let data = format!("0x{IS_VALID_SIGNATURE}{hash}{}", bytes(2, &signature));
            Self { to: Some(address.to_owned()), data }
        })
    }

    /// The address that is called; `None` where the data are code that is tried out.
    #[must_use]
    pub fn to(&self) -> Option<&str> {
        self.to.as_deref()
    }

    /// The data: `0x` and hexadecimal digits.
    #[must_use]
    pub fn data(&self) -> &str {
        &self.data
    }

    /// What the `result` of the call means. A call that was reverted has none: that is [`ContractVerdict::Invalid`].
    #[must_use]
    pub fn judge(&self, result: &str) -> ContractVerdict {
        let result = result.to_ascii_lowercase();
        match (&self.to, result.strip_prefix("0x")) {
            (Some(_), Some("")) => ContractVerdict::NoContract,
            // As it is encoded: four bytes, and zeros up to 32.
            (Some(_), Some(given)) if given.len() == 64 && given == format!("{IS_VALID_SIGNATURE:0<64}") => {
                ContractVerdict::Valid
            }
            (None, Some("01")) => ContractVerdict::Valid,
            _ => ContractVerdict::Invalid,
        }
    }
}

/// An argument of type `bytes`, the last of so many words of arguments: its place, its length, and itself up to a whole word.
fn bytes(words: usize, digits: &str) -> String {
    let place = words * 32;
    let width = digits.len().next_multiple_of(64);
    format!("{place:064x}{:064x}{digits:0<width$}", digits.len() / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADDRESS: &str = "0xba32858eA15Ad4A729d3aCA3c2ed5E3363Bc16f6";

    #[test]
    fn a_chain_has_one_name() {
        let chain: EvmChain = "eip155:137".parse().unwrap();
        assert_eq!((chain.number(), chain.to_string()), (137, "eip155:137".to_owned()));
        for wrong in
            ["", "137", "eip155:", "eip155:0", "eip155:01", "eip155:+1", "eip155:1 ", "EIP155:1", "solana:1"]
        {
            assert_eq!(wrong.parse::<EvmChain>(), Err(NotAChain), "{wrong}");
        }
    }

    #[test]
    fn a_call_is_encoded_as_the_interface_has_it() {
        let call = ContractCall::new(ADDRESS, "a", "0xABcd").unwrap();
        assert_eq!(call.to(), Some(ADDRESS));
        // keccak256("\x19Ethereum Signed Message:\n1a"), which other libraries give too.
        let hash = hex::encode(evm::personal_digest(b"a"));
        let expected = format!("0x1626ba7e{hash}{:0>64}{:0>64}abcd{}", "40", "2", "0".repeat(60));
        assert_eq!(call.data(), expected);
        assert_eq!(format!("{call:?}"), "ContractCall(..)");
        let empty = ContractCall::new(ADDRESS, "a", "0x").unwrap();
        assert!(empty.data().ends_with(&format!("{:0>64}{:0>64}", "40", "0")));
    }

    #[test]
    fn what_is_not_deployed_is_tried_out() {
        let signature = format!("0x00{NOT_DEPLOYED}");
        let call = ContractCall::new(ADDRESS, "a", &signature).unwrap();
        assert_eq!(call.to(), None);
        let arguments = call.data().strip_prefix(&format!("0x{VALIDATOR}")).unwrap();
        assert!(arguments.starts_with(&format!("{:0>64}", ADDRESS[2..].to_lowercase())));
        assert_eq!(arguments.len() % 64, 0);
        // The end alone wraps nothing.
        let end = format!("0x{NOT_DEPLOYED}");
        assert!(ContractCall::new(ADDRESS, "a", &end).unwrap().to().is_some());
        assert_eq!(
            (call.judge("0x01"), call.judge("0x00")),
            (ContractVerdict::Valid, ContractVerdict::Invalid)
        );
        for odd in ["0x", "0x1", "0x0101", "01", ""] {
            assert_eq!(call.judge(odd), ContractVerdict::Invalid, "{odd}");
        }
    }

    #[test]
    fn only_the_magic_value_says_yes() {
        let call = ContractCall::new(ADDRESS, "a", "0xabcd").unwrap();
        let magic = format!("0x{IS_VALID_SIGNATURE}{}", "0".repeat(56));
        assert_eq!(call.judge(&magic), ContractVerdict::Valid);
        assert_eq!(call.judge("0x"), ContractVerdict::NoContract);
        let one = format!("0x{:0>64}", "1");
        let long = format!("{magic}{}", "0".repeat(64));
        let dirty = format!("{}1", &magic[..magic.len() - 1]);
        for no in ["0x01", "0x1626ba7e", "0xffffffff", "", "1626ba7e", &one, &long, &dirty] {
            assert_eq!(call.judge(no), ContractVerdict::Invalid, "{no}");
        }
    }

    #[test]
    fn what_cannot_be_asked_is_named() {
        for (address, message, signature, field) in [
            ("0x12", "a", "0x00", Field::Address),
            (ADDRESS, "", "0x00", Field::Message),
            (ADDRESS, "a", "00", Field::Signature),
            (ADDRESS, "a", "0x0", Field::Signature),
            (ADDRESS, "a", "0xzz", Field::Signature),
            (ADDRESS, "a", "", Field::Signature),
            (ADDRESS, "a", &format!("0x{}", "0".repeat(MAX_SIGNATURE_LEN)), Field::Signature),
        ] {
            assert_eq!(ContractCall::new(address, message, signature).unwrap_err().field(), field);
        }
    }
}
