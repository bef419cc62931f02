//! Proof of personhood: that somebody is a person, and one person only.
//!
//! A [`PersonSource`] is a source as it is configured. It reads what a user brings ([`PersonSource::begin`]), says what is to be
//! asked of the source ([`Question`]), and reads the answer ([`PersonSource::finish`]). At the end there is a [`Person`], or the
//! one reason why not ([`Denial`]).
//!
//! The same person counts once for each source and action: [`PersonId::keyed_hash`] is the same however the proof was spelled,
//! and all that may be kept of who it was. Whoever keeps the hash forgets it where the person is erased. Two sources do not know of
//! each other: one person may come once by each.

mod brightid;
mod denial;
mod face_sign;
mod field_element;
mod human_passport;
mod person;
mod question;
mod reader;
mod world_id;
mod world_id_v2;

pub use brightid::BrightId;
pub use denial::{Denial, DenialCode};
pub use face_sign::{AttestationKey, FaceSign, InvalidKey, InvalidRelayKey, RelayKey};
pub use human_passport::HumanPassport;
pub use person::{Person, PersonId, Score};
pub use question::{Question, Step};
pub use world_id::{WorldEnvironment, WorldId, WorldProtocol};
pub use world_id_v2::WorldIdV2;

use crate::json::{Json, Object};
use crate::request::Answer;

/// The most bytes of what a user brings: a scan of a face is the largest.
pub const LARGEST_PROOF: usize = 4 * 1024 * 1024;

/// The most bytes of an answer that are read.
pub const LARGEST_PERSON_ANSWER: usize = 4 * 1024 * 1024;

/// What a denial is about if it is about all that the user brought.
pub(crate) const PROOF: &str = "the proof";

/// What a denial is about if it is about all of the answer.
pub(crate) const ANSWER: &str = "the answer";

/// Whom a proof has to be for, as the caller knows it from elsewhere.
#[derive(Clone, Copy)]
pub struct Binding<'a> {
    /// What ties the proof to one user. World ID: the signal that the user's app was given. Human Passport: a wallet that is
    /// proven to be the user's. BrightID: the id that the user was given for the app. FaceSign: nothing, a face is a face.
    pub user: &'a str,
    /// World ID: the nonce of the request that the proof answers. Version 4.0 cannot do without.
    pub nonce: Option<&'a str>,
}

/// What each source is asked.
trait Adapter {
    fn name(&self) -> &'static str;

    /// Reads what the user brought, before anybody is asked.
    fn begin(&self, proof: Object<'_>, binding: &Binding<'_>, now: i64) -> Result<Step, Denial>;

    /// Reads the answer to what [`begin`](Self::begin) has asked. Its status has been looked at, as far as it means the same
    /// everywhere.
    fn finish(&self, asked: &Question, status: u16, answer: &Json, now: i64) -> Result<Step, Denial>;
}

/// A source of personhood, as it is configured.
#[derive(Clone, Debug)]
pub enum PersonSource {
    /// BrightID, version 6 of the node's API.
    BrightId(BrightId),
    /// FaceSign.
    FaceSign(FaceSign),
    /// Human Passport, which was Gitcoin Passport.
    HumanPassport(HumanPassport),
    /// World ID by version 4 of the portal's API: proofs of the versions 3.0 and 4.0.
    WorldId(WorldId),
    /// World ID by version 2 of the portal's API.
    WorldIdV2(WorldIdV2),
}

macro_rules! configured {
    ($($source:ident,)*) => {$(
        impl From<$source> for PersonSource {
            fn from(source: $source) -> Self {
                Self::$source(source)
            }
        }
    )*};
}

configured! { BrightId, FaceSign, HumanPassport, WorldId, WorldIdV2, }

impl PersonSource {
    fn adapter(&self) -> &dyn Adapter {
        match self {
            Self::BrightId(source) => source,
            Self::FaceSign(source) => source,
            Self::HumanPassport(source) => source,
            Self::WorldId(source) => source,
            Self::WorldIdV2(source) => source,
        }
    }

    /// `brightid`, `face_sign`, `human_passport`, `world_id`, `world_id_v2`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.adapter().name()
    }

    /// Whether idOS has a type of subject for it, so that its consumers can read the credential. Today that is so for FaceSign
    /// alone.
    #[must_use]
    pub fn has_subject(&self) -> bool {
        matches!(self, Self::FaceSign(_))
    }

    /// Reads `proof`, the JSON that a user brought, at `now` (seconds since 1970). The same proof leads to the same question, so
    /// that a request that failed may be repeated.
    pub fn begin(&self, proof: &[u8], binding: &Binding<'_>, now: i64) -> Result<Step, Denial> {
        if proof.len() > LARGEST_PROOF {
            return Err(Denial::new(DenialCode::TooLarge, PROOF));
        }
        let json = Json::parse(proof).map_err(|_| Denial::new(DenialCode::NotJson, PROOF))?;
        let object = json.object().map_err(|_| Denial::malformed(PROOF))?;
        self.adapter().begin(object, binding, now)
    }

    /// Reads what the source answered to the question, at `now`.
    pub fn finish(&self, asked: &Question, answer: &Answer<'_>, now: i64) -> Result<Step, Denial> {
        let no = match answer.status {
            300..=399 => Some(DenialCode::Redirected),
            401 | 403 => Some(DenialCode::KeyRefused),
            408 | 500..=599 => Some(DenialCode::Unavailable),
            429 => Some(DenialCode::Limited),
            _ if answer.body.len() > LARGEST_PERSON_ANSWER => Some(DenialCode::TooLarge),
            _ => None,
        };
        if let Some(code) = no {
            return Err(Denial::new(code, ANSWER));
        }
        let json = Json::parse(answer.body)?;
        json.object().map_err(|_| Denial::malformed(ANSWER))?;
        self.adapter().finish(asked, answer.status, &json, now)
    }
}
