//! A call that is passed on from here: REFER, and the NOTIFYs of how it goes (RFC 3515, RFC 4488,
//! RFC 7647; attended: RFC 3891 and RFC 5589).
//!
//! One transfer at a time for each call. What the far side says last decides: when it was taken
//! there the call ends here, when not it goes on. A far side that agrees and hangs up without a
//! further word has done it; one that says nothing at all within [`SILENCE`] has not.

use std::time::Duration;

use crate::api::{CallId, EndCause, EndReason, EndedBy, TransferState, UaEvent};
use crate::context::{Context, Owner, Usage};
use crate::error::ApiMisuse;
use crate::sip::{Message, Method, Reply};
use crate::text;
use crate::time::Time;
use crate::transaction::{LostWhy, TransactionId};

use super::{Asked, Call, Privacy, State, draft, reason};

/// How long a first, or a last, word is waited for (timer N of RFC 6665 §4.1.2.4).
const SILENCE: Duration = Duration::from_secs(32);
/// How long the next word may take where the far side does not tell.
const RINGS: Duration = Duration::from_secs(180);
/// No lifetime of the far side's is taken for more, in seconds.
const LONGEST: u32 = 600;

/// Whom a call is passed on to, made out by the agent.
#[derive(Debug)]
pub(crate) struct Destination {
    /// As the page is told of it.
    pub(crate) target: String,
    /// The value of Refer-To.
    pub(crate) refer_to: String,
    /// The call whose far side it is.
    pub(crate) other: Option<CallId>,
}

/// What one call has for another; the agent passes it on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Word {
    /// Its far side and that of another call are connected: it is over.
    HandedOver,
    /// They are not after all.
    Kept,
    /// Another call has come in its place.
    Replaced,
    /// The call that its far side asked for came to this status.
    Progress(CallId, u16),
    /// The call that its far side asks for is to be made.
    Dial,
}

/// A transfer that was asked for.
#[derive(Debug)]
pub(super) struct Transfer {
    target: String,
    other: Option<CallId>,
    /// Whether more is wanted than the far side's consent.
    progress: bool,
    /// CSeq of the REFER: what is told of a lower one is told of an earlier transfer.
    number: u32,
    told: TransferState,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    /// The REFER is out.
    Asked { refer: TransactionId },
    /// The far side agreed; its next word is waited for until then.
    Agreed { until: Time },
}

impl Transfer {
    pub(super) const fn deadline(&self) -> Option<Time> {
        match self.stage {
            Stage::Asked { .. } => None,
            Stage::Agreed { until } => Some(until),
        }
    }

    pub(super) const fn transaction_mut(&mut self) -> Option<&mut TransactionId> {
        match &mut self.stage {
            Stage::Asked { refer } => Some(refer),
            Stage::Agreed { .. } => None,
        }
    }

    fn tell(
        &mut self,
        ctx: &mut Context<'_>,
        call: CallId,
        state: TransferState,
        status: Option<u16>,
        cause: Option<EndCause>,
    ) {
        self.told = state;
        ctx.tell(UaEvent::CallTransfer {
            call: call.0,
            state,
            target: self.target.clone(),
            other: self.other.map(|other| other.0),
            sip_status: status,
            cause,
        });
    }
}

impl Call {
    /// Asks the far side to call somebody else.
    ///
    /// # Errors
    ///
    /// [`ApiMisuse::NotConnected`], [`ApiMisuse::TransferInProgress`], [`ApiMisuse::BadHeader`].
    pub(crate) fn transfer(
        &mut self,
        ctx: &mut Context<'_>,
        to: Destination,
        headers: &[(String, String)],
        progress: bool,
    ) -> Result<(), ApiMisuse> {
        draft::check_headers(headers, None)?;
        let is_anonymous = self.privacy == Privacy::Anonymous;
        let contact = self.contact(ctx);
        let State::Up(up) = &mut self.state else {
            return Err(ApiMisuse::NotConnected(self.id));
        };
        if !up.is_talking() {
            return Err(ApiMisuse::NotConnected(self.id));
        }
        if self.transfer.is_some() {
            return Err(ApiMisuse::TransferInProgress(self.id));
        }
        let mut request = up.dialog.request(ctx.identity, Method::Refer);
        let number = up.dialog.last_cseq();
        request.headers.set("Contact", contact).push("Refer-To", to.refer_to);
        if !is_anonymous {
            request.headers.push("Referred-By", ["<", &ctx.identity.aor, ">"].concat());
        }
        if !progress {
            request.headers.push("Refer-Sub", "false");
        }
        for (name, value) in headers {
            request.headers.push(name, value);
        }
        let sent = ctx.send(request, Owner::Call(self.id, Usage::Refer));
        let mut transfer = Transfer {
            target: to.target,
            other: to.other,
            progress,
            number,
            told: TransferState::Requested,
            stage: sent.map_or(Stage::Agreed { until: ctx.now }, |refer| Stage::Asked { refer }),
        };
        transfer.tell(ctx, self.id, TransferState::Requested, None, None);
        self.transfer = Some(Box::new(transfer));
        if sent.is_none() {
            self.fail_transfer(ctx, EndCause::Network, None);
        }
        Ok(())
    }

    /// A final answer to REFER, other than a challenge that can be met.
    pub(super) fn on_refer_answered(
        &mut self,
        ctx: &mut Context<'_>,
        id: TransactionId,
        response: &Message<'_>,
    ) {
        let call = self.id;
        let Some(transfer) = self.asking(id) else { return };
        let status = response.status().unwrap_or_default();
        let is_last = !transfer.progress
            || response.header("Refer-Sub").is_some_and(|it| it.eq_ignore_ascii_case("false"));
        match status {
            200..=299 if is_last => self.complete_transfer(ctx, None),
            200..=299 => {
                transfer.stage = Stage::Agreed { until: ctx.now + SILENCE };
                if transfer.told == TransferState::Requested {
                    transfer.tell(ctx, call, TransferState::Trying, None, None);
                }
            }
            481 => self.on_dialog_gone(ctx, status, response),
            _ => self.fail_transfer(ctx, reason::by_status(status), Some(status)),
        }
    }

    /// The REFER was not answered. The call itself may well be alive: many servers do not know
    /// the method.
    pub(super) fn on_refer_lost(&mut self, ctx: &mut Context<'_>, id: TransactionId, why: LostWhy) {
        if self.asking(id).is_some() {
            let cause = match why {
                LostWhy::Transport => EndCause::Network,
                LostWhy::Timeout | LostWhy::NoAck => EndCause::Timeout,
            };
            self.fail_transfer(ctx, cause, None);
        }
    }

    fn asking(&mut self, id: TransactionId) -> Option<&mut Transfer> {
        self.transfer
            .as_deref_mut()
            .filter(|it| matches!(it.stage, Stage::Asked { refer } if refer == id))
    }

    /// A NOTIFY inside the dialog.
    pub(super) fn on_notify(
        &mut self,
        ctx: &mut Context<'_>,
        server: TransactionId,
        reply: &Reply,
        request: &Message<'_>,
    ) {
        let event = request.event().ok().flatten();
        if event.is_some_and(|event| event.value().eq_ignore_ascii_case("refer")) {
            self.on_transfer_news(ctx, server, reply, request);
        } else {
            let mut response = reply.response(489);
            response.headers.push("Allow-Events", "refer");
            ctx.respond(server, &response);
        }
    }

    /// A NOTIFY of a transfer, which may come before the answer to its REFER.
    fn on_transfer_news(
        &mut self,
        ctx: &mut Context<'_>,
        server: TransactionId,
        reply: &Reply,
        request: &Message<'_>,
    ) {
        let event = request.event().ok().flatten();
        // The first REFER may be told of without a number (RFC 3515 §2.4.6); one that was counted
        // up on its way is told of by the higher one.
        let number = event.and_then(|event| event.param("id")?.parse::<u32>().ok());
        let known = self.transfer.as_mut().filter(|it| number.is_none_or(|id| id >= it.number));
        let Some(transfer) = known else {
            ctx.respond(server, &reply.response(481));
            return;
        };
        ctx.respond(server, &reply.response(200));
        let state = request.subscription_state().ok().flatten();
        let lifetime = state.as_ref().and_then(|state| state.param("expires")?.parse().ok());
        let is_over = state.is_some_and(|it| it.value().eq_ignore_ascii_case("terminated"));
        let id = self.id;
        match status_of(request.body()) {
            Some(status @ 200..=299) => self.complete_transfer(ctx, Some(status)),
            Some(status @ 300..) => {
                self.fail_transfer(ctx, reason::by_status(status), Some(status));
            }
            status => {
                let news = match status {
                    Some(101..) => TransferState::Ringing,
                    _ => TransferState::Trying,
                };
                if news as u8 > transfer.told as u8 {
                    transfer.tell(ctx, id, news, status, None);
                }
                if let Stage::Agreed { until } = &mut transfer.stage {
                    *until = ctx.now + patience(is_over, lifetime);
                }
            }
        }
    }

    pub(super) fn on_transfer_timeout(&mut self, ctx: &mut Context<'_>) {
        let due = self.transfer.as_ref().and_then(|transfer| transfer.deadline());
        if due.is_some_and(|until| until <= ctx.now) {
            self.fail_transfer(ctx, EndCause::Timeout, None);
        }
    }

    /// It was taken there.
    fn complete_transfer(&mut self, ctx: &mut Context<'_>, status: Option<u16>) {
        let Some(mut transfer) = self.transfer.take() else { return };
        transfer.tell(ctx, self.id, TransferState::Accepted, status, None);
        if let Some(other) = transfer.other {
            ctx.words.push((other, Word::HandedOver));
        }
        self.end(ctx, EndReason::new(EndedBy::Local, EndCause::Replaced), 487);
    }

    fn fail_transfer(&mut self, ctx: &mut Context<'_>, cause: EndCause, status: Option<u16>) {
        let Some(mut transfer) = self.transfer.take() else { return };
        transfer.tell(ctx, self.id, TransferState::Failed, status, Some(cause));
        if let Some(other) = transfer.other {
            ctx.words.push((other, Word::Kept));
        }
    }

    /// The call ends while it is being transferred. Whoever hangs up after the far side agreed
    /// leaves the rest to it. Gives the reason in the light of that.
    pub(super) fn end_transfer(&mut self, ctx: &mut Context<'_>, reason: EndReason) -> EndReason {
        let is_hangup = reason.cause == EndCause::Hangup;
        let mut is_passed_on =
            self.is_handed_over || self.asked.as_ref().is_some_and(|it| it.is_agreed());
        if let Some(mut transfer) = self.transfer.take() {
            if is_hangup && matches!(transfer.stage, Stage::Agreed { .. }) {
                is_passed_on = true;
                transfer.tell(ctx, self.id, TransferState::Accepted, None, None);
            } else {
                let (status, cause) = (reason.sip_status, Some(reason.cause));
                transfer.tell(ctx, self.id, TransferState::Failed, status, cause);
                if let Some(other) = transfer.other {
                    ctx.words.push((other, Word::Kept));
                }
            }
        }
        let is_replaced = is_passed_on && is_hangup && reason.by == EndedBy::Remote;
        EndReason { cause: if is_replaced { EndCause::Replaced } else { reason.cause }, ..reason }
    }

    /// Another call has news for this one. `Dial` is the agent's.
    pub(crate) fn on_word(&mut self, ctx: &mut Context<'_>, word: Word) {
        if self.is_ended() {
            return;
        }
        match word {
            Word::HandedOver => {
                self.end(ctx, EndReason::new(EndedBy::Local, EndCause::Replaced), 487);
            }
            Word::Kept => self.is_handed_over = false,
            Word::Replaced => {
                self.asked = Some(Box::new(Asked::Done { until: ctx.now }));
                self.end(ctx, EndReason::new(EndedBy::Remote, EndCause::Replaced), 487);
            }
            Word::Progress(call, status) => self.notify_progress(ctx, call, status),
            Word::Dial => {}
        }
    }
}

/// How long the next word may take: after the last one only the end of the call can come.
fn patience(is_over: bool, lifetime: Option<u32>) -> Duration {
    match lifetime {
        _ if is_over => SILENCE,
        Some(seconds) => Duration::from_secs(seconds.min(LONGEST).into()).max(SILENCE),
        None => RINGS,
    }
}

/// The status in a sipfrag (RFC 3420), wherever in it the line begins and whatever is around it.
fn status_of(body: &[u8]) -> Option<u16> {
    let body = String::from_utf8_lossy(body.get(..1024).unwrap_or(body));
    let (_, rest) = text::split_once(&body, "SIP/2.0")?;
    let digits = text::part(rest.trim_ascii_start(), 0..3);
    digits.parse().ok().filter(|status| (100..=699).contains(status))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_is_found_in_odd_fragments_too() {
        for body in [
            "SIP/2.0 180 Ringing\r\n",
            "SIP/2.0 180",
            "\r\n\r\nSIP/2.0  180 Ringing\r\nContent-Length: 0\r\n\r\n",
            "SIP/2.0 180 Klingelt \u{fc}\r\nTo: <sip:x@y>\r\n",
            "INVITE sip:x SIP/2.0 180 odd",
        ] {
            assert_eq!(status_of(body.as_bytes()), Some(180), "{body:?}");
        }
        for body in ["", "180 Ringing", "SIP/2.0", "SIP/2.0 1", "SIP/2.0 099 x", "SIP/2.0 x80 y"] {
            assert_eq!(status_of(body.as_bytes()), None, "{body:?}");
        }
        let (far, wide) = ([b' '; 2000], [0xff; 2000]);
        assert_eq!((status_of(&far), status_of(&wide)), (None, None));
    }
}
