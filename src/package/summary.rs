//! Waiting messages: `application/simple-message-summary`, RFC 3842 §5.

use crate::api::{MessageCount, Parsed};
use crate::text::{before, cut, part, pieces};

pub(super) const TYPE: &str = "application/simple-message-summary";

/// Kinds that are told; RFC 3842 knows six.
const MOST_KINDS: usize = 16;

pub(super) fn read(body: &str) -> Parsed {
    let (mut waiting, mut account, mut messages) = (false, None, Vec::new());
    for line in pieces(body, b'\n') {
        let Some((name, value)) = cut(line, b':') else { continue };
        let (name, value) = (name.trim_ascii().to_ascii_lowercase(), value.trim_ascii());
        match name.as_str() {
            "messages-waiting" => waiting = value.eq_ignore_ascii_case("yes"),
            "message-account" => account = Some(value.to_owned()),
            _ => {
                let kind = name.strip_suffix("-message").filter(|_| messages.len() < MOST_KINDS);
                messages.extend(kind.and_then(|kind| count(kind, value)));
            }
        }
    }
    Parsed::MessageSummary { waiting, account, messages }
}

/// `2/8 (0/2)`: new and old, and of them the urgent.
fn count(kind: &str, value: &str) -> Option<MessageCount> {
    let (new, old) = pair(before(value, b"("))?;
    let urgent = cut(value, b'(').and_then(|(_, urgent)| pair(before(urgent, b")")));
    let (urgent_new, urgent_old) = urgent.unwrap_or_default();
    Some(MessageCount { kind: kind.to_owned(), new, old, urgent_new, urgent_old })
}

fn pair(text: &str) -> Option<(u32, u32)> {
    let (new, old) = cut(text, b'/')?;
    Some((number(new)?, number(old)?))
}

fn number(text: &str) -> Option<u32> {
    let text = text.trim_ascii();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    part(text, 0..digits).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_of_every_kind_are_read() {
        let body = "Messages-Waiting: yes\r\nMessage-Account: sip:alice@vmail.example.com\r\n\
            Voice-Message: 2/8 (0/2)\r\nfax-message:1/0\r\n\r\nTo: <alice@atlanta.example.com>\r\n";
        let one = |kind: &str, new, old, urgent_old| MessageCount {
            kind: kind.to_owned(),
            new,
            old,
            urgent_new: 0,
            urgent_old,
        };
        let messages = vec![one("voice", 2, 8, 2), one("fax", 1, 0, 0)];
        let account = Some("sip:alice@vmail.example.com".to_owned());
        assert_eq!(read(body), Parsed::MessageSummary { waiting: true, account, messages });
    }

    #[test]
    fn what_makes_no_sense_counts_nothing() {
        for body in ["", "Messages-Waiting: no", "Voice-Message: lots", "voice-message: 1", "\n:\n"]
        {
            let nothing =
                Parsed::MessageSummary { waiting: false, account: None, messages: Vec::new() };
            assert_eq!(read(body), nothing, "{body}");
        }
    }
}
