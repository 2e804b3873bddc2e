//! What follows from a step: lines and calls hear of each other, what is over goes, the seat tells.

use super::phone::{Ongoing, Phone};
use super::{Core, FlowId};
use crate::api::UaEvent;
use crate::line::{LineNews, Ready};
use crate::seat::Facts;
use crate::time::Time;

impl Phone {
    /// Passes on what the line has for the calls, drops calls that are over, tells of the seat.
    pub(super) fn settle(&mut self, core: &mut Core) {
        loop {
            while let Some(news) = self.line.poll_news() {
                self.on_line_news(core, &news);
            }
            let in_call = self.note_ended(core.now);
            self.drop_gone(core);
            let used = self.note_flows();
            let (line, mut step) = self.line(core);
            line.set_in_call(&mut step, in_call);
            line.release(&mut step, &used);
            match self.line.poll_news() {
                Some(news) => self.on_line_news(core, &news),
                None => break,
            }
        }
        let facts = self.facts();
        if let Some(status) = self.seat.news(facts) {
            core.out.event(self.account, UaEvent::SeatStatus { status: status as u8 });
        }
    }

    fn on_line_news(&mut self, core: &mut Core, news: &LineNews) {
        if let LineNews::FlowLost(flow) = news {
            self.on_flow_lost(core, *flow);
        }
        for index in 0..self.calls.len() {
            let (call, mut ctx) = self.call(core, index);
            match news {
                LineNews::Ready => {
                    call.on_flow_ready(&mut ctx);
                    call.on_registered(&mut ctx);
                }
                LineNews::Failed(why) => call.on_register_failed(&mut ctx, why),
                LineNews::FlowLost(_) => {}
            }
        }
    }

    fn on_flow_lost(&mut self, core: &mut Core, flow: FlowId) {
        for lost in core.transactions.on_flow_lost(flow) {
            self.on_lost(core, lost);
        }
        for index in 0..self.calls.len() {
            if self.calls[index].flow != Some(flow) {
                continue;
            }
            let (call, mut ctx) = self.call(core, index);
            call.on_flow_lost(&mut ctx);
            if ctx.identity.flow.is_some() {
                // The line has moved on already, and the far side must learn of it.
                call.on_flow_ready(&mut ctx);
            }
        }
    }

    /// Notes what each call is on now; the flows that are needed for that.
    fn note_flows(&mut self) -> Vec<FlowId> {
        for Ongoing { call, flow, .. } in &mut self.calls {
            // What has not left may leave at another place yet.
            *flow = if call.has_left() { self.line.identity(*flow).flow } else { None };
        }
        self.calls.iter().filter_map(|ongoing| ongoing.flow).collect()
    }

    /// Drops the calls that are over, also for the transactions.
    fn drop_gone(&mut self, core: &Core) {
        self.calls.retain(|ongoing| {
            let mut owners = core.transactions.owners();
            !ongoing.call.is_gone() || owners.any(|owner| owner.is_call(ongoing.id))
        });
    }

    /// Sees to calls that ended; whether another is up.
    fn note_ended(&mut self, now: Time) -> bool {
        for ongoing in &mut self.calls {
            if ongoing.call.is_ended() && !ongoing.ended {
                ongoing.ended = true;
                if ongoing.call.was_talking() {
                    self.seat.on_talk_ended(now, &self.config);
                }
            }
        }
        self.calls.iter().any(|ongoing| !ongoing.ended)
    }

    /// What the seat's status depends on.
    pub(super) fn facts(&self) -> Facts {
        let online = self.line.registered()
            || !self.line.identity(None).account.register
                && self.line.ready_to_call() == Ready::Now;
        Facts { online, in_call: self.calls_up() > 0 }
    }
}
