//! Inside the dialog: what the far side asks for (RFC 3261 §12.2.2, §14.2, §15).

use crate::api::{CallState, EndCause, EndReason, EndedBy, ErrandId, UaEvent};
use crate::context::{Context, Owner, Usage};
use crate::dialog::Dialog;
use crate::errand;
use crate::error::ApiMisuse;
use crate::identity::ALLOW;
use crate::rate;
use crate::sip::{Message, Method, Reply};
use crate::time::{Time, soonest};
use crate::transaction::TransactionId;

use super::digits;
use super::peer::Path;
use super::refresh::Reinvite;
use super::unacked::Unacked;
use super::{Call, State};

/// There is a dialog.
#[derive(Debug)]
pub(super) struct Up {
    pub(super) dialog: Dialog,
    phase: Phase,
    link: Link,
    pub(super) unacked: Option<Unacked>,
    pub(super) reinvite: Reinvite,
    /// The offer left before all candidates were there.
    is_partial: bool,
    /// The re-INVITE that is wanted or out has new ICE credentials.
    pub(super) restart: bool,
    /// Another is wanted after it, with new ICE credentials or without.
    pub(super) again: Option<bool>,
}

/// How far the call is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Taken, but a description or an ACK is still missing.
    Settling,
    Talking,
}

/// Whether requests can leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Link {
    Up,
    /// The call goes on; the media has its own path.
    Lost,
}

impl Up {
    pub(super) fn new(dialog: Dialog, is_partial: bool) -> Self {
        Self {
            dialog,
            phase: Phase::Settling,
            link: Link::Up,
            unacked: None,
            reinvite: Reinvite::None,
            is_partial,
            restart: false,
            again: None,
        }
    }

    pub(super) fn is_talking(&self) -> bool {
        self.phase == Phase::Talking
    }

    pub(super) fn is_linked(&self) -> bool {
        self.link == Link::Up
    }

    pub(super) fn lose_link(&mut self) {
        self.link = Link::Lost;
    }

    pub(super) fn regain_link(&mut self) {
        self.link = Link::Up;
    }

    /// Offer and answer are through; with `is_open` no sound can pass yet.
    pub(super) fn settle(&mut self, now: Time, is_open: bool) {
        if self.unacked.is_none() {
            self.phase = Phase::Talking;
        }
        if std::mem::take(&mut self.is_partial) && is_open {
            self.reinvite = Reinvite::check(now);
        }
    }

    pub(super) fn shown(&self, path: Path) -> Option<CallState> {
        match (self.phase, self.link, path) {
            (Phase::Settling, ..) => None,
            (_, Link::Lost, _) | (.., Path::Disconnected | Path::Failed { .. }) => {
                Some(CallState::Reconnecting)
            }
            (.., Path::New | Path::Connected) => Some(CallState::Connected),
        }
    }

    pub(super) fn deadline(&self) -> Option<Time> {
        soonest(self.unacked.as_ref().map(Unacked::deadline), self.reinvite.deadline())
    }
}

impl Call {
    pub(super) fn is_talking(&self) -> bool {
        matches!(&self.state, State::Up(up) if up.is_talking())
    }

    pub(super) fn dialog_mut(&mut self) -> Option<&mut Dialog> {
        match &mut self.state {
            State::Incoming(incoming) => Some(&mut incoming.dialog),
            State::Up(up) => Some(&mut up.dialog),
            State::Leaving(leaving) => leaving.dialog_mut(),
            State::Calling(calling) => {
                let heard = calling.heard()?;
                let dialogs = self.forks.iter_mut().map(|fork| &mut fork.dialog);
                dialogs.into_iter().find(|dialog| dialog.has_remote_tag(heard))
            }
            State::Preparing { .. } | State::Gone => None,
        }
    }

    /// A request inside the dialog, but ACK and CANCEL.
    pub(crate) fn on_request(
        &mut self,
        ctx: &mut Context<'_>,
        server: TransactionId,
        request: &Message<'_>,
    ) {
        let mut reply = Reply::of(request);
        reply.tag(&self.local_tag);
        let number = request.cseq().map(|cseq| cseq.number).unwrap_or_default();
        let tag = request.from().ok().and_then(|from| Some(from.tag()?.into_owned()));
        let tag = tag.unwrap_or_default();
        let dialog = match &self.state {
            State::Calling(_) => self.fork_mut(&tag),
            _ => self.dialog_mut(),
        };
        if dialog.is_some_and(|dialog| !dialog.takes(number)) {
            ctx.respond(server, &reply.response(500));
            return;
        }
        if self.on_update_of_fork(ctx, server, &reply, &tag, request) {
            return;
        }
        match request.method() {
            Some(Method::Bye) => self.on_bye(ctx, server, &reply, request),
            _ if self.is_ended() => {
                ctx.respond(server, &reply.response(481));
            }
            Some(Method::Invite | Method::Update) => {
                self.on_offer(ctx, server, reply, number, request);
            }
            Some(Method::Info | Method::Message) => {
                if self.flood.takes(ctx.now, BODIES) {
                    ctx.respond(server, &reply.response(200));
                    self.on_body(ctx, request);
                } else {
                    let mut response = reply.response(503);
                    response.headers.push("Retry-After", rate::WINDOW.as_secs().to_string());
                    ctx.respond(server, &response);
                }
            }
            Some(Method::Options) => {
                let mut response = self.accepting(ctx, &reply, String::new());
                response.headers.push("Accept", "application/sdp");
                ctx.respond(server, &response);
            }
            Some(Method::Refer) => self.on_refer(ctx, server, reply, number, request),
            Some(Method::Notify) => self.on_notify(ctx, server, &reply, request),
            Some(Method::Prack) => self.on_prack(ctx, server, &reply, request),
            _ => {
                let mut response = reply.response(405);
                response.headers.push("Allow", ALLOW);
                ctx.respond(server, &response);
            }
        }
    }

    fn on_bye(
        &mut self,
        ctx: &mut Context<'_>,
        server: TransactionId,
        reply: &Reply,
        request: &Message<'_>,
    ) {
        ctx.respond(server, &reply.response(200));
        let reason = EndReason::new(EndedBy::Remote, EndCause::Hangup).with_words_of(request);
        match &self.state {
            State::Incoming(_) => {
                let reason = EndReason { cause: EndCause::Cancelled, ..reason };
                self.end(ctx, reason, 487);
            }
            State::Up(_) => self.over(ctx, reason),
            State::Leaving(leaving) if !leaving.has_said_bye() => self.state = State::Gone,
            // Ours crosses with theirs: its answer is still on the way. An early dialog is
            // ended by the final answer to the INVITE.
            State::Leaving(_) | State::Calling(_) | State::Preparing { .. } | State::Gone => {}
        }
    }

    fn on_body(&self, ctx: &mut Context<'_>, request: &Message<'_>) {
        if request.body().is_empty() {
            return;
        }
        let content_type = request.content_type().unwrap_or_default().into_owned();
        let body = String::from_utf8_lossy(request.body()).into_owned();
        let call = self.id.0;
        ctx.tell(match digits::received(&content_type, &body) {
            Some(digit) => UaEvent::CallDigit { call, digit: digit.to_string() },
            None => UaEvent::CallMessage { call, content_type, body },
        });
    }

    pub(super) fn send_message(
        &mut self,
        ctx: &mut Context<'_>,
        id: ErrandId,
        body: String,
        content_type: &str,
    ) -> Result<(), ApiMisuse> {
        if body.len() > errand::MOST_BODY {
            return Err(ApiMisuse::TooLarge);
        }
        if !crate::sip::printable(content_type) {
            return Err(ApiMisuse::BadHeader("Content-Type".to_owned()));
        }
        let State::Up(up) = &mut self.state else {
            return Err(ApiMisuse::NotConnected(self.id));
        };
        let mut request = up.dialog.request(ctx.identity, Method::Message);
        let content_type = if content_type.is_empty() { "text/plain" } else { content_type };
        request.headers.push("Content-Type", content_type);
        request.body = body.into_bytes();
        if ctx.send(request, Owner::Call(self.id, Usage::Message(id))).is_none() {
            errand::tell_failed(ctx, id, "network");
        }
        Ok(())
    }

    pub(super) fn on_up_timeout(&mut self, ctx: &mut Context<'_>) {
        let State::Up(up) = &mut self.state else { return };
        if up.unacked.as_mut().is_some_and(|unacked| !unacked.repeat(ctx)) {
            up.unacked = None;
            self.end(ctx, EndReason::new(EndedBy::Network, EndCause::Timeout), 408);
        } else if let Some((_, cause)) = self.path_deadline().filter(|it| it.0 <= ctx.now) {
            self.end(ctx, EndReason::new(EndedBy::Network, cause), 408);
        } else {
            self.on_session_timeout(ctx);
            self.on_reinvite_timeout(ctx);
        }
    }
}

/// So many INFO and MESSAGE the page is told of in a window of time.
const BODIES: u32 = 100;
