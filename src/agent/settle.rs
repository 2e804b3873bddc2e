//! What follows from a step: lines and calls hear of each other, what is over goes, the seat tells.

use super::phone::Phone;
use super::{Core, FlowId};
use crate::api::UaEvent;
use crate::line::{LineNews, Ready};
use crate::seat::Facts;
use crate::time::Time;

impl Phone {
    /// Passes on what the line has for the calls, drops calls that are over, tells of the seat.
    pub(super) fn settle(&mut self, core: &mut Core) {
        self.note_flow();
        loop {
            while let Some(news) = self.line.poll_news() {
                self.on_line_news(core, &news);
            }
            let in_call = self.note_ended(core.now);
            let (line, mut step) = self.line(core);
            line.set_in_call(&mut step, in_call);
            match self.line.poll_news() {
                Some(news) => self.on_line_news(core, &news),
                None => break,
            }
        }
        let line = &self.line;
        self.served.retain(|flow| line.owns_flow(*flow));
        let transactions = &core.transactions;
        self.calls.retain(|ongoing| {
            !ongoing.call.is_gone() || transactions.owners().any(|owner| owner.is_call(ongoing.id))
        });
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
        let Some(at) = self.served.iter().position(|served| *served == flow) else {
            // One on which a new credential was tried: no call ever used it.
            return;
        };
        self.served.swap_remove(at);
        for index in 0..self.calls.len() {
            let (call, mut ctx) = self.call(core, index);
            call.on_flow_lost(&mut ctx);
            if ctx.identity.flow.is_some() {
                // The line has moved on already, and the far side must learn of it.
                call.on_flow_ready(&mut ctx);
            }
        }
    }

    /// Notes the flow that calls use now.
    fn note_flow(&mut self) {
        let flow = self.line.identity().flow;
        self.served.extend(flow.filter(|flow| !self.served.contains(flow)));
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
            || !self.line.identity().account.register && self.line.ready_to_call() == Ready::Now;
        Facts { online, in_call: self.calls_up() > 0 }
    }
}
