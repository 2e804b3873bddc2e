//! Who owes whom a description (RFC 3264, RFC 6337), and what the peer is asked for it.

use crate::account::Account;
use crate::api::{EndCause, EndReason, UaEvent};
use crate::context::Context;
use crate::media::{MediaEvent, MediaReply, MediaRequest, PeerId, Ticket};
use crate::sdp::{self, Gathered};
use crate::sip::Reply;
use crate::time::Time;
use crate::transaction::TransactionId;

use super::peer::{Path, Peer, Readiness};
use super::session_timer::Proposal;
use super::{Call, State};

/// Where offer and answer are.
#[derive(Debug)]
pub(super) enum Negotiation {
    /// Nothing is asked for.
    Stable,
    /// The peer makes a description; `open` is set until a new peer is there.
    Describing { open: Option<Ticket>, description: Ticket, purpose: Purpose },
    /// The description waits for candidates, at the latest until `due`.
    Gathering { sdp: String, due: Option<Time>, purpose: Purpose },
    /// Our offer is out.
    Offered,
    /// The peer takes the far side's answer.
    Applying { answer: Ticket },
}

/// What a description of ours is for.
#[derive(Debug)]
pub(super) enum Purpose {
    /// The offer of the INVITE that begins a call.
    Invite,
    /// The 200 that takes an incoming call.
    Accept,
    /// The offer of a re-INVITE.
    Reinvite,
    /// The 200 to a re-INVITE or UPDATE of the far side.
    Reply(Asked),
}

/// A request of the far side that waits for our description.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) server: TransactionId,
    pub(super) reply: Reply,
    pub(super) number: u32,
    pub(super) kind: AskedBy,
    /// None: our description is the offer.
    pub(super) offer: Option<String>,
    /// Where further requests go once it is answered with a 2xx.
    pub(super) contact: Option<String>,
    pub(super) timer: Proposal,
}

/// See [`Asked::kind`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AskedBy {
    /// An ACK follows our answer.
    Invite,
    Update,
}

impl Negotiation {
    pub(super) fn deadline(&self) -> Option<Time> {
        match self {
            Self::Gathering { due, .. } => *due,
            Self::Stable | Self::Describing { .. } | Self::Offered | Self::Applying { .. } => None,
        }
    }

    pub(super) const fn is_stable(&self) -> bool {
        matches!(self, Self::Stable)
    }

    /// An offer of ours is out, or is being made: another one has to wait (RFC 3261 §14.2).
    pub(super) const fn is_ours(&self) -> bool {
        match self {
            Self::Describing { purpose, .. } | Self::Gathering { purpose, .. } => {
                !matches!(purpose, Purpose::Reply(_))
            }
            Self::Offered | Self::Applying { .. } => true,
            Self::Stable => false,
        }
    }

    /// The offer of a re-INVITE of ours is being made.
    pub(super) const fn is_for_reinvite(&self) -> bool {
        matches!(
            self,
            Self::Describing { purpose: Purpose::Reinvite, .. }
                | Self::Gathering { purpose: Purpose::Reinvite, .. }
        )
    }

    /// The request of the far side for which the present peer makes a description.
    pub(super) const fn asked(&self) -> Option<&Asked> {
        match self {
            Self::Describing { open: None, purpose: Purpose::Reply(asked), .. }
            | Self::Gathering { purpose: Purpose::Reply(asked), .. } => Some(asked),
            _ => None,
        }
    }

    /// Leaves nothing behind but the request that must still be answered.
    pub(super) fn take_asked(&mut self) -> Option<Asked> {
        match std::mem::replace(self, Self::Stable) {
            Self::Describing { purpose: Purpose::Reply(asked), .. }
            | Self::Gathering { purpose: Purpose::Reply(asked), .. } => Some(asked),
            _ => None,
        }
    }
}

impl Call {
    /// Asks the peer of this call, if there is one.
    pub(super) fn ask(&self, ctx: &mut Context<'_>, request: MediaRequest) -> Option<Ticket> {
        Some(ctx.out.media(self.peer.as_ref()?.id, request))
    }

    /// Opens a peer, with the tracks of the present one if there is one, and asks it for a
    /// description.
    pub(super) fn describe_anew(
        &mut self,
        ctx: &mut Context<'_>,
        purpose: Purpose,
        request: MediaRequest,
    ) {
        let take_over = self.peer.take().map(|old| old.id);
        let id = ctx.out.peer();
        let open = ctx.out.media(
            id,
            MediaRequest::Open {
                call: self.id,
                ice_servers: ctx.identity.account.ice_servers.clone(),
                relay_only: ctx.identity.account.relay_only,
                take_over,
            },
        );
        self.close_old_peer(ctx);
        self.old_peer = take_over;
        self.peer = Some(Peer::new(id));
        self.direct(ctx);
        let description = ctx.out.media(id, request);
        self.negotiation = Negotiation::Describing { open: Some(open), description, purpose };
    }

    /// Asks the present peer for a description.
    pub(super) fn describe(
        &mut self,
        ctx: &mut Context<'_>,
        purpose: Purpose,
        request: MediaRequest,
    ) {
        self.direct(ctx);
        if let Some(description) = self.ask(ctx, request) {
            self.negotiation = Negotiation::Describing { open: None, description, purpose };
        }
    }

    /// Gives the far side's answer to the peer.
    pub(super) fn apply(&mut self, ctx: &mut Context<'_>, sdp: &str) {
        self.hear(ctx, sdp, true);
        let is_held = self.peer.as_ref().is_some_and(|peer| peer.is_held);
        if let Some(peer) = &mut self.peer {
            peer.agreed.telephone_event = sdp::audio(sdp).is_some_and(|it| it.telephone_event);
        }
        // Some would send all the same, and some browsers would play it.
        let sdp = if is_held { sdp::limited(sdp, false, true) } else { sdp.to_owned() };
        if let Some(answer) = self.ask(ctx, MediaRequest::Apply { sdp }) {
            self.negotiation = Negotiation::Applying { answer };
        }
    }

    /// Notes what a description of the far side, an offer or an answer, says of it.
    pub(super) fn hear(&mut self, ctx: &mut Context<'_>, sdp: &str, answers: bool) {
        let Some(audio) = sdp::audio(sdp) else { return };
        if let (Some(peer), Some(fingerprint)) = (&mut self.peer, audio.fingerprint) {
            peer.agreed.fingerprint = Some(fingerprint.to_owned());
        }
        self.hear_hold(ctx, &audio, answers);
    }

    /// The answer to one request; old tickets and old peers change nothing.
    pub(crate) fn on_media(
        &mut self,
        ctx: &mut Context<'_>,
        peer: PeerId,
        ticket: Ticket,
        reply: MediaReply,
    ) {
        if self.is_ended() || self.peer.as_ref().is_none_or(|it| it.id != peer) {
            return;
        }
        match &mut self.negotiation {
            Negotiation::Describing { open, .. } if *open == Some(ticket) => match reply {
                MediaReply::Failed(failure) => self.on_open_failed(ctx, &failure),
                MediaReply::Done | MediaReply::Sdp(_) => {
                    *open = None;
                    self.on_opened(ctx);
                }
            },
            Negotiation::Describing { description, .. } if *description == ticket => match reply {
                MediaReply::Sdp(sdp) => self.on_described(ctx, sdp),
                MediaReply::Failed(failure) => self.on_describe_failed(ctx, &failure),
                MediaReply::Done => self.on_fault(ctx),
            },
            Negotiation::Applying { answer } if *answer == ticket => match reply {
                // The session stays as it was, if there is one.
                MediaReply::Failed(failure) if self.is_talking() => {
                    self.take_offer_back(ctx);
                    self.give_offer_up(ctx, failure.code());
                }
                MediaReply::Failed(failure) => self.end(ctx, EndReason::of_media(&failure), 488),
                MediaReply::Done | MediaReply::Sdp(_) => self.on_settled(ctx),
            },
            _ => self.on_digit_reply(ctx, ticket, &reply),
        }
    }

    fn on_opened(&mut self, ctx: &mut Context<'_>) {
        self.close_old_peer(ctx);
        if self.sound.muted || self.sound.held {
            self.hush(ctx);
        }
    }

    fn close_old_peer(&mut self, ctx: &mut Context<'_>) {
        if let Some(old) = self.old_peer.take() {
            ctx.out.media(old, MediaRequest::Close);
        }
    }

    fn on_described(&mut self, ctx: &mut Context<'_>, sdp: String) {
        if let Some(peer) = &mut self.peer {
            peer.is_described(ctx.now, &sdp);
        }
        let before = std::mem::replace(&mut self.negotiation, Negotiation::Stable);
        if let Negotiation::Describing { purpose, .. } = before {
            self.negotiation = Negotiation::Gathering { sdp, due: None, purpose };
            self.try_to_leave(ctx);
        }
    }

    /// The description that is being gathered for leaves, if it may by now.
    pub(super) fn try_to_leave(&mut self, ctx: &mut Context<'_>) {
        let (Negotiation::Gathering { sdp, due, .. }, Some(peer)) =
            (&mut self.negotiation, &self.peer)
        else {
            return;
        };
        if matches!(self.state, State::Preparing { until: Some(_), .. }) {
            // It leaves with the registration, by then perhaps with more candidates.
            *due = None;
            return;
        }
        let account: &Account = &ctx.identity.account;
        match peer.readiness(ctx.now, account, sdp) {
            Readiness::Ready => self.leave(ctx),
            Readiness::At(time) => *due = Some(time),
            Readiness::Hopeless => self.on_no_candidates(ctx),
        }
    }

    fn leave(&mut self, ctx: &mut Context<'_>) {
        let before = std::mem::replace(&mut self.negotiation, Negotiation::Stable);
        let (Negotiation::Gathering { sdp, purpose, .. }, Some(peer)) = (before, &self.peer) else {
            return;
        };
        let body = peer.complete(&sdp, &mut self.origin);
        self.answered = None;
        match purpose {
            Purpose::Invite => self.send_invite(ctx, sdp, body),
            Purpose::Accept => self.send_accept(ctx, body),
            Purpose::Reinvite => self.send_reinvite(ctx, body),
            Purpose::Reply(asked) => self.send_reply(ctx, asked, body),
        }
    }

    /// News of a peer.
    pub(crate) fn on_media_event(
        &mut self,
        ctx: &mut Context<'_>,
        peer: PeerId,
        event: MediaEvent,
    ) {
        let Some(own) = self.peer.as_mut().filter(|own| own.id == peer) else { return };
        match event {
            MediaEvent::Candidate { mid, line } => {
                own.on_candidate(ctx.now, Gathered { mid, line });
                self.try_to_leave(ctx);
            }
            MediaEvent::GatheringDone => {
                own.on_gathering_done();
                self.try_to_leave(ctx);
                self.on_gathered_all(ctx);
            }
            MediaEvent::Connected => {
                own.path = Path::Connected;
                self.on_path_changed(ctx);
            }
            MediaEvent::Disconnected => {
                own.fall_silent();
                self.on_path_changed(ctx);
            }
            MediaEvent::Failed => {
                own.fail(ctx.now);
                self.on_path_changed(ctx);
            }
            MediaEvent::Track => ctx.tell(UaEvent::CallTrack { call: self.id.0 }),
            MediaEvent::DigitDone(digit) => self.on_digit_done(ctx, digit),
            MediaEvent::MicrophoneLost => {
                ctx.warn("microphone-lost", "the microphone ended by itself", Some(self.id));
            }
        }
    }

    fn on_path_changed(&mut self, ctx: &mut Context<'_>) {
        self.show(ctx);
        self.play_digits(ctx);
    }

    /// Both sides have each other's description.
    pub(super) fn on_settled(&mut self, ctx: &mut Context<'_>) {
        self.negotiation = Negotiation::Stable;
        if let State::Incoming(_) = &self.state {
            self.take_up(ctx, String::new());
            return;
        }
        if let State::Up(up) = &mut self.state {
            let is_open = self.peer.as_ref().is_some_and(Peer::is_still_silent);
            up.settle(ctx.now, is_open);
        }
        self.watch_early_sound(ctx);
        self.tell_local_hold(ctx);
        self.show(ctx);
        self.play_digits(ctx);
        self.pursue(ctx);
    }

    /// Stops and closes every peer.
    pub(super) fn close_peers(&mut self, ctx: &mut Context<'_>) {
        self.ask(ctx, MediaRequest::Close);
        self.peer = None;
        self.close_old_peer(ctx);
    }

    /// When a failed path ends the call, and for what cause.
    pub(super) fn path_deadline(&self) -> Option<(Time, EndCause)> {
        match self.peer.as_ref()?.path {
            Path::Failed { until, cause } => Some((until, cause)),
            Path::New | Path::Connected | Path::Disconnected => None,
        }
    }
}
