//! A subscription, RFC 6665 §4.1: SUBSCRIBE, its refreshes, and the dialog that a NOTIFY makes.
//!
//! The first NOTIFY makes the dialog, before or after the 2xx; the NOTIFY of another fork is
//! answered 481, which ends that fork's subscription (§4.4.1). A subscription whose connection is
//! lost is made anew on the next one: its route set leads to the old. What a NOTIFY does is in
//! `subscription/notified.rs`.

mod notified;

use std::time::Duration;

use super::{Heard, LONGEST, Wish, failed, is_passing, refresh_at, refused};
use crate::agent::FlowId;
use crate::api::{FailureReason, SubscriptionState, UaEvent};
use crate::auth::Attempts;
use crate::context::Context;
use crate::dialog::Dialog;
use crate::package::{Package, accepted};
use crate::sip::{Message, Method};
use crate::time::Time;
use crate::transaction::{PATIENCE, TransactionId};

/// The part of a subscription's errand that is its own.
#[derive(Default)]
pub(super) struct Subscription {
    stage: Stage,
    flow: Option<FlowId>,
    dialog: Option<Dialog>,
    /// What the last 2xx granted, in seconds.
    granted: Option<u32>,
    told: Option<(SubscriptionState, Option<FailureReason>)>,
    package: Package,
    /// When the whole state was last asked for because a part of it was missing.
    missed: Option<Time>,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Stage {
    /// The notifier knows nothing. It is asked when the line is ready.
    #[default]
    Idle,
    /// Refused, or ended by the notifier, for a while.
    Resting { until: Time },
    /// Asked. Without a NOTIFY until timer N it has failed (§4.1.2.4).
    Asked { timer_n: Time },
    /// The notifier tells until then.
    Running { since: Time, refresh_at: Time, until: Time },
    /// Unsubscribed; the last NOTIFY is awaited until timer N.
    Ending { timer_n: Time },
}

impl Subscription {
    pub(super) fn deadline(&self) -> Option<Time> {
        match self.stage {
            Stage::Idle => None,
            Stage::Resting { until: due }
            | Stage::Asked { timer_n: due }
            | Stage::Running { refresh_at: due, .. }
            | Stage::Ending { timer_n: due } => Some(due),
        }
    }
}

/// Each function that gives a `bool` says whether the errand is over.
impl Subscription {
    /// The line is ready: what is not on its flow is asked there.
    pub(super) fn on_ready(&mut self, wish: &mut Wish, ctx: &mut Context<'_>) -> bool {
        let flow = ctx.identity.flow;
        match self.stage {
            Stage::Resting { .. } | Stage::Ending { .. } => false,
            Stage::Idle => self.subscribe_anew(wish, ctx),
            Stage::Asked { .. } | Stage::Running { .. } => {
                self.flow != flow && self.subscribe_anew(wish, ctx)
            }
        }
    }

    /// In a dialog of its own, whatever was before.
    fn subscribe_anew(&mut self, wish: &mut Wish, ctx: &mut Context<'_>) -> bool {
        wish.call_id = ctx.ids.token();
        wish.tag = ctx.ids.token();
        wish.cseq = 0;
        wish.attempts = Attempts::default();
        let (flow, timer_n) = (ctx.identity.flow, ctx.now + PATIENCE);
        self.dialog = None;
        self.granted = None;
        self.package = Package::default();
        self.flow = flow;
        self.stage = Stage::Asked { timer_n };
        self.show(wish, ctx, SubscriptionState::Pending, None);
        self.send_subscribe(wish, ctx)
    }

    /// The first SUBSCRIBE, the next one, or the last.
    fn send_subscribe(&mut self, wish: &mut Wish, ctx: &mut Context<'_>) -> bool {
        let is_last = matches!(self.stage, Stage::Ending { .. });
        let in_dialog = self.dialog.as_mut();
        let next = in_dialog.map(|dialog| dialog.request(ctx.identity, Method::Subscribe));
        let is_first = next.is_none();
        let mut request = next.unwrap_or_else(|| wish.draft(ctx, Method::Subscribe));
        let seconds = if is_last { 0 } else { wish.wished() };
        wish.expire(&mut request, seconds);
        let accept = wish.ask.accept.as_deref().unwrap_or_else(|| accepted(&wish.ask.event));
        if !accept.is_empty() {
            request.headers.push("Accept", accept);
        }
        if is_first {
            wish.fill(&mut request);
        }
        if wish.send(ctx, request) {
            return false;
        }
        if is_last {
            return self.terminate(wish, ctx, None);
        }
        // The line has no connection, and will say when it has.
        self.stage = Stage::Idle;
        false
    }

    /// The page wants the whole state again.
    pub(super) fn resubscribe(&mut self, wish: &mut Wish, ctx: &mut Context<'_>) -> bool {
        if wish.out.is_some() {
            return false;
        }
        match self.stage {
            Stage::Running { since, until, .. } => {
                self.stage = Stage::Running { since, refresh_at: until, until };
                self.send_subscribe(wish, ctx)
            }
            Stage::Resting { .. } => self.subscribe_anew(wish, ctx),
            Stage::Idle | Stage::Asked { .. } | Stage::Ending { .. } => false,
        }
    }

    pub(super) fn unsubscribe(&mut self, wish: &mut Wish, ctx: &mut Context<'_>) -> bool {
        let timer_n = ctx.now + PATIENCE;
        match self.stage {
            Stage::Ending { .. } => false,
            Stage::Running { .. } => {
                self.stage = Stage::Ending { timer_n };
                self.send_subscribe(wish, ctx)
            }
            // Nobody knows of it, or else the 481 to the first NOTIFY ends it.
            Stage::Idle | Stage::Resting { .. } | Stage::Asked { .. } => {
                self.terminate(wish, ctx, None)
            }
        }
    }

    pub(super) fn on_flow_lost(&mut self, wish: &Wish, ctx: &mut Context<'_>, flow: FlowId) {
        let is_up = matches!(self.stage, Stage::Asked { .. } | Stage::Running { .. });
        if self.flow == Some(flow) && is_up {
            self.stage = Stage::Idle;
            self.dialog = None;
            self.show(wish, ctx, SubscriptionState::Pending, Some(failed("network")));
        }
    }

    pub(super) fn on_answered(
        &mut self,
        wish: &mut Wish,
        ctx: &mut Context<'_>,
        id: TransactionId,
        response: &Message<'_>,
    ) -> bool {
        let status = match wish.hear(ctx, id, response) {
            Heard::Nothing => return false,
            Heard::Again => return self.send_subscribe(wish, ctx),
            Heard::Final(status) => status,
        };
        let stage = self.stage;
        match (stage, status) {
            // After a 2xx to the last one the last NOTIFY follows.
            (Stage::Idle | Stage::Resting { .. }, _) | (Stage::Ending { .. }, 200..=299) => false,
            (Stage::Ending { .. }, _) => self.terminate(wish, ctx, None),
            (_, 200..=299) => {
                self.grant(wish, ctx, response);
                false
            }
            // The notifier has forgotten us (§4.1.2.2).
            (Stage::Running { .. }, 481) => self.start_over(wish, ctx, refused(response)),
            // What was granted still holds.
            (Stage::Running { since, until, .. }, _) if is_passing(status) => {
                let told = response.retry_after().ok().flatten();
                let refresh_at = wish.next_try(ctx, told).min(until);
                self.stage = Stage::Running { since, refresh_at, until };
                false
            }
            (Stage::Asked { .. }, _) if is_passing(status) => {
                let told = response.retry_after().ok().flatten();
                self.rest(wish, ctx, told, Some(refused(response)))
            }
            _ => self.terminate(wish, ctx, Some(refused(response))),
        }
    }

    fn grant(&mut self, wish: &mut Wish, ctx: &mut Context<'_>, response: &Message<'_>) {
        let told = response.expires().ok().flatten();
        let granted = told.unwrap_or_else(|| wish.wished());
        self.granted = Some(granted);
        if let Stage::Running { since, .. } = self.stage {
            self.forgive(wish, ctx);
            self.run(wish, ctx, since, granted);
        }
    }

    /// The notifier tells for so many seconds.
    fn run(&mut self, wish: &Wish, ctx: &mut Context<'_>, since: Time, seconds: u32) {
        let seconds = seconds.clamp(SHORTEST, LONGEST);
        let until = ctx.now + Duration::from_secs(seconds.into());
        let is_once = wish.ask.expires == Some(0);
        // What is asked once is not asked again.
        let refresh_at = if is_once { ctx.now + PATIENCE } else { refresh_at(ctx, seconds) };
        self.stage = Stage::Running { since, refresh_at, until };
    }

    pub(super) fn on_lost(&mut self, wish: &mut Wish, ctx: &mut Context<'_>, code: &str) -> bool {
        match self.stage {
            Stage::Ending { .. } => self.terminate(wish, ctx, None),
            Stage::Asked { .. } => self.rest(wish, ctx, None, Some(failed(code))),
            // The one that is due next may be answered; if not, it ends with its time.
            Stage::Running { since, until, .. } => {
                let refresh_at = wish.next_try(ctx, None).min(until);
                self.stage = Stage::Running { since, refresh_at, until };
                false
            }
            Stage::Idle | Stage::Resting { .. } => false,
        }
    }

    pub(super) fn on_timeout(&mut self, wish: &mut Wish, ctx: &mut Context<'_>) -> bool {
        match self.stage {
            Stage::Idle => false,
            Stage::Resting { .. } => {
                self.stage = Stage::Idle;
                ctx.identity.flow.is_some() && self.subscribe_anew(wish, ctx)
            }
            Stage::Asked { .. } => self.terminate(wish, ctx, Some(failed("timeout"))),
            Stage::Ending { .. } => self.terminate(wish, ctx, None),
            Stage::Running { .. } if wish.ask.expires == Some(0) => self.terminate(wish, ctx, None),
            Stage::Running { until, .. } if until <= ctx.now => {
                wish.out = None;
                self.rest(wish, ctx, None, Some(failed("timeout")))
            }
            Stage::Running { since, until, .. } => {
                self.stage = Stage::Running { since, refresh_at: until, until };
                wish.out.is_none() && self.send_subscribe(wish, ctx)
            }
        }
    }

    /// One that was up for long enough was no failure.
    fn forgive(&self, wish: &mut Wish, ctx: &Context<'_>) {
        if let Stage::Running { since, .. } = self.stage
            && ctx.now.since(since) >= PATIENCE
        {
            wish.failures = 0;
        }
    }

    /// It is asked for anew, at once unless that was tried just now.
    fn start_over(
        &mut self,
        wish: &mut Wish,
        ctx: &mut Context<'_>,
        reason: FailureReason,
    ) -> bool {
        self.forgive(wish, ctx);
        if wish.failures > 0 {
            return self.rest(wish, ctx, None, Some(reason));
        }
        wish.failures = 1;
        self.subscribe_anew(wish, ctx)
    }

    /// It is asked for anew after a while, and not before `told` seconds.
    fn rest(
        &mut self,
        wish: &mut Wish,
        ctx: &mut Context<'_>,
        told: Option<u32>,
        reason: Option<FailureReason>,
    ) -> bool {
        let until = wish.next_try(ctx, told);
        self.dialog = None;
        self.stage = Stage::Resting { until };
        self.show(wish, ctx, SubscriptionState::Pending, reason);
        false
    }

    fn terminate(
        &mut self,
        wish: &Wish,
        ctx: &mut Context<'_>,
        reason: Option<FailureReason>,
    ) -> bool {
        self.tell_terminated(wish, ctx, reason);
        true
    }

    pub(super) fn tell_terminated(
        &mut self,
        wish: &Wish,
        ctx: &mut Context<'_>,
        reason: Option<FailureReason>,
    ) {
        self.show(wish, ctx, SubscriptionState::Terminated, reason);
    }

    /// Tells the page, if it is news.
    fn show(
        &mut self,
        wish: &Wish,
        ctx: &mut Context<'_>,
        state: SubscriptionState,
        reason: Option<FailureReason>,
    ) {
        let id = wish.id.0;
        let is_told = self.told.as_ref().is_some_and(|told| told.0 == state && told.1 == reason);
        if is_told {
            return;
        }
        self.told = Some((state, reason.clone()));
        let expires_in = match self.stage {
            Stage::Running { until, .. } => u32::try_from(until.since(ctx.now).as_secs()).ok(),
            _ => None,
        };
        ctx.tell(UaEvent::Subscription { id, state, expires_in, reason });
    }
}

/// A notifier that grants less is asked no more often, in seconds.
const SHORTEST: u32 = 10;

/// Why the notifier ended it, with its word.
fn refused_by(code: &str, word: &str) -> FailureReason {
    FailureReason { text: Some(word.to_owned()), ..failed(code) }
}
