//! Refusals by code: one list says variant, code and advice.

/// An enumeration of codes, each with an advice. The first line is its documentation.
macro_rules! codes {
    (
        $(#[$doc:meta])*
        $codes:ident { $($name:ident = $code:literal: $advice:literal,)* }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum $codes { $(#[doc = $advice] $name,)* }

        impl $codes {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// For programs; it never changes.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $code),* }
            }

            /// For people: what it is and what can be done.
            #[must_use]
            pub fn advice(self) -> &'static str {
                match self { $(Self::$name => $advice),* }
            }
        }
    };
}

pub(crate) use codes;
