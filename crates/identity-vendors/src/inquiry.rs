//! Asking a vendor what became of a case: requests out, answers in, until there is a finding.

use crate::account::Account;
use crate::case::Case;
use crate::fault::Fault;
use crate::json::Json;
use crate::request::{Answer, Request};
use crate::result::Finding;
use crate::talk::{Answers, Ask, Stop, Talk};
use crate::vendor::{LARGEST_ANSWER, Vendor};

/// More requests than any case has reason for.
const MOST_REQUESTS: usize = 64;

/// A conversation with a vendor about one case, without the network: the caller sends each [`Request`] and brings back
/// the [`Answer`].
///
/// The answers are forgotten, and wiped, with it.
pub struct Inquiry<'a> {
    vendor: Vendor,
    account: &'a Account,
    case: Case,
    answers: Answers,
    asked: Option<Ask>,
}

/// What comes next.
#[derive(Debug)]
pub enum Step {
    /// To be sent.
    Ask(Request),
    /// All that was asked for.
    Done(Box<Finding>),
}

impl<'a> Inquiry<'a> {
    /// About a case, of which a webhook or one's own records tell.
    #[must_use]
    pub fn new(vendor: Vendor, account: &'a Account, case: Case) -> Self {
        Self { vendor, account, case, answers: Answers::new(), asked: None }
    }

    /// What comes next, at `now` (seconds since 1970). Asked again without an answer in between, it is the same
    /// question, signed anew: so a request that failed is tried again.
    pub fn next(&mut self, now: i64) -> Result<Step, Fault> {
        let talk = Talk { case: &self.case, account: self.account, answers: &self.answers };
        match self.vendor.find(&talk) {
            Ok(finding) => {
                self.asked = None;
                Ok(Step::Done(Box::new(finding)))
            }
            Err(Stop::Fault(fault)) => Err(fault),
            Err(Stop::Ask(_)) if self.answers.len() >= MOST_REQUESTS => Err(Fault::TooMany),
            Err(Stop::Ask(ask)) => {
                let request = self.vendor.sign(self.account, &ask, now, LARGEST_ANSWER)?;
                self.asked = Some(ask);
                Ok(Step::Ask(request))
            }
        }
    }

    /// What the vendor answered to the last question. After a fault, the question is still open.
    pub fn answer(&mut self, answer: &Answer<'_>) -> Result<(), Fault> {
        let ask = self.asked.as_ref().ok_or(Fault::NotAsked)?;
        self.vendor.check_answer(self.account, answer, LARGEST_ANSWER)?;
        let json = Json::parse(answer.body)?;
        self.answers.insert(ask.path.clone(), json);
        self.asked = None;
        Ok(())
    }
}
