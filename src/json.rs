//! Just enough JSON (RFC 8259) to read a token's payload.
//!
//! `serde_json` costs the wasm 17 KB and more. Left out: numbers with an exponent, which no
//! token holds; a fraction is cut off.

use crate::text::{before, from, part};

/// A value; names of an object stay in their order.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Json {
    Null,
    Bool(bool),
    Number(i64),
    Text(String),
    Array(Vec<Self>),
    Object(Vec<(String, Self)>),
}

impl Json {
    /// Reads one value and nothing after it.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut reader = Reader { rest: text };
        let value = reader.value(0)?;
        reader.skip_space();
        reader.rest.is_empty().then_some(value)
    }

    /// A member of an object; the last of several, as JavaScript has it. `null` is as good as none.
    pub(crate) fn get(&self, name: &str) -> Option<&Self> {
        let Self::Object(members) = self else { return None };
        let (_, value) = members.iter().rev().find(|(member, _)| member == name)?;
        (*value != Self::Null).then_some(value)
    }

    pub(crate) fn as_text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    pub(crate) fn as_bool(&self) -> Option<bool> {
        if let Self::Bool(value) = self { Some(*value) } else { None }
    }

    /// A number that is not below zero.
    pub(crate) fn as_u64(&self) -> Option<u64> {
        if let Self::Number(number) = self { u64::try_from(*number).ok() } else { None }
    }

    /// The elements of an array, or the one value that stands for an array of one.
    pub(crate) fn elements(&self) -> &[Self] {
        if let Self::Array(elements) = self { elements } else { std::slice::from_ref(self) }
    }
}

/// Deeper is no account.
const DEEPEST: u8 = 16;

struct Reader<'a> {
    rest: &'a str,
}

impl Reader<'_> {
    fn value(&mut self, depth: u8) -> Option<Json> {
        self.skip_space();
        match self.rest.as_bytes().first()? {
            _ if depth > DEEPEST => None,
            b'"' => self.string().map(Json::Text),
            b'{' => self.object(depth),
            b'[' => self.array(depth),
            b't' => self.word("true", Json::Bool(true)),
            b'f' => self.word("false", Json::Bool(false)),
            b'n' => self.word("null", Json::Null),
            _ => self.number(),
        }
    }

    fn skip_space(&mut self) {
        let space = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
        self.rest = from(self.rest, self.rest.bytes().take_while(space).count());
    }

    /// Whether this character comes next, which is then taken.
    fn takes(&mut self, expected: char) -> bool {
        self.skip_space();
        let after = self.rest.strip_prefix(expected);
        self.rest = after.unwrap_or(self.rest);
        after.is_some()
    }

    fn word(&mut self, word: &str, value: Json) -> Option<Json> {
        self.rest = self.rest.strip_prefix(word)?;
        Some(value)
    }

    fn number(&mut self) -> Option<Json> {
        let in_number = |byte: &u8| matches!(byte, b'0'..=b'9' | b'-' | b'.');
        let end = self.rest.bytes().take_while(in_number).count();
        let (number, rest) = (part(self.rest, 0..end), from(self.rest, end));
        if matches!(rest.as_bytes().first(), Some(b'e' | b'E' | b'+')) {
            return None;
        }
        self.rest = rest;
        let whole = before(number, b".");
        whole.parse().ok().map(Json::Number)
    }

    fn array(&mut self, depth: u8) -> Option<Json> {
        let mut elements = Vec::new();
        self.takes('[');
        if self.takes(']') {
            return Some(Json::Array(elements));
        }
        loop {
            elements.push(self.value(depth + 1)?);
            if !self.takes(',') {
                return self.takes(']').then_some(Json::Array(elements));
            }
        }
    }

    fn object(&mut self, depth: u8) -> Option<Json> {
        let mut members = Vec::new();
        self.takes('{');
        if self.takes('}') {
            return Some(Json::Object(members));
        }
        loop {
            self.skip_space();
            let name = self.string()?;
            if !self.takes(':') {
                return None;
            }
            members.push((name, self.value(depth + 1)?));
            if !self.takes(',') {
                return self.takes('}').then_some(Json::Object(members));
            }
        }
    }

    fn string(&mut self) -> Option<String> {
        let mut text = String::new();
        self.rest = self.rest.strip_prefix('"')?;
        loop {
            let special = |byte: u8| matches!(byte, b'"' | b'\\' | ..b' ');
            let stop = self.rest.bytes().position(special)?;
            text.push_str(part(self.rest, 0..stop));
            let special = self.rest.as_bytes()[stop];
            self.rest = from(self.rest, stop + 1);
            match special {
                b'"' => return Some(text),
                b'\\' => text.push(self.escaped()?),
                _ => return None,
            }
        }
    }

    fn escaped(&mut self) -> Option<char> {
        let mut chars = self.rest.chars();
        let escape = chars.next()?;
        self.rest = chars.as_str();
        Some(match escape {
            '"' | '\\' | '/' => escape,
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => return self.code_point(),
            _ => return None,
        })
    }

    /// `\uXXXX`, or two of them that are one character. Half of a character, which JavaScript
    /// lets stand, is U+FFFD.
    fn code_point(&mut self) -> Option<char> {
        let first = self.four_digits()?;
        let behind = self.rest;
        if (0xd800..0xdc00).contains(&first)
            && let Some(rest) = behind.strip_prefix("\\u")
        {
            self.rest = rest;
            if let Some(low) = self.four_digits()?.checked_sub(0xdc00).filter(|low| *low < 0x400) {
                return char::from_u32(0x1_0000 + ((first - 0xd800) << 10) + low);
            }
            self.rest = behind;
        }
        Some(char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER))
    }

    fn four_digits(&mut self) -> Option<u32> {
        let (digits, rest) = self.rest.split_at_checked(4)?;
        self.rest = rest;
        // `from_str_radix` takes a sign, JSON does not.
        (!digits.starts_with('+')).then(|| u32::from_str_radix(digits, 16).ok())?
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_gives_its_members() {
        let json = Json::parse(
            " { \"a\" : [1, -2.75, {\"b\":null}] ,\"c\":true, \"d\":\"x\", \"d\":\"y\", \"e\":{} } ",
        )
        .unwrap();
        assert_eq!(json.get("a").unwrap().elements()[0].as_u64(), Some(1));
        assert_eq!(json.get("a").unwrap().elements()[1].as_u64(), None);
        assert!(json.get("a").unwrap().elements()[2].get("b").is_none());
        assert_eq!(json.get("c").unwrap().as_bool(), Some(true));
        assert_eq!(Json::parse("false").unwrap().as_bool(), Some(false));
        assert_eq!(json.get("d").unwrap().as_text(), Some("y"));
        assert!(json.get("f").is_none());
    }

    #[test]
    fn escapes_become_characters() {
        let json = Json::parse(r#""\"\\\/\b\f\n\r\t\u00e9\uD83D\uDE00é""#).unwrap();
        assert_eq!(json.as_text(), Some("\"\\/\u{8}\u{c}\n\r\t\u{e9}\u{1f600}\u{e9}"));
    }

    #[test]
    fn half_a_character_is_replaced() {
        for (text, read) in [
            (r#""\ud83d""#, "\u{fffd}"),
            (r#""\ud83dx""#, "\u{fffd}x"),
            (r#""\ud83d\u0041""#, "\u{fffd}A"),
            (r#""\ude00\ud83d\ude00""#, "\u{fffd}\u{1f600}"),
        ] {
            assert_eq!(Json::parse(text).unwrap().as_text(), Some(read), "{text}");
        }
        assert!(Json::parse(r#""\ud83d\u""#).is_none());
    }

    #[test]
    fn what_is_no_json_is_refused() {
        for text in [
            "",
            "{",
            "[1,",
            "[1,]",
            "{\"a\":}",
            "{a :1}",
            "{\"a\" 1}",
            "\"",
            "\"\\x\"",
            "\"\n\"",
            "\"\\u+123\"",
            "\"\\u00é\"",
            "1e9",
            "--1",
            "1 2",
            "nul",
            "truth",
            "<html>",
            "-",
            ".5",
        ] {
            assert!(Json::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn depth_is_bounded() {
        assert!(Json::parse(&"[".repeat(100_000)).is_none());
        let nested = |deep| Json::parse(&["[".repeat(deep), "]".repeat(deep)].concat());
        assert!(nested(17).is_some());
        assert!(nested(18).is_none());
    }
}
