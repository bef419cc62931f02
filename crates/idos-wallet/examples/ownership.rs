//! Checks who holds a wallet, of each type: the program of this crate's README.
//!
//! ```sh
//! cargo run -p idos-wallet --example ownership
//! ```

#![expect(clippy::print_stdout, reason = "a program for a terminal")]

use std::error::Error;

use idos_wallet::{OwnershipProof, WalletKey, WalletType};

fn main() -> Result<(), Box<dyn Error>> {
    // What the wallet is to sign says for whom and when, so that a proof cannot be used elsewhere.
    let message = "Example KYC: add this wallet to my idOS profile. 2026-11-29, challenge 4f2a";
    let nonce = [9; 32]; // From a source of randomness; only NEAR wallets use it.

    for wallet_type in
        [WalletType::Evm, WalletType::Near, WalletType::Xrpl, WalletType::Stellar, WalletType::FaceSign]
    {
        // A simulated wallet, in place of the one in somebody's browser.
        let wallet = WalletKey::from_seed(wallet_type, [7; 32]);
        let (address, public_key) = (wallet.address(), wallet.public_key());
        let signature = wallet.sign_message(message, nonce);

        let proof = OwnershipProof {
            wallet_type,
            address: &address,
            public_key: public_key.as_deref(),
            message,
            signature: &signature,
        };
        proof.verify()?;
        println!("{wallet_type}: {address} has signed this");

        // Why not, by field, without a value.
        let other = OwnershipProof { message: "something else", ..proof };
        if let Err(reason) = other.verify() {
            println!("{wallet_type}: {reason}");
        }
    }
    Ok(())
}
