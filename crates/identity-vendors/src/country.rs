//! Countries as vendors write them: ISO 3166-1 of two and three letters, and the specials of ICAO 9303.

/// A country's two letters (ISO 3166-1 alpha-2).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Alpha2(&'static str);

impl Alpha2 {
    /// Kosovo, which has no code of ISO 3166-1 and is XK wherever it is needed.
    pub const KOSOVO: Self = Self("XK");

    /// The country of a code of two or three letters, in either case. None for what is no country's.
    #[must_use]
    pub fn of_code(code: &str) -> Option<Self> {
        match read(code) {
            Ok(Country::Assigned(country)) => Some(country),
            _ => None,
        }
    }

    /// The two letters, upper-case.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.0
    }
}

/// What a country code stands for: one of ISO 3166-1, of two or three letters, or a special one of ICAO 9303.
///
/// | a document says | here |
/// |---|---|
/// | D | Germany: machine-readable zones have it so |
/// | GBD, GBN, GBO, GBP, GBS | the United Kingdom: forms of British nationality, and there is no finer code |
/// | RKS, XKX | Kosovo, XK |
/// | UK, EL | the United Kingdom and Greece, as Europe's institutions write them |
/// | ROM | Romania, whose code has changed, and nothing else |
/// | XXA; XXB and XXC; XXX | [`Stateless`](Self::Stateless); [`Refugee`](Self::Refugee); [`Unspecified`](Self::Unspecified) |
/// | UNO, UNA, EUE, XOM, XPO and the like; UNK | [`Organisation`](Self::Organisation); also the mission in Kosovo, which is no state |
/// | UTO | [`Specimen`](Self::Specimen) |
/// | SUN, YUG, SCG, DDR and the like | [`Withdrawn`](Self::Withdrawn): never guessed, even where one country follows |
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Country {
    /// A country of today.
    Assigned(Alpha2),
    /// Nobody's citizen (XXA), as the Convention of 1954 has it.
    Stateless,
    /// A refugee (XXB by the Convention of 1951, XXC otherwise).
    Refugee,
    /// Unspecified nationality (XXX).
    Unspecified,
    /// An organisation that issues travel documents.
    Organisation,
    /// Utopia (UTO), on specimens.
    Specimen,
    /// A country that is gone.
    Withdrawn,
}

/// No code of any list.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct NoCountry;

/// Codes of ICAO Doc 9303-3, section 5, that ISO 3166-1 does not have, and what else is seen that it does not have.
const SPECIALS: &[(&str, Country)] = &[
    ("D", Country::Assigned(Alpha2("DE"))),
    ("GBD", Country::Assigned(Alpha2("GB"))),
    ("GBN", Country::Assigned(Alpha2("GB"))),
    ("GBO", Country::Assigned(Alpha2("GB"))),
    ("GBP", Country::Assigned(Alpha2("GB"))),
    ("GBS", Country::Assigned(Alpha2("GB"))),
    ("RKS", Country::Assigned(Alpha2::KOSOVO)),
    ("XKX", Country::Assigned(Alpha2::KOSOVO)),
    ("XK", Country::Assigned(Alpha2::KOSOVO)),
    ("UK", Country::Assigned(Alpha2("GB"))),
    ("EL", Country::Assigned(Alpha2("GR"))),
    ("ROM", Country::Assigned(Alpha2("RO"))),
    ("XXA", Country::Stateless),
    ("XXB", Country::Refugee),
    ("XXC", Country::Refugee),
    ("XXX", Country::Unspecified),
    ("EUE", Country::Organisation),
    ("UNA", Country::Organisation),
    ("UNK", Country::Organisation),
    ("UNO", Country::Organisation),
    ("XBA", Country::Organisation),
    ("XCC", Country::Organisation),
    ("XCE", Country::Organisation),
    ("XCO", Country::Organisation),
    ("XDC", Country::Organisation),
    ("XEC", Country::Organisation),
    ("XIM", Country::Organisation),
    ("XMP", Country::Organisation),
    ("XOM", Country::Organisation),
    ("XPO", Country::Organisation),
    ("UTO", Country::Specimen),
    ("ANT", Country::Withdrawn),
    ("BUR", Country::Withdrawn),
    ("CSK", Country::Withdrawn),
    ("DDR", Country::Withdrawn),
    ("NTZ", Country::Withdrawn),
    ("SCG", Country::Withdrawn),
    ("SUN", Country::Withdrawn),
    ("TMP", Country::Withdrawn),
    ("YUG", Country::Withdrawn),
    ("ZAR", Country::Withdrawn),
];

/// Reads a code of one to three letters, upper- or lower-case, with or without the filler of machine-readable zones.
pub(crate) fn read(text: &str) -> Result<Country, NoCountry> {
    let code = text.trim().trim_end_matches('<').to_ascii_uppercase();
    if let Some((_, country)) = SPECIALS.iter().find(|(special, _)| *special == code) {
        return Ok(*country);
    }
    let found = match code.len() {
        2 => rust_iso3166::from_alpha2(&code),
        3 => rust_iso3166::from_alpha3(&code),
        _ => None,
    };
    found.map(|country| Country::Assigned(Alpha2(country.alpha2))).ok_or(NoCountry)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assigned(code: &str) -> Option<&'static str> {
        match read(code) {
            Ok(Country::Assigned(country)) => Some(country.as_str()),
            _ => None,
        }
    }

    #[test]
    fn every_country_is_read_by_both_its_codes() {
        let mut seen = 0;
        for country in rust_iso3166::ALL {
            assert_eq!(assigned(country.alpha2), Some(country.alpha2));
            assert_eq!(assigned(country.alpha3), Some(country.alpha2));
            assert_eq!(assigned(&country.alpha3.to_lowercase()), Some(country.alpha2));
            seen += 1;
        }
        assert_eq!(seen, 249);
    }

    #[test]
    fn the_specials_are_said_as_what_they_are() {
        for (code, country) in [
            ("D", "DE"),
            ("D<<", "DE"),
            ("GBN", "GB"),
            ("GBD", "GB"),
            ("RKS", "XK"),
            ("XKX", "XK"),
            ("XK", "XK"),
            ("UK", "GB"),
            ("EL", "GR"),
            ("CW", "CW"),
            ("ROU", "RO"),
            ("ROM", "RO"),
            ("TLS", "TL"),
        ] {
            assert_eq!(assigned(code), Some(country), "{code}");
        }
        for (code, country) in [
            ("XXA", Country::Stateless),
            ("XXB", Country::Refugee),
            ("XXC", Country::Refugee),
            ("XXX", Country::Unspecified),
            ("UNO", Country::Organisation),
            ("UNK", Country::Organisation),
            ("EUE", Country::Organisation),
            ("XOM", Country::Organisation),
            ("UTO", Country::Specimen),
            ("SUN", Country::Withdrawn),
            ("YUG", Country::Withdrawn),
        ] {
            assert_eq!(read(code), Ok(country), "{code}");
        }
    }

    #[test]
    fn no_special_hides_a_country() {
        for (code, _) in SPECIALS {
            let is_one = match code.len() {
                2 => rust_iso3166::from_alpha2(code).is_some(),
                _ => rust_iso3166::from_alpha3(code).is_some(),
            };
            assert!(!is_one, "{code}");
        }
    }

    #[test]
    fn what_is_on_no_list_is_not_guessed() {
        for code in
            ["", "Germany", "ZZ", "XX", "XXD", "EU", "AA", "DEUT", "276", "Ｄ", "DE1", "<<<", "GERMANY"]
        {
            assert_eq!(read(code), Err(NoCountry), "{code}");
        }
    }
}
