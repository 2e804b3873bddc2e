//! What a NOTIFY does (RFC 6665 §4.1.3).

use super::{Stage, Subscription, Wish, refused_by};
use crate::agent::Refusal;
use crate::api::{SubscriptionState, UaEvent};
use crate::context::Context;
use crate::dialog::{Dialog, contact};
use crate::errand::package_of;
use crate::package::Notice;
use crate::sip::Message;
use crate::text::{before, pieces};

impl Subscription {
    /// Whether a NOTIFY of this tag may be the subscription's: of its notifier, or of the first
    /// that answers.
    pub(in crate::errand) fn takes_notifier(&self, tag: &str) -> bool {
        match (&self.dialog, self.stage) {
            (Some(dialog), _) => dialog.has_remote_tag(tag),
            (None, stage) => matches!(stage, Stage::Asked { .. }),
        }
    }

    /// What it is refused for; its number counts from then on.
    pub(in crate::errand) fn check_notify(
        &mut self,
        wish: &Wish,
        request: &Message<'_>,
    ) -> Result<(), Refusal> {
        let package = package_of(&wish.ask.event).to_owned();
        let event = request.event().ok().flatten();
        let is_ours = |text: &str| package_of(text).eq_ignore_ascii_case(&package);
        if !event.is_some_and(|event| is_ours(event.as_str())) {
            return Err(Refusal::plain(489).with("Allow-Events", package));
        }
        let accept = wish.ask.accept.clone().unwrap_or_default();
        let kind = request.content_type().unwrap_or_default();
        let kind = before(&kind, b";").trim_ascii();
        let takes = |item: &str| {
            let item = before(item, b";").trim_ascii();
            item == "*/*" || item.eq_ignore_ascii_case(kind)
        };
        let has_body = !request.body().is_empty();
        if has_body && !accept.is_empty() && !pieces(&accept, b',').any(takes) {
            return Err(Refusal::plain(415).with("Accept", accept));
        }
        let (cseq, tag, sent) = (request.cseq().ok(), wish.tag.clone(), wish.cseq);
        let number = cseq.map(|cseq| cseq.number).unwrap_or_default();
        if let Some(dialog) = &mut self.dialog {
            if !dialog.takes(number) {
                return Err(Refusal::plain(500));
            }
            dialog.refresh_target(contact(request));
        } else {
            let dialog = Dialog::of_notify(request, &tag, sent);
            self.dialog = Some(dialog.map_err(|_| Refusal::plain(400))?);
        }
        Ok(())
    }

    /// Takes one that was checked and answered. Whether the errand is over.
    pub(in crate::errand) fn on_notify(
        &mut self,
        wish: &mut Wish,
        ctx: &mut Context<'_>,
        request: &Message<'_>,
    ) -> bool {
        let told = request.subscription_state().ok().flatten();
        let state = told.as_ref().map_or("active", |told| told.value());
        let param = |name: &str| told.as_ref().and_then(|told| told.param(name));
        let number = |name: &str| param(name).and_then(|text| text.parse::<u32>().ok());
        if state.eq_ignore_ascii_case("terminated") {
            self.tell_notified(wish, ctx, request);
            let reason = param("reason").unwrap_or_default().to_ascii_lowercase();
            return self.on_terminated(wish, ctx, &reason, number("retry-after"));
        }
        let is_pending = state.eq_ignore_ascii_case("pending");
        let is_running = matches!(self.stage, Stage::Running { .. });
        let since = match self.stage {
            Stage::Running { since, .. } => since,
            // One that was on its way when we said that we want no more.
            Stage::Ending { .. } => return false,
            Stage::Idle | Stage::Resting { .. } | Stage::Asked { .. } => ctx.now,
        };
        let granted = self.granted;
        let left = number("expires").or(granted).unwrap_or_else(|| wish.wished());
        // A refresh that is out sets it anew.
        if number("expires").is_some() || !is_running {
            self.run(wish, ctx, since, left);
        }
        let state = if is_pending { SubscriptionState::Pending } else { SubscriptionState::Active };
        self.show(wish, ctx, state, None);
        self.tell_notified(wish, ctx, request);
        false
    }

    fn tell_notified(&mut self, wish: &mut Wish, ctx: &mut Context<'_>, request: &Message<'_>) {
        if request.body().is_empty() {
            return;
        }
        let id = wish.id.0;
        let event = package_of(&wish.ask.event).to_owned();
        let content_type = request.content_type().unwrap_or_default().into_owned();
        let body = String::from_utf8_lossy(request.body()).into_owned();
        let Notice { parsed, is_gap } = self.package.read(&content_type, &body);
        let uri = request.from().map(|from| from.uri_text().to_owned()).unwrap_or_default();
        ctx.tell(UaEvent::Notified { id: Some(id), event, uri, content_type, body, parsed });
        // A notifier that counts in a strange way is not asked all the time.
        let is_due = self.missed.is_none_or(|last| ctx.now.since(last) >= super::PATIENCE);
        if is_gap && is_due {
            self.missed = Some(ctx.now);
            self.resubscribe(wish, ctx);
        }
    }

    /// The notifier ended it; what follows is in the table of §4.1.3.
    fn on_terminated(
        &mut self,
        wish: &mut Wish,
        ctx: &mut Context<'_>,
        reason: &str,
        retry_after: Option<u32>,
    ) -> bool {
        let stage = self.stage;
        if matches!(stage, Stage::Ending { .. }) || wish.ask.expires == Some(0) {
            return self.terminate(wish, ctx, None);
        }
        wish.out = None;
        match reason {
            "rejected" => self.terminate(wish, ctx, Some(refused_by("declined", reason))),
            "noresource" => self.terminate(wish, ctx, Some(refused_by("not-found", reason))),
            "invariant" => self.terminate(wish, ctx, None),
            "deactivated" | "timeout" => {
                self.start_over(wish, ctx, refused_by("server-error", reason))
            }
            _ => {
                self.forgive(wish, ctx);
                self.rest(wish, ctx, retry_after, Some(refused_by("server-error", reason)))
            }
        }
    }
}
