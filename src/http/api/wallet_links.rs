//! Links of wallets: have a challenge made, answer it, see what became of it, have it forgotten.

use axum::extract::{Path, RawQuery, Request, State};
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Json as JsonBody};
use idos_credential::strict_json::Json;
use idos_wallet::{
    EvmChain, Field, InvalidProof, MAX_PUBLIC_KEY_LEN, MAX_SIGNATURE_LEN, NotAChain, WalletType,
};
use serde::Serialize;
use uuid::Uuid;

use super::common::{KeyOfOwner, conflict, not_listed, owner_with, parse_id, wallet_fault};
use super::view::{HaltView, List, TransactionView};
use crate::flow::wallet::RequestError;
use crate::flow::wallet_link::{self, Answer, NewLink, ProveError, Shown};
use crate::flow::{challenge::Challenge, intake};
use crate::http::kit::body;
use crate::http::kit::idempotency::{idempotency_key, made};
use crate::http::kit::json::{self, Faults, Object, uuid};
use crate::http::kit::problem::{Code, Location, Problem};
use crate::http::kit::query::Query;
use crate::http::kit::state::Api;
use crate::http::kit::wait;
use crate::model::ids::WalletLinkId;
use crate::model::issuance::Reference;
use crate::model::personal::Personal;
use crate::model::submitter::Submitter;
use crate::model::time::Timestamp;
use crate::model::wallet_link::{LinkState, account};
use crate::store::LinkFilter;

pub(super) const NEW_LINK: &[&str] = &["userId", "wallet", "inProfile", "forCredential", "reference"];
pub(super) const LINKED_WALLET: &[&str] = &["type", "address", "publicKey", "chain"];
pub(super) const LINK_ANSWER: &[&str] = &["signature", "publicKey"];

const REFERENCE: &str = "must have 1 to 128 of a-z, A-Z, 0-9, . _ : -";

pub(in crate::http) async fn make(
    State(api): State<Api>,
    Extension(caller): Extension<Submitter>,
    request: Request,
) -> Result<Response, Problem> {
    let key = idempotency_key(request.headers())?;
    let body = body::read_json(&api, request).await?;
    let key = intake::idempotency(&api.app, &caller, &key, &[b"POST /v1/wallet-links", &body.bytes]);
    let new = read_new(&json::parse(&body.bytes)?)?;
    let offered = wallet_link::offer(&api.app, &caller, &key, new).await?;
    let location = format!("/v1/wallet-links/{}", offered.record.link.id);
    let view = LinkView::of(offered.record, api.app.clock.now());
    Ok(made(&location, offered.replayed, view))
}

pub(in crate::http) async fn prove(
    State(api): State<Api>,
    Extension(caller): Extension<Submitter>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let body = body::read_json(&api, request).await?;
    let answer = read_answer(&json::parse(&body.bytes)?)?;
    let shown = wallet_link::prove(&api.app, &caller, &parse_id(&id)?, answer).await?;
    Ok(JsonBody(LinkView::of(shown, api.app.clock.now())).into_response())
}

pub(in crate::http) async fn show(
    State(api): State<Api>,
    Extension(caller): Extension<Submitter>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let read = || async {
        let shown = wallet_link::show(&api.app, &caller, &parse_id(&id)?).await?;
        shown.ok_or_else(|| Problem::new(Code::NotFound))
    };
    let is_settled = |shown: &Shown| shown.state(api.app.clock.now()) != LinkState::Writing;
    let others = |shown: &Shown| shown.link.record_id.iter().map(ToString::to_string).collect();
    let seconds = wait::seconds(query.as_deref())?;
    let shown = wait::until(&api, seconds, Some(&id), read, others, is_settled).await?;
    api.saw(&caller, shown.link.id.as_str()).await?;
    Ok(JsonBody(LinkView::of(shown, api.app.clock.now())).into_response())
}

pub(in crate::http) async fn list(
    State(api): State<Api>,
    Extension(caller): Extension<Submitter>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let mut query = Query::of(query.as_deref(), &["userId", "reference", "cursor", "limit"])?;
    let filter = LinkFilter {
        user_id: query.read::<UserId>("userId", json::USER_ID).map(|UserId(id)| id),
        reference: query.read::<Reference>("reference", REFERENCE).map(Reference::into_string),
    };
    let cursor = query.read::<WalletLinkId>("cursor", "must be the nextCursor of an earlier answer");
    let (limit, by) = (query.limit(), query.filters());
    query.end()?;
    let page = api.app.store.wallet_links(&caller.tenant, &filter, cursor.as_ref(), limit).await?;
    api.saw_list(&caller, "wallet_links", &by, page.items.len()).await?;
    let next_cursor = page.items.last().filter(|_| page.has_more).map(|link| link.id.to_string());
    let now = api.app.clock.now();
    let mut items = Vec::with_capacity(page.items.len());
    for link in page.items {
        items.push(LinkView::of(wallet_link::with_record(&api.app, link).await?, now));
    }
    Ok(JsonBody(List { items, next_cursor }).into_response())
}

pub(in crate::http) async fn erase(
    State(api): State<Api>,
    Extension(caller): Extension<Submitter>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let erased = wallet_link::erase(&api.app, &caller, &parse_id(&id)?).await?;
    let erased = erased.ok_or_else(|| Problem::new(Code::NotFound))?;
    Ok(JsonBody(LinkView::of(erased, api.app.clock.now())).into_response())
}

/// A user's id, as bodies have it.
struct UserId(Uuid);

impl std::str::FromStr for UserId {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        uuid(text).filter(|id| crate::model::ids::is_user_id(*id)).map(Self).ok_or(())
    }
}

/// Reads which wallet is to be proven.
pub(in crate::http) fn read_new(json: &Json) -> Result<NewLink, Problem> {
    let mut faults = Faults::default();
    let new = Object::of(json, "", NEW_LINK, &mut faults).and_then(|object| {
        let user_id = object.user_id("userId", &mut faults);
        let given = object.required("wallet", &mut faults);
        let wallet = given.and_then(|json| {
            owner_with(json, ("/wallet", LINKED_WALLET), KeyOfOwner::MayComeLater, &mut faults)
        });
        let in_profile = truth(&object, "inProfile", true, &mut faults);
        let for_credential = truth(&object, "forCredential", false, &mut faults);
        let chain = chain(given, wallet.as_ref().map(|wallet| wallet.wallet_type), &mut faults);
        let reference = object.get("reference").map(|_| object.read("reference", &mut faults, REFERENCE));
        if chain.is_some() && in_profile == Some(true) {
            let problem = "must be false for a contract: idOS takes wallets with a key into profiles, and a contract has none";
            faults.add("/inProfile", problem);
        }
        if let (Some(true), Some(wallet)) = (for_credential, &wallet)
            && let Err(error) = account(wallet, chain)
        {
            faults.0.push(not_listed(error));
        }
        Some(NewLink {
            user_id: user_id?,
            wallet: wallet?,
            in_profile: in_profile?,
            for_credential: for_credential?,
            chain,
            reference: reference.flatten(),
        })
    });
    faults.into_result(new)
}

/// The chain on which a wallet is a contract, if it is said to be one.
fn chain(wallet: Option<&Json>, wallet_type: Option<WalletType>, faults: &mut Faults) -> Option<EvmChain> {
    let given = wallet?.member("chain")?;
    let read = given.as_text().and_then(|text| text.parse().ok());
    if read.is_none() {
        faults.add("/wallet/chain", NotAChain.to_string());
    } else if wallet_type.is_some_and(|known| known != WalletType::Evm) {
        faults.add("/wallet/chain", "is only for wallets of the type EVM that are contracts");
    }
    read
}

/// A truth value that may be missing.
fn truth(object: &Object<'_>, name: &'static str, default: bool, faults: &mut Faults) -> Option<bool> {
    match object.get(name) {
        None => Some(default),
        Some(Json::Bool(given)) => Some(*given),
        Some(_) => {
            faults.add(object.pointer(name), "must be true or false");
            None
        }
    }
}

/// Reads what a wallet has answered.
pub(in crate::http) fn read_answer(json: &Json) -> Result<Answer, Problem> {
    let mut faults = Faults::default();
    let answer = Object::of(json, "", LINK_ANSWER, &mut faults).and_then(|object| {
        let signature = object.text("signature", MAX_SIGNATURE_LEN, &mut faults);
        let public_key = object.optional_text("publicKey", MAX_PUBLIC_KEY_LEN, &mut faults);
        Some(Answer { signature: Personal::new(signature?), public_key: public_key.map(Personal::new) })
    });
    faults.into_result(answer)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ChallengeView {
    message: String,
    expires_at: String,
}

/// A link. Nothing tells which wallet it is, but the challenge that was just asked for.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LinkView {
    id: String,
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<Uuid>,
    in_profile: bool,
    for_credential: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    reference: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    challenge: Option<ChallengeView>,
    expires_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    proven_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    wallet_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    waits_until: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    issuance_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    transaction: Option<TransactionView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    halt: Option<HaltView>,
    created_at: String,
    updated_at: String,
}

impl LinkView {
    fn of(shown: Shown, now: Timestamp) -> Self {
        let state = shown.state(now);
        let Shown { link, record, challenge } = shown;
        let challenge = challenge.map(|Challenge { message, expires_at }| ChallengeView {
            message: message.to_string(),
            expires_at: expires_at.to_string(),
        });
        let halt = record
            .as_ref()
            .and_then(|record| Some(HaltView::new(record.halt?, record.stopped(), record.waits_until)));
        Self {
            waits_until: link.kept_until().map(|at| at.to_string()),
            id: link.id.to_string(),
            state: state.as_str(),
            user_id: link.user_id,
            in_profile: link.in_profile,
            for_credential: link.for_credential,
            reference: link.reference,
            challenge,
            expires_at: link.expires_at.to_string(),
            proven_at: link.proven_at.map(|at| at.to_string()),
            wallet_id: link.record_id.map(|id| id.to_string()),
            issuance_id: link.issuance_id.map(|id| id.to_string()),
            updated_at: record
                .as_ref()
                .map_or(link.updated_at, |it| it.updated_at.max(link.updated_at))
                .to_string(),
            transaction: record.and_then(|record| record.transaction).map(Into::into),
            halt,
            created_at: link.created_at.to_string(),
        }
    }
}

impl From<ProveError> for Problem {
    fn from(error: ProveError) -> Self {
        match error {
            ProveError::NotFound => Self::new(Code::NotFound),
            ProveError::Over(LinkState::Expired) => {
                conflict("The time of the challenge is over: have another link made.")
            }
            ProveError::Over(LinkState::Refused) => {
                conflict("There were too many wrong signatures: have another link made.")
            }
            ProveError::Over(state) => conflict(format!("The link is {state}.")),
            ProveError::Used => conflict(
                "The challenge has been answered already, with another signature. A challenge is answered once: have another link made.",
            ),
            ProveError::OtherKey => Self::new(Code::InvalidFields).at(
                Location::Pointer("/publicKey".to_owned()),
                "is another key than the one that the link was made with",
            ),
            ProveError::Wallet(InvalidProof::NotOfThisKey { .. }) => Self::new(Code::InvalidFields)
                .at(Location::Pointer("/publicKey".to_owned()), "is not the key of the wallet's address"),
            // Address and message were checked when the link was made.
            ProveError::Wallet(error) => match error.field() {
                Field::PublicKey | Field::Signature => Self::fields(vec![wallet_fault("", error)]),
                _ => Self::fault(&error),
            },
            ProveError::NoContract => Self::new(Code::InvalidFields).at(
                Location::Pointer("/signature".to_owned()),
                "cannot be judged: there is no contract at the address on this chain that judges signatures. A wallet with a key is \
                 linked without a chain; one that is not deployed yet wraps its signature (ERC-6492)",
            ),
            ProveError::Chain(fault) => Self::new(Code::ChainUnavailable).because(format!(
                "The signature cannot be judged: {fault}. Nothing is used up: send the answer again."
            )),
            ProveError::Challenge(error) => conflict(format!(
                "The challenge {error}: the service has been set up anew since it was made. Have another link made."
            )),
            ProveError::Request(RequestError::WalletTaken) => Self::new(Code::AlreadyThere)
                .because("The wallet belongs to an idOS profile already, which is not known to be this user's."),
            ProveError::Request(RequestError::WalletUnderWay) => Self::new(Code::AlreadyThere)
                .because("The wallet is being added to an idOS profile already."),
            ProveError::Request(RequestError::UserUnknown) => {
                conflict("The user is not on the network: have the profile created first.")
            }
            ProveError::Request(error) => error.into(),
            ProveError::Store(error) => error.into(),
            error @ ProveError::Vault(_) => Self::fault(&error),
        }
    }
}
