//! A call that begins here: INVITE, its provisional answers, forks, redirections (RFC 3261 §13.2).

use std::time::Duration;

use crate::api::{CallId, CallState, Dial, Direction, EndCause, EndReason, EndedBy, UaEvent};
use crate::context::{Context, Owner, Usage};
use crate::error::ApiMisuse;
use crate::media::MediaRequest;
use crate::sdp;
use crate::sip::{Message, Request, number_of};
use crate::text::before;
use crate::time::Time;
use crate::transaction::{LostWhy, TransactionId};

use super::negotiation::{Negotiation, Purpose};
use super::redirect::essence;
use super::told::epoch_ms;
use super::{Call, Continues, Departure, Privacy, State, draft, info, once};

/// The INVITE is out.
#[derive(Debug)]
pub(super) struct Calling {
    pub(super) invite: TransactionId,
    ring_until: Time,
    pub(super) hears: Hears,
    pub(super) offer: Offer,
    /// Where the call was sent, for it is sent nowhere twice.
    pub(super) tried: Vec<String>,
    /// Where it may still be sent.
    pub(super) further: Vec<String>,
    /// When it is seen whether early sound passes, which is once.
    pub(super) check_at: Option<Time>,
    pub(super) has_checked: bool,
}

/// What was heard of the far side.
#[derive(Debug)]
pub(super) enum Hears {
    Nothing,
    /// 18x without a description.
    Ringing,
    /// The description of this fork was taken as the answer: its sound is heard.
    Early {
        remote_tag: String,
        /// Of the description, to know another one by.
        ice_user: String,
    },
    /// That fork is over, and its sound with it. The offer has had its answer all the same.
    Bereft,
}

/// How the offer went out.
#[derive(Debug)]
pub(super) enum Offer {
    /// With the candidates of that moment; this is the browser's text.
    Partial {
        sdp: String,
    },
    /// A 488 came to a partial one: the whole list is waited for, to go with this INVITE again.
    Refused {
        sdp: String,
        request: Box<Request>,
        until: Time,
    },
    Whole,
}

impl Calling {
    pub(super) fn deadline(&self) -> Time {
        let soon = self.check_at.map_or(self.ring_until, |at| self.ring_until.min(at));
        match &self.offer {
            Offer::Refused { until, .. } => soon.min(*until),
            Offer::Partial { .. } | Offer::Whole => soon,
        }
    }

    /// Whether an INVITE is out that a CANCEL could meet.
    pub(super) const fn is_waiting(&self) -> bool {
        !matches!(self.offer, Offer::Refused { .. })
    }

    pub(super) const fn shown(&self, negotiation: &Negotiation) -> Option<CallState> {
        match (&self.hears, negotiation) {
            (Hears::Nothing, _) => Some(CallState::Calling),
            (Hears::Ringing | Hears::Bereft, _) => Some(CallState::Ringing),
            (Hears::Early { .. }, Negotiation::Stable) => Some(CallState::Early),
            (Hears::Early { .. }, _) => None,
        }
    }
}

impl Call {
    /// Begins an outgoing call: checks what the page asks, tells it of the call, asks for media.
    ///
    /// # Errors
    ///
    /// [`ApiMisuse::BadTarget`], [`ApiMisuse::BadHeader`] and [`ApiMisuse::BadToken`].
    pub(crate) fn dial(
        ctx: &mut Context<'_>,
        id: CallId,
        mut dial: Dial,
        departure: Departure,
        referral: Option<(Continues, Vec<(String, String)>)>,
    ) -> Result<Self, ApiMisuse> {
        draft::check(&dial)?;
        once::check(&dial, ctx.config)?;
        dial.info = dial.info.map(info::cut).filter(|info| !info.is_empty());
        let sip_call_id = ctx.ids.token();
        let mut call =
            Self::new(ctx, id, Direction::Outgoing, dial.target.trim().to_owned(), sip_call_id);
        if dial.anonymous {
            call.privacy = Privacy::Anonymous;
        }
        if let Some((continues, headers)) = referral {
            call.continues = Some(continues);
            dial.headers = headers;
        }
        call.tell_begun(ctx, &dial);
        call.take_over(ctx);
        let patience = Duration::from_millis(ctx.config.early_call_ms.into());
        let until = (departure == Departure::AfterRegistration).then(|| ctx.now + patience);
        call.state = State::Preparing { dial: Box::new(dial), until };
        call.show(ctx);
        // Without an account nobody knows the ICE servers.
        if !ctx.identity.domain.is_empty() {
            call.prepare(ctx);
        }
        Ok(call)
    }

    fn tell_begun(&self, ctx: &mut Context<'_>, dial: &Dial) {
        let uri = draft::uri(dial, ctx.identity);
        let at = epoch_ms(ctx);
        ctx.tell(UaEvent::Call {
            call: self.id.0,
            direction: Direction::Outgoing,
            number: if dial.pickup { self.number.clone() } else { number_of(&uri) },
            display_name: None,
            uri,
            info: dial.info.clone(),
            headers: Vec::new(),
            caller: Box::default(),
            sip_call_id: self.sip_call_id.clone(),
            continues: self.continues.map(|it| it.call.0),
            at,
        });
    }

    fn prepare(&mut self, ctx: &mut Context<'_>) {
        let offer = MediaRequest::Offer { ice_restart: false };
        self.describe_anew(ctx, Purpose::Invite, offer);
    }

    /// What was waited for is there: the INVITE leaves as soon as its offer is ready.
    pub(super) fn depart(&mut self, ctx: &mut Context<'_>) {
        if let State::Preparing { until, .. } = &mut self.state {
            *until = None;
            if self.peer.is_none() {
                self.prepare(ctx);
            }
            self.try_to_leave(ctx);
        }
    }

    /// Ends a call that never left.
    pub(super) fn end_unsent(&mut self, ctx: &mut Context<'_>, code: &str) {
        let cause = match code {
            "token-rejected" | "token-expired" | "auth" => EndCause::Auth,
            "server-error" => EndCause::ServerError,
            "not-registered" | "timeout" => EndCause::Timeout,
            "bad-target" => EndCause::NotFound,
            _ => EndCause::Network,
        };
        self.end(ctx, EndReason::new(EndedBy::System, cause).with_code(code), 480);
    }

    /// The offer is ready: the INVITE leaves, for the first time or after a 488.
    pub(super) fn send_invite(&mut self, ctx: &mut Context<'_>, sdp: String, body: String) {
        let State::Preparing { dial, until } = &mut self.state else { return };
        if ctx.identity.flow.is_none() {
            // The link was lost meanwhile; it leaves with the next.
            *until = Some(ctx.now + Duration::from_millis(ctx.config.early_call_ms.into()));
            self.negotiation = Negotiation::Gathering { sdp, due: None, purpose: Purpose::Invite };
            return;
        }
        let dial = std::mem::take(&mut **dial);
        let request = self.draft(ctx, &dial, body);
        if dial.token.is_some() && !ctx.identity.auth.is_own(&request) {
            self.end_unsent(ctx, "bad-target");
            return;
        }
        self.once = dial.token.is_some();
        let tried = vec![essence(&request.uri)];
        let owner = Owner::Call(self.id, Usage::Invite);
        let sent = match &dial.token {
            Some(token) => once::send(ctx, request, owner, token),
            None => ctx.send(request, owner),
        };
        let Some(invite) = sent else {
            self.end(ctx, EndReason::new(EndedBy::System, EndCause::Internal), 500);
            return;
        };
        let is_whole = self.peer.as_ref().is_some_and(super::Peer::has_gathered_all);
        self.state = State::Calling(Box::new(Calling {
            invite,
            ring_until: ctx.now + Duration::from_secs(ctx.config.ring_seconds.into()),
            hears: Hears::Nothing,
            offer: if is_whole { Offer::Whole } else { Offer::Partial { sdp } },
            tried,
            further: Vec::new(),
            check_at: None,
            has_checked: false,
        }));
        self.negotiation = Negotiation::Offered;
        self.tell_status(ctx, 1);
    }

    /// 101 to 199. The first description is the answer, whichever fork it comes from; that of
    /// another is for another peer (design.md §8).
    pub(super) fn on_provisional(
        &mut self,
        ctx: &mut Context<'_>,
        id: TransactionId,
        response: &Message<'_>,
    ) {
        let State::Calling(calling) = &self.state else { return };
        let status = response.status().unwrap_or_default();
        if calling.invite != id {
            return;
        }
        let tag = response.to().ok().and_then(|to| Some(to.tag()?.into_owned()));
        if tag.as_ref().is_some_and(|tag| !self.attend(ctx, id, tag, response)) {
            return;
        }
        let State::Calling(calling) = &mut self.state else { return };
        let answer = description(response).filter(|sdp| sdp::audio(sdp).is_some());
        match (&calling.hears, tag, answer) {
            (_, Some(tag), _) if status == 199 => self.on_fork_over(ctx, &tag),
            (Hears::Nothing | Hears::Ringing, Some(remote_tag), Some(sdp)) => {
                let ice_user = sdp::ice_user(&sdp).unwrap_or_default().to_owned();
                calling.hears = Hears::Early { remote_tag, ice_user };
                self.apply(ctx, &sdp);
                self.tell_status(ctx, 2);
            }
            (Hears::Nothing, _, _) if matches!(status, 180 | 183) => {
                calling.hears = Hears::Ringing;
                self.show(ctx);
            }
            // A further ring, or queued and forwarded (181, 182), which change nothing here.
            _ => {}
        }
    }

    /// A final answer other than 2xx, already acknowledged.
    pub(super) fn on_refused(
        &mut self,
        ctx: &mut Context<'_>,
        id: TransactionId,
        response: &Message<'_>,
    ) {
        match &mut self.state {
            State::Leaving(leaving) if leaving.is_cancelling(id) => self.state = State::Gone,
            State::Calling(calling) if calling.invite == id => {
                let status = response.status().unwrap_or_default();
                if status == 422 && self.call_with_longer_timer(ctx, id, response) {
                    return;
                }
                if status == 488 && self.offer_whole_list(ctx) {
                    return;
                }
                if status < 600 && self.redirect(ctx, id, status, response) {
                    return;
                }
                self.over(ctx, EndReason::of_refusal(response));
            }
            _ => {}
        }
    }

    pub(super) fn on_calling_timeout(&mut self, ctx: &mut Context<'_>) {
        let State::Calling(calling) = &self.state else { return };
        if calling.ring_until <= ctx.now {
            self.end(ctx, EndReason::new(EndedBy::System, EndCause::NoAnswer), 487);
        } else if calling.check_at.is_some_and(|at| at <= ctx.now) {
            self.check_early_sound(ctx);
        } else if calling.deadline() <= ctx.now {
            self.call_with_whole_list(ctx);
        }
    }

    /// No answer to the INVITE, or no way for one.
    pub(super) fn on_invite_lost(
        &mut self,
        ctx: &mut Context<'_>,
        id: TransactionId,
        why: LostWhy,
    ) {
        match &self.state {
            State::Leaving(leaving) if leaving.is_cancelling(id) => self.state = State::Gone,
            State::Calling(calling) if calling.invite == id => {
                let cause = match why {
                    LostWhy::Transport => EndCause::Network,
                    LostWhy::Timeout | LostWhy::NoAck => EndCause::Timeout,
                };
                self.over(ctx, EndReason::new(EndedBy::Network, cause));
            }
            _ => {}
        }
    }
}

/// The body of a message that is a session description.
pub(super) fn description(message: &Message<'_>) -> Option<String> {
    let kind = message.content_type()?;
    let kind = before(&kind, b";").trim_ascii();
    (kind.eq_ignore_ascii_case("application/sdp") && !message.body().is_empty())
        .then(|| String::from_utf8_lossy(message.body()).into_owned())
}
