//! Digits: RFC 4733 where the far side takes it, INFO where not; one at a time, in order.

use std::collections::VecDeque;
use std::time::Duration;

use crate::api::{DigitTransport, UaEvent};
use crate::context::{Context, Owner, Usage};
use crate::error::ApiMisuse;
use crate::media::{MediaReply, MediaRequest, Ticket};
use crate::sip::Method;
use crate::text::{before, cut, pieces};
use crate::time::Time;

use super::peer::Path;
use super::{Call, State};

/// Length of a tone, and the silence after it, in milliseconds.
const TONE_MS: u32 = 100;
const GAP_MS: u32 = 70;
/// What a `,` means.
const PAUSE: Duration = Duration::from_secs(2);
/// After this long a tone is over, whether the browser says so or not.
const TONE_PATIENCE: Duration = Duration::from_secs(1);

/// The digits of a call that are not through yet.
#[derive(Debug, Default)]
pub(super) struct Digits {
    queue: VecDeque<(char, DigitTransport)>,
    now: Playing,
    /// The far side takes nothing better than `application/dtmf`.
    is_plain: bool,
}

#[derive(Debug, Default)]
enum Playing {
    #[default]
    Nothing,
    Tone {
        digit: char,
        transport: DigitTransport,
        ticket: Ticket,
        until: Time,
    },
    Info {
        digit: char,
    },
    Pause {
        until: Time,
    },
}

/// The way of the next digit.
enum Way {
    Media,
    Info,
    /// There is none yet.
    Wait,
    /// There will be none.
    None,
}

impl Digits {
    pub(super) fn deadline(&self) -> Option<Time> {
        match self.now {
            Playing::Tone { until, .. } | Playing::Pause { until } => Some(until),
            Playing::Nothing | Playing::Info { .. } => None,
        }
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}

impl Call {
    pub(super) fn send_digits(
        &mut self,
        ctx: &mut Context<'_>,
        digits: &str,
        transport: DigitTransport,
    ) -> Result<(), ApiMisuse> {
        if matches!(self.state, State::Incoming(_)) {
            return Err(ApiMisuse::NotConnected(self.id));
        }
        let keys = digits.chars().map(|key| match key.to_ascii_uppercase() {
            key @ ('0'..='9' | '*' | '#' | 'A'..='D' | ',') => Ok((key, transport)),
            _ => Err(ApiMisuse::BadDigit(key)),
        });
        self.digits.queue.extend(keys.collect::<Result<Vec<_>, _>>()?);
        self.play_digits(ctx);
        Ok(())
    }

    /// Begins the next digit, if there is one and the last is through.
    pub(super) fn play_digits(&mut self, ctx: &mut Context<'_>) {
        while let (Playing::Nothing, Some(&(key, transport))) =
            (&self.digits.now, self.digits.queue.front())
        {
            let way = self.way(transport);
            if matches!(way, Way::Wait) {
                return;
            }
            self.digits.queue.pop_front();
            self.digits.now = match way {
                _ if key == ',' => Playing::Pause { until: ctx.now + PAUSE },
                Way::Media => self.play(ctx, key, transport),
                Way::Info => self.send_info(ctx, key),
                Way::Wait | Way::None => {
                    let text = "the far side takes no telephone-event";
                    ctx.warn("digit-not-sent", text, Some(self.id));
                    Playing::Nothing
                }
            };
        }
    }

    fn way(&self, transport: DigitTransport) -> Way {
        let (State::Up(up), Some(peer)) = (&self.state, &self.peer) else { return Way::Wait };
        let is_agreed = peer.agreed.telephone_event;
        match transport {
            _ if !up.is_talking() => Way::Wait,
            DigitTransport::Auto | DigitTransport::Rtp if is_agreed => {
                if peer.path == Path::Connected { Way::Media } else { Way::Wait }
            }
            DigitTransport::Rtp => Way::None,
            DigitTransport::Auto | DigitTransport::Info => {
                if up.is_linked() {
                    Way::Info
                } else {
                    Way::Wait
                }
            }
        }
    }

    fn play(&self, ctx: &mut Context<'_>, digit: char, transport: DigitTransport) -> Playing {
        let digits = digit.to_string();
        let request = MediaRequest::Digits { digits, tone_ms: TONE_MS, gap_ms: GAP_MS };
        self.ask(ctx, request).map_or(Playing::Nothing, |ticket| Playing::Tone {
            digit,
            transport,
            ticket,
            until: ctx.now + TONE_PATIENCE,
        })
    }

    fn send_info(&mut self, ctx: &mut Context<'_>, digit: char) -> Playing {
        let State::Up(up) = &mut self.state else { return Playing::Nothing };
        let mut request = up.dialog.request(ctx.identity, Method::Info);
        let digits = digit.to_string();
        let (kind, body) = if self.digits.is_plain {
            ("application/dtmf", digits)
        } else {
            let duration = TONE_MS.to_string();
            let body = ["Signal=", &digits, "\r\nDuration=", &duration, "\r\n"].concat();
            ("application/dtmf-relay", body)
        };
        request.headers.push("Content-Type", kind);
        request.body = body.into_bytes();
        match ctx.send(request, Owner::Call(self.id, Usage::Info)) {
            Some(_) => Playing::Info { digit },
            None => Playing::Nothing,
        }
    }

    /// A tone was played.
    pub(super) fn on_digit_done(&mut self, ctx: &mut Context<'_>, done: char) {
        if matches!(self.digits.now, Playing::Tone { digit, .. } if digit == done.to_ascii_uppercase())
        {
            self.on_digit_through(ctx);
        }
    }

    /// Whether the peer could play the digit at all: if not, it goes by INFO.
    pub(super) fn on_digit_reply(
        &mut self,
        ctx: &mut Context<'_>,
        ticket: Ticket,
        reply: &MediaReply,
    ) {
        match self.digits.now {
            Playing::Tone { digit, transport, ticket: asked, .. }
                if asked == ticket && matches!(reply, MediaReply::Failed(_)) =>
            {
                self.digits.now = Playing::Nothing;
                if transport == DigitTransport::Rtp {
                    ctx.warn("digit-not-sent", "the browser could not play it", Some(self.id));
                } else {
                    self.digits.queue.push_front((digit, DigitTransport::Info));
                }
                self.play_digits(ctx);
            }
            _ => {} // Of a mute, or of a tone that is over.
        }
    }

    pub(super) fn on_info_answered(&mut self, ctx: &mut Context<'_>, status: u16) {
        match self.digits.now {
            Playing::Info { .. } if status < 300 => self.on_digit_through(ctx),
            Playing::Info { digit } if status == 415 && !self.digits.is_plain => {
                self.digits.is_plain = true;
                self.digits.now = self.send_info(ctx, digit);
            }
            Playing::Info { .. } => {
                ctx.warn("digit-not-sent", "the far side refused it", Some(self.id));
                self.digits.now = Playing::Nothing;
                self.play_digits(ctx);
            }
            _ => {}
        }
    }

    /// The link went under a digit: it goes again with the next.
    pub(super) fn on_info_lost(&mut self) {
        if let Playing::Info { digit } = self.digits.now {
            self.digits.queue.push_front((digit, DigitTransport::Info));
            self.digits.now = Playing::Nothing;
        }
    }

    pub(super) fn on_digit_timeout(&mut self, ctx: &mut Context<'_>) {
        match self.digits.now {
            Playing::Tone { until, .. } if until <= ctx.now => self.on_digit_through(ctx),
            Playing::Pause { until } if until <= ctx.now => {
                self.digits.now = Playing::Nothing;
                self.play_digits(ctx);
            }
            _ => {}
        }
    }

    fn on_digit_through(&mut self, ctx: &mut Context<'_>) {
        if let Playing::Tone { digit, .. } | Playing::Info { digit } = self.digits.now {
            ctx.tell(UaEvent::CallDigitSent { call: self.id.0, digit: digit.to_string() });
        }
        self.digits.now = Playing::Nothing;
        self.play_digits(ctx);
    }
}

/// The digit in an INFO of either usual kind; anything else is a message.
pub(super) fn received(content_type: &str, body: &str) -> Option<char> {
    let kind = before(content_type, b";").trim_ascii();
    let signal = if kind.eq_ignore_ascii_case("application/dtmf-relay") {
        pieces(body, b'\n').find_map(|line| {
            let (name, value) = cut(line, b'=')?;
            name.trim_ascii().eq_ignore_ascii_case("signal").then_some(value)
        })?
    } else if kind.eq_ignore_ascii_case("application/dtmf") {
        body
    } else {
        return None;
    };
    digit(signal.trim_ascii())
}

/// `5`, `*`, `d`, and the numbers of RFC 4733 §3.2 for what is no figure.
fn digit(signal: &str) -> Option<char> {
    let events = ["10", "11", "12", "13", "14", "15"];
    if let Some(at) = events.iter().position(|event| *event == signal) {
        return b"*#ABCD".get(at).map(|key| char::from(*key));
    }
    let mut letters = signal.chars();
    match (letters.next()?.to_ascii_uppercase(), letters.next()) {
        (key @ ('0'..='9' | '*' | '#' | 'A'..='D'), None) => Some(key),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_usual_form_of_a_digit_is_read() {
        for (kind, body, expected) in [
            ("application/dtmf-relay", "Signal=5\r\nDuration=160\r\n", Some('5')),
            ("application/dtmf-relay", "signal = *\nduration = 250", Some('*')),
            ("Application/DTMF-Relay; charset=utf-8", "Duration=1\r\nSignal=d", Some('D')),
            ("application/dtmf-relay", "Signal=11", Some('#')),
            ("application/dtmf", "7\r\n", Some('7')),
            ("application/dtmf", " 10 ", Some('*')),
            ("application/dtmf", "12x", None),
            ("application/dtmf-relay", "Duration=5", None),
            ("application/dtmf-relay", "Signal=", None),
            ("text/plain", "5", None),
        ] {
            assert_eq!(received(kind, body), expected, "{kind} {body:?}");
        }
    }
}
