//! Digits as tones of a peer connection (RFC 4733).

use std::rc::Rc;

use js_sys::Reflect;
use wasm_bindgen::JsCast;
use web_sys::{RtcdtmfSender, RtcdtmfToneChangeEvent};

use super::peer::Peer;
use crate::media::{MediaEvent, MediaFailure};

impl Peer {
    /// Appends to what is still to be played.
    pub(super) fn play(
        self: &Rc<Self>,
        digits: &str,
        tone_ms: u32,
        gap_ms: u32,
    ) -> Result<(), MediaFailure> {
        let sender = self.dtmf().ok_or_else(|| MediaFailure::Refused(String::new()))?;
        self.tones.replace(Some(self.listening_to(&sender, &["tonechange"])));
        let mut tones = sender.tone_buffer();
        tones.push_str(digits);
        sender.insert_dtmf_with_duration_and_inter_tone_gap(&tones, tone_ms, gap_ms);
        Ok(())
    }

    fn dtmf(&self) -> Option<RtcdtmfSender> {
        let senders = self.connection.get_senders();
        let dtmf = Reflect::get(&senders.get(0), &"dtmf".into()).ok()?;
        let sender: RtcdtmfSender = dtmf.dyn_into().ok()?;
        Reflect::get(&sender, &"canInsertDTMF".into()).ok()?.is_truthy().then_some(sender)
    }

    /// A tone ends when the next begins, or with an empty name.
    pub(super) fn on_tone(&self, event: &RtcdtmfToneChangeEvent) {
        if let Some(played) = self.digit.replace(event.tone().chars().next()) {
            self.tell(MediaEvent::DigitDone(played));
        }
    }
}
