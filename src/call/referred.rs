//! A transfer that the far side asks for: REFER inside a call, and our NOTIFYs (RFC 3515,
//! RFC 4488, RFC 7647, RFC 3892).
//!
//! Nothing is dialled without the page's word ([`AcceptTransfers`]): a far side could otherwise
//! call anybody at the account's cost. Of the headers in a Refer-To only those are taken into
//! the INVITE that hand a call on: Replaces, User-to-User (RFC 7433 §4.2) and `X-` headers.

use std::time::Duration;

use crate::api::{AcceptTransfers, CallId, CallState, EndCause, EndReason, EndedBy, UaEvent};
use crate::context::{Context, Owner, Usage};
use crate::error::ApiMisuse;
use crate::sip::{
    Message, Method, NameAddr, Replaces, Reply, Uri, number_of, printable, standard_reason,
    unescape,
};
use crate::text::{before, cut, find_any, pieces};
use crate::time::Time;
use crate::transaction::TransactionId;

use super::replaces::How;
use super::transfer::Word;
use super::{Call, State};

/// How long the page may think: REFER must be answered within 32 seconds (RFC 4320 §4.2).
const THINKS: Duration = Duration::from_secs(20);
/// How long a far side that was told of its success may take to hang up.
const LINGERS: Duration = Duration::from_secs(32);
/// The longest Refer-To, in bytes.
const LONGEST: usize = 2048;
/// Headers of a Refer-To that are taken.
const HEADERS: usize = 16;

/// What a REFER says of the call to be made.
#[derive(Clone, Debug)]
pub(crate) struct Referral {
    /// To be called.
    pub(crate) uri: String,
    /// Headers for the INVITE: Referred-By, and those of the Refer-To that may pass.
    pub(crate) headers: Vec<(String, String)>,
}

/// A transfer that the far side asks for, one at a time.
#[derive(Debug)]
pub(super) enum Asked {
    /// The page is to say whether.
    Open {
        server: TransactionId,
        reply: Reply,
        number: Option<u32>,
        referral: Referral,
        until: Time,
    },
    /// It is told how this call goes, with the REFER's number, if it wants to know.
    Told { call: CallId, number: Option<u32> },
    /// Another call is up in the place of this one; the far side is to hang up by then.
    Done { until: Time },
}

impl Asked {
    pub(super) const fn deadline(&self) -> Option<Time> {
        match self {
            Self::Open { until, .. } | Self::Done { until } => Some(*until),
            Self::Told { .. } => None,
        }
    }

    /// The call is taken further elsewhere.
    pub(super) const fn is_agreed(&self) -> bool {
        matches!(self, Self::Told { .. } | Self::Done { .. })
    }
}

impl Call {
    /// A REFER inside the dialog.
    pub(super) fn on_refer(
        &mut self,
        ctx: &mut Context<'_>,
        server: TransactionId,
        reply: Reply,
        number: u32,
        request: &Message<'_>,
    ) {
        let read = match self.asked.as_deref() {
            _ if ctx.config.accept_transfers == AcceptTransfers::Never => Err(403),
            _ if !self.is_talking() => Err(480),
            Some(Asked::Open { .. } | Asked::Told { .. }) => Err(491),
            _ => read(request, &ctx.identity.aor),
        };
        let (referral, display_name) = match read {
            Ok(read) => read,
            Err(status) => {
                ctx.respond(server, &reply.response(status));
                return;
            }
        };
        let uri = referral.uri.clone();
        let refer_sub = request.header("Refer-Sub");
        let is_quiet = refer_sub.is_some_and(|it| it.eq_ignore_ascii_case("false"));
        let number = (!is_quiet).then_some(number);
        let until = ctx.now + THINKS;
        let open = Asked::Open { server, reply, number, referral, until };
        self.asked = Some(Box::new(open));
        if ctx.config.accept_transfers == AcceptTransfers::Always {
            ctx.words.push((self.id, Word::Dial));
            return;
        }
        ctx.tell(UaEvent::CallTransferRequest {
            call: self.id.0,
            number: number_of(&uri),
            display_name,
            uri,
            referred_by: referrer(request).map(|it| it.uri_text().to_owned()),
            expires_in: 20,
        });
    }

    /// The call that the far side asks for.
    ///
    /// # Errors
    ///
    /// [`ApiMisuse::NoTransferRequest`].
    pub(crate) fn referral(&self) -> Result<Referral, ApiMisuse> {
        match self.asked.as_deref() {
            Some(Asked::Open { referral, .. }) => Ok(referral.clone()),
            _ => Err(ApiMisuse::NoTransferRequest(self.id)),
        }
    }

    /// That call has begun.
    pub(crate) fn accept_transfer(&mut self, ctx: &mut Context<'_>, call: CallId) {
        let Some(Asked::Open { server, reply, number, .. }) = self.asked.take().map(|it| *it)
        else {
            return;
        };
        let mut response = reply.response(202);
        response.headers.push("Contact", self.contact(ctx));
        if number.is_none() {
            response.headers.push("Refer-Sub", "false");
        }
        ctx.respond(server, &response);
        self.asked = Some(Box::new(Asked::Told { call, number }));
        self.notify_progress(ctx, call, 100);
    }

    /// The page refuses, or nothing can be dialled.
    ///
    /// # Errors
    ///
    /// [`ApiMisuse::NoTransferRequest`], [`ApiMisuse::BadStatus`].
    pub(crate) fn refuse_transfer(
        &mut self,
        ctx: &mut Context<'_>,
        status: u16,
    ) -> Result<(), ApiMisuse> {
        if !(300..=699).contains(&status) {
            return Err(ApiMisuse::BadStatus(status));
        }
        match self.asked.take().map(|it| *it) {
            Some(Asked::Open { server, reply, .. }) => {
                ctx.respond(server, &reply.response(status));
                Ok(())
            }
            other => {
                self.asked = other.map(Box::new);
                Err(ApiMisuse::NoTransferRequest(self.id))
            }
        }
    }

    /// Tells the far side how the call goes that it asked for (RFC 3515 §2.4.4).
    pub(super) fn notify_progress(&mut self, ctx: &mut Context<'_>, call: CallId, status: u16) {
        let number = match self.asked.as_deref() {
            Some(Asked::Told { call: about, number }) if *about == call => *number,
            _ => return,
        };
        if let Some(number) = number {
            self.notify(ctx, number, status);
        }
        let until = ctx.now + LINGERS;
        match status {
            0..=199 => {}
            200..=299 => self.asked = Some(Box::new(Asked::Done { until })),
            _ => self.asked = None,
        }
    }

    fn notify(&mut self, ctx: &mut Context<'_>, number: u32, status: u16) {
        let contact = self.contact(ctx);
        let State::Up(up) = &mut self.state else { return };
        let is_final = status >= 200;
        let state = if is_final { "terminated;reason=noresource" } else { "active;expires=180" };
        let mut request = up.dialog.request(ctx.identity, Method::Notify);
        request
            .headers
            .set("Contact", contact)
            .push("Event", ["refer;id=", &number.to_string()].concat())
            .push("Subscription-State", state)
            .push("Content-Type", "message/sipfrag;version=2.0");
        let line = ["SIP/2.0 ", &status.to_string(), " ", standard_reason(status), "\r\n"];
        request.body = line.concat().into_bytes();
        ctx.send(request, Owner::Call(self.id, Usage::Notify));
    }

    /// Our NOTIFY was refused, or not answered: nobody wants to hear more (RFC 6665 §4.2.2).
    pub(super) fn on_notify_refused(&mut self) {
        if let Some(Asked::Told { number, .. }) = self.asked.as_deref_mut() {
            *number = None;
        }
    }

    pub(super) fn on_asked_timeout(&mut self, ctx: &mut Context<'_>) {
        let Some(asked) = self.asked.as_deref() else { return };
        if asked.deadline().is_none_or(|until| ctx.now < until) {
            return;
        }
        match asked {
            Asked::Open { .. } => drop(self.refuse_transfer(ctx, 603)),
            Asked::Told { .. } => {}
            // It has been transferred, and has forgotten to hang up.
            Asked::Done { .. } => {
                self.end(ctx, EndReason::new(EndedBy::System, EndCause::Replaced), 487);
            }
        }
    }

    /// Nobody is told of a transfer any more: the call is over. Whether another one goes on in its
    /// place.
    pub(super) fn end_asked(&mut self, ctx: &mut Context<'_>) -> bool {
        // RFC 3261 §15.1.2: what is pending gets 487.
        let _ = self.refuse_transfer(ctx, 487);
        self.asked.take().is_some_and(|it| it.is_agreed())
    }

    /// The call is a step further: whoever asked for it, or is replaced by it, hears of that.
    pub(super) fn tell_others(
        &self,
        ctx: &mut Context<'_>,
        state: CallState,
        why: Option<&EndReason>,
    ) {
        let Some(continues) = self.continues else { return };
        let word = match (continues.how, state) {
            (How::Replaced, CallState::Connected) => Word::Replaced,
            (How::Replaced, _) => return,
            (How::Referred, _) => {
                let Some(status) = progress(state, why) else { return };
                Word::Progress(self.id, status)
            }
        };
        ctx.words.push((continues.call, word));
    }
}

/// What a call's state is to whoever asked for the call.
fn progress(state: CallState, why: Option<&EndReason>) -> Option<u16> {
    Some(match state {
        CallState::Ringing => 180,
        CallState::Early => 183,
        CallState::Connected => 200,
        CallState::Ended => {
            let told = why.and_then(|why| why.sip_status).filter(|status| *status >= 300);
            let is_ours = why.is_some_and(|why| why.by == EndedBy::Local);
            told.unwrap_or(if is_ours { 487 } else { 480 })
        }
        CallState::Calling
        | CallState::Incoming
        | CallState::Answering
        | CallState::Reconnecting => return None,
    })
}

/// The call that a REFER asks for, and the name that goes with it; or the status for one that
/// cannot be made.
fn read(request: &Message<'_>, own: &str) -> Result<(Referral, Option<String>), u16> {
    let is_address = |it: &String| it.len() <= LONGEST && find_any(it, b":").is_some();
    if request.tokens("Refer-To").filter(is_address).count() != 1 {
        return Err(400);
    }
    let refer_to = request.refer_to().ok().flatten().ok_or(400_u16)?;
    let uri = refer_to.uri().map_err(|_| 400_u16)?;
    if !uri.is_sip() && !uri.scheme().eq_ignore_ascii_case("tel") {
        return Err(416);
    }
    if uri.param("method").is_some_and(|method| !method.eq_ignore_ascii_case("INVITE")) {
        return Err(403);
    }
    let mut headers = Vec::new();
    if let Some(referrer) = referrer(request) {
        headers.push(("Referred-By".to_owned(), referrer.as_str().to_owned()));
    }
    let mut replaces = false;
    for (name, value) in uri_headers(&uri) {
        if name.eq_ignore_ascii_case("Replaces") {
            if replaces || Replaces::parse(&value).is_none() {
                return Err(400);
            }
            replaces = true;
        }
        headers.push((name, value));
    }
    // Ourselves, but for another call of ours.
    let is_own = Uri::parse(own)
        .is_ok_and(|own| own.user() == uri.user() && own.host().eq_ignore_ascii_case(uri.host()));
    if is_own && !replaces {
        return Err(482);
    }
    let uri = without_method(before(uri.as_str(), b"?"));
    Ok((Referral { uri, headers }, refer_to.display_name()))
}

/// Who asks (RFC 3892).
fn referrer<'a>(request: &Message<'a>) -> Option<NameAddr<'a>> {
    let referrer = request.addresses("Referred-By").ok()?.into_iter().next()?;
    (referrer.as_str().len() <= LONGEST && printable(referrer.as_str())).then_some(referrer)
}

/// The headers in a Refer-To that may go into our INVITE.
fn uri_headers(uri: &Uri<'_>) -> impl Iterator<Item = (String, String)> {
    let pairs = pieces(uri.headers(), b'&').filter_map(|pair| cut(pair, b'='));
    let taken = pairs.filter_map(|(name, value)| {
        let name = unescape(name).into_owned();
        let value = unescape(value).into_owned();
        let may_pass = ["Replaces", "User-to-User"].iter().any(|it| it.eq_ignore_ascii_case(&name))
            || name.get(..2).is_some_and(|start| start.eq_ignore_ascii_case("X-"))
                && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        (may_pass && printable(&value)).then_some((name, value))
    });
    taken.take(HEADERS)
}

/// The method was for the REFER, not for the INVITE (RFC 3261 §19.1.5).
fn without_method(uri: &str) -> String {
    let mut kept = String::new();
    for (at, piece) in pieces(uri, b';').enumerate() {
        if at > 0 {
            if before(piece, b"=").eq_ignore_ascii_case("method") {
                continue;
            }
            kept.push(';');
        }
        kept.push_str(piece);
    }
    kept
}
