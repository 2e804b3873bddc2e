//! One call, from the first wish to its end (RFC 3261 §13 to §15, RFC 3264).
//!
//! The call is one machine: [`State`] says how far signalling is, [`Negotiation`] who of the two
//! owes a description. Each variant holds what only it needs, its deadlines included, so that
//! leaving a state leaves nothing behind. What each state does with what it hears is in the file
//! of its name; here is who is asked.

mod again;
mod caller;
mod challenge;
mod digits;
mod draft;
mod due;
mod early;
mod early_offer;
mod failed;
mod flow;
mod hold;
mod in_dialog;
mod incoming;
mod info;
mod known;
mod leaving;
mod negotiation;
mod offered;
mod once;
mod outgoing;
mod peer;
mod reason;
mod redirect;
mod referred;
mod refresh;
mod reliable;
mod replaces;
mod session_timer;
mod taken;
mod told;
mod transfer;
mod unacked;
mod words;

pub(crate) use replaces::{Continues, How};
pub(crate) use transfer::{Destination, Word};

use crate::api::{CallId, Command, Dial, Direction, UaEvent, Words};
use crate::auth::Attempts;
use crate::context::{Context, Usage};
use crate::errand;
use crate::error::ApiMisuse;
use crate::media::PeerId;
use crate::rate::Rate;
use crate::sdp::Origin;
use crate::sip::Message;
use crate::text::cut;
use crate::time::Time;
use crate::transaction::{LostWhy, TransactionId};

pub(crate) use self::caller::auto_answer;
use self::digits::Digits;
use self::early::Fork;
use self::in_dialog::Up;
use self::incoming::Incoming;
use self::leaving::Leaving;
use self::negotiation::Negotiation;
use self::outgoing::Calling;
use self::peer::Peer;
pub(crate) use self::redirect::places;
use self::referred::Asked;
use self::reliable::Reliable;
use self::session_timer::SessionTimer;
use self::told::Told;
use self::transfer::Transfer;

pub(crate) use self::session_timer::{LEAST, is_too_short};

/// When the INVITE of an outgoing call may leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Departure {
    /// As soon as its offer is ready.
    Now,
    /// After the registration, of which [`Call::on_registered`] or [`Call::on_register_failed`]
    /// will tell; at the latest `early_call_ms` from now.
    AfterRegistration,
}

/// A call of either direction.
#[derive(Debug)]
pub(crate) struct Call {
    id: CallId,
    direction: Direction,
    /// As dialled, or the caller's.
    number: String,
    sip_call_id: String,
    local_tag: String,
    state: State,
    peer: Option<Peer>,
    /// Its tracks are on their way to `peer`; it is closed when they have arrived.
    old_peer: Option<PeerId>,
    negotiation: Negotiation,
    origin: Origin,
    digits: Digits,
    sound: Sound,
    /// The hash of the offer that our last description answers: whoever makes two collide is not
    /// answered anew, and harms nobody else.
    answered: Option<u32>,
    timer: SessionTimer,
    privacy: Privacy,
    /// The far sides of an outgoing call that ring, or did.
    forks: Vec<Fork>,
    early_offer: Option<TransactionId>,
    /// What an incoming call says before its answer, where that must arrive.
    reliable: Option<Reliable>,
    /// What the page adds to the next answer, refusal, BYE or CANCEL.
    words: Words,
    /// Its INVITE carried a one-time token, and is not sent again.
    once: bool,
    /// The call that this one takes further.
    continues: Option<Continues>,
    /// A transfer to another was asked for, whose far side is this one's.
    is_handed_over: bool,
    transfer: Option<Box<Transfer>>,
    /// A transfer that the far side asks for.
    asked: Option<Box<Asked>>,
    told: Told,
    /// The last ACKs, to be said again when a 2xx is.
    acks: Vec<Acked>,
    /// Far sides that took the call after another had, and were told that it is over.
    dropped: u8,
    /// Of what the far side can say without end.
    flood: Rate,
    /// Requests that were sent again after a challenge.
    challenged: Vec<(TransactionId, Attempts)>,
}

#[derive(Debug)]
enum State {
    /// Nothing has left. With a deadline, the registration or a flow is waited for.
    Preparing {
        dial: Box<Dial>,
        until: Option<Time>,
    },
    /// The INVITE is out.
    Calling(Box<Calling>),
    /// It rings here, or the answer is being made.
    Incoming(Box<Incoming>),
    /// There is a dialog.
    Up(Box<Up>),
    /// The page was told of the end; the wire is not through with it.
    Leaving(Box<Leaving>),
    Gone,
}

/// Whether the far side learns who calls (RFC 3323).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Privacy {
    None,
    Anonymous,
}

/// What the person wishes of the sound.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Sound {
    muted: bool,
    /// What is in force is what the page was told.
    held: bool,
}

#[derive(Debug)]
struct Acked {
    remote_tag: String,
    number: u32,
    bytes: Vec<u8>,
}

impl Call {
    fn new(
        ctx: &mut Context<'_>,
        id: CallId,
        direction: Direction,
        number: String,
        sip_call_id: String,
    ) -> Self {
        Self {
            id,
            direction,
            number,
            sip_call_id,
            local_tag: ctx.ids.token(),
            state: State::Gone,
            peer: None,
            old_peer: None,
            negotiation: Negotiation::Stable,
            origin: Origin::new(ctx.ids.bits()),
            digits: Digits::default(),
            sound: Sound::default(),
            answered: None,
            timer: SessionTimer::default(),
            privacy: Privacy::None,
            forks: Vec::new(),
            early_offer: None,
            reliable: None,
            words: Words::default(),
            once: false,
            continues: None,
            is_handed_over: false,
            transfer: None,
            asked: None,
            told: Told::default(),
            acks: Vec::new(),
            dropped: 0,
            flood: Rate::default(),
            challenged: Vec::new(),
        }
    }

    /// A command for this call.
    ///
    /// # Errors
    ///
    /// [`ApiMisuse`] if the command does not fit the state; nothing has changed then.
    pub(crate) fn on_command(
        &mut self,
        ctx: &mut Context<'_>,
        command: Command,
    ) -> Result<(), ApiMisuse> {
        if self.is_ended() {
            return Err(ApiMisuse::CallGone(self.id));
        }
        let (words, command) = match command {
            Command::With(words, command) => {
                words.check(&command)?;
                (words, *command)
            }
            command => (Words::default(), command),
        };
        match command {
            Command::Answer(_) => self.answer(ctx, words),
            Command::Reject(_, status) => self.reject(ctx, status, words),
            Command::Hangup(_) => {
                self.hang_up(ctx, words);
                Ok(())
            }
            Command::Mute(_, muted) => {
                self.mute(ctx, muted);
                Ok(())
            }
            Command::Hold(_, held) => self.hold(ctx, held),
            Command::Renegotiate { ice_restart, .. } => self.renegotiate(ctx, ice_restart),
            Command::SendDigits(_, digits, transport) => self.send_digits(ctx, &digits, transport),
            Command::SendCallMessage { id, body, content_type, .. } => {
                self.send_message(ctx, id, body, &content_type)
            }
            Command::RefuseTransfer(_, status) => self.refuse_transfer(ctx, status),
            // The agent's and the line's; and nobody says with what is said with words already.
            Command::With(..)
            | Command::Configure(_)
            | Command::Register(_)
            | Command::Unregister
            | Command::Shutdown
            | Command::SetSeatStatus(_)
            | Command::FinishWrapUp
            | Command::Transfer { .. }
            | Command::AcceptTransfer(_)
            | Command::Dial(..)
            | Command::Ask(..)
            | Command::Refresh(_)
            | Command::Withdraw(_) => Ok(()),
        }
    }

    /// A response to one of this call's requests, provisional or final. A 2xx to an INVITE comes
    /// once for every repetition and fork.
    pub(crate) fn on_response(
        &mut self,
        ctx: &mut Context<'_>,
        id: TransactionId,
        usage: Usage,
        response: &Message<'_>,
    ) {
        match (usage, response.status().unwrap_or_default()) {
            (Usage::Invite, 101..=199) => self.on_provisional(ctx, id, response),
            (_, 0..=199) => {}
            (Usage::Invite | Usage::Reinvite, 200..=299) => {
                self.on_invite_accepted(ctx, id, usage, response);
            }
            (_, 401 | 407) => self.on_challenge(ctx, id, usage, response),
            (_, status) => self.on_final(ctx, id, usage, status, response),
        }
    }

    fn on_final(
        &mut self,
        ctx: &mut Context<'_>,
        id: TransactionId,
        usage: Usage,
        status: u16,
        response: &Message<'_>,
    ) {
        self.challenged.retain(|(it, _)| *it != id);
        if let Usage::Message(errand) = usage {
            errand::tell_answered(ctx, errand, response);
        }
        match usage {
            Usage::Invite => self.on_refused(ctx, id, response),
            Usage::Bye => self.on_bye_answered(id),
            Usage::Reinvite | Usage::Update | Usage::Info | Usage::Message(_)
                if matches!(status, 408 | 481) =>
            {
                self.on_dialog_gone(ctx, status, response);
            }
            Usage::Update => self.on_refresh_answered(ctx, status, response),
            Usage::Reinvite => self.on_reinvite_refused(ctx, id, status, response),
            Usage::Info => self.on_info_answered(ctx, status),
            Usage::Refer => self.on_refer_answered(ctx, id, response),
            Usage::Notify if status >= 300 => self.on_notify_refused(),
            Usage::EarlyOffer => self.on_early_offer_answered(ctx, id, Some(response)),
            Usage::Prack | Usage::Message(_) | Usage::Notify | Usage::Incoming => {}
        }
    }

    /// A transaction of this call, client or server, ended without its answer.
    pub(crate) fn on_lost(
        &mut self,
        ctx: &mut Context<'_>,
        id: TransactionId,
        usage: Usage,
        why: LostWhy,
    ) {
        self.challenged.retain(|(it, _)| *it != id);
        if let Usage::Message(errand) = usage {
            errand::tell_failed(ctx, errand, errand::code_of_lost(why));
        }
        match usage {
            Usage::Invite => self.on_invite_lost(ctx, id, why),
            Usage::Bye => self.on_bye_lost(id, why),
            Usage::Incoming => self.on_server_lost(ctx, id, why),
            Usage::Reinvite | Usage::Update | Usage::Info | Usage::Message(_)
                if why == LostWhy::Timeout =>
            {
                self.on_dialog_silent(ctx);
            }
            Usage::Reinvite => self.on_reinvite_lost(ctx, id),
            Usage::Info => self.on_info_lost(),
            Usage::Refer => self.on_refer_lost(ctx, id, why),
            Usage::Notify if why == LostWhy::Timeout => self.on_notify_refused(),
            Usage::EarlyOffer => self.on_early_offer_answered(ctx, id, None),
            // An UPDATE goes again by itself, and after a NOTIFY comes another.
            Usage::Update | Usage::Prack | Usage::Notify | Usage::Message(_) => {}
        }
    }

    /// Our Contact; that of an anonymous call says nothing of the user (RFC 5627 §4.4.1).
    fn contact(&self, ctx: &Context<'_>) -> String {
        if let (Privacy::Anonymous, Some(gruu)) = (self.privacy, &ctx.identity.temporary_gruu) {
            return ["<", gruu, ">"].concat();
        }
        match (self.privacy, cut(&ctx.identity.contact, b'@')) {
            (Privacy::Anonymous, Some((_, host))) => ["<sip:anonymous@", host, ";ob>"].concat(),
            _ => ctx.identity.contact_header(),
        }
    }

    fn mute(&mut self, ctx: &mut Context<'_>, muted: bool) {
        self.sound.muted = muted;
        self.hush(ctx);
        ctx.tell(UaEvent::CallMuted { call: self.id.0, muted });
    }
}
