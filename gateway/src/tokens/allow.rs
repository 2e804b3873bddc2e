//! The claim `allow`: what a credential may be used for. Toll fraud is the threat.

use serde::{Deserialize, Serialize};

/// What a seat or a token may do; what is missing is not limited.
///
/// An unknown field is an error: a limit that is not understood must not be ignored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Allow {
    /// Takes incoming calls.
    #[serde(rename = "in")]
    pub incoming: bool,
    /// Whom it may call: numbers or user names, `*` standing for any run of characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub out: Option<Vec<String>>,
    /// Outgoing calls at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calls: Option<u32>,
    /// Longest outgoing call, in seconds from its answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seconds: Option<u32>,
}

impl Default for Allow {
    fn default() -> Self {
        Self { incoming: true, out: None, calls: None, seconds: None }
    }
}

impl Allow {
    /// One of the names of a callee matches one of the patterns.
    pub fn calls_to(&self, names: &[&str]) -> bool {
        let Some(patterns) = &self.out else { return true };
        patterns.iter().any(|pattern| names.iter().any(|name| matches(pattern, name)))
    }
}

/// `*` in the pattern stands for any run of characters, also for none.
fn matches(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let Some(last) = parts.next_back() else { return rest.is_empty() };
    for part in parts {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.len() >= last.len() && rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_run() {
        for (pattern, text, expected) in [
            ("9196", "9196", true),
            ("9196", "91960", false),
            ("919*", "9196", true),
            ("919*", "919", true),
            ("919*", "0919", false),
            ("+34*", "+34600123456", true),
            ("*", "", true),
            ("*56", "123456", true),
            ("1*3*5", "12345", true),
            ("1*3*5", "1355", true),
            ("1*1", "1", false),
            ("", "9196", false),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn a_limit_that_is_not_understood_is_an_error() {
        assert!(serde_json::from_str::<Allow>(r#"{"out":["9*"],"countries":["ES"]}"#).is_err());
    }
}
