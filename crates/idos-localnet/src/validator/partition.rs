//! Keeping a validator apart from the others.
//!
//! The means are kwild's own: in its private mode, its administrator can send a peer away, whose connections end and
//! who is refused from then on. No proxy stands between the validators, because libp2p tells peers the address that a
//! node really listens at, and they come back there.

use std::time::Duration;

use serde_json::json;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::Place;
use crate::rpc::RpcFailure;

/// How often the validator is looked at. Others come back a second after they were sent away, or later.
const TICK: Duration = Duration::from_millis(100);
/// For how many looks they are sent away after a block.
const AGAIN: u32 = 5;

/// A validator that is kept apart, as long as this is there.
#[derive(Debug)]
pub(super) struct Partition(pub(super) JoinHandle<()>);

impl Drop for Partition {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Keeps a validator apart from these others. Says when it is, or why it cannot be.
///
/// With each block, kwild lets all validators in again, and it may be about to write one of which it has all that it
/// needs. So it is apart only when it has written none for a while, and is watched from then on.
pub(super) async fn keep_apart(
    place: Place,
    others: Vec<String>,
    apart: oneshot::Sender<Result<(), RpcFailure>>,
) {
    let mut apart = Some(apart);
    let mut height = None;
    let mut quiet = 0;
    loop {
        let now = place.height().await;
        if now.is_some() && now != height {
            height = now;
            quiet = 0;
        }
        if quiet < AGAIN {
            let sent_away = send_away(&place, &others).await;
            match (sent_away, apart.take()) {
                (Ok(()), unsaid) => apart = unsaid,
                (Err(error), Some(apart)) => {
                    let _nobody_waits = apart.send(Err(error));
                    return;
                }
                // Nobody is sent away by one that is frozen or has ended, and nobody comes.
                (Err(_), None) => quiet = 0,
            }
        } else if let Some(apart) = apart.take() {
            let _nobody_waits = apart.send(Ok(()));
        }
        quiet = quiet.saturating_add(1);
        tokio::time::sleep(TICK).await;
    }
}

async fn send_away(place: &Place, others: &[String]) -> Result<(), RpcFailure> {
    for other in others {
        place.admin.call("admin.remove_peer", json!({ "peerid": other })).await?;
    }
    Ok(())
}
