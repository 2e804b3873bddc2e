//! Requests on their way through the proxy, and what comes back (RFC 3261 §16.7).

use std::time::Duration;

use super::{Leg, Net, Proxy, TIMER_C, branch_of};
use crate::sip::{Message, Method, Reply, Request, Response};
use crate::time::Time;

/// A request that was forwarded, perhaps to several.
#[derive(Debug)]
pub(super) struct Context {
    /// Who asked, and by which branch.
    from: Leg,
    asked_by: String,
    /// As it came, with the Vias of those before us.
    request: Request,
    branches: Vec<Branch>,
    /// A final answer went back.
    answered: bool,
    until: Time,
}

/// One of the ways that a request took.
#[derive(Debug)]
pub(super) struct Branch {
    id: u64,
    pub(super) leg: Leg,
    request: Request,
    progress: Progress,
    cancelled: bool,
}

#[derive(Debug)]
pub(super) enum Progress {
    Trying,
    Proceeding,
    /// With the answer, if it was no 2xx.
    Final(Option<Response>),
}

impl Branch {
    pub(super) const fn new(id: u64, leg: Leg, request: Request) -> Self {
        Self { id, leg, request, progress: Progress::Trying, cancelled: false }
    }

    const fn is_final(&self) -> bool {
        matches!(self.progress, Progress::Final(_))
    }

    /// CANCEL, and the ACK of a refusal: what belongs to the transaction itself.
    fn follow_up(&self, method: Method) -> Request {
        let mut follow_up = Request::new(method, self.request.uri.as_str());
        for name in ["From", "To", "Call-ID", "Route"] {
            for value in self.request.headers.get_all(name) {
                follow_up.headers.push(name, value);
            }
        }
        let via = self.request.headers.get("Via").unwrap_or_default();
        let cseq = self.request.headers.get("CSeq").unwrap_or_default();
        let number = cseq.split_whitespace().next().unwrap_or_default();
        let cseq = [number, " ", follow_up.method.as_str()].concat();
        follow_up.headers.push_front("Via", via).push("CSeq", cseq).push("Max-Forwards", "69");
        follow_up
    }

    fn cancel(&mut self, net: &mut Net<'_>) {
        if self.is_final() || std::mem::replace(&mut self.cancelled, true) {
            return;
        }
        // One that is still trying is cancelled as soon as it says that it is there.
        if matches!(self.progress, Progress::Proceeding) {
            net.request(self.leg, &self.follow_up(Method::Cancel));
        }
    }
}

impl Context {
    pub(super) fn new(
        now: Time,
        from: Leg,
        asked_by: String,
        request: Request,
        branches: Vec<Branch>,
    ) -> Self {
        let lives =
            if request.method == Method::Invite { TIMER_C } else { Duration::from_secs(33) };
        Self { from, asked_by, request, branches, answered: false, until: now + lives }
    }

    pub(super) const fn deadline(&self) -> Time {
        self.until
    }

    fn cancel(&mut self, net: &mut Net<'_>) {
        for branch in &mut self.branches {
            branch.cancel(net);
        }
    }

    /// The best of the refusals goes back once all are in (RFC 3261 §16.7 step 6).
    fn conclude(&mut self, net: &mut Net<'_>) {
        if self.answered || !self.branches.iter().all(Branch::is_final) {
            return;
        }
        let refusals = self.branches.iter().filter_map(|branch| match &branch.progress {
            Progress::Final(Some(response)) => Some(response),
            _ => None,
        });
        let rank = |response: &&Response| match response.status {
            status @ 600.. => status - 600,
            status => status,
        };
        if let Some(best) = refusals.min_by_key(rank) {
            self.answered = true;
            net.respond(self.from, best);
        }
    }
}

impl Proxy {
    /// The same request again, come twice: a proxy that keeps state absorbs it.
    pub(super) fn is_repeated(&self, from: Leg, message: &Message<'_>) -> bool {
        let (branch, method) = (branch_of(message), message.method());
        self.contexts.values().any(|context| {
            context.from == from
                && context.asked_by == branch
                && Some(&context.request.method) == method.as_ref()
        })
    }

    pub(super) fn on_response(&mut self, net: &mut Net<'_>, from: Leg, message: &Message<'_>) {
        let branch = branch_of(message);
        let Some(number) = branch.strip_prefix("z9hG4bKsim").and_then(|it| it.parse().ok()) else {
            return;
        };
        let Some(mut response) = message.to_response() else { return };
        let of = |cseq: &crate::sip::CSeq| cseq.method == Method::Cancel;
        if message.cseq().as_ref().is_ok_and(of) {
            return;
        }
        response.headers.remove_first("Via");
        let found = self.contexts.values_mut().find_map(|context| {
            let at = context.branches.iter().position(|it| it.id == number && it.leg == from)?;
            Some((context, at))
        });
        let Some((context, at)) = found else { return };
        let is_invite = context.request.method == Method::Invite;
        let branch = &mut context.branches[at];
        match response.status {
            100..=199 => {
                if matches!(branch.progress, Progress::Trying) {
                    branch.progress = Progress::Proceeding;
                    if branch.cancelled {
                        net.request(branch.leg, &branch.follow_up(Method::Cancel));
                    }
                }
                if response.status > 100 && !context.answered {
                    net.respond(context.from, &response);
                }
            }
            200..=299 => {
                branch.progress = Progress::Final(None);
                context.answered = true;
                net.respond(context.from, &response);
                context.cancel(net);
            }
            status => {
                if is_invite {
                    let mut ack = branch.follow_up(Method::Ack);
                    let to = response.headers.get("To").unwrap_or_default();
                    ack.headers.set("To", to);
                    net.request(branch.leg, &ack);
                }
                if branch.is_final() {
                    return;
                }
                branch.progress = Progress::Final(Some(response));
                if status >= 600 {
                    context.cancel(net);
                }
                context.conclude(net);
            }
        }
    }

    pub(super) fn on_cancel(&mut self, net: &mut Net<'_>, from: Leg, message: &Message<'_>) {
        let branch = branch_of(message);
        let context = self.contexts.values_mut().find(|context| {
            context.from == from
                && context.asked_by == branch
                && context.request.method == Method::Invite
        });
        let status = if context.is_some() { 200 } else { 481 };
        net.respond(from, &Reply::of(message).tag("proxy").response(status));
        if let Some(context) = context {
            context.cancel(net);
        }
    }

    /// The ACK of a refusal ends here, that of a 2xx goes on.
    pub(super) fn on_ack(&mut self, net: &mut Net<'_>, from: Leg, message: &Message<'_>) {
        let branch = branch_of(message);
        let is_hop = self
            .contexts
            .values()
            .any(|context| context.from == from && context.asked_by == branch);
        if !is_hop {
            let uri = message.request_uri().unwrap_or_default();
            let targets = self.targets(net, uri, &Method::Ack, from);
            self.forward(net, from, message, &targets);
        }
    }

    /// These branches will not answer any more.
    pub(super) fn lose_branches(
        &mut self,
        net: &mut Net<'_>,
        id: u64,
        is_lost: impl Fn(&Branch) -> bool,
    ) {
        let Some(context) = self.contexts.get_mut(&id) else { return };
        if context.request.method != Method::Invite {
            return;
        }
        let bytes = context.request.to_bytes().unwrap_or_default();
        let reply = Message::parse(&bytes).ok().map(|message| {
            let mut reply = Reply::of(&message);
            reply.tag(&format!("proxy{id}"));
            reply
        });
        for branch in context.branches.iter_mut().filter(|branch| is_lost(branch)) {
            if !branch.is_final() {
                branch.cancel(net);
                branch.progress = Progress::Final(reply.as_ref().map(|reply| reply.response(408)));
            }
        }
        context.conclude(net);
    }
}
