//! The page on which somebody who follows the link of a claim connects a wallet, and signs.
//!
//! A GET changes nothing. What the page does is a POST each, of JSON, from the page itself: there is no cookie that another site could
//! have sent along, and whoever has the link may do what it is for. The link itself stands in no log, no metric and no referrer.

mod assets;
pub(super) mod door;
mod problem;
pub(in crate::http) mod read;
pub(super) mod shell;
mod view;

use axum::Json as JsonBody;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};

use idos_credential::strict_json::Json;

pub(in crate::http) use shell::{asset, show};

use self::door::{Visitor, enter, enter_to_act, follow};
use self::view::{GrantOfferView, NextView, StateView};
use crate::flow::{claim, relay};
use crate::http::kit::problem::Problem;
use crate::http::kit::state::Api;
use crate::http::kit::wait;
use crate::http::kit::{body, json};
use crate::model::claim::Claim;
use crate::model::personal::Personal;

/// The members that each schema of `openapi.yaml` has that the page sends, as the readers take them.
pub const MEMBERS: &[(&str, &[&str])] = &[
    ("PageWait", read::WAIT),
    ("PageWallet", read::WALLET),
    ("PageSignIn", read::SIGN_IN),
    ("PageProfile", read::PROFILE),
    ("RelayStart", START),
];

/// The members of what the page sends to have a claim begun by a consumer of the relay.
pub(super) const START: &[&str] = &["token"];

/// How far it is. Waits until that is something else than what the page has seen, if it wants that.
pub(in crate::http) async fn state(
    State(api): State<Api>,
    Path(token): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let visitor = Visitor::of(&request);
    let token = enter(&api, &token, &visitor).await?;
    let body = body::read_json(&api, request).await?;
    let wanted = read::wait(&json::parse(&body.bytes)?)?;
    let read = || async {
        let (look, relayed) = relay::look(&api.app, follow(&api, &token).await?).await?;
        let relayed_from = relayed.iter().flat_map(|relayed| relayed.read_from.iter().cloned());
        let read_from: Vec<_> = look.read_from().into_iter().chain(relayed_from).collect();
        Ok((StateView::of(&api.app, look, relayed), read_from))
    };
    let others = |(_, read_from): &(StateView, Vec<String>)| read_from.clone();
    let is_new = |(view, _): &(StateView, Vec<String>)| wanted.seen.as_deref() != Some(view.version());
    let (view, _) = wait::until(&api, wanted.seconds, None, read, others, is_new).await?;
    Ok(JsonBody(view).into_response())
}

/// Somebody has connected a wallet.
pub(in crate::http) async fn wallet(
    State(api): State<Api>,
    Path(token): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let (claim, owner) = asked(&api, &token, request, read::wallet).await?;
    admit(&api, &claim, &owner.address, owner.public_key.as_ref()).await?;
    let next = claim::meet(&api.app, &claim, &owner).await?;
    Ok(JsonBody(NextView::from(next)).into_response())
}

/// The wallet has signed the login of the gateway.
pub(in crate::http) async fn sign_in(
    State(api): State<Api>,
    Path(token): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let (claim, read::SignIn { owner, nonce, signature }) =
        asked(&api, &token, request, read::sign_in).await?;
    admit(&api, &claim, &owner.address, owner.public_key.as_ref()).await?;
    let next = claim::sign_in(&api.app, &claim, &owner, &nonce, signature.expose()).await?;
    Ok(JsonBody(NextView::from(next)).into_response())
}

/// A profile is to be created for the wallet.
pub(in crate::http) async fn profile(
    State(api): State<Api>,
    Path(token): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let (claim, read::Profile { encryption_key, password_store, wallet }) =
        asked(&api, &token, request, read::profile).await?;
    admit(&api, &claim, &wallet.address, wallet.public_key.as_ref()).await?;
    let claim = claim::create_profile(&api.app, &claim, encryption_key, password_store, wallet).await?;
    Ok((StatusCode::ACCEPTED, JsonBody(view(&api, claim).await?)).into_response())
}

/// A write grant is made for the wallet to sign.
pub(in crate::http) async fn grant(
    State(api): State<Api>,
    Path(token): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let (claim, owner) = asked(&api, &token, request, read::wallet).await?;
    admit(&api, &claim, &owner.address, owner.public_key.as_ref()).await?;
    relay::admit_grant(&api.app, &claim).await?;
    let (grant, message) = claim::offer(&api.app, &claim, &owner).await?;
    Ok(JsonBody(GrantOfferView::of(grant, message)).into_response())
}

/// The wallet has signed the grant.
pub(in crate::http) async fn sign(
    State(api): State<Api>,
    Path(token): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let (claim, signed) = asked(&api, &token, request, read::signed_grant).await?;
    admit(&api, &claim, &signed.owner.address, signed.owner.public_key.as_ref()).await?;
    relay::admit_grant(&api.app, &claim).await?;
    let claim = claim::sign(&api.app, claim, signed).await?;
    Ok((StatusCode::ACCEPTED, JsonBody(view(&api, claim).await?)).into_response())
}

/// The claim that something is to be done about, and what: whoever asks comes in, and then the body is read.
async fn asked<T>(
    api: &Api,
    token: &str,
    request: Request,
    read: fn(&Json) -> Result<T, Problem>,
) -> Result<(Claim, T), Problem> {
    let claim = enter_to_act(api, token, &Visitor::of(&request)).await?;
    let body = body::read_json(api, request).await?;
    Ok((claim, read(&json::parse(&body.bytes)?)?))
}

/// What the page is told of a claim.
async fn view(api: &Api, claim: Claim) -> Result<StateView, Problem> {
    let (look, relayed) = relay::look(&api.app, claim).await?;
    Ok(StateView::of(&api.app, look, relayed))
}

/// Refuses a wallet that is not the one that somebody was sent here with.
async fn admit(
    api: &Api,
    claim: &Claim,
    address: &Personal<String>,
    public_key: Option<&Personal<String>>,
) -> Result<(), Problem> {
    let key = public_key.map(|key| key.expose().as_str());
    Ok(relay::admit(&api.app, claim, address.expose(), key).await?)
}
