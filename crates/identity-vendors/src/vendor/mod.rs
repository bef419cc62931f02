//! The vendors. Each is a file, an arm of [`Vendor::adapter`], and a folder of recorded payloads.

mod complycube;
mod didit;
mod idenfy;
mod jumio;
mod onfido;
mod persona;
mod sample;
mod sumsub;
mod veriff;

use serde_json::Value;
use zeroize::Zeroizing;

pub use self::sample::Sample;
use crate::account::Account;
use crate::case::CaseId;
use crate::fault::Fault;
use crate::json::Json;
use crate::media::{LARGEST_FILE, Media, MediaReference, Place};
use crate::notice::{DeliveryId, Event, Notice, Told};
use crate::request::{Answer, Base, Method, Request};
use crate::result::Finding;
use crate::secret::Secret;
use crate::signature::{Received, Untrusted};
use crate::talk::{Ask, Stop, Talk};

/// The largest answer that is read, in bytes: vendors' results have some tens of kilobytes.
pub const LARGEST_ANSWER: usize = 4 * 1024 * 1024;

/// A header of a request.
pub(crate) type Header = (&'static str, Zeroizing<String>);

/// A vendor of identity verification.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Vendor {
    /// `ComplyCube`
    ComplyCube,
    /// Didit
    Didit,
    /// iDenfy
    Idenfy,
    /// Jumio
    Jumio,
    /// Onfido, of Entrust
    Onfido,
    /// Persona
    Persona,
    /// Sumsub
    Sumsub,
    /// Veriff
    Veriff,
}

/// How far a webhook can be believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// By a secret that only the vendor and the provider know.
    Signed,
    /// Not at all: the vendor signs nothing. It is a hint to ask, and no more.
    None,
}

/// A webhook that was checked, and may now be read.
#[derive(Clone, Copy)]
pub struct Authentic<'a> {
    vendor: Vendor,
    account: &'a Account,
    body: &'a [u8],
    proof: Proof,
}

/// What a vendor's file says.
pub(crate) trait Adapter: Sync {
    /// By which configurations name it.
    fn name(&self) -> &'static str;

    /// The addresses of its API, as the vendor documents them. None where each customer has its own.
    fn bases(&self) -> &'static [&'static str];

    /// The names of the settings that it leaves to the account ([`crate::Settings`]).
    fn settings(&self) -> &'static [&'static str] {
        &[]
    }

    /// Checks the signature over the bytes of a webhook, before anything of it is read.
    fn authenticate(&self, account: &Account, received: &Received<'_>) -> Result<Proof, Untrusted>;

    /// A webhook's body that says that a case has begun.
    fn sample(&self, of: &sample::Told<'_>) -> Value;

    /// The headers by which a webhook with this body is believed, in the way that the account's settings ask for.
    fn sign_webhook(&self, of: &sample::Told<'_>, body: &[u8]) -> Result<Vec<Header>, Fault>;

    /// Reads a webhook.
    fn notice(&self, account: &Account, body: &Json) -> Result<Told, Fault>;

    /// Asks until it knows what became of the case.
    fn find(&self, talk: &Talk<'_>) -> Result<Finding, Stop>;

    /// The headers of a request.
    fn headers(&self, account: &Account, ask: &Ask, now: i64) -> Result<Vec<Header>, Fault>;

    /// Checks the signature of an answer, at vendors that sign them.
    fn check_answer(&self, _account: &Account, _answer: &Answer<'_>) -> Result<(), Fault> {
        Ok(())
    }

    /// How an access token is asked for, at vendors that issue them.
    fn token_request(&self, _account: &Account) -> Option<Result<Request, Fault>> {
        None
    }
}

impl Vendor {
    /// All of them.
    pub const ALL: &[Self] = &[
        Self::ComplyCube,
        Self::Didit,
        Self::Idenfy,
        Self::Jumio,
        Self::Onfido,
        Self::Persona,
        Self::Sumsub,
        Self::Veriff,
    ];

    /// The one place where vendors are told apart.
    fn adapter(self) -> &'static dyn Adapter {
        match self {
            Self::ComplyCube => &complycube::ComplyCube,
            Self::Didit => &didit::Didit,
            Self::Idenfy => &idenfy::Idenfy,
            Self::Jumio => &jumio::Jumio,
            Self::Onfido => &onfido::Onfido,
            Self::Persona => &persona::Persona,
            Self::Sumsub => &sumsub::Sumsub,
            Self::Veriff => &veriff::Veriff,
        }
    }

    /// By which configurations name it: lower-case letters.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.adapter().name()
    }

    /// By its name.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|vendor| vendor.name() == name)
    }

    /// The addresses of its API, as the vendor documents them: one for each region. None where each customer has its
    /// own. What is used is configuration.
    #[must_use]
    pub fn bases(self) -> &'static [&'static str] {
        self.adapter().bases()
    }

    /// The names of the account's settings that do nothing at this vendor, though they were chosen: a sign of a mistake.
    #[must_use]
    pub fn idle_settings(self, account: &Account) -> Vec<&'static str> {
        let of = self.adapter().settings();
        account.settings.chosen().filter(|name| !of.contains(name)).collect()
    }

    /// Checks a webhook's signature over its bytes. Nothing of the body is read before.
    pub fn authenticate<'a>(
        self,
        account: &'a Account,
        received: &Received<'a>,
    ) -> Result<Authentic<'a>, Untrusted> {
        let proof = self.adapter().authenticate(account, received)?;
        Ok(Authentic { vendor: self, account, body: received.body, proof })
    }

    /// A webhook as this vendor signs it, by the first of the account's secrets, that changes nothing: it says that `case` has begun.
    /// The caller makes the case up, so that nobody knows it; it is the reference and the event's id, too. `now` is in seconds since
    /// 1970.
    ///
    /// Where a setting of the account lets a further kind of signature in ([`crate::Settings`]), it is of that kind: what is taken only
    /// because of a setting shows whether the setting is there. A vendor that signs nothing has nothing signed.
    pub fn sample(self, account: &Account, case: &CaseId, now: i64) -> Result<Sample, Fault> {
        let of = sample::Told { case: case.as_str(), at: now, account };
        let body = sample::bytes(&self.adapter().sample(&of));
        let signed = self.adapter().sign_webhook(&of, &body)?;
        let proof = if signed.is_empty() { Proof::None } else { Proof::Signed };
        let headers: Vec<_> =
            [header("Content-Type", "application/json")].into_iter().chain(signed).collect();
        if headers.iter().all(|(_, value)| is_plain(value)) {
            Ok(Sample { headers, body, proof })
        } else {
            Err(Fault::NoKey("key that fits into a header"))
        }
    }

    /// The request for a file. Where it is not fetched from the API, no key goes with it.
    pub fn media_request(
        self,
        account: &Account,
        media: &MediaReference,
        now: i64,
    ) -> Result<Request, Fault> {
        match &media.place {
            Place::Api { path, over, in_json } => {
                let ask = Ask { over: over.clone(), ..Ask::get(path.clone()) };
                // Base64 within JSON takes a third more, and a little around it.
                let limit = if *in_json { LARGEST_FILE / 3 * 4 + 4096 } else { LARGEST_FILE };
                self.sign(account, &ask, now, limit)
            }
            Place::Files { base, path } => Ok(Request {
                method: Method::Get,
                base: Base::Files(*base),
                path: path.clone(),
                headers: Vec::new(),
                body: Zeroizing::default(),
                limit: LARGEST_FILE,
            }),
        }
    }

    /// The file that was answered: of a kind that people can look at, by its bytes, and not too large.
    pub fn media(
        self,
        account: &Account,
        media: &MediaReference,
        answer: &Answer<'_>,
    ) -> Result<Media, Fault> {
        match &media.place {
            Place::Api { in_json: true, .. } => {
                self.check_answer(account, answer, LARGEST_FILE / 3 * 4 + 4096)?;
                let json = Json::parse(answer.body)?;
                Media::read(decode(json.object()?.required_text("data")?)?)
            }
            Place::Api { .. } => {
                self.check_answer(account, answer, LARGEST_FILE)?;
                Media::read(Zeroizing::new(answer.body.to_vec()))
            }
            Place::Files { .. } => {
                check_status(answer, LARGEST_FILE)?;
                Media::read(Zeroizing::new(answer.body.to_vec()))
            }
        }
    }

    /// The request for an access token, at vendors that issue them for a time; what it brings goes into
    /// [`Account::token`]. None at all others.
    pub fn token_request(self, account: &Account) -> Result<Option<Request>, Fault> {
        let request = self.adapter().token_request(account).transpose()?;
        request.map(checked).transpose()
    }

    /// The access token that was answered, and for how many seconds it is good (RFC 6749, section 5.1).
    pub fn token(self, answer: &Answer<'_>) -> Result<(Secret, u32), Fault> {
        check_status(answer, LARGEST_ANSWER)?;
        let json = Json::parse(answer.body)?;
        let answer = json.object()?;
        if !answer.required_text("token_type")?.eq_ignore_ascii_case("bearer") {
            return Err(Fault::Malformed("token_type"));
        }
        let token = answer.required_text("access_token")?;
        // It goes into a header.
        let is_plain = token.bytes().all(|c| c.is_ascii_graphic());
        let token = Secret::new(token).ok().filter(|_| is_plain).ok_or(Fault::Malformed("access_token"))?;
        let seconds = answer.whole("expires_in")?.ok_or(Fault::Missing("expires_in"))?;
        let seconds = u32::try_from(seconds).map_err(|_| Fault::Malformed("expires_in"))?;
        Ok((token, seconds))
    }

    pub(crate) fn find(self, talk: &Talk<'_>) -> Result<Finding, Stop> {
        self.adapter().find(talk)
    }

    pub(crate) fn sign(self, account: &Account, ask: &Ask, now: i64, limit: usize) -> Result<Request, Fault> {
        let headers = self.adapter().headers(account, ask, now)?;
        checked(Request {
            method: ask.method,
            base: Base::Api,
            path: Zeroizing::new(ask.path.clone()),
            headers,
            body: Zeroizing::new(ask.body.clone()),
            limit,
        })
    }

    pub(crate) fn check_answer(
        self,
        account: &Account,
        answer: &Answer<'_>,
        limit: usize,
    ) -> Result<(), Fault> {
        check_status(answer, limit)?;
        self.adapter().check_answer(account, answer)
    }
}

impl Authentic<'_> {
    /// How far it can be believed.
    #[must_use]
    pub fn proof(&self) -> Proof {
        self.proof
    }

    /// Reads it. What is not signed can make us look, and nothing else: whatever it says happened, it is
    /// [`Event::Changed`].
    pub fn notice(&self) -> Result<Notice, Fault> {
        let json = Json::parse(self.body)?;
        let told = self.vendor.adapter().notice(self.account, &json)?;
        let event = match (self.proof, told.event) {
            (Proof::Signed, event) | (Proof::None, event @ (Event::Unknown | Event::Progress)) => event,
            (Proof::None, _) => Event::Changed,
        };
        Ok(Notice {
            event,
            case: told.case.filter(|_| event != Event::Unknown),
            delivery: DeliveryId::of_event(told.id.as_deref(), self.body),
            happened_at: told.happened_at,
            environment: told.environment,
        })
    }
}

/// A key that no header can hold would split it, or be refused by whoever sends it, with the key in the error.
fn checked(request: Request) -> Result<Request, Fault> {
    let fits = request.headers.iter().all(|(_, value)| is_plain(value));
    if fits { Ok(request) } else { Err(Fault::NoKey("key that fits into a header")) }
}

fn is_plain(text: &str) -> bool {
    text.bytes().all(|c| c == b' ' || c.is_ascii_graphic())
}

fn check_status(answer: &Answer<'_>, limit: usize) -> Result<(), Fault> {
    match answer.status {
        200..=299 if answer.body.len() > limit => Err(Fault::TooLarge),
        200..=299 => Ok(()),
        300..=399 => Err(Fault::Redirected),
        401 | 403 => Err(Fault::Denied),
        404 | 410 => Err(Fault::NotFound),
        429 => Err(Fault::Limited),
        408 | 500..=599 => Err(Fault::Unavailable),
        status => Err(Fault::Status(status)),
    }
}

/// Base64 of the standard alphabet, with or without padding.
fn decode(text: &str) -> Result<Zeroizing<Vec<u8>>, Fault> {
    use base64::Engine as _;
    use base64::alphabet::STANDARD;
    use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
    const LENIENT: GeneralPurposeConfig =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let engine = GeneralPurpose::new(&STANDARD, LENIENT);
    engine.decode(text).map(Zeroizing::new).map_err(|_| Fault::Malformed("data"))
}

/// A header without a secret in it.
fn header(name: &'static str, value: impl Into<String>) -> Header {
    (name, Zeroizing::new(value.into()))
}
