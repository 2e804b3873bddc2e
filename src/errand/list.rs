//! All errands of a phone: whose a message is.

use std::time::Duration;

use super::inbox::Inbox;
use super::inquiry::{Inquiry, on_answered};
use super::publication::Publication;
use super::{Errand, Kind, Wish, check, code_of_lost, tell_failed};
use crate::agent::{FlowId, Refusal, capabilities};
use crate::api::{Ask, AskMethod, ErrandId};
use crate::context::Context;
use crate::error::ApiMisuse;
use crate::line::Ready;
use crate::sip::{Message, Method, Reply};
use crate::time::{Time, soonest};
use crate::transaction::{LostWhy, TransactionId};

/// The errands that are not over, and what came unasked.
#[derive(Default)]
pub(crate) struct Errands {
    all: Vec<Errand>,
    inbox: Inbox,
}

/// Errands at once: a page that watches more seats than that should watch a list of them.
const MOST: usize = 256;

impl Errands {
    /// Begins an errand, or gives a publication another body.
    ///
    /// # Errors
    ///
    /// What can be told at once of the wish; [`ApiMisuse::NotRegistered`] where nothing can leave
    /// before a new `register`.
    pub(crate) fn begin(
        &mut self,
        ctx: &mut Context<'_>,
        ready: Ready,
        id: ErrandId,
        ask: Box<Ask>,
    ) -> Result<(), ApiMisuse> {
        check(&ask)?;
        if matches!(ready, Ready::Never(_)) {
            return Err(ApiMisuse::NotRegistered);
        }
        if let Some(index) = self.index(id) {
            self.step(ctx, index, |errand, ctx| errand.replace(ctx, ask));
            return Ok(());
        }
        if self.all.len() >= MOST {
            return Err(ApiMisuse::TooMany);
        }
        let patience = Duration::from_millis(ctx.config.early_call_ms.into());
        let kind = match ask.method {
            AskMethod::Message | AskMethod::Options => {
                Kind::Inquiry(Inquiry::Waiting { until: ctx.now + patience })
            }
            AskMethod::Subscribe => Kind::Subscription(Box::default()),
            AskMethod::Publish => Kind::Publication(Publication::default()),
        };
        self.all.push(Errand { wish: Wish::new(ctx, id, ask), kind });
        if ready == Ready::Now {
            let last = self.all.len() - 1;
            self.step(ctx, last, Errand::on_ready);
        }
        Ok(())
    }

    /// Asks the notifier of a subscription again.
    ///
    /// # Errors
    ///
    /// [`ApiMisuse::SubscriptionGone`]
    pub(crate) fn refresh(&mut self, ctx: &mut Context<'_>, id: ErrandId) -> Result<(), ApiMisuse> {
        let index = self.index(id).ok_or(ApiMisuse::SubscriptionGone)?;
        self.step(ctx, index, Errand::refresh);
        Ok(())
    }

    /// Ends a standing wish.
    pub(crate) fn withdraw(&mut self, ctx: &mut Context<'_>, id: ErrandId) {
        if let Some(index) = self.index(id) {
            self.step(ctx, index, Errand::withdraw);
        }
    }

    /// Ends all without waiting for any answer.
    pub(crate) fn shut_down(&mut self, ctx: &mut Context<'_>) {
        for errand in &mut self.all {
            if !errand.withdraw(ctx) {
                errand.tell_over(ctx);
            }
        }
        self.all.clear();
    }

    /// The line is registered, or up where that is enough: what waits may leave.
    pub(crate) fn on_ready(&mut self, ctx: &mut Context<'_>) {
        self.each(ctx, Errand::on_ready);
    }

    /// The registration failed with this error code: with a flow what waits leaves all the same.
    pub(crate) fn on_register_failed(&mut self, ctx: &mut Context<'_>, code: &'static str) {
        let has_flow = ctx.identity.flow.is_some() && !ctx.identity.domain.is_empty();
        self.each(ctx, |errand, ctx| {
            if has_flow { errand.on_ready(ctx) } else { errand.on_register_failed(ctx, code) }
        });
    }

    /// A flow is gone. Comes after [`on_lost`](Self::on_lost) of what was on it.
    pub(crate) fn on_flow_lost(&mut self, ctx: &mut Context<'_>, flow: FlowId) {
        self.each(ctx, |errand, ctx| {
            if let Kind::Subscription(subscription) = &mut errand.kind {
                subscription.on_flow_lost(&errand.wish, ctx, flow);
            }
            false
        });
    }

    /// A response to [`Owner::Errand`](crate::context::Owner).
    pub(crate) fn on_response(
        &mut self,
        ctx: &mut Context<'_>,
        id: ErrandId,
        transaction: TransactionId,
        response: &Message<'_>,
    ) {
        if let Some(index) = self.index(id) {
            self.step(ctx, index, |Errand { wish, kind }, ctx| match kind {
                Kind::Inquiry(_) => on_answered(wish, ctx, transaction, response),
                Kind::Subscription(subscription) => {
                    subscription.on_answered(wish, ctx, transaction, response)
                }
                Kind::Publication(publication) => {
                    publication.on_answered(wish, ctx, transaction, response)
                }
            });
        }
    }

    /// Whether a transaction that ended without its answer was one of these errands'.
    pub(crate) fn on_lost(
        &mut self,
        ctx: &mut Context<'_>,
        id: ErrandId,
        transaction: TransactionId,
        why: LostWhy,
    ) -> bool {
        let Some(index) = self.index(id) else { return false };
        self.step(ctx, index, |errand, ctx| {
            if errand.wish.out != Some(transaction) {
                return false;
            }
            errand.wish.out = None;
            errand.on_lost(ctx, code_of_lost(why))
        });
        true
    }

    /// A MESSAGE or NOTIFY that belongs to no dialog.
    pub(crate) fn on_request(
        &mut self,
        ctx: &mut Context<'_>,
        server: TransactionId,
        request: &Message<'_>,
    ) -> Result<(), Refusal> {
        self.inbox.on_request(ctx, server, request)
    }

    /// The subscription that a request inside a dialog is for.
    pub(crate) fn dialog_of(&self, request: &Message<'_>) -> Option<usize> {
        let (to, from) = (request.to().ok()?, request.from().ok()?);
        let (local, remote) = (to.tag()?, from.tag()?);
        let call_id = request.call_id().ok()?;
        self.all.iter().position(|Errand { wish, kind }| {
            let Kind::Subscription(subscription) = kind else { return false };
            wish.call_id == call_id && wish.tag == local && subscription.takes_notifier(&remote)
        })
    }

    /// A request inside the dialog of a subscription.
    pub(crate) fn on_dialog_request(
        &mut self,
        ctx: &mut Context<'_>,
        server: TransactionId,
        index: usize,
        request: &Message<'_>,
    ) -> Result<(), Refusal> {
        match request.method() {
            Some(Method::Notify) => {}
            Some(Method::Options) => return Err(capabilities()),
            _ => return Err(Refusal::plain(405).with("Allow", "NOTIFY, OPTIONS")),
        }
        let Errand { wish, kind: Kind::Subscription(subscription) } = &mut self.all[index] else {
            return Err(Refusal::plain(481));
        };
        subscription.check_notify(wish, request)?;
        ctx.respond(server, &Reply::of(request).response(200));
        if subscription.on_notify(wish, ctx, request) {
            self.all.remove(index);
        }
        Ok(())
    }

    /// The moment of [`next_timeout`](Self::next_timeout) has come.
    pub(crate) fn on_timeout(&mut self, ctx: &mut Context<'_>) {
        self.each(ctx, |errand, ctx| {
            errand.deadline().is_some_and(|due| due <= ctx.now) && errand.on_timeout(ctx)
        });
    }

    /// When [`on_timeout`](Self::on_timeout) is next due.
    pub(crate) fn next_timeout(&self) -> Option<Time> {
        self.all.iter().fold(None, |soon, errand| soonest(soon, errand.deadline()))
    }

    fn index(&self, id: ErrandId) -> Option<usize> {
        self.all.iter().position(|errand| errand.wish.id == id)
    }

    /// Lets one errand do something; it goes if that says that it is over.
    fn step(
        &mut self,
        ctx: &mut Context<'_>,
        index: usize,
        act: impl FnOnce(&mut Errand, &mut Context<'_>) -> bool,
    ) {
        if act(&mut self.all[index], ctx) {
            self.all.remove(index);
        }
    }

    fn each(
        &mut self,
        ctx: &mut Context<'_>,
        mut act: impl FnMut(&mut Errand, &mut Context<'_>) -> bool,
    ) {
        self.all.retain_mut(|errand| !act(errand, ctx));
    }
}

/// Each function that gives a `bool` says whether the errand is over.
impl Errand {
    /// What waits for the line leaves.
    fn on_ready(&mut self, ctx: &mut Context<'_>) -> bool {
        let Self { wish, kind } = self;
        match kind {
            Kind::Inquiry(inquiry) => inquiry.on_ready(wish, ctx),
            Kind::Subscription(subscription) => subscription.on_ready(wish, ctx),
            Kind::Publication(publication) => publication.on_ready(wish, ctx),
        }
    }

    fn on_register_failed(&self, ctx: &mut Context<'_>, code: &str) -> bool {
        match &self.kind {
            Kind::Inquiry(inquiry) => inquiry.on_register_failed(&self.wish, ctx, code),
            Kind::Subscription(_) | Kind::Publication(_) => false,
        }
    }

    /// The page gives it another body.
    fn replace(&mut self, ctx: &mut Context<'_>, ask: Box<Ask>) -> bool {
        match &mut self.kind {
            Kind::Publication(publication) => publication.replace(&mut self.wish, ctx, ask),
            // Nothing else is ever asked twice.
            Kind::Inquiry(_) | Kind::Subscription(_) => false,
        }
    }

    fn refresh(&mut self, ctx: &mut Context<'_>) -> bool {
        match &mut self.kind {
            Kind::Subscription(subscription) => subscription.resubscribe(&mut self.wish, ctx),
            Kind::Inquiry(_) | Kind::Publication(_) => false,
        }
    }

    fn withdraw(&mut self, ctx: &mut Context<'_>) -> bool {
        let Self { wish, kind } = self;
        match kind {
            Kind::Inquiry(_) => false,
            Kind::Subscription(subscription) => subscription.unsubscribe(wish, ctx),
            Kind::Publication(publication) => publication.withdraw(wish, ctx),
        }
    }

    /// Tells its end, whatever it still waits for.
    fn tell_over(&mut self, ctx: &mut Context<'_>) {
        let Self { wish, kind } = self;
        match kind {
            Kind::Inquiry(_) => tell_failed(ctx, wish.id, "not-registered"),
            Kind::Subscription(subscription) => subscription.tell_terminated(wish, ctx, None),
            Kind::Publication(_) => {
                Publication::tell_removed(wish, ctx);
            }
        }
    }

    /// No answer came to what was out.
    fn on_lost(&mut self, ctx: &mut Context<'_>, code: &str) -> bool {
        let Self { wish, kind } = self;
        match kind {
            Kind::Inquiry(_) => {
                tell_failed(ctx, wish.id, code);
                true
            }
            Kind::Subscription(subscription) => subscription.on_lost(wish, ctx, code),
            Kind::Publication(publication) => publication.on_lost(wish, ctx, code),
        }
    }

    fn on_timeout(&mut self, ctx: &mut Context<'_>) -> bool {
        let Self { wish, kind } = self;
        match kind {
            Kind::Inquiry(_) => {
                tell_failed(ctx, wish.id, "not-registered");
                true
            }
            Kind::Subscription(subscription) => subscription.on_timeout(wish, ctx),
            Kind::Publication(publication) => publication.on_timeout(wish, ctx),
        }
    }

    fn deadline(&self) -> Option<Time> {
        match &self.kind {
            Kind::Inquiry(inquiry) => inquiry.deadline(),
            Kind::Subscription(subscription) => subscription.deadline(),
            Kind::Publication(publication) => publication.deadline(),
        }
    }
}
