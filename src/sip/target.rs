//! From what people type to a Request-URI, and from a URI to what people read.

use super::scan::{self, is_token};
use super::uri::{Uri, unescape};

/// The longest text that is taken for a target, in bytes.
const MAX_TARGET: usize = 512;

/// The Request-URI for what a person typed or pasted; nothing if it cannot be called.
///
/// That is a number in any usual writing (`+1 (212) 555-0123`, `Tel.: +34 600-123-456`, digits
/// of any script), a user name, an address without scheme, or a sip, sips or tel URI.
/// A number or a name is looked up at `domain`, and so is a tel URI (RFC 3261 §19.1.6).
pub fn target_uri(typed: &str, domain: &str) -> Option<String> {
    if typed.len() > MAX_TARGET {
        return None;
    }
    let typed: String = typed.chars().filter_map(plain).collect();
    let typed = scan::trim(&typed);
    let (scheme, rest) = scan::cut(typed, b':').unwrap_or(("", typed));
    if scheme.eq_ignore_ascii_case("tel") && !rest.starts_with(' ') {
        let number = scan::before(rest, b";");
        return number_at(&unescape(number), domain);
    }
    for known in ["sip", "sips"] {
        if scheme.eq_ignore_ascii_case(known) {
            return number_at(rest, domain).or_else(|| sip_uri(known, rest));
        }
    }
    let number = number_at(typed, domain).or_else(|| number_at(without_label(typed)?, domain));
    number.or_else(|| match scan::cut(typed, b'@') {
        // `mailto:bob` is no user.
        Some((user, _)) if scan::find(user, b":").is_some() => None,
        Some(_) => sip_uri("sip", typed),
        None => user_at(typed, domain),
    })
}

/// What a person is shown for a URI: the user part, the number, else the URI itself.
pub fn number_of(uri: &str) -> String {
    let user = Uri::parse_delimited(uri).ok().and_then(|uri| uri.user());
    // Behind a semicolon are parameters of the number (RFC 3966 §3).
    let user = user.map(|user| scan::before(user, b";")).filter(|user| !user.is_empty());
    let shown = unescape(user.unwrap_or(uri));
    shown.chars().filter(|c| !c.is_control()).collect()
}

fn number_at(text: &str, domain: &str) -> Option<String> {
    number(text).map(|number| user_part(&number, domain))
}

/// The digits of a number that is written for people, with its plus, stars and hashes.
fn number(text: &str) -> Option<String> {
    let mut number = String::new();
    let mut rest = text.as_bytes();
    while let [byte, behind @ ..] = rest {
        rest = behind;
        match byte {
            // The trunk prefix is shown to those who dial inside the country (ITU-T E.123 §7.2).
            b'(' if number.starts_with('+') => rest = rest.strip_prefix(b"0)").unwrap_or(rest),
            b'+' if number.is_empty() => number.push('+'),
            b'0'..=b'9' | b'*' | b'#' => number.push(char::from(*byte)),
            b' ' | b'-' | b'.' | b'/' | b'(' | b')' => {}
            _ => return None,
        }
    }
    number.bytes().any(|byte| byte.is_ascii_digit()).then_some(number)
}

/// What stands behind a label such as `Tel.:` or `Mobile:`.
fn without_label(text: &str) -> Option<&str> {
    let label = |byte: u8| byte.is_ascii_alphabetic() || !byte.is_ascii() || b". ".contains(&byte);
    let end = text.bytes().position(|byte| !label(byte))?;
    let (label, rest) = (scan::part(text, 0..end), scan::from(text, end));
    match rest.strip_prefix(':') {
        // Without a space it may be a URI of a scheme that we do not know.
        Some(rest) => rest.starts_with([' ', '+', '(']).then_some(rest),
        None => (label.ends_with(". ") || rest.starts_with('+')).then_some(rest),
    }
}

/// A SIP URI as typed, but for its headers: those are for links, and for nobody to be tricked by.
fn sip_uri(scheme: &str, rest: &str) -> Option<String> {
    let (user, host) =
        scan::cut(rest, b'@').map_or((None, rest), |(user, host)| (Some(user), host));
    let mut uri = [scheme, ":"].concat();
    if let Some(user) = user {
        if user.is_empty() || user.bytes().any(|byte| byte < b' ' || b"<>\"\\".contains(&byte)) {
            return None;
        }
        match scan::find(user, b" ") {
            Some(_) => push_escaped(&mut uri, &number(user)?),
            None => push_escaped(&mut uri, user),
        }
        uri.push('@');
    }
    uri.push_str(scan::before(host, b"?"));
    let usable = uri.bytes().all(|byte| byte.is_ascii_graphic()) && Uri::parse(&uri).is_ok();
    usable.then_some(uri)
}

/// A user name: letters and digits of any script, and marks that need no escape.
fn user_at(text: &str, domain: &str) -> Option<String> {
    let usual = |c: char| {
        is_letter(c)
            || matches!(c, '-' | '_' | '.' | '!' | '~' | '*' | '\'' | '+' | '&' | '=' | '$')
    };
    let name = !text.starts_with('+') && text.chars().any(is_letter) && text.chars().all(usual);
    name.then(|| user_part(text, domain))
}

fn user_part(user: &str, domain: &str) -> String {
    let mut uri = String::from("sip:");
    push_escaped(&mut uri, user);
    uri.push('@');
    uri.push_str(domain);
    uri
}

/// Adds text to a user part, escaped where RFC 3261 §25.1 wants it. Escapes stay as they are.
fn push_escaped(uri: &mut String, text: &str) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let mut bytes = [0; 4];
    for c in text.chars() {
        let part = c.encode_utf8(&mut bytes);
        if c != '`' && (is_token(part) || scan::find(part, b"&=$,;?/:()").is_some()) {
            uri.push(c);
            continue;
        }
        for byte in part.bytes() {
            uri.push('%');
            uri.push(char::from(DIGITS[usize::from(byte >> 4)]));
            uri.push(char::from(DIGITS[usize::from(byte & 15)]));
        }
    }
}

/// A character as it is meant: any space, dash, bracket and digit in ASCII. Nothing for the
/// marks that come along when a number is copied: directions, joiners, soft hyphens.
fn plain(c: char) -> Option<char> {
    Some(match c {
        '\u{ad}'
        | '\u{61c}'
        | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{2069}'
        | '\u{feff}' => return None,
        '\t'..='\r' | '\u{a0}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' => {
            ' '
        }
        '\u{2010}'..='\u{2015}' | '\u{2212}' => '-',
        '\u{b7}' => '.',
        '\u{ff08}'..='\u{ff0f}' => char::from_u32(u32::from(c) - 0xfee0)?,
        _ => digit(c).unwrap_or(c),
    })
}

/// Whether this can be a letter or digit of a name. The tables of `char` cost kilobytes; these
/// are the blocks of the scripts.
const fn is_letter(c: char) -> bool {
    c.is_ascii_alphanumeric()
        || matches!(c, '\u{c0}'..='\u{1fff}' | '\u{2c00}'..='\u{2dff}' | '\u{3040}'..='\u{d7ff}'
            | '\u{f900}'..='\u{fdff}' | '\u{fe70}'..='\u{fefc}' | '\u{ff10}'..='\u{ffdc}' | '\u{20000}'..='\u{323af}')
}

/// A decimal digit of any script that telephones are written in, as ASCII.
fn digit(c: char) -> Option<char> {
    /// The zeros of Arabic, Persian, N'Ko, Devanagari, Bengali, Gurmukhi, Gujarati, Odia,
    /// Tamil, Telugu, Kannada, Malayalam, Thai, Lao, Tibetan, Burmese, Khmer, Mongolian and
    /// the full-width forms.
    const ZEROS: [u16; 19] = [
        0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xe50,
        0xed0, 0xf20, 0x1040, 0x17e0, 0x1810, 0xff10,
    ];
    let code = u32::from(c);
    let value = ZEROS.iter().map(|&zero| code.wrapping_sub(u32::from(zero))).find(|&d| d < 10)?;
    char::from_digit(value, 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn dials(typed: &str, uri: &str) {
        assert_eq!(target_uri(typed, "example.com").as_deref(), Some(uri), "{typed:?}");
    }

    #[test]
    fn numbers_are_cleaned_up_in_any_usual_writing() {
        for typed in [
            "+1 (212) 555-0123",
            "+12125550123",
            " +1.212.555.0123 ",
            "+1·212·555·0123",
            "+1\u{a0}212\u{2011}555\u{2013}0123",
            "\u{202d}+1 212 555 0123\u{202c}",
            "(+1) 212 / 555 0123",
            "+1 (0)212 555 0123",
            "Tel.: +1 212-555-0123",
            "Tel. +1 212-555-0123",
            "Phone:+12125550123",
            "Teléfono: +1 212 555 0123",
            "tel:+1-212-555-0123",
            "TEL:+12125550123;ext=5",
            "tel: +1 212 555 0123",
            "tel:%2B12125550123",
            "sip:+1 (212) 555-0123",
            "＋１２１２５５５０１２３",
            "+١٢١٢٥٥٥٠١٢٣",
        ] {
            dials(typed, "sip:+12125550123@example.com");
        }
        dials("«9196»".trim_matches(['«', '»']), "sip:9196@example.com");
        dials("9196", "sip:9196@example.com");
        dials("sip:9196", "sip:9196@example.com");
        dials("020 7946 0018", "sip:02079460018@example.com");
        dials("*21*600#", "sip:*21*600%23@example.com");
        dials("Tel.: +34 600-123-456", "sip:+34600123456@example.com");
        dials("०१२३४", "sip:01234@example.com");
    }

    #[test]
    fn names_and_addresses_are_taken_as_they_are() {
        dials("0705C245_001", "sip:0705C245_001@example.com");
        dials("alice", "sip:alice@example.com");
        dials("john.doe", "sip:john.doe@example.com");
        dials("zoë", "sip:zo%C3%AB@example.com");
        dials("alice@other.example", "sip:alice@other.example");
        dials(
            "sip:alice@other.example:5070;transport=ws",
            "sip:alice@other.example:5070;transport=ws",
        );
        dials("SIPS:Alice@other.example", "sips:Alice@other.example");
        dials("sip:al%20ice@[2001:db8::1]", "sip:al%20ice@[2001:db8::1]");
        dials("sip:+1 212 555 0123@pbx.example", "sip:+12125550123@pbx.example");
        dials("sip:*21#@pbx.example", "sip:*21%23@pbx.example");
        dials("sip:pbx.example", "sip:pbx.example");
        dials("sip:bob@pbx.example?Route=%3Csip:evil.example%3E", "sip:bob@pbx.example");
    }

    #[test]
    fn what_is_no_target_is_refused() {
        for typed in [
            "",
            " ",
            "<script>",
            "<script>alert(1)</script>",
            "front desk",
            "call me at 5",
            "room 12345",
            "hello 123 world",
            "+",
            "...",
            "---",
            "*#",
            "()",
            "+1+2",
            "1+2 3",
            "sip:",
            "sips:",
            "tel:",
            "tel:abc",
            "sip:@",
            "sip:bob@",
            "sip:@example.com",
            "bob@",
            "@example.com",
            "a@b@c",
            "bob@exa mple.com",
            "bob@example.com:99999",
            "http://example.com",
            "https://1234",
            "javascript:123",
            "mailto:bob@example.com",
            "bob\r\nVia: x",
            "1\0",
            "sip:bob@example.com\r\nX: y",
            "bob;x=y",
            "\"bob\"",
            "%00",
            "sip:b%0d@x y",
            "sip:<script>@example.com",
            "sip:a\0b@example.com",
            "😀",
            "sip:bob@пример .рф",
        ] {
            assert_eq!(target_uri(typed, "example.com"), None, "{typed:?}");
        }
        assert_eq!(target_uri(&"1".repeat(MAX_TARGET + 1), "example.com"), None);
    }

    #[test]
    fn a_person_reads_the_number_or_the_name() {
        for (uri, shown) in [
            ("sip:+12125550123@example.com;user=phone", "+12125550123"),
            ("sip:al%20ice@example.com", "al ice"),
            ("sip:*21%23@example.com", "*21#"),
            ("sip:bob:secret@example.com", "bob"),
            ("tel:+1-201-555-0123;phone-context=+49", "+1-201-555-0123"),
            ("sip:+1-201-555-0123;ext=7@example.com", "+1-201-555-0123"),
            ("sip:null-%00-null@example.com", "null--null"),
            ("sip:%ff@example.com", "%ff"),
            ("sip:pbx.example.com", "sip:pbx.example.com"),
            ("urn:service:sos", "urn:service:sos"),
            ("nonsense", "nonsense"),
            ("", ""),
        ] {
            assert_eq!(number_of(uri), shown, "{uri}");
        }
    }
}
