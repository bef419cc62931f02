//! Proof of personhood by FaceSign: that somebody is a person, and one person only.

use std::fmt;

use zeroize::{Zeroize, ZeroizeOnDrop};

use super::{Definition, Kind, Subject, SubjectClaims, lacks_required};
use crate::claim::{Claim, Value};
use crate::error::{Invalid, Problems};
use crate::form;
use crate::plausible;
use crate::reader::{ReadFile, Reader};
use crate::strict_json::Json;
use crate::timestamp::Timestamp;
use crate::vocabulary::{Rule, STRING, Term, term};

/// The context of the subject.
pub const CONTEXT: &str =
    "https://idos-network.github.io/idos-sdk-js/credentials/idos-credential-subject-face-id-v1.json";

/// The one level there is.
pub const LEVEL: &str = "human";

const TERMS: &[Term] = &[term("faceSignUserId", STRING, Rule::Text, true)];

pub(super) static DEFINITION: Definition = Definition {
    name: "personhood",
    title: "FaceSign, proof of personhood",
    context: CONTEXT,
    has_moved: false,
    envelopes: &[&form::FIRST],
    lists_context: false,
    inline: None,
    terms: &[TERMS],
    lacks: |made| lacks_required(TERMS, made),
    has_id: false,
    read: Some(read),
    supports: |_, _| None,
    kyc_level: None,
    notes_type: "pop",
    documents: &[],
};

/// A person that FaceSign knows to be one, and no more than that.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct FaceSignSubject {
    /// The id that FaceSign gave the person.
    pub face_sign_user_id: String,
}

impl fmt::Debug for FaceSignSubject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FaceSignSubject(..)")
    }
}

impl FaceSignSubject {
    /// Reads one from JSON. Its own rules are checked later, by [`check`](Self::check).
    pub fn read(json: &Json) -> Result<Self, Invalid> {
        let mut problems = Problems::default();
        let mut members = Reader::new(json, &mut problems);
        let subject = Self { face_sign_user_id: members.required_text("faceSignUserId") };
        members.end();
        problems.or(subject)
    }

    /// Checks all rules. Unlike the official SDK, a blank id is refused: it proves nobody.
    pub fn check(&self) -> Result<(), Invalid> {
        let mut problems = Problems::default();
        plausible::check_claims(&self.claims(), &mut problems);
        problems.or(())
    }
}

fn read(json: &Json, _: &mut ReadFile<'_>) -> Result<Subject, Invalid> {
    FaceSignSubject::read(json).map(Subject::from)
}

impl From<FaceSignSubject> for Subject {
    fn from(subject: FaceSignSubject) -> Self {
        Self::FaceSign(subject)
    }
}

impl SubjectClaims for FaceSignSubject {
    fn kind(&self) -> Kind {
        Kind::FaceSign
    }

    fn id(&self) -> Option<&str> {
        None
    }

    fn claims(&self) -> Vec<Claim<'_>> {
        TERMS.iter().map(|term| (term, Value::Text(self.face_sign_user_id.as_str()))).collect()
    }

    fn check(&self, _: Option<Timestamp>) -> Result<(), Invalid> {
        self.check()
    }

    fn level(&self) -> String {
        LEVEL.to_owned()
    }

    fn check_level(&self, level: &str) -> Result<(), &'static str> {
        if level == LEVEL { Ok(()) } else { Err("must be human") }
    }
}
