//! The readers of foreign bytes by themselves, for who tries them with any bytes: the fuzz targets (`fuzz/`). No part of
//! the API of this crate.

use std::collections::BTreeMap;

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use zeroize::Zeroizing;

use super::api::issuances::read::{self as submission_read, Files};
use super::api::profiles::read::{self as profile_read, LookUp};
use super::api::write_grants::read as grant_read;
use super::api::{contacts, issuances, wallet_links};
use super::kit::multipart::{self, File};
use super::kit::problem::Problem;
use super::kit::{api_key, body as kit_body, idempotency, json, observe};
use super::pages::claim::read as page_read;
use crate::flow::api_keys;
use crate::flow::wallet_link::{Answer, NewLink};
use crate::model::ids::ApiKeyId;
use crate::model::kyc_version::KycVersions;
use crate::model::personal::Personal;
use crate::model::profile::{NewProfile, WalletClaim};
use crate::model::submission::{Owner, SignedGrant, Submission};

/// A body that was read, other than a submission.
pub enum Body {
    /// `POST /v1/profiles/lookup`: an address or a user's id.
    LookUp(String),
    /// `POST /v1/profiles`
    NewProfile(Box<NewProfile>),
    /// `POST /v1/contacts/lookup`: the address.
    ContactLookUp(String),
    /// `POST /v1/write-grants`: the owner, the seconds, the grantee.
    GrantOffer(Owner, u64, Option<String>),
    /// `POST /v1/write-grants/check`
    SignedGrant(Box<SignedGrant>),
    /// `POST /v1/wallet-links`
    NewLink(Box<NewLink>),
    /// `POST /v1/wallet-links/{id}/proof`
    LinkAnswer(Answer),
    /// `POST /v1/issuances/{id}/resume`
    Resumption(Option<Box<SignedGrant>>),
    /// Any that says nothing.
    Nothing,
}

/// Reads the body of a request to `path`, in which ids are `{id}`.
pub fn body(path: &str, bytes: &[u8]) -> Result<Body, Problem> {
    let parsed = json::parse(bytes)?;
    Ok(match path {
        "/v1/profiles/lookup" => Body::LookUp(match profile_read::look_up(&parsed)? {
            LookUp::Address(address) => address.expose().clone(),
            LookUp::User(id) => id.to_string(),
        }),
        "/v1/profiles" => Body::NewProfile(Box::new(profile_read::new_profile(&parsed)?)),
        "/v1/contacts/lookup" => Body::ContactLookUp(contacts::read(&parsed)?.expose().to_owned()),
        "/v1/write-grants" => {
            let offer = grant_read::grant_offer(&parsed, bytes)?;
            Body::GrantOffer(offer.owner, offer.valid_for.as_secs(), offer.grantee)
        }
        "/v1/write-grants/check" => Body::SignedGrant(Box::new(grant_read::signed_grant(&parsed)?)),
        "/v1/wallet-links" => Body::NewLink(Box::new(wallet_links::read_new(&parsed)?)),
        "/v1/wallet-links/{id}/proof" => Body::LinkAnswer(wallet_links::read_answer(&parsed)?),
        "/v1/issuances/{id}/resume" => Body::Resumption(submission_read::resumption(&parsed)?.map(Box::new)),
        _ => {
            json::nothing(&parsed)?;
            Body::Nothing
        }
    })
}

/// A body of the claim page that was read.
pub enum PageBody {
    /// `POST /claim/{token}/state`: for how many seconds it waits, and what it has seen.
    Wait(u64, Option<String>),
    /// `POST /claim/{token}/wallet` and `…/grant`
    Wallet(Owner),
    /// `POST /claim/{token}/sign-in`: the wallet, the login, the signature.
    SignIn(Owner, String, Personal<String>),
    /// `POST /claim/{token}/profile`: the encryption key, in base64, and the wallet.
    Profile(String, Box<WalletClaim>),
    /// `POST /claim/{token}/grant/signed`
    Grant(Box<SignedGrant>),
}

/// Reads what the claim page sends to `path`, in which the token is `{token}`. `None` where it sends nothing.
#[must_use]
pub fn page_body(path: &str, bytes: &[u8]) -> Option<Result<PageBody, Problem>> {
    let read: fn(&json::Json) -> Result<PageBody, Problem> = match path {
        "/claim/{token}/state" => |json| page_read::wait(json).map(|it| PageBody::Wait(it.seconds, it.seen)),
        "/claim/{token}/wallet" | "/claim/{token}/grant" => {
            |json| page_read::wallet(json).map(PageBody::Wallet)
        }
        "/claim/{token}/sign-in" => {
            |json| page_read::sign_in(json).map(|it| PageBody::SignIn(it.owner, it.nonce, it.signature))
        }
        "/claim/{token}/profile" => |json| {
            let new = page_read::profile(json)?;
            Ok(PageBody::Profile(new.encryption_key.to_base64(), Box::new(new.wallet)))
        },
        "/claim/{token}/grant/signed" => {
            |json| page_read::signed_grant(json).map(|signed| PageBody::Grant(Box::new(signed)))
        }
        _ => return None,
    };
    Some(json::parse(bytes).and_then(|json| read(&json)))
}

/// The parts of a body beside the submission, by their names.
pub type Parts = BTreeMap<String, Vec<u8>>;

/// Reads a submission; with `parts` one that came as multipart.
pub fn submission(bytes: &[u8], parts: Option<Parts>, max_file: usize) -> Result<Submission, Problem> {
    let parts = parts.map(|parts| {
        let file = |(index, (name, bytes))| (name, File { index, bytes: Zeroizing::new(bytes) });
        (2..).zip(parts).map(file).collect()
    });
    let kind = |name: &str| KycVersions::default().asked("", name);
    submission_read::submission(json::parse(bytes)?, &Files { parts, max_file }, &kind)
}

/// Reads a multipart body: the submission, and the parts beside it.
pub fn multipart(content_type: &str, body: &[u8], max_file: usize) -> Result<(Vec<u8>, Parts), Problem> {
    let boundary = multipart::boundary(content_type.as_bytes())?;
    let (submission, files) = multipart::split(body, &boundary, max_file)?;
    let files = files.into_iter().map(|(name, file)| (name, file.bytes.to_vec()));
    Ok((submission.to_vec(), files.collect()))
}

/// What headers say.
#[derive(Debug)]
pub struct Headers {
    /// The id of the request.
    pub request_id: String,
    /// The client's key for what is made only once.
    pub idempotency_key: Result<String, Problem>,
    /// The API key: its id, and how long its secret is.
    pub api_key: Option<(ApiKeyId, usize)>,
    /// The type of the body.
    pub media_type: Option<String>,
}

/// Reads headers. Those that HTTP itself would not take are left out.
#[must_use]
pub fn headers<'a>(lines: impl Iterator<Item = (&'a str, &'a [u8])>) -> Headers {
    let mut headers = HeaderMap::new();
    for (name, value) in lines.take(100) {
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_bytes(value)) {
            headers.append(name, value);
        }
    }
    let api_key = api_key::key_text(&headers).ok().flatten();
    Headers {
        request_id: observe::request_id(&headers),
        idempotency_key: idempotency::idempotency_key(&headers),
        api_key: api_key.and_then(|text| api_keys::parse(&text).map(|(id, secret)| (id, secret.len()))),
        media_type: kit_body::essence(&headers),
    }
}

/// Reads the query of a list of issuances; tells how many are wanted at most.
pub fn issuance_query(query: &str) -> Result<u32, Problem> {
    issuances::listed(Some(query)).map(|listed| listed.limit)
}
