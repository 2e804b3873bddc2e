//! One phone of the user agent: a line, its calls, the seat. Commands arrive here.

use std::time::Duration;

use super::calls::{Calls, Ongoing};
use super::{Core, FlowId, LinkEvent, LinkRequest};
use crate::api::{AccountId, CallId, Command, Config, Credential, Dial, ProviderId};
use crate::call::{Call, Continues, Departure, Word};
use crate::context::{Context, Owner};
use crate::errand::Errands;
use crate::error::ApiMisuse;
use crate::identity::Identity;
use crate::ids::Ids;
use crate::line::{Line, Ready, Step};
use crate::seat::Seat;
use crate::time::{Time, soonest};
use crate::token::account_of;
use crate::transaction::{Lost, TransactionId};

/// A line, its calls and its seat.
pub(super) struct Phone {
    pub(super) account: AccountId,
    pub(super) config: Config,
    pub(super) line: Line,
    pub(super) calls: Calls,
    /// The flows that the line had when the calls were last told to theirs.
    pub(super) flows: Vec<FlowId>,
    pub(super) errands: Errands,
    pub(super) seat: Seat,
    /// When outgoing calls began, as far back as the limit looks or farther.
    dialled: Vec<Time>,
    /// What a call asked in its first step, before it was taken up.
    asked: Vec<TransactionId>,
    /// What calls have for others.
    pub(super) words: Vec<(CallId, Word)>,
    stage: Stage,
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
            calls: Calls::new(),
            flows: Vec::new(),
            errands: Errands::default(),
            seat: Seat::new(),
            dialled: Vec::new(),
            asked: Vec::new(),
            words: Vec::new(),
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
            Command::Ask(id, ask) => {
                let ready = self.line.ready_to_call();
                let (errands, mut ctx) = self.errands(core);
                errands.begin(&mut ctx, ready, id, ask)?;
                let (line, mut step) = self.line(core);
                line.ask_again(&mut step);
            }
            Command::Refresh(id) => {
                let (errands, mut ctx) = self.errands(core);
                errands.refresh(&mut ctx, id)?;
            }
            Command::Withdraw(id) => {
                let (errands, mut ctx) = self.errands(core);
                errands.withdraw(&mut ctx, id);
            }
            Command::Dial(id, dial) => self.dial(core, id, dial, None)?,
            Command::Transfer { call, to, headers, progress } => {
                self.transfer(core, call, to, &headers, progress)?;
            }
            Command::AcceptTransfer(id) => self.accept_transfer(core, id)?,
            command => {
                let Some(id) = command.call() else { return Ok(()) };
                let index = self.calls.of_id(id).ok_or(ApiMisuse::CallGone(id))?;
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
                let Some(index) = self.calls.of_id(id) else { return false };
                let (call, mut ctx) = self.call(core, index);
                call.on_lost(&mut ctx, lost.id, usage, lost.why);
                true
            }
            Some(Owner::Errand(id)) => {
                let (errands, mut ctx) = self.errands(core);
                errands.on_lost(&mut ctx, id, lost.id, lost.why)
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
        if is_due(self.errands.next_timeout(), now) {
            let (errands, mut ctx) = self.errands(core);
            errands.on_timeout(&mut ctx);
        }
        self.seat.on_timeout(now);
    }

    pub(super) fn next_timeout(&self) -> Option<Time> {
        let line = soonest(self.line.next_timeout(), self.seat.deadline());
        let line = soonest(line, self.errands.next_timeout());
        soonest(line, self.calls.next_timeout())
    }

    /// Ends at once, without a word on the wire: another phone takes the account over.
    pub(super) fn cut(&mut self, core: &mut Core) {
        let flows: Vec<FlowId> = self.line.connections().collect();
        for flow in flows {
            core.out.link(flow, LinkRequest::Close);
            // Whoever waits for an answer hears that none will come.
            for lost in core.transactions.on_flow_lost(flow) {
                self.on_lost(core, lost);
            }
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

    /// Takes a call up.
    pub(super) fn push_call(&mut self, id: CallId, call: Call, flow: Option<FlowId>) {
        let asked = std::mem::take(&mut self.asked);
        self.calls.push(id, call, flow, asked);
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
        (&mut self.line, step(self.account, &self.config, core))
    }

    /// What a call on this flow, or before any, is lent for one step.
    pub(super) fn context<'a>(
        &'a mut self,
        core: &'a mut Core,
        flow: Option<FlowId>,
    ) -> Context<'a> {
        let identity = self.line.identity_mut(flow);
        let news = (&mut self.asked, &mut self.words);
        context(self.account, identity, &self.config, core, news)
    }

    /// A call, and what it is lent for one step.
    pub(super) fn call<'a>(
        &'a mut self,
        core: &'a mut Core,
        index: usize,
    ) -> (&'a mut Call, Context<'a>) {
        let Ongoing { call, flow, asked, .. } = self.calls.step(index);
        let identity = self.line.identity_mut(*flow);
        let ctx = context(self.account, identity, &self.config, core, (asked, &mut self.words));
        (call, ctx)
    }

    /// What the page asked for beyond calls, and what it is lent for one step.
    pub(super) fn errands<'a>(&'a mut self, core: &'a mut Core) -> (&'a mut Errands, Context<'a>) {
        let identity = self.line.identity_mut(None);
        let news = (&mut self.asked, &mut self.words);
        let ctx = context(self.account, identity, &self.config, core, news);
        (&mut self.errands, ctx)
    }

    /// Begins a call; `referral` if the far side of another asks for it, with further headers.
    pub(super) fn dial(
        &mut self,
        core: &mut Core,
        id: CallId,
        dial: Dial,
        referral: Option<(Continues, Vec<(String, String)>)>,
    ) -> Result<(), ApiMisuse> {
        if id.0 > core.last_call || self.calls.of_id(id).is_some() {
            return Err(ApiMisuse::CallGone(id));
        }
        // The other one is about to end.
        let others = self.calls.up().saturating_sub(usize::from(referral.is_some()));
        if others >= self.config.calls_at_once as usize {
            return Err(ApiMisuse::CallInProgress);
        }
        let account = match &dial.token {
            Some(token) if self.line.takes_accounts() => account_of(&token.0, core.now)?,
            _ => None,
        };
        let departure = match self.line.ready_to_call() {
            _ if account.is_some() => Departure::AfterRegistration,
            Ready::Wait if dial.token.is_some() && self.line.identity(None).flow.is_some() => {
                Departure::Now
            }
            Ready::Now => Departure::Now,
            Ready::Wait => Departure::AfterRegistration,
            Ready::Never(_) => return Err(ApiMisuse::NotRegistered),
        };
        self.limit_rate(core.now)?;
        let call = Call::dial(&mut self.context(core, None), id, dial, departure, referral)?;
        self.dialled.push(core.now);
        self.push_call(id, call, None);
        let (line, mut step) = self.line(core);
        match account {
            // Misuse is only found in accounts that were not checked.
            Some(account) => drop(line.register(&mut step, Credential::Account(account))),
            None => line.ask_again(&mut step),
        }
        // An account that the phone had already is in use at once.
        if departure != Departure::Now
            && self.line.ready_to_call() == Ready::Now
            && let Some(at) = self.calls.of_id(id)
        {
            let (call, mut ctx) = self.call(core, at);
            call.on_registered(&mut ctx);
        }
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
            let id = self.calls.at(index).id;
            let (call, mut ctx) = self.call(core, index);
            // A call that rings here may ring elsewhere too: 480 does not end that, 603 would.
            if call.on_command(&mut ctx, Command::Reject(id, 480)).is_err() {
                // Misuse only of what is over already.
                let _ = call.on_command(&mut ctx, Command::Hangup(id));
            }
            // An ACK that is still missing would find the link closed.
            call.say_bye_at_last(&mut ctx);
        }
        let (errands, mut ctx) = self.errands(core);
        errands.shut_down(&mut ctx);
        let (line, mut step) = self.line(core);
        line.shutdown(&mut step);
        self.stage = Stage::Leaving;
    }
}

/// What a line is lent for one step.
pub(super) fn step<'a>(account: AccountId, config: &'a Config, core: &'a mut Core) -> Step<'a> {
    Step {
        now: core.now,
        account,
        ids: &mut core.ids,
        out: &mut core.out,
        transactions: &mut core.transactions,
        config,
    }
}

fn context<'a>(
    account: AccountId,
    identity: &'a mut Identity,
    config: &'a Config,
    core: &'a mut Core,
    (asked, words): (&'a mut Vec<TransactionId>, &'a mut Vec<(CallId, Word)>),
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
        words,
    }
}

/// Whether a command may be the first of a phone: a call may be wished for before the account.
pub(super) fn begins(command: &Command) -> bool {
    matches!(
        command,
        Command::Configure(_) | Command::Register(_) | Command::Dial(..) | Command::Ask(..)
    )
}

/// What a command means where there is no phone to carry it out.
pub(super) fn without_account(command: &Command) -> Result<(), ApiMisuse> {
    match command {
        Command::Configure(_)
        | Command::Register(_)
        | Command::Unregister
        | Command::Shutdown
        | Command::FinishWrapUp
        | Command::Withdraw(_) => Ok(()),
        Command::Refresh(_) => Err(ApiMisuse::SubscriptionGone),
        Command::SetSeatStatus(_) => Err(ApiMisuse::BadSeatStatus),
        Command::Dial(..) | Command::Ask(..) => Err(ApiMisuse::NotRegistered),
        command => command.call().map_or(Ok(()), |id| Err(ApiMisuse::CallGone(id))),
    }
}

fn is_due(deadline: Option<Time>, now: Time) -> bool {
    deadline.is_some_and(|due| due <= now)
}
