//! Reading plain objects of JavaScript, field by field.
//!
//! Any `Deserialize` in the wasm costs 17 KB brotli (docs/decisions/0002), these lines one. A
//! [`shape!`] names each field once, for the reader and for the TypeScript that tsify makes of it.

use js_sys::{Array, Object, Reflect};
use wasm_bindgen::{JsCast, JsValue};

/// What can be read from a JavaScript value.
pub(super) trait FromJs: Sized {
    /// # Errors
    ///
    /// [`Unreadable`] if it is something else.
    fn read(value: &JsValue) -> Result<Self, Unreadable>;
}

/// A field that is missing or wrong; its name, or nothing for the value itself.
#[derive(Clone, Copy, Debug)]
pub(super) struct Unreadable(pub(super) &'static str);

/// The field of an object.
pub(super) fn field<T: FromJs>(object: &JsValue, name: &'static str) -> Result<T, Unreadable> {
    T::read(&property(object, name)).map_err(|Unreadable(inner)| match inner {
        "" => Unreadable(name),
        inner => Unreadable(inner),
    })
}

/// A property of an object; `undefined` of anything else.
fn property(object: &JsValue, name: &str) -> JsValue {
    Reflect::get(object, &name.into()).unwrap_or_default()
}

impl FromJs for String {
    fn read(value: &JsValue) -> Result<Self, Unreadable> {
        value.as_string().ok_or(Unreadable(""))
    }
}

impl FromJs for bool {
    fn read(value: &JsValue) -> Result<Self, Unreadable> {
        value.as_bool().ok_or(Unreadable(""))
    }
}

impl FromJs for u32 {
    fn read(value: &JsValue) -> Result<Self, Unreadable> {
        match value.as_f64() {
            // What is too large for the type is as large as the type allows.
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "it saturates, and negative numbers and NaN do not come here"
            )]
            Some(number) if number >= 0.0 => Ok(number as Self),
            _ => Err(Unreadable("")),
        }
    }
}

impl FromJs for u16 {
    fn read(value: &JsValue) -> Result<Self, Unreadable> {
        Self::try_from(u32::read(value)?).map_err(|_| Unreadable(""))
    }
}

impl<T: FromJs> FromJs for Option<T> {
    /// `null` is nothing, too: JSON has no `undefined`.
    fn read(value: &JsValue) -> Result<Self, Unreadable> {
        if value.is_undefined() || value.is_null() {
            return Ok(None);
        }
        T::read(value).map(Some)
    }
}

impl<T: FromJs> FromJs for Vec<T> {
    fn read(value: &JsValue) -> Result<Self, Unreadable> {
        let list: &Array = value.dyn_ref().ok_or(Unreadable(""))?;
        list.iter().map(|item| T::read(&item)).collect()
    }
}

/// One string or several, as in `RTCIceServer.urls`.
pub(super) struct Strings(pub(super) Vec<String>);

impl FromJs for Strings {
    fn read(value: &JsValue) -> Result<Self, Unreadable> {
        match value.as_string() {
            Some(one) => Ok(Self(vec![one])),
            None => Vec::read(value).map(Self),
        }
    }
}

/// The properties of an object whose values are strings, in their order.
pub(super) struct Headers(pub(super) Vec<(String, String)>);

impl FromJs for Headers {
    fn read(value: &JsValue) -> Result<Self, Unreadable> {
        let object: &Object = value.dyn_ref().ok_or(Unreadable(""))?;
        let entry = |entry: JsValue| {
            let pair: Array = entry.unchecked_into();
            Ok((String::read(&pair.get(0))?, String::read(&pair.get(1))?))
        };
        Object::entries(object).iter().map(entry).collect::<Result<_, _>>().map(Self)
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

        impl FromJs for $name {
            fn read(object: &wasm_bindgen::JsValue) -> Result<Self, Unreadable> {
                Ok(Self {
                    $($must: field(object, $must_key)?,)*
                    $($($may: field(object, $may_key)?,)*)?
                })
            }
        }
    };
}
pub(super) use shape;
