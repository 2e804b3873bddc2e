//! Events as JSON text, for `JSON.parse`.
//!
//! Smaller than building the objects from here: one crossing for each event, and none of the
//! imports that objects, arrays and a cache of names need (docs/decisions/0002). What
//! [`UaEvent`](crate::api::UaEvent) does not hold is not written.

use std::fmt;

use serde::ser::{
    self, Impossible, Serialize, SerializeSeq, SerializeStruct, SerializeTuple, Serializer,
};

use crate::ids::hex;
use crate::text::{from, part};

/// The JSON text of a value. What cannot be written gives `null`.
pub(super) fn json(value: &impl Serialize) -> String {
    let mut writer = Writer { text: String::with_capacity(512) };
    match value.serialize(&mut writer) {
        Ok(()) => writer.text,
        Err(Unsupported) => "null".to_owned(),
    }
}

struct Writer {
    text: String,
}

/// A form that no event has.
#[derive(Debug)]
struct Unsupported;

impl fmt::Display for Unsupported {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ok(())
    }
}

impl std::error::Error for Unsupported {}

impl ser::Error for Unsupported {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}

impl Writer {
    fn string(&mut self, text: &str) {
        self.text.push('"');
        let mut rest = text;
        while let Some(at) = find_special(rest) {
            let special = rest.as_bytes()[at];
            self.text.push_str(part(rest, 0..at));
            match special {
                b'"' | b'\\' => {
                    self.text.push('\\');
                    self.text.push(char::from(special));
                }
                _ => {
                    self.text.push_str("\\u00");
                    self.text.push_str(&hex(&[special]));
                }
            }
            rest = from(rest, at + 1);
        }
        self.text.push_str(rest);
        self.text.push('"');
    }

    fn number(&mut self, number: u64) {
        let rest = number / 10;
        if rest > 0 {
            self.number(rest);
        }
        self.text.push(char::from(b'0' + u8::try_from(number % 10).unwrap_or_default()));
    }

    /// Between two members of an object or an array.
    fn comma(&mut self) {
        if !self.text.ends_with(['{', '[']) {
            self.text.push(',');
        }
    }

    fn open(&mut self, begin: char, end: char) -> Open<'_> {
        self.text.push(begin);
        Open { writer: self, end }
    }
}

/// An object or an array that is being written.
struct Open<'a> {
    writer: &'a mut Writer,
    end: char,
}

impl Open<'_> {
    fn element<T: Serialize + ?Sized>(&mut self, value: &T) -> Outcome {
        self.writer.comma();
        value.serialize(&mut *self.writer)
    }

    /// A member without a value leaves no trace: reading it gives `undefined`.
    fn member<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) -> Outcome {
        let before = self.writer.text.len();
        self.writer.comma();
        self.writer.string(name);
        self.writer.text.push(':');
        let value_at = self.writer.text.len();
        value.serialize(&mut *self.writer)?;
        if self.writer.text.len() == value_at {
            self.writer.text.truncate(before);
        }
        Ok(())
    }

    fn close(self) {
        self.writer.text.push(self.end);
    }
}

impl SerializeStruct for Open<'_> {
    type Ok = ();
    type Error = Unsupported;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Outcome {
        self.member(name, value)
    }

    fn end(self) -> Outcome {
        self.close();
        Ok(())
    }
}

impl SerializeSeq for Open<'_> {
    type Ok = ();
    type Error = Unsupported;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Outcome {
        self.element(value)
    }

    fn end(self) -> Outcome {
        self.close();
        Ok(())
    }
}

impl SerializeTuple for Open<'_> {
    type Ok = ();
    type Error = Unsupported;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Outcome {
        self.element(value)
    }

    fn end(self) -> Outcome {
        self.close();
        Ok(())
    }
}

/// The first character that cannot stand in JSON as it is.
fn find_special(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        if matches!(bytes[at], b'"' | b'\\' | 0..=0x1f) {
            return Some(at);
        }
        at += 1;
    }
    None
}

type Outcome = Result<(), Unsupported>;
type Never = Impossible<(), Unsupported>;

/// The numbers that events hold, all of them whole and none of them negative.
macro_rules! numbers {
    ($($method:ident: $type:ty),*) => {
        $(fn $method(self, value: $type) -> Outcome {
            self.number(u64::from(value));
            Ok(())
        })*
    };
}

/// The forms that events do not have.
macro_rules! unsupported {
    ($($method:ident: $type:ty),*) => {
        $(fn $method(self, _: $type) -> Outcome {
            Err(Unsupported)
        })*
    };
}

impl<'a> Serializer for &'a mut Writer {
    type Ok = ();
    type Error = Unsupported;
    type SerializeSeq = Open<'a>;
    type SerializeTuple = Open<'a>;
    type SerializeStruct = Open<'a>;
    type SerializeTupleStruct = Never;
    type SerializeTupleVariant = Never;
    type SerializeMap = Never;
    type SerializeStructVariant = Never;

    numbers!(serialize_u8: u8, serialize_u16: u16, serialize_u32: u32, serialize_u64: u64);
    unsupported!(serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64);
    unsupported!(serialize_f32: f32, serialize_char: char, serialize_bytes: &[u8]);

    fn serialize_bool(self, value: bool) -> Outcome {
        self.text.push_str(if value { "true" } else { "false" });
        Ok(())
    }

    /// A moment in milliseconds; writing fractions would cost 8 KB.
    fn serialize_f64(self, value: f64) -> Outcome {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "moments are whole milliseconds since 1970"
        )]
        self.number(value as u64);
        Ok(())
    }

    fn serialize_str(self, value: &str) -> Outcome {
        self.string(value);
        Ok(())
    }

    fn serialize_none(self) -> Outcome {
        Ok(())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Outcome {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Outcome {
        Ok(())
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Outcome {
        self.string(variant);
        Ok(())
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Open<'a>, Unsupported> {
        Ok(self.open('[', ']'))
    }

    fn serialize_tuple(self, _: usize) -> Result<Open<'a>, Unsupported> {
        Ok(self.open('[', ']'))
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Open<'a>, Unsupported> {
        Ok(self.open('{', '}'))
    }

    fn serialize_unit_struct(self, _: &'static str) -> Outcome {
        Err(Unsupported)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, _: &T) -> Outcome {
        Err(Unsupported)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Outcome {
        Err(Unsupported)
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Never, Unsupported> {
        Err(Unsupported)
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Never, Unsupported> {
        Err(Unsupported)
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Never, Unsupported> {
        Err(Unsupported)
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Never, Unsupported> {
        Err(Unsupported)
    }

    fn collect_str<T: fmt::Display + ?Sized>(self, _: &T) -> Outcome {
        Err(Unsupported)
    }
}
