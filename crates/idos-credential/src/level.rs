//! Levels of credentials: `basic` or `plus`, with what else was checked.

use std::fmt;

/// What was checked beside the base.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AddOn {
    /// A selfie was compared.
    Liveness,
    /// An e-mail address was confirmed.
    Email,
    /// A phone number was confirmed.
    PhoneNumber,
    /// Enhanced due diligence: occupation, source of funds.
    Edd,
    /// The source of wealth was asked for.
    SourceOfWealth,
    /// Lists of sanctions and of politically exposed persons were looked at.
    Screening,
    /// The purpose was asked for.
    Onboarding,
}

impl AddOn {
    /// All, in the order in which they stand in a level. Credentials of version 2 have the first three.
    pub const ALL: [Self; 7] = [
        Self::Liveness,
        Self::Email,
        Self::PhoneNumber,
        Self::Edd,
        Self::SourceOfWealth,
        Self::Screening,
        Self::Onboarding,
    ];

    /// By its name in a level.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|add_on| add_on.as_str() == name)
    }

    /// As it stands in a level.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Liveness => "liveness",
            Self::Email => "email",
            Self::PhoneNumber => "phoneNumber",
            Self::Edd => "edd",
            Self::SourceOfWealth => "sow",
            Self::Screening => "screening",
            Self::Onboarding => "onboarding",
        }
    }
}

/// A level as derived from evidence: base and add-ons, joined by `+`, such as `plus+liveness+email`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Level {
    /// Whether the residential address was proven.
    pub plus: bool,
    /// In the order of [`AddOn`].
    pub add_ons: Vec<AddOn>,
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.plus { "plus" } else { "basic" })?;
        for add_on in &self.add_ons {
            write!(f, "+{}", add_on.as_str())?;
        }
        Ok(())
    }
}

/// What is known of a person, as far as it decides the level. Each is whether there is such a thing; an empty
/// selfie file counts, an empty text does not.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "these are four independent facts")]
pub struct Facts {
    /// Proof file, city and proof category of a residential address.
    pub address_proven: bool,
    /// A selfie.
    pub selfie: bool,
    /// An e-mail address.
    pub email: bool,
    /// A phone number.
    pub phone_number: bool,
}

impl From<Facts> for Level {
    fn from(facts: Facts) -> Self {
        let add_ons = [
            (facts.selfie, AddOn::Liveness),
            (facts.email, AddOn::Email),
            (facts.phone_number, AddOn::PhoneNumber),
        ];
        Self {
            plus: facts.address_proven,
            add_ons: add_ons.into_iter().filter_map(|(there, add_on)| there.then_some(add_on)).collect(),
        }
    }
}

/// Whether a credential of `level` satisfies a consumer who asks for base `required` with `add_ons`: `plus`
/// needs `plus`, `basic` takes any base, and every add-on must be there.
#[must_use]
pub fn satisfies(level: &str, required: &str, add_ons: &[&str]) -> bool {
    let (base, has) = parts(level);
    (required != "plus" || base == "plus") && add_ons.iter().all(|add_on| has.contains(add_on))
}

/// Rank among levels: 100 for `plus`, and 10 for each add-on.
#[must_use]
pub fn score(level: &str) -> usize {
    let (base, has) = parts(level);
    usize::from(base == "plus") * 100 + has.len() * 10
}

/// The highest of `levels` that [`satisfies`] the wish; the first among equals.
#[must_use]
pub fn highest<'a>(levels: &[&'a str], required: &str, add_ons: &[&str]) -> Option<&'a str> {
    let fitting = levels.iter().filter(|level| satisfies(level, required, add_ons));
    fitting.fold(None, |best: Option<&str>, level| match best {
        Some(best) if score(best) >= score(level) => Some(best),
        _ => Some(level),
    })
}

fn parts(level: &str) -> (&str, Vec<&str>) {
    let mut parts = level.split('+');
    (parts.next().unwrap_or_default(), parts.collect())
}
