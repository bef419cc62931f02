//! Identity data, first version of the context: verified, and no longer issued.
//!
//! A proof does not cover the name of the subject's context, so whoever holds a credential of version 2 can call it version
//! 1: no member is required then, and four more names are known. What remains is that every value was signed, and obeys the
//! rule of the field that it stands in.

use super::{Definition, kyc_v2};
use crate::form;
use crate::vocabulary::{Rule, STRING, Term, term};

/// The context of the subject.
pub const CONTEXT: &str =
    "https://idos-network.github.io/idos-sdk-js/credentials/idos-credential-subject-v1.json";

/// What the second version no longer has.
const TERMS: &[Term] = &[
    term("applicantId", STRING, Rule::Text, false),
    term("inquiryId", STRING, Rule::Text, false),
    term("governmentId", STRING, Rule::Text, false),
    term("governmentIdType", STRING, Rule::Text, false),
];

pub(super) static DEFINITION: Definition = Definition {
    name: "kyc_v1",
    title: "KYC, version 1",
    context: CONTEXT,
    has_moved: true,
    envelopes: &[&form::FIRST],
    lists_context: false,
    inline: None,
    terms: &[kyc_v2::TERMS, TERMS],
    // What old issuers had to fill in is not known.
    lacks: |_| None,
    has_id: true,
    read: None,
    supports: |_, _| None,
    kyc_level: None,
    notes_type: "kyc",
    documents: kyc_v2::DOCUMENTS,
};
