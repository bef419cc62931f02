//! Gateway sessions: one for each gateway and signer.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use super::config::Node;
use super::{Client, NoParams};
use crate::Error;
use crate::error::LoginError;
use crate::gateway::{LoginParameters, session_cookie};
use crate::signer::Signer;

/// The sessions of a client.
#[derive(Debug, Default)]
pub(super) struct Sessions(Mutex<HashMap<Holder, Arc<Session>>>);

/// The index of the gateway, and the sender.
type Holder = (usize, Vec<u8>);

/// The session of one signer at one gateway. Whoever logs in holds the lock, and others wait for the cookie.
#[derive(Default)]
pub(super) struct Session(tokio::sync::Mutex<Option<String>>);

/// A cookie is as good as a password.
impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Session(..)")
    }
}

impl Sessions {
    pub(super) fn of(&self, node: usize, sender: &[u8]) -> Arc<Session> {
        let mut sessions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(sessions.entry((node, sender.to_vec())).or_default())
    }
}

impl Session {
    /// The cookie to send, if there is one.
    pub(super) async fn cookie(&self) -> Option<String> {
        self.0.lock().await.clone()
    }

    /// Forgets a cookie that was not accepted.
    pub(super) async fn forget(&self, cookie: &str) {
        let mut held = self.0.lock().await;
        if held.as_deref() == Some(cookie) {
            *held = None;
        }
    }
}

impl Client {
    /// Logs in, unless somebody else did since `stale` was refused. Gives the cookie to send.
    pub(super) async fn login(
        &self,
        node: &Node,
        signer: &Signer,
        session: &Session,
        stale: Option<&str>,
    ) -> Result<String, Error> {
        let mut held = session.0.lock().await;
        if let Some(newer) = held.as_ref().filter(|cookie| Some(cookie.as_str()) != stale) {
            return Ok(newer.clone());
        }
        *held = None;

        let parameters: LoginParameters = self
            .rpc
            .ask(node, "kgw.authn_param", &NoParams {}, None)
            .await
            .map_err(|f| f.into_error([]))?
            .result;
        let message = parameters.message(&node.domain, &self.chain_id)?;
        let login = Login {
            nonce: &parameters.nonce,
            sender: hex::encode(signer.sender()),
            signature: LoginSignature {
                sig: STANDARD.encode(signer.sign(&message).await?),
                signature_type: signer.signature_type().as_str(),
            },
        };
        let reply = self.rpc.ask::<IgnoredAny>(node, "kgw.authn", &login, None).await;
        let reply = reply.map_err(|failure| failure.into_error([]))?;

        let cookie =
            session_cookie(reply.set_cookie.iter().map(String::as_str)).ok_or(LoginError::NoCookie)?;
        tracing::debug!(gateway = node.domain, "Logged in at an idOS gateway");
        *held = Some(cookie.clone());
        Ok(cookie)
    }

    /// Ends the signer's sessions, at the gateways and here.
    pub async fn logout(&self, signer: &Signer) -> Result<(), Error> {
        let sender = signer.sender();
        for (index, node) in self.rpc.nodes_from(0) {
            let Some(cookie) = self.sessions.of(index, &sender).0.lock().await.take() else { continue };
            let params = Logout { account: hex::encode(&sender) };
            let reply = self.rpc.ask::<IgnoredAny>(node, "kgw.logout", &params, Some(&cookie)).await;
            reply.map_err(|failure| failure.into_error([]))?;
        }
        Ok(())
    }
}

/// What `kgw.authn` takes.
#[derive(Serialize)]
pub(super) struct Login<'a> {
    pub(super) nonce: &'a str,
    pub(super) sender: String,
    pub(super) signature: LoginSignature,
}

#[derive(Serialize, Deserialize)]
pub(super) struct LoginSignature {
    pub(super) sig: String,
    #[serde(rename = "type")]
    pub(super) signature_type: &'static str,
}

/// What `kgw.logout` takes.
#[derive(Serialize)]
pub(super) struct Logout {
    pub(super) account: String,
}
