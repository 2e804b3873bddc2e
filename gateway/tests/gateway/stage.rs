//! The switch on a virtual clock, with scripted phones around it.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use cc_gateway::media::{MediaId, MediaReply, MediaRequest};
use cc_gateway::settings::{Key, KeyAlgorithm, Limits, Settings};
use cc_gateway::switch::{Input, Output, Switch};
use cc_gateway::tokens::Authority;
use cc_sdk::{FlowId, Time};

use crate::phone::{Heard, Phone};

pub(crate) struct Stage {
    switch: Switch,
    pub(crate) authority: Arc<Authority>,
    pub(crate) now: Time,
    flows: u32,
    inboxes: HashMap<FlowId, Vec<Heard>>,
    pub(crate) media: Vec<(MediaId, MediaRequest)>,
    pub(crate) closed: Vec<FlowId>,
}

impl Stage {
    pub(crate) fn new() -> Self {
        Self::with(Limits::default())
    }

    pub(crate) fn with(limits: Limits) -> Self {
        Self::of(&Settings { limits, ..Settings::default() })
    }

    /// With the issuer's Ed25519 public key (PEM) as key `own`.
    pub(crate) fn with_key(pem: &str) -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR"))
            .join(format!("cc-gateway-key-{}.pem", std::process::id()));
        std::fs::write(&path, pem).unwrap();
        let key = Key {
            kid: "own".into(),
            algorithm: KeyAlgorithm::EdDSA,
            secret: None,
            public_key: Some(path),
        };
        Self::of(&Settings { keys: vec![key], ..Settings::default() })
    }

    fn of(settings: &Settings) -> Self {
        let limits = settings.limits.clone();
        let authority = Arc::new(Authority::new(settings).unwrap());
        Self {
            switch: Switch::new(authority.clone(), &limits, "localhost:8080", [7; 32]),
            authority,
            now: Time::from_epoch(Duration::from_secs(1_795_000_000)),
            flows: 0,
            inboxes: HashMap::new(),
            media: Vec::new(),
            closed: Vec::new(),
        }
    }

    pub(crate) fn opens(&mut self) -> FlowId {
        self.flows += 1;
        let flow = FlowId(self.flows);
        self.handle(Input::Opened(flow));
        flow
    }

    pub(crate) fn closes(&mut self, flow: FlowId) {
        self.handle(Input::Closed(flow));
    }

    pub(crate) fn sends(&mut self, flow: FlowId, text: impl AsRef<[u8]>) {
        self.handle(Input::Frame(flow, text.as_ref()));
    }

    pub(crate) fn media_says(&mut self, reply: MediaReply) {
        let id = self.media.last().unwrap().0;
        self.handle(Input::Media(id, reply));
    }

    pub(crate) fn media_of(&mut self, id: MediaId, reply: MediaReply) {
        self.handle(Input::Media(id, reply));
    }

    pub(crate) fn next_timeout(&self) -> Option<Time> {
        self.switch.next_timeout()
    }

    pub(crate) fn stops(&mut self) {
        self.handle(Input::Stop);
    }

    /// All that arrived on a flow since it was asked last.
    pub(crate) fn hears(&mut self, flow: FlowId) -> Vec<Heard> {
        self.inboxes.remove(&flow).unwrap_or_default()
    }

    /// The same, as methods and statuses.
    pub(crate) fn hears_what(&mut self, flow: FlowId) -> Vec<String> {
        self.hears(flow).iter().map(Heard::what).collect()
    }

    /// The one message that arrived.
    #[track_caller]
    pub(crate) fn hears_one(&mut self, flow: FlowId, what: &str) -> Heard {
        let heard = self.hears(flow);
        let kinds: Vec<_> = heard.iter().map(Heard::what).collect();
        assert_eq!(kinds, [what], "{heard:#?}");
        heard.into_iter().next().unwrap()
    }

    /// The one message that arrived, which must be one of these; which it was.
    #[track_caller]
    pub(crate) fn hears_one_of(&mut self, flow: FlowId, what: &[&str]) -> String {
        let kinds = self.hears_what(flow);
        assert!(kinds.len() == 1 && what.contains(&&*kinds[0]), "{kinds:?}");
        kinds.into_iter().next().unwrap()
    }

    /// Lets time pass, stopping at every deadline on the way.
    pub(crate) fn passes(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(due) = self.switch.next_timeout().filter(|due| *due <= end) {
            self.now = self.now.max(due);
            self.handle(Input::Timeout);
        }
        self.now = end;
    }

    /// A new opaque token of a seat, as a header's value.
    pub(crate) fn token(&self, seat: &str) -> String {
        let now = u64::try_from(self.now.since_epoch().as_millis()).unwrap();
        format!("Bearer {}", self.authority.opaque.issue(seat, 3600, now))
    }

    /// A phone that is registered by an opaque token, its flow, and the token.
    #[track_caller]
    pub(crate) fn registers(&mut self, seat: &str, host: &str) -> (Phone, FlowId, String) {
        let token = self.token(seat);
        let (phone, flow) = self.registers_with(seat, host, &token);
        (phone, flow, token)
    }

    #[track_caller]
    pub(crate) fn registers_with(
        &mut self,
        seat: &str,
        host: &str,
        token: &str,
    ) -> (Phone, FlowId) {
        let flow = self.opens();
        let mut phone = Phone::new(seat, host);
        let register = phone.register(&format!("Authorization: {token}"));
        self.sends(flow, register);
        self.hears_one(flow, "200");
        (phone, flow)
    }

    fn handle(&mut self, input: Input<'_>) {
        self.switch.handle(self.now, input);
        while let Some(output) = self.switch.poll_output() {
            match output {
                Output::Transmit(flow, bytes) => {
                    let text = String::from_utf8_lossy(&bytes).into_owned();
                    self.inboxes.entry(flow).or_default().push(Heard(text));
                }
                Output::Close(flow, _) => self.closed.push(flow),
                Output::Media(id, request) => self.media.push((id, request)),
            }
        }
    }
}

/// The value of `Proxy-Authorization` and the line itself.
pub(crate) fn proxy(token: &str) -> String {
    format!("Proxy-Authorization: {token}")
}

/// Signs claims with the demo key, or leaves the signing to the script.
pub(crate) fn jws(header: &serde_json::Value, claims: &serde_json::Value, secret: &[u8]) -> String {
    use hmac::{Hmac, KeyInit, Mac};
    let part = |json: &serde_json::Value| base64url(json.to_string().as_bytes());
    let input = format!("{}.{}", part(header), part(claims));
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(secret).unwrap();
    mac.update(input.as_bytes());
    format!("{input}.{}", base64url(&mac.finalize().into_bytes()))
}

pub(crate) fn base64url(bytes: &[u8]) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let bits = chunk.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte))
            << (8 * (3 - chunk.len()));
        for place in 0..=chunk.len() {
            text.push(char::from(LETTERS[(bits >> (18 - 6 * place) & 63) as usize]));
        }
    }
    text
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}
