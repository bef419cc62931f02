//! Sign-in of staff at an OpenID provider: the authorization code flow of OpenID Connect Core 1.0 (section 3.1) with PKCE
//! (RFC 7636). It says who somebody is and which role that gives; sessions are none of its business.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use openidconnect::core::{
    CoreAuthDisplay, CoreAuthPrompt, CoreErrorResponseType, CoreGenderClaim, CoreJsonWebKey,
    CoreJsonWebKeyType, CoreJsonWebKeyUse, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm,
    CoreProviderMetadata, CoreResponseType, CoreRevocableToken, CoreTokenIntrospectionResponse,
    CoreTokenType,
};
use openidconnect::{
    AdditionalClaims, AuthenticationFlow, AuthorizationCode, Client, ClientId, ClientSecret, CsrfToken,
    EmptyExtraTokenFields, EndpointMaybeSet, EndpointNotSet, EndpointSet, HttpRequest, HttpResponse,
    IdTokenFields, IssuerUrl, JsonWebKey as _, Nonce, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl,
    RequestTokenError, RevocationErrorResponseType, Scope, StandardErrorResponse, StandardTokenResponse,
    TokenResponse as _,
};
use openidconnect::{ClaimsVerificationError, DiscoveryError};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use url::Url;

use crate::config;
use crate::keys::{KeysError, load_text};
use crate::model::staff::Role;
use crate::model::time::Timestamp;
use crate::outbound::{self, OutboundError};

/// How long what the provider says of itself, its keys with it, is believed before it is asked again.
const FRESH: Duration = Duration::from_hours(1);

/// Keys are fetched anew for a token whose key is not known, but not more often than this: tokens cost nothing to make up.
const KEYS_PAUSE: Duration = Duration::from_secs(30);

/// The most that is read of an answer, in bytes.
const MOST: usize = 1 << 20;

/// Signatures that are taken: by a key whose private half is the provider's alone. Those by a shared secret (HS256) are not, nor is
/// `none`.
const SIGNATURES: [CoreJwsSigningAlgorithm; 9] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
];

/// The longest name that is taken from a provider, in characters.
const LONGEST_NAME: usize = 100;

/// A provider as it is configured.
pub struct OidcProvider {
    settings: config::Oidc,
    secret: Option<ClientSecret>,
    /// Where the provider sends people back to.
    redirect: RedirectUrl,
    http: reqwest::Client,
    known: Mutex<Option<Known>>,
}

#[derive(Clone)]
struct Known {
    metadata: Arc<CoreProviderMetadata>,
    fetched: Instant,
}

/// Why the provider cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OidcSetupError {
    /// Nobody could come back.
    #[error("[openid] needs http.public_url: the provider sends people back there")]
    NoPublicUrl,
    /// Nobody could come in.
    #[error("console.local_accounts must be true without [openid]: nobody could sign in to the console")]
    NoDoor,
    /// The file with the client's secret.
    #[error("openid.client_secret: {0}")]
    Secret(#[from] KeysError),
    /// HTTP.
    #[error(transparent)]
    Http(#[from] OutboundError),
}

/// What is kept in the browser's sign-in, and nowhere else, until it comes back. All of it is secret.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Begun {
    /// Comes back with the answer: it belongs to this browser.
    pub state: String,
    /// Comes back in the ID token: it belongs to this sign-in.
    pub nonce: String,
    /// Shows the provider that the code comes back from where it was asked for.
    pub verifier: String,
}

/// What the provider sends back with a person (OpenID Connect Core 1.0, section 3.1.2.5; RFC 9207).
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Returned {
    /// The code.
    #[serde(default)]
    pub code: Option<String>,
    /// What was given along.
    #[serde(default)]
    pub state: Option<String>,
    /// Who answers.
    #[serde(default)]
    pub iss: Option<String>,
    /// Why there is no code.
    #[serde(default)]
    pub error: Option<String>,
}

/// Somebody who has signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The provider.
    pub issuer: String,
    /// Who it is there: never given to anybody else.
    pub subject: String,
    /// What they are called. It may change, and says nothing about who it is.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// When they showed the provider who they are, if it said so.
    pub authenticated_at: Option<Timestamp>,
}

/// Why somebody is not signed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OidcError {
    /// The provider does not answer, or not in a way that can be used.
    #[error("the OpenID provider cannot be reached, or answers in no way that can be used")]
    Unreachable,
    /// What the provider says of itself is about another issuer.
    #[error("what answers at openid.issuer calls itself by another name")]
    OtherIssuer,
    /// None of the provider's keys can have signed an ID token that is taken.
    #[error("the OpenID provider publishes no key whose signatures are taken here (RS, PS, ES or EdDSA)")]
    NoKeys,
    /// The provider knows no such client, or not with this secret or address.
    #[error(
        "the OpenID provider does not take this client: openid.client_id, client_secret, or the address of return"
    )]
    Client,
    /// The answer is none to what was asked from this browser.
    #[error("the answer does not belong to this sign-in")]
    NotBegunHere,
    /// The person, or the provider for them, said no.
    #[error("the OpenID provider has not signed them in")]
    Declined,
    /// The code was used before, or is too old.
    #[error("the code was used before, or is too old")]
    Code,
    /// There is no ID token, or none that holds.
    #[error("the ID token does not hold: {0}")]
    Token(TokenFault),
    /// Nothing that it says gives a role here.
    #[error("none of their roles there is one here")]
    NoRole,
}

/// What is wrong with an ID token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenFault {
    /// There is none.
    #[error("it is missing")]
    Missing,
    /// Its signature.
    #[error("its signature")]
    Signature,
    /// Who issued it.
    #[error("its issuer")]
    Issuer,
    /// For whom.
    #[error("its audience")]
    Audience,
    /// It is over.
    #[error("its time")]
    Expired,
    /// It answers another question.
    #[error("its nonce")]
    Nonce,
    /// The rest.
    #[error("it is not what was asked for")]
    Other,
}

/// All that an ID token says beside the standard's claims.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
struct More(Map<String, Value>);

impl AdditionalClaims for More {}

type IdFields = IdTokenFields<
    More,
    EmptyExtraTokenFields,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm,
>;

type OidcClient = Client<
    More,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    StandardTokenResponse<IdFields, CoreTokenType>,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    StandardErrorResponse<RevocationErrorResponseType>,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

impl OidcProvider {
    /// Wires the configured provider. `redirect` is where it sends people back to, as it is registered there. Nobody is asked yet:
    /// a provider that is away keeps no service from starting.
    pub fn wire(settings: &config::Oidc, redirect: &Url) -> Result<Self, OidcSetupError> {
        let secret = settings.client_secret.as_ref().map(|file| load_text(file)).transpose()?;
        Ok(Self {
            secret: secret.map(|text| ClientSecret::new(text.trim().to_owned())),
            redirect: RedirectUrl::new(redirect.as_str().to_owned())
                .map_err(|_| OidcSetupError::NoPublicUrl)?,
            http: outbound::client(Duration::from_secs(settings.timeout))?,
            known: Mutex::default(),
            settings: settings.clone(),
        })
    }

    /// Begins a sign-in: where the person is sent, and what has to be kept until they return. `again` has the provider ask who they
    /// are even if it knows them still: before what is irreversible.
    pub async fn begin(&self, again: bool) -> Result<(Url, Begun), OidcError> {
        let known = self.known(FRESH).await?;
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let client = self.client(&known)?;
        let mut request = client
            .authorize_url(
                AuthenticationFlow::<CoreResponseType>::AuthorizationCode,
                CsrfToken::new_random,
                Nonce::new_random,
            )
            .add_scopes(self.settings.scopes.iter().cloned().map(Scope::new))
            .set_pkce_challenge(challenge);
        if again {
            request = request.add_prompt(CoreAuthPrompt::Login).set_max_age(Duration::ZERO);
        }
        let (url, state, nonce) = request.url();
        let begun = Begun {
            state: state.into_secret(),
            nonce: nonce.secret().clone(),
            verifier: verifier.into_secret(),
        };
        Ok((url, begun))
    }

    /// Ends a sign-in with what came back. `now` is held against the token's times.
    pub async fn finish(
        &self,
        begun: Begun,
        returned: Returned,
        now: Timestamp,
    ) -> Result<Identity, OidcError> {
        if !returned.state.is_some_and(|state| is_same(&state, &begun.state)) {
            return Err(OidcError::NotBegunHere);
        }
        // RFC 9207: another provider's answer is not taken to this one.
        if returned.iss.is_some_and(|issuer| issuer != self.issuer()) {
            return Err(OidcError::NotBegunHere);
        }
        let Some(code) = returned.code.filter(|_| returned.error.is_none()) else {
            return Err(match returned.error.as_deref() {
                Some(
                    "unauthorized_client" | "invalid_scope" | "unsupported_response_type" | "invalid_request",
                ) => OidcError::Client,
                Some("server_error" | "temporarily_unavailable") => OidcError::Unreachable,
                _ => OidcError::Declined,
            });
        };
        let known = self.known(FRESH).await?;
        let token = self.trade(&known, code, begun.verifier).await?;
        let nonce = Nonce::new(begun.nonce);
        match self.read(&known, &token, &nonce, now) {
            // The provider may have changed its keys since they were fetched.
            Err(OidcError::Token(TokenFault::Signature)) => {
                let fresh = self.known(KEYS_PAUSE).await?;
                self.read(&fresh, &token, &nonce, now)
            }
            read => read,
        }
    }

    /// Whether the provider answers as what it is configured to be, with keys by which somebody could sign in. What it said of itself in
    /// the last half minute is believed, so that looking often asks it no more often.
    pub async fn check(&self) -> Result<(), OidcError> {
        let known = self.known(KEYS_PAUSE).await?;
        self.client(&known)?;
        let signs = |key: &CoreJsonWebKey| {
            let has_public_half = *key.key_type() != CoreJsonWebKeyType::Symmetric;
            has_public_half && key.key_use().is_none_or(|of| *of == CoreJsonWebKeyUse::Signature)
        };
        let has_algorithm = known
            .metadata
            .id_token_signing_alg_values_supported()
            .iter()
            .any(|algorithm| SIGNATURES.contains(algorithm));
        if has_algorithm && known.metadata.jwks().keys().iter().any(signs) {
            Ok(())
        } else {
            Err(OidcError::NoKeys)
        }
    }

    /// The issuer, as the provider has to write it.
    fn issuer(&self) -> &str {
        // A URL without a path is written with a slash that providers leave out.
        let written = self.settings.issuer.as_str();
        if self.settings.issuer.path() == "/" { written.trim_end_matches('/') } else { written }
    }

    fn client(&self, known: &Known) -> Result<OidcClient, OidcError> {
        let metadata = (*known.metadata).clone();
        if metadata.token_endpoint().is_none() {
            return Err(OidcError::Unreachable);
        }
        let id = ClientId::new(self.settings.client_id.clone());
        let client = OidcClient::from_provider_metadata(metadata, id, self.secret.clone());
        Ok(client.set_redirect_uri(self.redirect.clone()))
    }

    /// What the provider says of itself, no older than `fresh`.
    async fn known(&self, fresh: Duration) -> Result<Known, OidcError> {
        let kept = self.known.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(known) = kept.filter(|known| known.fetched.elapsed() < fresh) {
            return Ok(known);
        }
        let issuer = IssuerUrl::new(self.issuer().to_owned()).map_err(|_| OidcError::Unreachable)?;
        let metadata = CoreProviderMetadata::discover_async(issuer, &self.asking()).await;
        let metadata = metadata.map_err(|error| match error {
            // The library says the other name in the same kind of error as other contradictions.
            DiscoveryError::Validation(_) => OidcError::OtherIssuer,
            _ => OidcError::Unreachable,
        })?;
        let known = Known { metadata: Arc::new(metadata), fetched: Instant::now() };
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Some(known.clone());
        Ok(known)
    }

    /// Trades the code for the ID token, which is read from the provider itself.
    async fn trade(
        &self,
        known: &Known,
        code: String,
        verifier: String,
    ) -> Result<StandardTokenResponse<IdFields, CoreTokenType>, OidcError> {
        let client = self.client(known)?;
        let request =
            client.exchange_code(AuthorizationCode::new(code)).map_err(|_| OidcError::Unreachable)?;
        let answer =
            request.set_pkce_verifier(PkceCodeVerifier::new(verifier)).request_async(&self.asking()).await;
        answer.map_err(|error| match error {
            RequestTokenError::ServerResponse(refusal) => match refusal.error() {
                CoreErrorResponseType::InvalidGrant => OidcError::Code,
                _ => OidcError::Client,
            },
            _ => OidcError::Unreachable,
        })
    }

    fn read(
        &self,
        known: &Known,
        token: &StandardTokenResponse<IdFields, CoreTokenType>,
        nonce: &Nonce,
        now: Timestamp,
    ) -> Result<Identity, OidcError> {
        let client = self.client(known)?;
        let fault = |fault| OidcError::Token(fault);
        let id_token = token.id_token().ok_or(fault(TokenFault::Missing))?;
        let seconds = now.unix_millis().div_euclid(1000);
        let verifier = client
            .id_token_verifier()
            .set_allowed_algs(SIGNATURES)
            .set_time_fn(move || chrono::DateTime::from_timestamp(seconds, 0).unwrap_or_default());
        let claims = id_token.claims(&verifier, nonce).map_err(|error| fault(fault_of(&error)))?;
        let all = serde_json::to_value(claims).unwrap_or_default();
        let role = self.role(&all).ok_or(OidcError::NoRole)?;
        let subject = claims.subject().as_str().to_owned();
        let name = all.get(&self.settings.name_claim).and_then(Value::as_str).filter(|name| is_name(name));
        Ok(Identity {
            issuer: self.issuer().to_owned(),
            name: name.unwrap_or(&subject).chars().take(LONGEST_NAME).collect(),
            role,
            authenticated_at: claims
                .auth_time()
                .and_then(|time| Timestamp::from_unix_millis(time.timestamp_millis()).ok()),
            subject,
        })
    }

    /// The highest role that the claim gives.
    fn role(&self, claims: &Value) -> Option<Role> {
        let claim = self.settings.role_claim.split('.').try_fold(claims, |value, name| value.get(name));
        // A name with dots in it is one name, too: providers use URLs.
        let claim = claims.get(&self.settings.role_claim).or(claim)?;
        let values = claim.as_array().map_or(std::slice::from_ref(claim), Vec::as_slice);
        let has = |wanted: &[String]| {
            values.iter().filter_map(Value::as_str).any(|value| wanted.iter().any(|wanted| wanted == value))
        };
        let of = &self.settings;
        [(Role::Admin, &of.admins), (Role::Compliance, &of.compliance), (Role::Viewer, &of.viewers)]
            .into_iter()
            .find_map(|(role, wanted)| has(wanted).then_some(role))
    }

    /// Asks as the library wants to be asked for: no redirects, within a time, and no more of an answer than is wanted.
    fn asking(&self) -> impl Fn(HttpRequest) -> Asked + '_ {
        |request| Box::pin(ask(self.http.clone(), request))
    }
}

type Asked = std::pin::Pin<Box<dyn Future<Output = Result<HttpResponse, NoAnswer>> + Send>>;

/// The provider was not reached.
#[derive(Debug, thiserror::Error)]
#[error("the OpenID provider does not answer")]
struct NoAnswer(#[source] reqwest::Error);

async fn ask(http: reqwest::Client, request: HttpRequest) -> Result<HttpResponse, NoAnswer> {
    let request = reqwest::Request::try_from(request).map_err(NoAnswer)?;
    let answer = http.execute(request).await.map_err(NoAnswer)?;
    let mut whole = HttpResponse::new(Vec::new());
    *whole.status_mut() = answer.status();
    *whole.headers_mut() = answer.headers().clone();
    *whole.body_mut() = outbound::read(answer, MOST).await.map_err(NoAnswer)?;
    Ok(whole)
}

/// Compares in a time that does not tell where they differ.
fn is_same(one: &str, other: &str) -> bool {
    bool::from(subtle::ConstantTimeEq::ct_eq(one.as_bytes(), other.as_bytes()))
}

/// Whether it can be shown: nothing that changes how the text around it is read.
fn is_name(name: &str) -> bool {
    !name.trim().is_empty() && !name.chars().any(char::is_control)
}

fn fault_of(error: &ClaimsVerificationError) -> TokenFault {
    match error {
        ClaimsVerificationError::Expired(_) => TokenFault::Expired,
        ClaimsVerificationError::InvalidAudience(_) => TokenFault::Audience,
        ClaimsVerificationError::InvalidIssuer(_) => TokenFault::Issuer,
        ClaimsVerificationError::InvalidNonce(_) => TokenFault::Nonce,
        ClaimsVerificationError::SignatureVerification(_) => TokenFault::Signature,
        _ => TokenFault::Other,
    }
}
