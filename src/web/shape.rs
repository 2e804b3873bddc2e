//! Reading plain objects, field by field.
//!
//! A [`shape!`] names each field once, for the reader and for the TypeScript that tsify makes of it.

use crate::error::ApiMisuse;
use crate::json::Json;

/// Why a command could not be read.
pub(super) enum Unreadable {
    /// The shim's doing: this field is missing or wrong.
    Field(&'static str),
    /// The page's doing.
    Misuse(ApiMisuse),
}

impl From<ApiMisuse> for Unreadable {
    fn from(misuse: ApiMisuse) -> Self {
        Self::Misuse(misuse)
    }
}

/// What can be read from JSON.
pub(super) trait FromJson: Sized {
    /// The value, if it is one of this kind.
    fn read(value: Option<&Json>) -> Option<Self>;
}

impl FromJson for String {
    fn read(value: Option<&Json>) -> Option<Self> {
        value?.as_text().map(str::to_owned)
    }
}

impl FromJson for bool {
    fn read(value: Option<&Json>) -> Option<Self> {
        value?.as_bool()
    }
}

impl FromJson for u32 {
    /// What is too large for the type is as large as the type allows.
    fn read(value: Option<&Json>) -> Option<Self> {
        value?.as_u64().map(|number| Self::try_from(number).unwrap_or(Self::MAX))
    }
}

impl FromJson for u16 {
    fn read(value: Option<&Json>) -> Option<Self> {
        value?.as_u64()?.try_into().ok()
    }
}

impl<T: FromJson> FromJson for Option<T> {
    fn read(value: Option<&Json>) -> Option<Self> {
        match value {
            None => Some(None),
            some => T::read(some).map(Some),
        }
    }
}

/// The field of an object.
///
/// # Errors
///
/// [`Unreadable::Field`] if it is missing or of another kind.
pub(super) fn field<T: FromJson>(given: &Json, name: &'static str) -> Result<T, Unreadable> {
    T::read(given.get(name)).ok_or(Unreadable::Field(name))
}

/// The members of an object whose values are strings, in their order.
pub(super) struct Headers(pub(super) Vec<(String, String)>);

impl FromJson for Headers {
    fn read(value: Option<&Json>) -> Option<Self> {
        let Json::Object(members) = value? else { return None };
        let header =
            |(name, value): &(String, Json)| Some((name.clone(), value.as_text()?.to_owned()));
        members.iter().map(header).collect::<Option<_>>().map(Self)
    }
}

/// A struct as a plain object: its TypeScript, and its reader.
macro_rules! shape {
    (
        $(#[$meta:meta])*
        $name:ident {
            $($(#[$must_meta:meta])* $must:ident $must_key:literal: $must_type:ty,)*
            $(? $($(#[$may_meta:meta])* $may:ident $may_key:literal: $may_type:ty,)*)?
        }
    ) => {
        $(#[$meta])*
        #[derive(tsify::Tsify)]
        pub(super) struct $name {
            $($(#[$must_meta])* #[serde(rename = $must_key)] pub(super) $must: $must_type,)*
            $($(
                $(#[$may_meta])* #[serde(rename = $may_key)] #[tsify(optional)]
                pub(super) $may: Option<$may_type>,
            )*)?
        }

        impl $name {
            pub(super) fn read(
                given: &crate::json::Json,
            ) -> Result<Self, crate::web::shape::Unreadable> {
                use crate::web::shape::field;
                Ok(Self {
                    $($must: field(given, $must_key)?,)*
                    $($($may: field(given, $may_key)?,)*)?
                })
            }
        }
    };
}
pub(super) use shape;
