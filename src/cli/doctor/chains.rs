//! Chains of contract wallets: whether each endpoint answers, and is one of the chain that it is configured for.

use super::Report;
use crate::config::Config;
use crate::evm_rpc::{EvmFault, EvmRpc};

const CHECK: &str = "chains";

pub(super) async fn chains(config: &Config, report: &mut Report) {
    let rpc = match EvmRpc::wire(&config.wallets.evm_rpc) {
        Ok(rpc) => rpc,
        Err(error) => {
            return report.complain(CHECK, super::causes(&error), "see to the certificates of this machine");
        }
    };
    for chain in rpc.chains() {
        match rpc.check_chain(chain).await {
            Ok(()) => report.fine(CHECK, format!("{chain}: the endpoint answers")),
            Err(fault) => {
                let cure = match fault {
                    EvmFault::OtherChain => "correct wallets.evm_rpc: its chain, or its url",
                    _ => {
                        "see to the endpoint, its key, or the network; contract wallets of this chain wait meanwhile"
                    }
                };
                report.complain(CHECK, format!("{chain}: {fault}"), cure);
            }
        }
    }
}
