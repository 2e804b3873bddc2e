//! What follows from a step: lines and calls hear of each other, what is over goes, the seat tells.

use super::calls::Ongoing;
use super::phone::{Phone, step};
use super::{Core, FlowId};
use crate::api::UaEvent;
use crate::line::{LineNews, Ready};
use crate::seat::Facts;

impl Phone {
    /// Passes on what the line has for the calls, drops calls that are over, tells of the seat.
    pub(super) fn settle(&mut self, core: &mut Core) {
        loop {
            while let Some(news) = self.line.poll_news() {
                self.on_line_news(core, &news);
            }
            if !self.line.flows().eq(self.flows.iter().copied()) {
                self.flows = self.line.flows().collect();
                for index in self.calls.places() {
                    self.calls.touch(index);
                }
            }
            self.pass_words(core);
            self.see_to_calls(core);
            let in_call = self.calls.up() > 0;
            let mut step = step(self.account, &self.config, core);
            self.line.set_in_call(step.now, in_call);
            self.line.release(&mut step, self.calls.used());
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
        let (errands, mut ctx) = self.errands(core);
        match news {
            LineNews::Ready => errands.on_ready(&mut ctx),
            LineNews::Failed(why) => errands.on_register_failed(&mut ctx, why),
            LineNews::Linked | LineNews::FlowLost(_) => {}
        }
        for index in self.calls.places() {
            let (call, mut ctx) = self.call(core, index);
            match news {
                LineNews::Ready => {
                    call.on_flow_ready(&mut ctx);
                    call.on_registered(&mut ctx);
                }
                LineNews::Linked => call.on_linked(&mut ctx),
                LineNews::Failed(why) => call.on_register_failed(&mut ctx, why),
                LineNews::FlowLost(_) => {}
            }
        }
    }

    fn on_flow_lost(&mut self, core: &mut Core, flow: FlowId) {
        for lost in core.transactions.on_flow_lost(flow) {
            self.on_lost(core, lost);
        }
        let ready = self.line.ready_to_call() == Ready::Now;
        let (errands, mut ctx) = self.errands(core);
        errands.on_flow_lost(&mut ctx, flow);
        if ready {
            // The line has moved on already.
            errands.on_ready(&mut ctx);
        }
        for index in self.calls.places() {
            if self.calls.at(index).flow != Some(flow) {
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

    /// Sees to the calls that took a step: to their end, their flow, and when and by what they
    /// are found next.
    fn see_to_calls(&mut self, core: &mut Core) {
        while let Some(index) = self.calls.take_touched() {
            let has_ended = self.calls.take_end(index);
            let Ongoing { call, flow, asked, .. } = self.calls.at(index);
            if has_ended && call.was_talking() {
                self.seat.on_talk_ended(core.now, &self.config);
            }
            let transactions = &mut core.transactions;
            if call.is_gone() {
                if !asked.iter().any(|id| transactions.is_open(*id)) {
                    self.calls.remove(index);
                    continue;
                }
                for id in asked {
                    transactions.abandon(core.now, *id);
                }
            }
            // What has not left may leave at another place yet, and what is over holds no flow.
            let on_a_flow = call.has_left() && !call.is_gone();
            let flow = if on_a_flow { self.line.identity(*flow).flow } else { None };
            // A call that is gone stays for its transactions, until time has ended them.
            let deadline = if call.is_gone() {
                asked.iter().filter_map(|id| transactions.deadline(*id)).max()
            } else {
                call.next_timeout()
            };
            self.calls.file(index, flow, deadline);
        }
    }

    /// What the seat's status depends on.
    pub(super) fn facts(&self) -> Facts {
        let online = self.line.registered()
            || !self.line.identity(None).account.register
                && self.line.ready_to_call() == Ready::Now;
        Facts { online, in_call: self.calls.up() > 0 }
    }
}
