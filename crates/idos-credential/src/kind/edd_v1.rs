//! Enhanced due diligence (EDD): what somebody does for a living, and where the money comes from. The same section as in KYC,
//! version 3, as a credential of its own.

use std::fmt;

use super::sections::{self, Rules, Section, Sectioned};
use super::{Definition, Kind, Subject, SubjectClaims, kyc_v3};
use crate::claim::Claim;
use crate::error::{Invalid, Problems};
use crate::form;
use crate::reader::{ReadFile, Reader};
use crate::strict_json::Json;
use crate::timestamp::Timestamp;
use crate::vocabulary::Term;

/// The context of the subject.
pub const CONTEXT: &str =
    "https://idos-network.github.io/idos-sdk-js/credentials/idos-credential-subject-edd-v1.json";

/// The one level there is.
pub const LEVEL: &str = "edd";

const SECTIONS: &[Section] = &[Section { is_required: true, ..Section::optional("edd", kyc_v3::EDD) }];

pub(super) static DEFINITION: Definition = Definition {
    name: "edd",
    title: "enhanced due diligence",
    context: CONTEXT,
    has_moved: false,
    envelopes: &[&form::FIRST_SHORT],
    lists_context: true,
    inline: None,
    terms: &[kyc_v3::EDD],
    lacks: |made| sections::lacks(SECTIONS, made),
    has_id: true,
    read: Some(|json, read_file| EddSubject::read(json, read_file).map(Subject::from)),
    supports: |level, _| Some(level == LEVEL),
    kyc_level: None,
    notes_type: "edd",
    documents: &[],
};

/// What enhanced due diligence found out about a person.
///
/// Wiped on drop; its `Debug` says nothing.
#[derive(Clone)]
pub struct EddSubject(Sectioned);

impl fmt::Debug for EddSubject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EddSubject(..)")
    }
}

impl EddSubject {
    /// Reads one from JSON: `id`, and the object `edd`. What each value must be like is said here as well where something
    /// cannot be read, and otherwise by [`check`](Self::check).
    pub fn read(json: &Json, read_file: &mut ReadFile<'_>) -> Result<Self, Invalid> {
        let mut problems = Problems::default();
        let subject = Sectioned::read(SECTIONS, Reader::new(json, &mut problems), read_file);
        if !problems.is_empty() {
            subject.check(Rules::Believable, &mut problems);
        }
        problems.or(Self(subject))
    }

    /// Checks all rules: those of the official SDK, and whether a consumer would believe it.
    pub fn check(&self) -> Result<(), Invalid> {
        let mut problems = Problems::default();
        self.0.check(Rules::Believable, &mut problems);
        problems.or(())
    }

    /// Checks the rules of the official SDK alone.
    pub(crate) fn check_as_sdk(&self) -> Result<(), Invalid> {
        let mut problems = Problems::default();
        self.0.check(Rules::AsSdk, &mut problems);
        problems.or(())
    }
}

impl From<EddSubject> for Subject {
    fn from(subject: EddSubject) -> Self {
        Self::EddV1(subject)
    }
}

impl SubjectClaims for EddSubject {
    fn kind(&self) -> Kind {
        Kind::EddV1
    }

    fn id(&self) -> Option<&str> {
        Some(&self.0.id)
    }

    fn claims(&self) -> Vec<Claim<'_>> {
        self.0.claims()
    }

    fn files_mut(&mut self) -> Vec<(&'static Term, &mut Vec<u8>)> {
        self.0.files_mut()
    }

    fn check(&self, _: Option<Timestamp>) -> Result<(), Invalid> {
        self.check()
    }

    fn level(&self) -> String {
        LEVEL.to_owned()
    }

    fn check_level(&self, level: &str) -> Result<(), &'static str> {
        if level == LEVEL { Ok(()) } else { Err("must be edd") }
    }
}
