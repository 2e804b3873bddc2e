//! Session timers: a call whose far side is gone without a word ends all the same (RFC 4028).
//!
//! Half-way through the interval who refreshes sends UPDATE where the far side takes it, else a
//! re-INVITE, and goes on trying; every 2xx to either begins the interval anew. Before it is over
//! both sides hang up (§10). A page may have slept through all that: the time that is over says
//! nothing of the far side then, so that it is asked before the call is given up.

use std::time::Duration;

use crate::api::{Config, EndCause, EndReason, EndedBy};
use crate::context::{Context, Owner, Usage};
use crate::dialog::contact;
use crate::sip::{Headers, Message, Method, Refresher};
use crate::time::{Time, soonest};
use crate::transaction::TransactionId;

use super::{Call, State};

/// The shortest interval that may be asked for, in seconds (RFC 4028 §4).
pub(crate) const LEAST: u32 = 90;
/// A far side that wants a longer one at least is not followed, in seconds.
const MOST: u32 = 7200;
/// How often a call asks for more because less was refused.
const RAISES: u8 = 3;
/// No interval of a far side is taken for less, in seconds.
const SHORTEST: u32 = 20;
/// How long after a refresh that brought no 2xx the next leaves.
const AGAIN: Duration = Duration::from_secs(10);
/// A deadline that falls this late was slept through.
const LATE: Duration = Duration::from_secs(2);

/// The session timer of a call.
#[derive(Debug, Default)]
pub(super) struct SessionTimer {
    running: Running,
    /// What the far side takes at least, in seconds, once it has refused less.
    least: u32,
    raises: u8,
    takes_update: bool,
}

#[derive(Debug, Default)]
enum Running {
    /// The call goes on until someone hangs up.
    #[default]
    Off,
    On {
        seconds: u32,
        refresher: Refresh,
        end_at: Time,
    },
}

/// Who sees to it that the interval begins anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refresh {
    Ours { at: Time },
    Theirs,
}

/// What is to be done now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Due {
    Nothing,
    Refresh,
    End,
}

/// What a request of the far side asks for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Proposal {
    is_supported: bool,
    takes_update: bool,
    seconds: Option<u32>,
    refresher: Option<Refresher>,
    least: u32,
}

impl Proposal {
    pub(super) fn of(request: &Message<'_>) -> Self {
        let expires = request.session_expires().ok().flatten();
        Self {
            is_supported: request.lists("Supported", "timer"),
            takes_update: request.lists("Allow", "UPDATE"),
            seconds: expires.as_ref().map(|it| it.seconds),
            refresher: expires.and_then(|it| it.refresher),
            least: request.min_se().ok().flatten().unwrap_or_default(),
        }
    }
}

/// Whether a request asks for less than may be, and understands that it is told (RFC 4028 §9).
pub(crate) fn is_too_short(request: &Message<'_>) -> bool {
    let asked = Proposal::of(request);
    asked.is_supported && asked.seconds.is_some_and(|seconds| seconds < LEAST)
}

/// How long before the end of the interval the call is given up (RFC 4028 §10).
fn margin(seconds: u32) -> Duration {
    Duration::from_secs(u64::from(seconds / 3).min(32))
}

impl SessionTimer {
    /// Asks for a session timer, in an INVITE or a refresh (RFC 4028 §7.1, §7.4).
    pub(super) fn ask(&self, config: &Config, headers: &mut Headers) {
        let (seconds, refresher) = match self.running {
            Running::On { seconds, refresher: Refresh::Theirs, .. } => (seconds, ";refresher=uas"),
            Running::On { seconds, .. } => (seconds, ";refresher=uac"),
            Running::Off => (config.session_expires, ""),
        };
        if seconds > 0 {
            let least = self.least.max(LEAST);
            let value = [&seconds.max(least).to_string(), refresher].concat();
            headers.set("Session-Expires", value).set("Min-SE", least.to_string());
        }
    }

    /// Takes what a 2xx to one of these says. Without a word there is no timer (§7.2).
    pub(super) fn hear(&mut self, now: Time, response: &Message<'_>) {
        if response.header("Allow").is_some() {
            self.takes_update = response.lists("Allow", "UPDATE");
        }
        match response.session_expires() {
            Ok(Some(it)) => self.begin(now, it.seconds, it.refresher != Some(Refresher::Uas)),
            Ok(None) | Err(_) => self.running = Running::Off,
        }
    }

    /// Answers what a request asks for, in its 2xx (RFC 4028 §9, table 2). Where it is left to
    /// us, roles stay as they are, and begin with the far side: it may be no page that sleeps.
    pub(super) fn answer(&mut self, ctx: &Context<'_>, asked: Proposal, headers: &mut Headers) {
        self.takes_update = asked.takes_update;
        let wished = Some(ctx.config.session_expires).filter(|it| *it > 0 && asked.is_supported);
        let seconds = asked.seconds.or_else(|| wished.map(|it| it.max(asked.least).max(LEAST)));
        let Some(seconds) = seconds else {
            self.running = Running::Off;
            return;
        };
        let is_ours = match (asked.is_supported, asked.refresher) {
            (false, _) | (_, Some(Refresher::Uas)) => true,
            (_, Some(Refresher::Uac)) => false,
            (_, None) => {
                matches!(self.running, Running::On { refresher: Refresh::Ours { .. }, .. })
            }
        };
        let refresher = if is_ours { ";refresher=uas" } else { ";refresher=uac" };
        headers.push("Session-Expires", [&seconds.to_string(), refresher].concat());
        if asked.is_supported {
            headers.push("Require", "timer");
        }
        self.begin(ctx.now, seconds, is_ours);
    }

    fn begin(&mut self, now: Time, seconds: u32, is_ours: bool) {
        let seconds = seconds.max(SHORTEST);
        let interval = Duration::from_secs(seconds.into());
        let refresher =
            if is_ours { Refresh::Ours { at: now + interval / 2 } } else { Refresh::Theirs };
        let end_at = now + interval.saturating_sub(margin(seconds));
        self.running = Running::On { seconds, refresher, end_at };
    }

    /// Whether more can be asked for after a 422 (RFC 4028 §7.3).
    pub(super) fn raise(&mut self, response: &Message<'_>) -> bool {
        let least = response.min_se().ok().flatten().unwrap_or_default();
        let is_sane = least > self.least.max(LEAST) && least <= MOST && self.raises < RAISES;
        if is_sane {
            self.least = least;
            self.raises += 1;
        }
        is_sane
    }

    pub(super) fn deadline(&self) -> Option<Time> {
        match self.running {
            Running::Off => None,
            Running::On { refresher: Refresh::Ours { at }, end_at, .. } => {
                soonest(Some(at), Some(end_at))
            }
            Running::On { end_at, .. } => Some(end_at),
        }
    }

    /// Also puts off what is due, so that it is tried again or given up if nothing comes of it.
    fn due(&mut self, now: Time, is_linked: bool) -> Due {
        let Running::On { seconds, refresher, end_at } = &mut self.running else {
            return Due::Nothing;
        };
        let missed = match refresher {
            Refresh::Ours { at } if now >= *at => Some(std::mem::replace(at, now + AGAIN)),
            _ => None,
        };
        let ended = Some(*end_at).filter(|end_at| now >= *end_at);
        if missed.or(ended).is_none() {
            return Due::Nothing;
        }
        let slept = [missed, ended].iter().flatten().any(|at| now.since(*at) > LATE);
        match (ended, is_linked) {
            (Some(_), true) if !slept => return Due::End,
            // Nothing could be heard either: as soon as it can, we ask.
            (Some(_), false) => {
                *refresher = Refresh::Ours { at: now + AGAIN };
                *end_at = now + AGAIN + margin(*seconds);
            }
            (Some(_), true) => *end_at = now + margin(*seconds),
            (None, _) => {}
        }
        if is_linked { Due::Refresh } else { Due::Nothing }
    }
}

impl Call {
    pub(super) fn on_session_timeout(&mut self, ctx: &mut Context<'_>) {
        let State::Up(up) = &self.state else { return };
        match self.timer.due(ctx.now, up.is_linked()) {
            Due::Nothing => {}
            Due::Refresh => self.refresh_session(ctx),
            Due::End => self.end(ctx, EndReason::new(EndedBy::Network, EndCause::Timeout), 408),
        }
    }

    fn refresh_session(&mut self, ctx: &mut Context<'_>) {
        if !self.timer.takes_update {
            self.want_offer(ctx, false);
            return;
        }
        let contact = self.contact(ctx);
        let State::Up(up) = &mut self.state else { return };
        let mut request = up.dialog.request(ctx.identity, Method::Update);
        request.headers.set("Contact", contact);
        self.timer.ask(ctx.config, &mut request.headers);
        ctx.send(request, Owner::Call(self.id, Usage::Update));
    }

    /// The answer to an UPDATE of ours, but 408 and 481. What fails is tried again in time.
    pub(super) fn on_refresh_answered(
        &mut self,
        ctx: &mut Context<'_>,
        status: u16,
        response: &Message<'_>,
    ) {
        let State::Up(up) = &mut self.state else { return };
        match status {
            200..=299 => {
                up.dialog.refresh_target(contact(response));
                self.timer.hear(ctx.now, response);
            }
            405 | 501 => {
                self.timer.takes_update = false;
                self.refresh_session(ctx);
            }
            422 if self.timer.raise(response) => self.refresh_session(ctx),
            _ => {}
        }
    }

    /// After a 422 to the INVITE: once more, with what the far side takes at least.
    pub(super) fn call_with_longer_timer(
        &mut self,
        ctx: &mut Context<'_>,
        id: TransactionId,
        response: &Message<'_>,
    ) -> bool {
        if !self.timer.raise(response) {
            return false;
        }
        let Some(mut request) = ctx.transactions.sent(id).cloned() else { return false };
        self.timer.ask(ctx.config, &mut request.headers);
        self.call_again(ctx, request)
    }
}
