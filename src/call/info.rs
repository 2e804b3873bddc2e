//! Business information beside a call: User-to-User (RFC 7433) where it fits, else X-CC-Info.

use crate::ids::hex;
use crate::sip::{Headers, Message};
use crate::text::{self, pieces};

/// The longest `info`, in UTF-16 units as JavaScript counts.
const LONGEST: usize = 1000;
/// What ISDN, and so RFC 7433 §7, carries in one User-to-User, in octets.
const USER_TO_USER: usize = 128;

/// Cuts at 1000 UTF-16 units; a character is never halved.
pub(super) fn cut(mut info: String) -> String {
    let mut units = 0;
    let end = info.char_indices().find_map(|(at, letter)| {
        units += letter.len_utf16();
        (units > LONGEST).then_some(at)
    });
    info.truncate(end.unwrap_or(info.len()));
    info
}

/// Puts `info` into the headers of an INVITE.
pub(super) fn write(info: &str, headers: &mut Headers) {
    if info.is_empty() {
        return;
    }
    if info.len() <= USER_TO_USER {
        headers.push("User-to-User", [&hex(info.as_bytes()), ";encoding=hex"].concat());
    } else {
        headers.push("X-CC-Info", escape(info));
    }
}

/// What an INVITE brought, of either kind; what cannot be decoded is nothing.
pub(super) fn read(request: &Message<'_>) -> Option<String> {
    let plain = request.header("X-CC-Info").and_then(|text| unescape(&text));
    plain.or_else(|| request.tokens("User-to-User").find_map(|value| user_to_user(&value)))
}

fn user_to_user(value: &str) -> Option<String> {
    let mut parts = pieces(value, b';').map(str::trim_ascii);
    let data = unquoted(parts.next()?);
    let mut is_isdn = false;
    let is_hex = parts.all(|part| {
        text::cut(part, b'=').is_none_or(|(name, value)| {
            let (name, value) = (name.trim_ascii(), unquoted(value.trim_ascii()));
            is_isdn |=
                name.eq_ignore_ascii_case("purpose") && value.eq_ignore_ascii_case("isdn-uui");
            !name.eq_ignore_ascii_case("encoding") || value.eq_ignore_ascii_case("hex")
        })
    });
    let digits = data.as_bytes();
    if !is_hex || digits.is_empty() || !digits.len().is_multiple_of(2) {
        return None;
    }
    // ISDN begins with a protocol discriminator (RFC 7434 §5).
    let digits = if is_isdn { digits.get(2..)? } else { digits };
    let bytes = digits.chunks(2).map(|pair| Some(nibble(pair[0])? << 4 | nibble(pair[1])?));
    String::from_utf8(bytes.collect::<Option<Vec<u8>>>()?).ok()
}

/// Without the quotes around it.
fn unquoted(text: &str) -> &str {
    let text = text.strip_prefix('"').unwrap_or(text);
    text.strip_suffix('"').unwrap_or(text)
}

/// With everything escaped that means something anywhere.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 3);
    for &byte in text.as_bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push_str(&hex(&[byte]).to_ascii_uppercase());
        }
    }
    out
}

fn unescape(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let pair = tail.first_chunk::<2>().filter(|_| first == b'%');
        if let Some(byte) = pair.and_then(|[high, low]| Some(nibble(*high)? << 4 | nibble(*low)?)) {
            bytes.push(byte);
            rest = &tail[2..];
        } else {
            bytes.push(first);
            rest = tail;
        }
    }
    String::from_utf8(bytes).ok()
}

fn nibble(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round_trip(info: &str) -> (Option<String>, String) {
        let mut request = crate::sip::Request::new(crate::sip::Method::Invite, "sip:a@b");
        write(info, &mut request.headers);
        let bytes = request.to_bytes().unwrap();
        let head = String::from_utf8(bytes.clone()).unwrap();
        (read(&Message::parse(&bytes).unwrap()), head)
    }

    #[test]
    fn a_thousand_characters_of_any_script_arrive_identical() {
        for letter in ["a", "é", "語", "%", " ", "\n", "\"", ";", "😀", "\u{0}"] {
            let info = cut(letter.repeat(1000));
            assert_eq!(round_trip(&info).0, Some(info));
        }
    }

    #[test]
    fn the_cut_is_at_a_thousand_units_and_never_inside_a_character() {
        assert_eq!(cut("a".repeat(1001)).len(), 1000);
        assert_eq!(cut("語".repeat(1001)).chars().count(), 1000);
        assert_eq!(cut("😀".repeat(600)).chars().count(), 500);
        let odd = ["a", &"😀".repeat(600)].concat();
        assert_eq!(cut(odd).encode_utf16().count(), 999);
        assert_eq!(cut("short".into()), "short");
    }

    #[test]
    fn what_fits_travels_as_user_to_user_in_hex() {
        assert!(round_trip("Jo").1.contains("User-to-User: 4a6f;encoding=hex\r\n"));
        assert!(round_trip(&"x".repeat(128)).1.contains("User-to-User"));
        assert!(round_trip(&"x".repeat(129)).1.contains("X-CC-Info"));
    }

    #[test]
    fn other_encodings_and_junk_are_nothing() {
        for value in ["zz", "4", "", "4a6f;encoding=ascii", "ff", ";encoding=hex"] {
            assert_eq!(user_to_user(value), None, "{value}");
        }
        assert_eq!(user_to_user("\"4A6F\"; purpose=x ;encoding=\"hex\""), Some("Jo".into()));
        assert_eq!(user_to_user("044A6F;purpose=isdn-uui"), Some("Jo".into()));
        assert_eq!(unescape("%"), Some("%".into()));
        assert_eq!(unescape("%ff"), None);
    }
}
