//! Our own re-INVITE: the whole list of candidates, or an offer to another fork (RFC 3261 §14.1).

use std::time::Duration;

use crate::api::{Direction, EndCause, EndReason, EndedBy};
use crate::context::{Context, Owner, Usage};
use crate::dialog::contact;
use crate::error::ApiMisuse;
use crate::media::MediaRequest;
use crate::sip::{Message, Method};
use crate::time::Time;
use crate::transaction::{PATIENCE, TransactionId};

use super::negotiation::{Negotiation, Purpose};
use super::peer::{Path, Peer};
use super::{Call, State};

/// The extensions of a re-INVITE. Nothing in it waits for a person, so that no provisional answer
/// need be reliable (RFC 3262).
const EXTENSIONS: &str = "norefersub, outbound, replaces, timer";
/// How long sound may take to pass before the far side gets the whole list of candidates.
const CHECK: Duration = Duration::from_secs(2);
/// How long a re-INVITE waits for another negotiation to end.
const BUSY: Duration = Duration::from_millis(500);
/// How often a re-INVITE may cross with one of the far side before it is given up.
const ROUNDS: u8 = 8;
/// A Retry-After of so many seconds is waited for.
const MOMENT: u32 = 30;

/// Our own re-INVITE.
#[derive(Debug)]
pub(super) enum Reinvite {
    None,
    /// If no sound passes by then, one is needed.
    Check {
        at: Time,
    },
    /// It is being made, or waits for another negotiation or the link; the `round`th, from zero.
    Wanted {
        round: u8,
        at: Option<Time>,
    },
    /// It is out.
    Sent {
        id: TransactionId,
        round: u8,
        /// Then it is cancelled, unless it was already.
        until: Option<Time>,
    },
}

impl Reinvite {
    pub(super) fn check(now: Time) -> Self {
        Self::Check { at: now + CHECK }
    }

    pub(super) fn is(&self, id: TransactionId) -> bool {
        matches!(self, Self::Sent { id: sent, .. } if *sent == id)
    }

    pub(super) fn transaction_mut(&mut self) -> Option<&mut TransactionId> {
        match self {
            Self::Sent { id, .. } => Some(id),
            Self::None | Self::Check { .. } | Self::Wanted { .. } => None,
        }
    }

    const fn round(&self) -> u8 {
        match self {
            Self::Wanted { round, .. } | Self::Sent { round, .. } => *round,
            Self::None | Self::Check { .. } => 0,
        }
    }

    pub(super) fn deadline(&self) -> Option<Time> {
        match self {
            Self::Check { at } => Some(*at),
            Self::Wanted { at, .. } | Self::Sent { until: at, .. } => *at,
            Self::None => None,
        }
    }
}

impl Call {
    pub(super) fn on_reinvite_timeout(&mut self, ctx: &mut Context<'_>) {
        let State::Up(up) = &mut self.state else { return };
        if up.reinvite.deadline().is_none_or(|at| ctx.now < at) {
            return;
        }
        let is_open = self.peer.as_ref().is_some_and(Peer::is_still_silent);
        match &mut up.reinvite {
            Reinvite::Check { .. } if !is_open => up.reinvite = Reinvite::None,
            Reinvite::Sent { id, until, .. } => {
                *until = None;
                ctx.transactions.cancel(ctx.now, *id, &[], ctx.out);
            }
            _ => self.offer_again(ctx),
        }
    }

    /// `Renegotiate`.
    pub(super) fn renegotiate(
        &mut self,
        ctx: &mut Context<'_>,
        ice_restart: bool,
    ) -> Result<(), ApiMisuse> {
        if !matches!(self.state, State::Up(_)) {
            return Err(ApiMisuse::NotConnected(self.id));
        }
        self.want_offer(ctx, ice_restart);
        Ok(())
    }

    /// A re-INVITE is wanted, now or after the one that is under way.
    pub(super) fn want_offer(&mut self, ctx: &mut Context<'_>, ice_restart: bool) {
        if let State::Up(up) = &mut self.state {
            up.again = Some(ice_restart || up.again.unwrap_or(false));
            self.pursue(ctx);
        }
    }

    /// Nothing is under way any more: what else is wanted begins.
    pub(super) fn pursue(&mut self, ctx: &mut Context<'_>) {
        let is_behind = self.sound.held != self.told.held.0;
        let State::Up(up) = &mut self.state else { return };
        let is_free = matches!(up.reinvite, Reinvite::None | Reinvite::Check { .. });
        if is_free && (is_behind || up.again.is_some()) {
            up.restart = up.again.take().unwrap_or(false);
            up.reinvite = Reinvite::None;
            self.offer_again(ctx);
        }
    }

    /// Our offer came to nothing for good; the session stays as it was (RFC 3261 §14.1).
    pub(super) fn give_offer_up(&mut self, ctx: &mut Context<'_>, why: &str) {
        if let State::Up(up) = &mut self.state {
            up.reinvite = Reinvite::None;
            up.restart = false;
        }
        let is_hold = self.give_hold_up(ctx);
        let code = if is_hold { "hold-refused" } else { "renegotiation-refused" };
        ctx.warn(code, why, Some(self.id));
        self.pursue(ctx);
    }

    /// Makes an offer, or puts it off while another negotiation is under way.
    fn offer_again(&mut self, ctx: &mut Context<'_>) {
        let State::Up(up) = &mut self.state else { return };
        let is_asked = up.restart;
        let round = up.reinvite.round();
        if !up.is_linked() {
            up.reinvite = Reinvite::Wanted { round, at: None };
        } else if self.negotiation.is_stable() && up.unacked.is_none() {
            up.reinvite = Reinvite::Wanted { round, at: None };
            // What has failed begins anew; what only waits goes on.
            let failed = |peer: &Peer| matches!(peer.path, Path::Failed { .. });
            let ice_restart = is_asked || self.peer.as_ref().is_some_and(failed);
            self.describe(ctx, Purpose::Reinvite, MediaRequest::Offer { ice_restart });
        } else {
            up.reinvite = Reinvite::Wanted { round, at: Some(ctx.now + BUSY) };
        }
    }

    /// The offer of a re-INVITE is ready.
    pub(super) fn send_reinvite(&mut self, ctx: &mut Context<'_>, body: String) {
        let contact = self.contact(ctx);
        let State::Up(up) = &mut self.state else { return self.send_early_offer(ctx, body) };
        let mut request = up.dialog.request(ctx.identity, Method::Invite);
        request.headers.set("Contact", contact).set("Supported", EXTENSIONS);
        self.timer.ask(ctx.config, &mut request.headers);
        request.headers.push("Content-Type", "application/sdp");
        request.body = body.into_bytes();
        self.negotiation = Negotiation::Offered;
        match ctx.send(request, Owner::Call(self.id, Usage::Reinvite)) {
            Some(id) => {
                let until = Some(ctx.now + PATIENCE);
                up.reinvite = Reinvite::Sent { id, round: up.reinvite.round(), until };
            }
            None => self.put_off(ctx),
        }
    }

    pub(super) fn on_reinvite_accepted(
        &mut self,
        ctx: &mut Context<'_>,
        id: TransactionId,
        response: &Message<'_>,
    ) {
        let State::Up(up) = &mut self.state else { return };
        up.reinvite = Reinvite::None;
        up.restart = false;
        up.dialog.refresh_target(contact(response));
        self.timer.hear(ctx.now, response);
        let dialog = up.dialog.clone();
        self.acknowledge(ctx, id, &dialog, response);
        self.apply_or_end(ctx, response, EndCause::MediaChanged);
    }

    pub(super) fn on_reinvite_refused(
        &mut self,
        ctx: &mut Context<'_>,
        id: TransactionId,
        status: u16,
        response: &Message<'_>,
    ) {
        let is_whole = self.peer.as_ref().is_some_and(Peer::has_gathered_all);
        let talks = self.is_talking();
        let State::Up(up) = &mut self.state else { return };
        if !up.reinvite.is(id) {
            return;
        }
        let round = up.reinvite.round();
        let wait = match status {
            491 if round < ROUNDS => Some(glare_wait(ctx, self.direction)),
            422 if self.timer.raise(response) => Some(Duration::ZERO),
            488 if !is_whole && round == 0 => Some(CHECK),
            500.. if round < ROUNDS => retry_after(response),
            _ => None,
        };
        up.reinvite = wait.map_or(Reinvite::None, |wait| Reinvite::Wanted {
            round: round + 1,
            at: Some(ctx.now + wait),
        });
        self.take_offer_back(ctx);
        if wait.is_some() {
            return;
        }
        if talks {
            self.give_offer_up(ctx, &words(status, response));
        } else {
            // The fork that took the call does not take the sound.
            self.end(ctx, EndReason::of_refusal(response).into_media_failure(), 488);
        }
    }

    pub(super) fn on_reinvite_lost(&mut self, ctx: &mut Context<'_>, id: TransactionId) {
        if matches!(&self.state, State::Up(up) if up.reinvite.is(id)) {
            self.put_off(ctx);
        }
    }

    fn put_off(&mut self, ctx: &mut Context<'_>) {
        if let State::Up(up) = &mut self.state {
            up.reinvite = Reinvite::Wanted { round: up.reinvite.round(), at: None };
        }
        self.take_offer_back(ctx);
    }

    pub(super) fn take_offer_back(&mut self, ctx: &mut Context<'_>) {
        self.ask(ctx, MediaRequest::Rollback);
        self.negotiation = Negotiation::Stable;
    }

    /// Requests may leave again. (Whoever refreshes the dialog after a reconnect begins here.)
    pub(super) fn resume(&mut self, ctx: &mut Context<'_>) {
        let is_wanted = matches!(
            &self.state,
            State::Up(up) if matches!(up.reinvite, Reinvite::Wanted { at: None, .. })
        );
        // One that is being made leaves by itself.
        if is_wanted && !self.negotiation.is_for_reinvite() {
            self.offer_again(ctx);
        }
        self.play_digits(ctx);
    }

    /// All candidates are there: what was refused for want of them can be tried again.
    pub(super) fn on_gathered_all(&mut self, ctx: &mut Context<'_>) {
        if matches!(&self.state, State::Calling(calling) if !calling.is_waiting()) {
            self.call_with_whole_list(ctx);
        }
    }

    /// 408 or 481 inside the dialog ends it (RFC 3261 §12.2.1.2).
    pub(super) fn on_dialog_gone(
        &mut self,
        ctx: &mut Context<'_>,
        status: u16,
        response: &Message<'_>,
    ) {
        if self.is_ended() {
            return;
        }
        let reason = match status {
            481 => EndReason::new(EndedBy::Remote, EndCause::Hangup),
            _ => EndReason::new(EndedBy::Network, EndCause::Timeout),
        };
        self.end(ctx, reason.with_status(status).with_words_of(response), 408);
    }

    /// No answer inside the dialog counts as 408.
    pub(super) fn on_dialog_silent(&mut self, ctx: &mut Context<'_>) {
        if !self.is_ended() {
            self.end(ctx, EndReason::new(EndedBy::Network, EndCause::Timeout), 408);
        }
    }
}

/// How long to wait after a 491 (RFC 3261 §14.1): who owns the Call-ID waits 2.1 to 4 seconds, the
/// other up to 2, in steps of 10 ms.
fn glare_wait(ctx: &mut Context<'_>, direction: Direction) -> Duration {
    let (least, steps) = match direction {
        Direction::Outgoing => (2100, 191),
        Direction::Incoming => (0, 201),
    };
    Duration::from_millis(least + 10 * u64::from(ctx.ids.below(steps)))
}

/// How long a far side that is busy for a moment wants to be left alone (RFC 3261 §14.2).
fn retry_after(response: &Message<'_>) -> Option<Duration> {
    let seconds = response.retry_after().ok().flatten()?;
    (seconds <= MOMENT).then(|| Duration::from_secs(seconds.into()))
}

/// What a refusal says, with its Warning where there is one (RFC 3261 §20.43).
fn words(status: u16, response: &Message<'_>) -> String {
    let warning = response.header("Warning").unwrap_or_default();
    [&status.to_string(), " ", &response.reason(), " ", &warning].concat().trim_ascii().to_owned()
}
