//! What happened, as a SIP ladder that a person can read.

use std::fmt;
use std::time::Duration;

use crate::sip::Message;
use crate::time::Time;

/// The lines of a ladder, in order.
#[derive(Clone, Debug, Default)]
pub struct Trace {
    on: bool,
    whole: bool,
    begun: Time,
    lines: Vec<Line>,
}

#[derive(Clone, Debug)]
struct Line {
    at: Duration,
    text: String,
    body: Option<String>,
}

impl Trace {
    pub(super) fn new(begun: Time) -> Self {
        Self { begun, ..Self::default() }
    }

    /// Keeps what happens from here on; with `whole`, every message with all that is in it.
    pub(super) const fn start(&mut self, whole: bool) {
        self.on = true;
        self.whole = whole;
    }

    /// Notes a line, made only if somebody will read it.
    pub(super) fn note(&mut self, now: Time, text: impl FnOnce() -> String) {
        if self.on {
            let line = Line { at: now.since(self.begun), text: text(), body: None };
            self.lines.push(line);
        }
    }

    /// Notes a message on its way from one to the other.
    pub(super) fn message(&mut self, now: Time, from: &str, to: &str, frame: &[u8]) {
        if self.on && frame.len() > 4 {
            let text = format!("{from:>8} ──▶ {to:<8} {}", summary(frame));
            let body = self.whole.then(|| String::from_utf8_lossy(frame).into_owned());
            self.lines.push(Line { at: now.since(self.begun), text, body });
        }
    }
}

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.lines {
            writeln!(f, "{:>10.3}  {}", line.at.as_secs_f64(), line.text)?;
            for text in line.body.iter().flat_map(|body| body.lines()) {
                writeln!(f, "{:>14}{text}", "| ")?;
            }
        }
        Ok(())
    }
}

/// A message in one line: `INVITE sip:bob@example.com  (1 INVITE, 4f2a…)`.
pub(super) fn summary(frame: &[u8]) -> String {
    let Ok(message) = Message::parse(frame) else {
        return format!("{} bytes that cannot be read", frame.len());
    };
    let start = match (message.request_uri(), message.status()) {
        (Some(uri), _) => {
            let method = message.method().map(|method| method.as_str().to_owned());
            format!("{} {uri}", method.unwrap_or_default())
        }
        (None, status) => format!("{} {}", status.unwrap_or_default(), message.reason()),
    };
    let cseq = message.header("CSeq").unwrap_or_default();
    let call_id = message.header("Call-ID").unwrap_or_default();
    let call_id: String = call_id.chars().take(6).collect();
    let sdp = if message.body().is_empty() { "" } else { ", body" };
    format!("{start}  ({cseq}, {call_id}…{sdp})")
}
