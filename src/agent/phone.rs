//! One phone of the user agent: a line, its calls, the seat. Commands arrive here.

use std::time::Duration;

use super::{Core, FlowId, LinkEvent, LinkRequest};
use crate::api::{AccountId, CallId, Command, Config, Dial, ProviderId};
use crate::call::{Call, Departure};
use crate::context::{Context, Owner};
use crate::error::ApiMisuse;
use crate::identity::Identity;
use crate::ids::Ids;
use crate::line::{Line, Ready, Step};
use crate::media::PeerId;
use crate::seat::Seat;
use crate::table::{Table, hash};
use crate::time::{Time, soonest};
use crate::transaction::{Lost, TransactionId};

/// A line, its calls and its seat.
pub(super) struct Phone {
    pub(super) account: AccountId,
    pub(super) config: Config,
    pub(super) line: Line,
    pub(super) calls: Table<Ongoing>,
    /// Calls that the page was not yet told the end of.
    pub(super) up: usize,
    /// Places of calls that took a step since the last time that all was settled.
    pub(super) touched: Vec<usize>,
    /// The flows that calls are on, and how many of them.
    pub(super) used: Vec<(FlowId, usize)>,
    /// The flows that the line had when the calls were last told to theirs.
    pub(super) flows: Vec<FlowId>,
    pub(super) seat: Seat,
    /// When outgoing calls began, as far back as the limit looks or farther.
    dialled: Vec<Time>,
    /// What a call asked in its first step, before it was taken up.
    asked: Vec<TransactionId>,
    stage: Stage,
}

/// A call, and whether its end has been seen to.
pub(super) struct Ongoing {
    pub(super) id: CallId,
    pub(super) call: Call,
    /// What it is on while that is up; none before its INVITE left. It stays there when the line
    /// moves on.
    pub(super) flow: Option<FlowId>,
    pub(super) ended: bool,
    /// It is among those that were touched.
    pub(super) touched: bool,
    /// Its client transactions that may still be open.
    pub(super) asked: Vec<TransactionId>,
}

/// What a call is found by, see [`Table::set_key`]; the peers have two.
pub(super) mod key {
    pub(in crate::agent) const ID: usize = 0;
    pub(in crate::agent) const DIALOG: usize = 1;
    pub(in crate::agent) const PEERS: usize = 2;
    pub(in crate::agent) const ALL: usize = 4;
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// In service.
    Working,
    /// After `Shutdown`: takes no command, and goes when the line is done.
    Leaving,
}

impl Phone {
    pub(super) fn new(account: AccountId, ids: &mut Ids) -> Self {
        Self {
            account,
            config: Config::default(),
            line: Line::new(ids),
            calls: Table::new(key::ALL),
            up: 0,
            touched: Vec::new(),
            used: Vec::new(),
            flows: Vec::new(),
            seat: Seat::new(),
            dialled: Vec::new(),
            asked: Vec::new(),
            stage: Stage::Working,
        }
    }

    pub(super) fn on_command(
        &mut self,
        core: &mut Core,
        command: Command,
    ) -> Result<(), ApiMisuse> {
        match command {
            Command::Configure(config) => {
                let calls = config.calls_at_once as usize;
                core.transactions.allow(calls.saturating_add(super::REQUESTS_AT_ONCE));
                self.config = config;
            }
            Command::Register(credential) => {
                let (line, mut step) = self.line(core);
                line.register(&mut step, credential)?;
            }
            Command::Unregister => {
                let (line, mut step) = self.line(core);
                line.unregister(&mut step);
            }
            Command::Shutdown => self.shut_down(core),
            Command::SetSeatStatus(status) => {
                let facts = self.facts();
                self.seat.choose(status, facts)?;
            }
            Command::FinishWrapUp => self.seat.finish_wrap_up(),
            Command::Dial(id, dial) => self.dial(core, id, dial)?,
            Command::Answer(id)
            | Command::Reject(id, _)
            | Command::Hangup(id)
            | Command::Mute(id, _)
            | Command::SendDigits(id, ..)
            | Command::Transfer { call: id, .. }
            | Command::AcceptTransfer(id)
            | Command::RefuseTransfer(id, _)
            | Command::SendCallMessage { call: id, .. } => {
                let index = self.call_of_id(id).ok_or(ApiMisuse::CallGone(id))?;
                let (call, mut ctx) = self.call(core, index);
                call.on_command(&mut ctx, command)?;
            }
        }
        Ok(())
    }

    pub(super) fn on_link(&mut self, core: &mut Core, flow: FlowId, event: LinkEvent) {
        let (line, mut step) = self.line(core);
        line.on_link(&mut step, flow, event);
    }

    /// Whether it was this phone's.
    pub(super) fn on_lost(&mut self, core: &mut Core, lost: Lost<Owner>) -> bool {
        match lost.owner {
            Some(Owner::Call(id, usage)) => {
                let Some(index) = self.call_of_id(id) else { return false };
                let (call, mut ctx) = self.call(core, index);
                call.on_lost(&mut ctx, lost.id, usage, lost.why);
                true
            }
            // The line has shorter deadlines of its own, and hears of a lost flow earlier.
            Some(Owner::Registration(account) | Owner::Ping(account)) => account == self.account,
            // Nobody took it up: a request that was answered at once.
            None => true,
        }
    }

    pub(super) fn on_timeout(&mut self, core: &mut Core) {
        let now = core.now;
        if is_due(self.line.next_timeout(), now) {
            let (line, mut step) = self.line(core);
            line.on_timeout(&mut step);
        }
        while let Some(index) = self.calls.take_due(now) {
            let (call, mut ctx) = self.call(core, index);
            call.on_timeout(&mut ctx);
        }
        self.seat.on_timeout(now);
    }

    pub(super) fn next_timeout(&self) -> Option<Time> {
        let line = soonest(self.line.next_timeout(), self.seat.deadline());
        soonest(line, self.calls.next_timeout())
    }

    /// Ends at once, without a word on the wire: another phone takes the account over.
    pub(super) fn cut(&self, core: &mut Core) {
        for flow in self.line.flows() {
            core.transactions.on_flow_lost(flow);
            core.out.link(flow, LinkRequest::Close);
        }
    }

    pub(super) fn is_leaving(&self) -> bool {
        self.stage == Stage::Leaving
    }

    pub(super) fn is_gone(&self) -> bool {
        self.is_leaving() && self.line.is_gone()
    }

    pub(super) fn owns_flow(&self, flow: FlowId) -> bool {
        self.line.owns_flow(flow)
    }

    pub(super) fn call_of_peer(&self, peer: PeerId) -> Option<usize> {
        self.calls.find(hash_of_peer(peer), |ongoing| ongoing.call.owns_peer(peer))
    }

    pub(super) fn call_of_dialog(
        &self,
        call_id: &str,
        local_tag: &str,
        remote_tag: &str,
    ) -> Option<usize> {
        self.calls.find(hash_of_dialog(call_id), |ongoing| {
            ongoing.call.owns_dialog(call_id, local_tag, remote_tag)
        })
    }

    pub(super) fn call_of_id(&self, id: CallId) -> Option<usize> {
        self.calls.find(hash_of_id(id), |ongoing| ongoing.id == id)
    }

    pub(super) fn id_of(&self, index: usize) -> CallId {
        self.calls[index].id
    }

    /// Takes a call up.
    pub(super) fn push_call(&mut self, id: CallId, call: Call, flow: Option<FlowId>) {
        let asked = std::mem::take(&mut self.asked);
        let at =
            self.calls.insert(Ongoing { id, call, flow: None, ended: false, touched: true, asked });
        self.calls.set_key(at, key::ID, hash_of_id(id));
        self.touched.push(at);
        self.up += 1;
        self.set_flow(at, flow);
    }

    /// Notes what a call is on.
    pub(super) fn set_flow(&mut self, index: usize, flow: Option<FlowId>) {
        let before = std::mem::replace(&mut self.calls[index].flow, flow);
        if before == flow {
            return;
        }
        if let Some(at) = self.used.iter().position(|used| Some(used.0) == before) {
            self.used[at].1 -= 1;
            if self.used[at].1 == 0 {
                self.used.swap_remove(at);
            }
        }
        let Some(flow) = flow else { return };
        match self.used.iter_mut().find(|used| used.0 == flow) {
            Some(used) => used.1 += 1,
            None => self.used.push((flow, 1)),
        }
    }

    /// Calls that the page was not yet told the end of.
    pub(super) fn calls_up(&self) -> usize {
        self.up
    }

    /// Who the phone is on this flow.
    pub(super) fn identity(&self, flow: FlowId) -> &Identity {
        self.line.identity(Some(flow))
    }

    /// Whether the page's provider may still be asked.
    pub(super) fn may_ask(&self, provider: ProviderId) -> bool {
        !self.is_leaving() && self.line.may_ask(provider)
    }

    /// The line, and what it is lent for one step.
    pub(super) fn line<'a>(&'a mut self, core: &'a mut Core) -> (&'a mut Line, Step<'a>) {
        let step = Step {
            now: core.now,
            account: self.account,
            ids: &mut core.ids,
            out: &mut core.out,
            transactions: &mut core.transactions,
            config: &self.config,
        };
        (&mut self.line, step)
    }

    /// What a call on this flow, or before any, is lent for one step.
    pub(super) fn context<'a>(
        &'a mut self,
        core: &'a mut Core,
        flow: Option<FlowId>,
    ) -> Context<'a> {
        context(self.account, self.line.identity_mut(flow), &self.config, core, &mut self.asked)
    }

    /// A call, and what it is lent for one step.
    pub(super) fn call<'a>(
        &'a mut self,
        core: &'a mut Core,
        index: usize,
    ) -> (&'a mut Call, Context<'a>) {
        let Ongoing { call, flow, touched, asked, .. } = &mut self.calls[index];
        if !std::mem::replace(touched, true) {
            self.touched.push(index);
        }
        let ctx = context(self.account, self.line.identity_mut(*flow), &self.config, core, asked);
        (call, ctx)
    }

    fn dial(&mut self, core: &mut Core, id: CallId, dial: Dial) -> Result<(), ApiMisuse> {
        if id.0 > core.last_call || self.call_of_id(id).is_some() {
            return Err(ApiMisuse::CallGone(id));
        }
        if self.calls_up() >= self.config.calls_at_once as usize {
            return Err(ApiMisuse::CallInProgress);
        }
        let departure = match self.line.ready_to_call() {
            Ready::Now => Departure::Now,
            Ready::Wait => Departure::AfterRegistration,
            Ready::Never(_) => return Err(ApiMisuse::NotRegistered),
        };
        self.limit_rate(core.now)?;
        let call = Call::dial(&mut self.context(core, None), id, dial, departure)?;
        self.dialled.push(core.now);
        self.push_call(id, call, None);
        let (line, mut step) = self.line(core);
        line.ask_again(&mut step);
        Ok(())
    }

    fn limit_rate(&mut self, now: Time) -> Result<(), ApiMisuse> {
        let window = Duration::from_secs(self.config.rate_seconds.into());
        let mut old = self.dialled.partition_point(|begun| now.since(*begun) >= window);
        if old * 2 > self.dialled.len() {
            self.dialled.drain(..old);
            old = 0;
        }
        let allowed = self.config.rate_calls as usize;
        let lately = self.dialled.len() - old;
        if lately < allowed {
            return Ok(());
        }
        // The one that must be forgotten before there is room again.
        let first = self.dialled.get(old + lately - allowed);
        let wait = first.map_or(window, |begun| (*begun + window).since(now));
        let retry_after_ms = u32::try_from(wait.as_millis()).unwrap_or(u32::MAX);
        Err(ApiMisuse::RateLimited { retry_after_ms })
    }

    fn shut_down(&mut self, core: &mut Core) {
        for index in self.calls.places() {
            let id = self.calls[index].id;
            let (call, mut ctx) = self.call(core, index);
            // A call that rings here may ring elsewhere too: 480 does not end that, 603 would.
            if call.on_command(&mut ctx, Command::Reject(id, 480)).is_err() {
                // Misuse only of what is over already.
                let _ = call.on_command(&mut ctx, Command::Hangup(id));
            }
            // An ACK that is still missing would find the link closed.
            call.say_bye_at_last(&mut ctx);
        }
        let (line, mut step) = self.line(core);
        line.shutdown(&mut step);
        self.stage = Stage::Leaving;
    }
}

fn context<'a>(
    account: AccountId,
    identity: &'a mut Identity,
    config: &'a Config,
    core: &'a mut Core,
    asked: &'a mut Vec<TransactionId>,
) -> Context<'a> {
    Context {
        now: core.now,
        account,
        ids: &mut core.ids,
        out: &mut core.out,
        transactions: &mut core.transactions,
        identity,
        config,
        asked,
    }
}

/// Whether a command may be the first of a phone: a call may be wished for before the account.
pub(super) fn begins(command: &Command) -> bool {
    matches!(command, Command::Configure(_) | Command::Register(_) | Command::Dial(..))
}

/// What a command means where there is no phone to carry it out.
pub(super) fn without_account(command: &Command) -> Result<(), ApiMisuse> {
    match command {
        Command::Configure(_)
        | Command::Register(_)
        | Command::Unregister
        | Command::Shutdown
        | Command::FinishWrapUp => Ok(()),
        Command::SetSeatStatus(_) => Err(ApiMisuse::BadSeatStatus),
        Command::Dial(..) => Err(ApiMisuse::NotRegistered),
        Command::Answer(id)
        | Command::Reject(id, _)
        | Command::Hangup(id)
        | Command::Mute(id, _)
        | Command::SendDigits(id, ..)
        | Command::Transfer { call: id, .. }
        | Command::AcceptTransfer(id)
        | Command::RefuseTransfer(id, _)
        | Command::SendCallMessage { call: id, .. } => Err(ApiMisuse::CallGone(*id)),
    }
}

pub(super) fn hash_of_id(id: CallId) -> u32 {
    hash(&[b"id", &id.0.to_le_bytes()])
}

pub(super) fn hash_of_dialog(call_id: &str) -> u32 {
    hash(&[b"dialog", call_id.as_bytes()])
}

pub(super) fn hash_of_peer(peer: PeerId) -> u32 {
    hash(&[b"peer", &peer.0.to_le_bytes()])
}

fn is_due(deadline: Option<Time>, now: Time) -> bool {
    deadline.is_some_and(|due| due <= now)
}
