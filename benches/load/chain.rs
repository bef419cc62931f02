//! What kwild says about its blocks.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use idos_client::transaction::Signed;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// A validator's chain service, which counts blocks without asking its database.
pub(crate) struct Chain {
    client: reqwest::Client,
    url: String,
}

/// A block.
pub(crate) struct Block {
    pub(crate) height: i64,
    /// When it was proposed, in milliseconds since 1970.
    pub(crate) stamp_millis: i64,
    pub(crate) transactions: Vec<InBlock>,
}

/// A transaction in a block.
pub(crate) struct InBlock {
    pub(crate) sender: Vec<u8>,
    /// As `max_block_size` counts it.
    pub(crate) bytes: usize,
    /// Whether it did nothing.
    pub(crate) failed: bool,
}

#[derive(Deserialize)]
struct Health {
    height: i64,
}

#[derive(Deserialize)]
struct Genesis {
    max_block_size: usize,
}

#[derive(Deserialize)]
struct Unconfirmed {
    total: usize,
}

#[derive(Deserialize)]
struct BlockAnswer {
    block: BlockBody,
}

#[derive(Deserialize)]
struct BlockBody {
    header: Header,
    txns: Option<Vec<Signed>>,
}

#[derive(Deserialize)]
struct Header {
    stamp_ms: i64,
}

#[derive(Deserialize)]
struct Results {
    tx_results: Option<Vec<TxResult>>,
}

#[derive(Deserialize)]
struct TxResult {
    code: u32,
}

impl Chain {
    pub(crate) fn at(url: &str) -> Self {
        let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_mins(1)).build().unwrap();
        Self { client, url: format!("{url}/rpc/v1") }
    }

    async fn ask<T: DeserializeOwned>(&self, method: &str, params: Value) -> T {
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }).to_string();
        let request = self.client.post(&self.url).header("Content-Type", "application/json").body(body);
        let answer = request.send().await.unwrap().bytes().await.unwrap();
        let mut answer: Value = serde_json::from_slice(&answer).unwrap();
        serde_json::from_value(answer["result"].take()).unwrap()
    }

    /// The last block's height.
    pub(crate) async fn height(&self) -> i64 {
        self.ask::<Health>("chain.health", json!({})).await.height
    }

    /// The most bytes that the transactions of a block may have.
    pub(crate) async fn max_block_size(&self) -> usize {
        self.ask::<Genesis>("chain.genesis", json!({})).await.max_block_size
    }

    /// Waits until nothing waits for a block.
    pub(crate) async fn wait_until_empty(&self) {
        while self.ask::<Unconfirmed>("chain.unconfirmed_txs", json!({ "limit": 1 })).await.total > 0 {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    /// The blocks above `after` that were proposed not before `begin`, up to `last`.
    pub(crate) async fn blocks(&self, after: i64, begin_millis: i64, last: i64) -> Vec<Block> {
        let mut blocks = Vec::new();
        for height in after + 1..=last {
            let params = json!({ "height": height });
            let BlockAnswer { block } = self.ask("chain.block", params.clone()).await;
            if block.header.stamp_ms < begin_millis {
                continue;
            }
            let results: Results = self.ask("chain.block_result", params).await;
            let signed = block.txns.unwrap_or_default();
            let results = results.tx_results.unwrap_or_default();
            assert_eq!(signed.len(), results.len());
            let transactions = signed.into_iter().zip(results).map(|(signed, result)| InBlock {
                bytes: signed.serialized_len(),
                sender: signed.sender,
                failed: result.code != 0,
            });
            let transactions = transactions.collect();
            blocks.push(Block { height, stamp_millis: block.header.stamp_ms, transactions });
        }
        blocks
    }
}

/// How long it took to run the transactions of each block, by height: the validator's log tells it.
pub(crate) fn execution_times(log: &Path) -> BTreeMap<i64, Duration> {
    let text = std::fs::read_to_string(log).unwrap();
    let lines = text.lines().filter(|line| line.contains("Executed block"));
    lines
        .filter_map(|line| {
            let member = |name: &str| {
                let (_, rest) = line.split_once(name)?;
                rest.split([' ', '}']).next()
            };
            Some((member("height=")?.parse().ok()?, go_duration(member("duration=")?)?))
        })
        .collect()
}

/// Go writes durations as `31.6ms`, `1.2s` or `890µs`; minutes do not occur.
fn go_duration(text: &str) -> Option<Duration> {
    let units = [("ms", 1e3), ("µs", 1e6), ("ns", 1e9), ("s", 1.0)];
    let (number, parts) = units.iter().find_map(|(unit, parts)| Some((text.strip_suffix(unit)?, parts)))?;
    Some(Duration::from_secs_f64(number.parse::<f64>().ok()? / parts))
}
