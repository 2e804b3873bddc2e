//! What follows from a step: lines and calls hear of each other, what is over goes, the seat tells.

use super::phone::{Ongoing, Phone, hash_of_dialog, hash_of_peer, key};
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
            if !self.line.flows().eq(self.flows.iter().copied()) {
                self.flows = self.line.flows().collect();
                self.touch_all();
            }
            self.see_to_calls(core);
            let in_call = self.up > 0;
            let used = std::mem::take(&mut self.used);
            let (line, mut step) = self.line(core);
            line.set_in_call(&mut step, in_call);
            line.release(&mut step, &used);
            self.used = used;
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
        for index in self.calls.places() {
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
        for index in self.calls.places() {
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

    fn touch_all(&mut self) {
        self.touched = self.calls.places();
        for index in &self.touched {
            self.calls[*index].touched = true;
        }
    }

    /// Sees to the calls that took a step: to their end, their flow, and when and by what they
    /// are found next.
    fn see_to_calls(&mut self, core: &Core) {
        while let Some(index) = self.touched.pop() {
            self.calls[index].touched = false;
            self.note_end(core.now, index);
            let Ongoing { call, flow, asked, .. } = &self.calls[index];
            if call.is_gone() && !asked.iter().any(|id| core.transactions.is_open(*id)) {
                self.set_flow(index, None);
                self.calls.remove(index);
                continue;
            }
            // What has not left may leave at another place yet.
            let flow = if call.has_left() { self.line.identity(*flow).flow } else { None };
            // A call that is gone stays for its transactions, until time has ended them.
            let deadline = if call.is_gone() {
                asked.iter().filter_map(|id| core.transactions.deadline(*id)).max()
            } else {
                call.next_timeout()
            };
            let (call_id, peers) = call.known_by();
            let dialog = hash_of_dialog(call_id);
            let peers = peers.map(|peer| peer.map_or(0, hash_of_peer));
            self.calls.set_deadline(index, deadline);
            self.calls.set_key(index, key::DIALOG, dialog);
            for (at, peer) in peers.into_iter().enumerate() {
                self.calls.set_key(index, key::PEERS + at, peer);
            }
            self.set_flow(index, flow);
        }
    }

    fn note_end(&mut self, now: Time, index: usize) {
        let Ongoing { call, ended, .. } = &mut self.calls[index];
        if !call.is_ended() || std::mem::replace(ended, true) {
            return;
        }
        let was_talking = call.was_talking();
        self.up -= 1;
        if was_talking {
            self.seat.on_talk_ended(now, &self.config);
        }
    }

    /// What the seat's status depends on.
    pub(super) fn facts(&self) -> Facts {
        let online = self.line.registered()
            || !self.line.identity(None).account.register
                && self.line.ready_to_call() == Ready::Now;
        Facts { online, in_call: self.calls_up() > 0 }
    }
}
