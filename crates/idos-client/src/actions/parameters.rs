//! Fields that are arguments, and the macros that declare actions and views by their fields.

use std::fmt;
use std::str::FromStr;

use idos_wallet::WalletType;
use uuid::Uuid;

use crate::encoding::{Scalar, Value};
use crate::grants::GrantTime;

/// Something that can be a field of an action.
pub(super) trait Argument {
    /// The schema's type of the parameter.
    const TYPE: Scalar;
    /// The value to send.
    fn value(&self) -> Value<'_>;
}

impl Argument for &str {
    const TYPE: Scalar = Scalar::Text;
    fn value(&self) -> Value<'_> {
        Value::from(*self)
    }
}

impl Argument for Uuid {
    const TYPE: Scalar = Scalar::Uuid;
    fn value(&self) -> Value<'_> {
        Value::Uuid(*self)
    }
}

impl Argument for i64 {
    const TYPE: Scalar = Scalar::Int8;
    fn value(&self) -> Value<'_> {
        Value::Int8(*self)
    }
}

impl Argument for &GrantTime {
    const TYPE: Scalar = Scalar::Text;
    fn value(&self) -> Value<'_> {
        Value::from(self.as_str())
    }
}

impl Argument for WalletType {
    const TYPE: Scalar = Scalar::Text;
    fn value(&self) -> Value<'_> {
        Value::from(self.as_str())
    }
}

impl Argument for PasswordStore {
    const TYPE: Scalar = Scalar::Text;
    fn value(&self) -> Value<'_> {
        Value::from(self.as_str())
    }
}

/// Absent values are sent as nulls with a type, as the official SDK does.
impl<T: Argument> Argument for Option<T> {
    const TYPE: Scalar = T::TYPE;
    fn value(&self) -> Value<'_> {
        self.as_ref().map_or(Value::Null(T::TYPE), T::value)
    }
}

/// Where a user's encryption password is kept.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum PasswordStore {
    /// In the user's head.
    User,
    /// With a multi-party-computation service.
    Mpc,
}

/// The text names no [`PasswordStore`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("encryption_password_store must be user or mpc")]
pub struct UnknownPasswordStore;

impl PasswordStore {
    /// The name in the schema.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Mpc => "mpc",
        }
    }
}

impl FromStr for PasswordStore {
    type Err = UnknownPasswordStore;

    fn from_str(text: &str) -> Result<Self, UnknownPasswordStore> {
        [Self::User, Self::Mpc].into_iter().find(|store| store.as_str() == text).ok_or(UnknownPasswordStore)
    }
}

impl fmt::Display for PasswordStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Declares a struct whose fields are the arguments of an action or view. Its `Debug` shows ids, and of anything
/// else only the type: arguments are people's data.
macro_rules! arguments {
    ($(#[$doc:meta])* $name:ident $(<$life:lifetime>)? {
        $( $(#[$field_doc:meta])* $field:ident: $type:ty, )*
    }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq)]
        pub struct $name $(<$life>)? {
            $( $(#[$field_doc])* pub $field: $type, )*
        }

        impl $(<$life>)? std::fmt::Debug for $name $(<$life>)? {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($name))
                    $( .field(stringify!($field), &$crate::actions::parameters::Argument::value(&self.$field)) )*
                    .finish()
            }
        }
    };
}

/// The names and types of the fields, and the fields as values.
macro_rules! parameters {
    ($( $field:ident: $type:ty, )*) => {
        const PARAMETERS: &'static [(&'static str, $crate::encoding::Scalar)] = &[
            $( (stringify!($field), <$type as $crate::actions::parameters::Argument>::TYPE), )*
        ];

        fn arguments(&self) -> Vec<$crate::encoding::Value<'_>> {
            vec![ $( $crate::actions::parameters::Argument::value(&self.$field), )* ]
        }
    };
}

/// `action! { /// docs  Name<'a>, "name_in_schema", "description" { /// docs  field: Type, … } }`
macro_rules! action {
    ($(#[$doc:meta])* $name:ident $(<$life:lifetime>)?, $action:literal, $description:literal {
        $( $(#[$field_doc:meta])* $field:ident: $type:ty, )*
    }) => {
        $crate::actions::parameters::arguments! {
            $(#[$doc])* $name $(<$life>)? { $( $(#[$field_doc])* $field: $type, )* }
        }

        impl $(<$life>)? $crate::actions::Action for $name $(<$life>)? {
            const NAME: &'static str = $action;
            const DESCRIPTION: &'static str = $description;
            $crate::actions::parameters::parameters! { $( $field: $type, )* }
        }
    };
}

/// `view! { /// docs  Name<'a>, "name_in_schema" -> Row { /// docs  field: Type, … } }`
macro_rules! view {
    ($(#[$doc:meta])* $name:ident $(<$life:lifetime>)?, $view:literal -> $row:ty {
        $( $(#[$field_doc:meta])* $field:ident: $type:ty, )*
    }) => {
        $crate::actions::parameters::arguments! {
            $(#[$doc])* $name $(<$life>)? { $( $(#[$field_doc])* $field: $type, )* }
        }

        impl $(<$life>)? $crate::actions::View for $name $(<$life>)? {
            const NAME: &'static str = $view;
            type Row = $row;
            $crate::actions::parameters::parameters! { $( $field: $type, )* }
        }
    };
}

pub(super) use {action, arguments, parameters, view};
