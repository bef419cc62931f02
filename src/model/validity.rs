//! How long a credential is valid: until the earliest of what bounds it. The document that was checked, the term that the
//! issuer's policy gives the level, the term that it gives the risk, and what the source says itself.
//!
//! Terms are counted from the approval, in the calendar: from the 31st of January, a month is until the last of February. They
//! are counted from the approval and not from the issuance, because what was found out then is what gets old (AMLR, Art. 26(2):
//! customer data is brought up to date after at most one year where the risk is higher, and after at most five otherwise).

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use super::named::named;
use super::time::Timestamp;

/// The longest term: no document is valid for as long.
const LONGEST_MONTHS: i32 = 100 * 12;

named! {
    /// What ends a credential. Of two that end it at the same moment, the first one here is named.
    ValidBy {
        /// The document that was checked expires.
        Document = "document",
        /// The source says so itself (`expiresAt`).
        Source = "source",
        /// The issuer's term for the level.
        Level = "level",
        /// The issuer's term for the risk.
        Risk = "risk",
    }
}

named! {
    /// How risky the provider holds dealing with a person to be.
    Risk {
        /// Simplified due diligence is enough.
        Low = "low",
        /// Nothing else is known.
        Standard = "standard",
        /// Enhanced due diligence is due.
        High = "high",
    }
}

#[expect(clippy::derivable_impls, reason = "the variants are made by a macro, which marks none")]
impl Default for Risk {
    fn default() -> Self {
        Self::Standard
    }
}

/// A span of the calendar, such as `18m`, `2y` or `1y6m`: years and months.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Term {
    months: i32,
}

impl Term {
    /// The moment that lies this span behind `from`; the last there is where the calendar ends before.
    #[must_use]
    pub fn after(self, from: Timestamp) -> Timestamp {
        from.plus_months(self.months).unwrap_or(from)
    }
}

impl FromStr for Term {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        const WRONG: &str = "must be a term such as 18m, 2y or 1y6m, of 1 month to 100 years";
        let number = |digits: &str| {
            let plain = (1..=4).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
            digits.parse::<i32>().ok().filter(|_| plain)
        };
        let (years, rest) = match text.split_once('y') {
            Some((years, rest)) => (number(years).ok_or(WRONG)?, rest),
            None => (0, text),
        };
        let months = match rest.strip_suffix('m') {
            Some(months) => number(months).ok_or(WRONG)?,
            None if rest.is_empty() && !text.is_empty() => 0,
            None => return Err(WRONG),
        };
        let months = years * 12 + months;
        if (1..=LONGEST_MONTHS).contains(&months) { Ok(Self { months }) } else { Err(WRONG) }
    }
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.months / 12, self.months % 12) {
            (0, months) => write!(f, "{months}m"),
            (years, 0) => write!(f, "{years}y"),
            (years, months) => write!(f, "{years}y{months}m"),
        }
    }
}

/// The issuer's terms (section `[validity]` of the configuration).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// For levels of which nothing else is said; without a term, none.
    pub term: Option<Term>,
    /// For levels, by all of their text such as `plus+liveness`, or by their base, such as `plus`. The whole text wins.
    pub levels: BTreeMap<String, Term>,
    /// For risks.
    pub risks: BTreeMap<Risk, Term>,
}

/// What is known of a result, as far as it bounds the credential.
#[derive(Clone, Copy, Debug)]
pub struct Found<'a> {
    /// When the document expires: the credential ends as that day begins, in UTC.
    pub document: Option<Timestamp>,
    /// When the source says that it ends.
    pub source: Option<Timestamp>,
    /// When it was approved.
    pub approved_at: Timestamp,
    /// The level that the credential will have.
    pub level: &'a str,
    /// The risk.
    pub risk: Risk,
}

/// One of the things that bound a credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bound {
    /// When it would end by this alone.
    pub until: Timestamp,
    /// What it is.
    pub by: ValidBy,
    /// The term, if it is one of the issuer's.
    pub term: Option<Term>,
}

impl Policy {
    /// All that bounds a credential, the earliest first: that is when it ends, and why. Nothing if it does not end.
    #[must_use]
    pub fn bounds(&self, found: &Found<'_>) -> Vec<Bound> {
        let Found { document, source, approved_at, level, risk } = *found;
        let said = |until: Option<Timestamp>, by| until.map(|until| Bound { until, by, term: None });
        let counted = |term: Option<Term>, by| {
            term.map(|term| Bound { until: term.after(approved_at), by, term: Some(term) })
        };
        let mut all: Vec<_> = [
            said(document, ValidBy::Document),
            said(source, ValidBy::Source),
            counted(self.of_level(level), ValidBy::Level),
            counted(self.risks.get(&risk).copied(), ValidBy::Risk),
        ]
        .into_iter()
        .flatten()
        .collect();
        all.sort_by_key(|bound| (bound.until, bound.by));
        all
    }

    fn of_level(&self, level: &str) -> Option<Term> {
        let base = level.split('+').next().unwrap_or_default();
        self.levels.get(level).or_else(|| self.levels.get(base)).copied().or(self.term)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn term(text: &str) -> Term {
        text.parse().unwrap()
    }

    fn policy() -> Policy {
        Policy {
            term: Some(term("5y")),
            levels: [("basic".to_owned(), term("1y")), ("plus+liveness".to_owned(), term("18m"))].into(),
            risks: [(Risk::High, term("1y"))].into(),
        }
    }

    const FOUND: Found<'_> = Found {
        document: None,
        source: None,
        approved_at: Timestamp::EPOCH,
        level: "plus",
        risk: Risk::Standard,
    };

    #[test]
    fn terms_read_back_and_nothing_else_is_one() {
        for (text, same) in [("1m", "1m"), ("12m", "1y"), ("2y", "2y"), ("1y6m", "1y6m"), ("100y", "100y")] {
            assert_eq!(term(text).to_string(), same);
        }
        for text in [
            "", "0m", "0y", "y", "m", "1", "1d", "1y6", "6m1y", "1y6m1m", "-1y", "+1y", " 1y", "101y", "1Y",
            "99999m",
        ] {
            assert!(text.parse::<Term>().is_err(), "{text}");
        }
    }

    #[test]
    fn months_are_those_of_the_calendar() {
        for (from, span, until) in [
            ("2026-01-31", "1m", "2026-02-28"),
            ("2027-01-31", "13m", "2028-02-29"),
            ("2028-02-29", "1y", "2029-02-28"),
            ("2028-02-29", "4y", "2032-02-29"),
            ("2026-08-31", "6m", "2027-02-28"),
            ("2026-12-31", "2m", "2027-02-28"),
        ] {
            assert_eq!(term(span).after(at(from)), at(until), "{from} {span}");
        }
    }

    #[test]
    fn the_earliest_counts_and_is_named() {
        let approved_at = at("2026-01-31");
        let first = |found: Found<'_>| policy().bounds(&found).first().map(|bound| (bound.until, bound.by));
        let found = Found { approved_at, ..FOUND };
        assert_eq!(first(found), Some((at("2031-01-31"), ValidBy::Level)));
        assert_eq!(first(Found { level: "basic+email", ..found }), Some((at("2027-01-31"), ValidBy::Level)));
        let whole = Found { level: "plus+liveness", ..found };
        assert_eq!(first(whole), Some((at("2027-07-31"), ValidBy::Level)));
        assert_eq!(first(Found { risk: Risk::High, ..whole }), Some((at("2027-01-31"), ValidBy::Risk)));
        let document = Some(at("2026-06-01"));
        assert_eq!(first(Found { document, ..whole }), Some((at("2026-06-01"), ValidBy::Document)));
        let source = Some(at("2026-05-01"));
        assert_eq!(first(Found { document, source, ..whole }), Some((at("2026-05-01"), ValidBy::Source)));
        let same = Found { document, source: document, ..whole };
        assert_eq!(
            first(same),
            Some((at("2026-06-01"), ValidBy::Document)),
            "of two at once the document is named"
        );
        assert_eq!(Policy::default().bounds(&found), []);
    }

    proptest! {
        /// Never later than anything that bounds it, and one of these.
        #[test]
        fn it_is_the_earliest_of_all(
            approved in 0_i64..4_102_444_800,
            document in proptest::option::of(0_i64..4_102_444_800),
            source in proptest::option::of(0_i64..4_102_444_800),
            months in 1_i32..=1200,
            high in any::<bool>(),
        ) {
            let moment = |seconds: i64| Timestamp::from_unix_millis(seconds * 1000).unwrap();
            let policy = Policy {
                term: Some(Term { months }),
                levels: BTreeMap::new(),
                risks: [(Risk::High, term("1y"))].into(),
            };
            let approved_at = moment(approved);
            let (document, source) = (document.map(moment), source.map(moment));
            let risk = if high { Risk::High } else { Risk::Low };
            let all = policy.bounds(&Found { document, source, approved_at, level: "basic", risk });
            let wanted = [document, source, approved_at.plus_months(months), high.then(|| term("1y").after(approved_at))];
            prop_assert_eq!(all[0].until, wanted.into_iter().flatten().min().unwrap());
            prop_assert!(all.is_sorted_by_key(|bound| bound.until));
        }

        /// A term of months lands in the month that many behind, on the same day or the last one.
        #[test]
        fn a_term_keeps_day_and_time_where_the_month_has_them(days in 0_i64..36_500, months in 1_i32..=120) {
            let from = Timestamp::from_unix_millis(days * 86_400_000 + 1).unwrap();
            let until = Term { months }.after(from).to_string();
            let part = |text: &str, range: std::ops::Range<usize>| text[range].parse::<i32>().unwrap();
            let month = |text: &str| part(text, 0..4) * 12 + part(text, 5..7);
            let before = from.to_string();
            prop_assert_eq!(month(&until) - month(&before), months);
            prop_assert_eq!(&until[10..], &before[10..]);
            prop_assert!(part(&until, 8..10) == part(&before, 8..10) || (28..31).contains(&part(&until, 8..10)));
        }
    }
}
