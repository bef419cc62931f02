//! Human Passport, which was Gitcoin Passport (docs.passport.xyz; passportxyz/passport-scorer, `api/v2`).
//!
//! A score of a wallet, and no proof that is bound to anybody: that the wallet is the user's has to be proven before. Which of several
//! wallets of one person counts is decided by the scorer, which counts each stamp once. Other wallets of the person that an answer names are
//! not read.

use super::denial::{Denial, DenialCode};
use super::person::{Person, PersonId, Score};
use super::question::{Question, Step};
use super::reader::{address, flag, millis, moment, required, score, text};
use super::{Adapter, Binding};
use crate::account::Environment;
use crate::json::{Json, Object};
use crate::secret::Secret;

const ADDRESS: &str = "address";
const EXPIRES: &str = "expiration_timestamp";

/// A scorer of Human Passport.
#[derive(Clone, Debug)]
pub struct HumanPassport {
    /// The scorer's number. A negative one is of the demonstration, and no people are behind it.
    pub scorer: i64,
    /// What the operator says of the scorer.
    pub environment: Environment,
    /// The API key.
    pub key: Secret,
    /// What the credential is for: one wallet, one credential.
    pub action: String,
    /// The score that is wanted, whatever less the scorer is content with.
    pub threshold: Score,
}

impl Adapter for HumanPassport {
    fn name(&self) -> &'static str {
        "human_passport"
    }

    fn begin(&self, proof: Object<'_>, binding: &Binding<'_>, _now: i64) -> Result<Step, Denial> {
        if self.action.is_empty() {
            return Err(Denial::new(DenialCode::NotConfigured, "action"));
        }
        let wallet = address(required(proof, ADDRESS)?).ok_or(Denial::malformed(ADDRESS))?;
        if address(binding.user).as_ref() != Some(&wallet) {
            return Err(Denial::new(DenialCode::OtherUser, ADDRESS));
        }
        let path = format!("/v2/stamps/{}/score/{wallet}", self.scorer);
        Ok(Step::Ask(Box::new(Question::get(path, &wallet).with("X-API-KEY", self.key.text()))))
    }

    fn finish(&self, asked: &Question, status: u16, answer: &Json, now: i64) -> Result<Step, Denial> {
        let answer = answer.object()?;
        match status {
            200 => {}
            // An address that is none, or a scorer that does not exist: the text alone tells, and the address is one.
            400 | 422 => return Err(Denial::new(DenialCode::NotConfigured, "scorer")),
            404 => return Err(Denial::new(DenialCode::NotYet, "score")),
            _ => return Err(Denial::new(DenialCode::UnexpectedStatus, super::ANSWER)),
        }
        if address(required(answer, ADDRESS)?).is_none_or(|wallet| wallet != *asked.about) {
            return Err(Denial::new(DenialCode::OtherProof, ADDRESS));
        }
        if text(answer, "error")?.is_some() {
            return Err(Denial::new(DenialCode::Refused, "error"));
        }
        let score = score(answer, "score")?;
        if score < self.threshold {
            return Err(Denial::new(DenialCode::ScoreTooLow, "score"));
        }
        if !flag(answer, "passing_score")? {
            return Err(Denial::new(DenialCode::ScoreTooLow, "passing_score"));
        }
        let expires = moment(answer, EXPIRES)?.ok_or(Denial::missing(EXPIRES))?;
        if expires <= millis(now) {
            return Err(Denial::new(DenialCode::Expired, EXPIRES));
        }
        let by_number = if self.scorer < 0 { Environment::Sandbox } else { Environment::Live };
        Ok(Step::Done(Box::new(Person {
            id: PersonId::new(&[b"human_passport", self.action.as_bytes(), asked.about.as_bytes()]),
            level: "score".to_owned(),
            score: Some(score),
            environment: self.environment.and(by_number),
            issued_at: moment(answer, "last_score_timestamp")?,
            checked_at: millis(now),
            expires: Some(expires),
            seen_before: false,
            subject: None,
        })))
    }
}
