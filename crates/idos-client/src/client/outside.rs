//! Logins of wallets whose keys are elsewhere: a person's, in the browser. The wallet signs what the gateway asks for, and one view is
//! asked as it. The session ends with that; its cookie is kept nowhere.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use idos_wallet::SignedElsewhere;
use serde::de::IgnoredAny;

use super::config::Node;
use super::rpc::Failure;
use super::session::{Login as LoginParams, LoginSignature, Logout};
use super::view::{CALL, CallAnswer, CallParams, only_one};
use super::{Client, NoParams};
use crate::Error;
use crate::actions::View;
use crate::encoding::{ActionCall, Value};
use crate::error::LoginError;
use crate::gateway::{LoginParameters, session_cookie};

/// What a gateway wants signed for a login. It can be kept, and be put together again: a wallet may take its time, and another process
/// may go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login {
    /// The gateway's base URL, by which it calls itself in the text.
    pub gateway: String,
    /// By what the gateway knows the login.
    pub nonce: String,
    /// The text to sign, to the letter.
    pub message: String,
}

impl Client {
    /// Asks a gateway what is to be signed for a login. The text is held against this client's gateway and network, as for a login of
    /// its own: a gateway may not have somebody else's text signed.
    pub async fn offer_login(&self) -> Result<Login, Error> {
        let mut last = Failure::Malformed("no node");
        for (index, node) in self.rpc.nodes_to_ask(None) {
            let asked = match self.rpc.admit(index).await {
                Ok(()) => self.rpc.ask::<LoginParameters>(node, "kgw.authn_param", &NoParams {}, None).await,
                Err(failure) => Err(failure),
            };
            match asked {
                Ok(reply) => {
                    let message = reply.result.message(&node.domain, &self.chain_id)?;
                    return Ok(Login { gateway: node.domain.clone(), nonce: reply.result.nonce, message });
                }
                Err(failure) if failure.lets_another_node_try() => last = failure,
                Err(failure) => return Err(failure.into_error([])),
            }
        }
        Err(last.into_error([]))
    }

    /// Asks a view that has one row, or none, as the wallet that has signed this login; then logs out.
    ///
    /// `signed` is that of `login.message`: [`idos_wallet::signed_elsewhere`] makes it, and checks it.
    pub async fn call_one_by_login<V: View>(
        &self,
        login: &Login,
        signed: &SignedElsewhere,
        view: &V,
    ) -> Result<Option<V::Row>, Error> {
        let node = self
            .rpc
            .nodes_from(0)
            .map(|(_, node)| node)
            .find(|node| node.domain == login.gateway)
            .ok_or(LoginError::OtherGateway)?;
        let sender = hex::encode(signed.sender());
        let params = LoginParams {
            nonce: &login.nonce,
            sender: sender.clone(),
            signature: LoginSignature {
                sig: STANDARD.encode(signed.signature()),
                signature_type: signed.signature_type().as_str(),
            },
        };
        let reply = self.rpc.ask::<IgnoredAny>(node, "kgw.authn", &params, None).await;
        let reply = reply.map_err(|failure| {
            if failure.refuses_login() { LoginError::NotAccepted.into() } else { failure.into_error([]) }
        })?;
        let cookie =
            session_cookie(reply.set_cookie.iter().map(String::as_str)).ok_or(LoginError::NoCookie)?;

        let asked = self.ask_as(node, (&sender, signed), &cookie, view).await;
        let params = Logout { account: sender };
        // Nobody has the cookie but this function, and the gateway forgets it by itself.
        if self.rpc.ask::<IgnoredAny>(node, "kgw.logout", &params, Some(&cookie)).await.is_err() {
            tracing::debug!(
                gateway = node.domain,
                "A session of an outside wallet was left to end by itself"
            );
        }
        only_one(asked?)
    }

    async fn ask_as<V: View>(
        &self,
        node: &Node,
        (sender, signed): (&str, &SignedElsewhere),
        cookie: &str,
        view: &V,
    ) -> Result<Vec<V::Row>, Error> {
        let call = ActionCall::new(V::NAME, view.arguments());
        let texts = || call.arguments.iter().filter_map(Value::as_text);
        let params = CallParams::of(signed.signature_type(), sender.to_owned(), &call.encode()?);
        let reply = self.rpc.ask::<CallAnswer>(node, CALL, &params, Some(cookie)).await;
        let reply = reply.map_err(|failure| {
            if failure.is_not_authorised() {
                LoginError::SessionNotAccepted.into()
            } else {
                failure.into_error(texts())
            }
        })?;
        reply.result.into_table(V::NAME, texts())?.rows::<V>()
    }
}
