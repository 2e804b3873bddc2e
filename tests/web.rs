//! The driver in a real browser: the exported class against a WebSocket that the tests play.
//!
//! `node scripts/wasm-test.mjs`. Whole calls with sound are in `tests/browser`.
#![cfg(target_arch = "wasm32")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails there")]

use std::cell::RefCell;
use std::rc::Rc;

use cc_sdk::Core;
use js_sys::{Function, JSON, Promise, Reflect};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::{wasm_bindgen_test as test, wasm_bindgen_test_configure};
use web_sys::MediaStream;

wasm_bindgen_test_configure!(run_in_browser);

#[wasm_bindgen(module = "/tests/web/world.js")]
extern "C" {
    fn begin();
    fn opened() -> usize;
    fn url(index: usize) -> String;
    fn protocol(index: usize) -> String;
    #[wasm_bindgen(js_name = isClosed)]
    fn is_closed(index: usize) -> bool;
    #[wasm_bindgen(js_name = sentCount)]
    fn sent_count(index: usize) -> usize;
    fn sent(index: usize, message: usize) -> JsValue;
    fn accept(index: usize);
    fn says(index: usize, text: &str);
    #[wasm_bindgen(js_name = saysBytes)]
    fn says_bytes(index: usize, text: &str);
    #[wasm_bindgen(js_name = microphoneFails)]
    fn microphone_fails(name: &str);
    #[wasm_bindgen(js_name = microphoneWaits)]
    fn microphone_waits();
    #[wasm_bindgen(js_name = microphoneComes)]
    fn microphone_comes() -> Option<MediaStream>;
    #[wasm_bindgen(js_name = policyForbids)]
    fn policy_forbids();
    #[wasm_bindgen(js_name = withoutSecureContext)]
    fn without_secure_context();
    #[wasm_bindgen(js_name = withoutWebRtc)]
    fn without_web_rtc();
    #[wasm_bindgen(js_name = serviceAnswers)]
    fn service_answers(status: u16, body: &str);
    fn asked() -> String;
    #[wasm_bindgen(js_name = leavesPage)]
    fn leaves_page();
    fn thaws();
    #[wasm_bindgen(js_name = microphoneState)]
    fn microphone_state(stream: &MediaStream) -> String;
    fn soon() -> Promise;
}

/// A page with a core, and what it was told.
struct Page {
    core: Core,
    told: Rc<RefCell<Vec<JsValue>>>,
    _sink: Closure<dyn FnMut(u32, JsValue)>,
}

const ACCOUNT: &str =
    r#"{"uri": "sip:alice@example.com", "servers": ["wss://edge.example.com/sip"]}"#;

impl Page {
    fn new() -> Self {
        Self::listening(|_| {})
    }

    /// A page that does something at each event.
    fn listening(mut listener: impl FnMut(&JsValue) + 'static) -> Self {
        begin();
        let told = Rc::new(RefCell::new(Vec::new()));
        let heard = Rc::clone(&told);
        let sink = Closure::new(move |_, event: JsValue| {
            heard.borrow_mut().push(event.clone());
            listener(&event);
        });
        let core = Core::new(sink.as_ref().unchecked_ref::<Function>().clone(), None).unwrap();
        Self { core, told, _sink: sink }
    }

    async fn registered() -> Self {
        let page = Self::new();
        page.asks_to_register();
        page.hears_registered().await;
        page
    }

    fn asks_to_register(&self) {
        self.command(&[r#"{"type": "register", "account": "#, ACCOUNT, "}"].concat()).unwrap();
    }

    async fn hears_registered(&self) {
        accept(0);
        until(|| sent_count(0) > 0).await;
        says(0, &answer(&text(0, 0), "200 OK"));
        until(|| self.heard("registration", r#""state":"registered""#)).await;
    }

    fn command(&self, json: &str) -> Result<(), JsValue> {
        self.core.command(1, &JSON::parse(json).unwrap())
    }

    fn command_code(&self, json: &str) -> Option<String> {
        self.command(json).err().map(|thrown| member(&thrown, "code"))
    }

    /// Whether an event of this type came whose JSON contains this.
    fn heard(&self, kind: &str, part: &str) -> bool {
        self.told
            .borrow()
            .iter()
            .any(|event| member(event, "type") == kind && json(event).contains(part))
    }

    fn dials(&self) -> u32 {
        let call = self.core.reserve_call();
        self.command(&format!(r#"{{"type": "dial", "call": {call}, "target": "bob"}}"#)).unwrap();
        call
    }
}

fn json(value: &JsValue) -> String {
    JSON::stringify(value).unwrap().into()
}

fn member(object: &JsValue, name: &str) -> String {
    Reflect::get(object, &name.into()).unwrap().as_string().unwrap_or_default()
}

/// A message that the driver sent as text.
fn text(socket: usize, message: usize) -> String {
    sent(socket, message).as_string().unwrap()
}

fn sent_any(socket: usize, part: &str) -> bool {
    (0..sent_count(socket)).any(|message| text(socket, message).contains(part))
}

/// The answer of a registrar or a callee that takes everything.
fn answer(request: &str, status: &str) -> String {
    let kept = ["Via:", "From:", "Call-ID:", "CSeq:", "Contact:"];
    let mut answer = vec![["SIP/2.0 ", status].concat()];
    for line in request.split("\r\n") {
        if kept.iter().any(|name| line.starts_with(name)) {
            answer.push(line.to_owned());
        } else if line.starts_with("To:") {
            answer.push([line, ";tag=far"].concat());
        }
    }
    answer.join("\r\n") + "\r\nExpires: 600\r\nContent-Length: 0\r\n\r\n"
}

/// Lets the browser work until something is so.
async fn until(condition: impl Fn() -> bool) {
    for _ in 0..2000 {
        if condition() {
            return;
        }
        JsFuture::from(soon()).await.unwrap();
    }
    panic!("it never came to that");
}

#[test]
async fn registering_opens_a_socket_with_sub_protocol_sip() {
    let page = Page::new();
    page.asks_to_register();
    assert_eq!(
        (opened(), url(0), protocol(0)),
        (1, "wss://edge.example.com/sip".into(), "sip".into())
    );
}

#[test]
async fn text_and_binary_frames_are_heard_alike() {
    for speak in [says as fn(usize, &str), says_bytes] {
        let page = Page::new();
        page.asks_to_register();
        accept(0);
        until(|| sent_count(0) > 0).await;
        assert!(text(0, 0).starts_with("REGISTER sip:example.com SIP/2.0\r\n"));
        speak(0, &answer(&text(0, 0), "200 OK"));
        until(|| page.heard("registration", r#""state":"registered""#)).await;
    }
}

#[test]
async fn text_of_any_script_arrives_as_it_was_sent() {
    let page = Page::registered().await;
    says(0, &invite("\"Zoë 李 🙂 \\\"Q\\\"\"", &text(0, 0)));
    until(|| page.heard("call", r#""displayName":"Zoë 李 🙂 \"Q\"""#)).await;
}

#[test]
async fn no_event_comes_before_its_command_has_returned() {
    let page = Page::new();
    page.asks_to_register();
    assert!(page.told.borrow().is_empty());
    until(|| page.heard("registration", r#""state":"registering""#)).await;
}

#[test]
async fn what_an_event_does_not_hold_is_undefined() {
    let page = Page::registered().await;
    let told = page.told.borrow();
    let registered = told.iter().find(|event| json(event).contains(r#""state":"registered""#));
    let reason = Reflect::get(registered.unwrap(), &"reason".into()).unwrap();
    assert!(reason.is_undefined());
}

#[test]
async fn a_listener_may_call_straight_back_in() {
    let core: Rc<RefCell<Option<Core>>> = Rc::default();
    let inner = Rc::clone(&core);
    let page = Page::listening(move |event| {
        if json(event).contains(r#""state":"registering""#) {
            let configure = JSON::parse(r#"{"type": "configure", "wrapUp": false}"#).unwrap();
            inner.borrow().as_ref().unwrap().command(1, &configure).unwrap();
        }
    });
    page.asks_to_register();
    let Page { core: outer, told, _sink } = page;
    core.replace(Some(outer));
    until(|| !told.borrow().is_empty()).await;
    accept(0);
    until(|| sent_count(0) > 0).await;
    core.take();
}

#[test]
async fn a_listener_that_throws_stops_no_later_event() {
    let page = Page::listening(|_| wasm_bindgen::throw_str("a listener of the page"));
    page.asks_to_register();
    page.hears_registered().await;
}

#[test]
async fn misuse_is_thrown_with_its_code() {
    let page = Page::registered().await;
    assert_eq!(page.core.reserve_call(), 1);
    let codes = [
        (r#"{"type": "hangup", "call": 99}"#, "call-gone"),
        (r#"{"type": "dial", "call": 1, "target": "<>"}"#, "bad-target"),
        (r#"{"type": "setSeatStatus", "status": 3}"#, "bad-seat-status"),
        (r#"{"type": "register", "token": "x"}"#, "no-service"),
        (r#"{"type": "register", "account": {"uri": "sip:alice@example.com"}}"#, "bad-account"),
        (r#"{"type": "register", "account": {"uri": 5, "servers": []}}"#, "bad-account"),
        (r#"{"type": "register"}"#, "bad-argument"),
        (r#"{"type": "dial", "call": 7}"#, "bad-argument"),
        (r#"{"type": "mute", "call": 7}"#, "bad-argument"),
        (
            r#"{"type": "sendDigits", "call": 7, "digits": "1", "transport": "smoke"}"#,
            "bad-argument",
        ),
        (r#"{"type": "dance"}"#, "bad-argument"),
        ("5", "bad-argument"),
    ];
    for (command, code) in codes {
        assert_eq!(page.command_code(command).as_deref(), Some(code), "{command}");
    }
}

#[test]
async fn every_command_is_read() {
    let page = Page::registered().await;
    for command in [
        r#"{"type": "configure", "service": "https://example.com", "wrapUpSeconds": 30, "rateCalls": 3}"#,
        r#"{"type": "setSeatStatus", "status": 5}"#,
        r#"{"type": "setSeatStatus", "status": 2}"#,
        r#"{"type": "finishWrapUp"}"#,
        r#"{"type": "unregister"}"#,
        r#"{"type": "shutdown"}"#,
    ] {
        assert_eq!(page.command_code(command), None, "{command}");
    }
    for command in [
        r#"{"type": "answer", "call": 99}"#,
        r#"{"type": "reject", "call": 99, "status": 486}"#,
        r#"{"type": "mute", "call": 99, "muted": true}"#,
        r#"{"type": "sendDigits", "call": 99, "digits": "1", "transport": "rtp"}"#,
        r#"{"type": "sendCallMessage", "call": 99, "id": 7, "body": "x"}"#,
    ] {
        let page = Page::registered().await;
        assert_eq!(page.command_code(command).as_deref(), Some("call-gone"), "{command}");
    }
}

#[test]
async fn an_opaque_token_goes_to_its_service_and_nowhere_else() {
    let page = Page::new();
    service_answers(200, &format!(r#"{{"account": {ACCOUNT}, "expiresIn": 3600}}"#));
    page.command(r#"{"type": "configure", "service": "https://service.example.com"}"#).unwrap();
    page.command(r#"{"type": "register", "token": "Bearer demo:alice:1234"}"#).unwrap();
    until(|| opened() == 1).await;
    let expected =
        r#"[["https://service.example.com/v1/account","POST","Bearer demo:alice:1234","error"]]"#;
    assert_eq!((asked().as_str(), url(0).as_str()), (expected, "wss://edge.example.com/sip"));
}

#[test]
async fn a_service_that_makes_no_sense_fails_the_registration() {
    for (status, body) in
        [(200, "<!doctype html>"), (200, "{}"), (200, "null"), (401, "no"), (404, "")]
    {
        let page = Page::new();
        service_answers(status, body);
        page.command(r#"{"type": "configure", "service": "https://service.example.com"}"#).unwrap();
        page.command(r#"{"type": "register", "token": "demo:alice:1234"}"#).unwrap();
        until(|| page.heard("registration", r#""state":"failed""#)).await;
        assert_eq!(opened(), 0, "{status} {body}");
    }
}

#[test]
async fn a_provider_is_asked_for_the_token() {
    let page = Page::new();
    service_answers(200, &format!(r#"{{"account": {ACCOUNT}}}"#));
    page.command(r#"{"type": "configure", "service": "https://service.example.com"}"#).unwrap();
    register_with(&page, "return Promise.resolve('demo:alice:5678')");
    until(|| opened() == 1).await;
    assert!(asked().contains("Bearer demo:alice:5678"));
}

#[test]
async fn a_token_that_is_not_accepted_leaves_the_provider_in_place() {
    let page = Page::new();
    service_answers(200, &format!(r#"{{"account": {ACCOUNT}}}"#));
    page.command(r#"{"type": "configure", "service": "https://service.example.com"}"#).unwrap();
    register_with(&page, "return 'demo:alice:5678'");
    until(|| opened() == 1).await;
    page.hears_registered().await;
    let garbage = page.command_code(r#"{"type": "register", "token": "a.b.c"}"#);
    assert_eq!(garbage.as_deref(), Some("bad-token"));
    let asked_once = asked();
    thaws();
    until(|| opened() == 2).await;
    accept(1);
    until(|| sent_count(1) > 0).await;
    says(1, &answer(&text(1, 0), "403 Forbidden"));
    until(|| asked() != asked_once).await;
    assert_eq!(asked().matches("Bearer demo:alice:5678").count(), 2);
}

#[test]
async fn a_provider_that_fails_fails_the_registration() {
    for body in ["throw new Error('x')", "return Promise.reject(new Error('x'))", "return 5"] {
        let page = Page::new();
        register_with(&page, body);
        until(|| page.heard("registration", r#""state":"failed""#)).await;
    }
}

fn register_with(page: &Page, provider: &str) {
    let command = JSON::parse(r#"{"type": "register"}"#).unwrap();
    Reflect::set(&command, &"token".into(), &Function::new_no_args(provider)).unwrap();
    page.core.command(1, &command).unwrap();
}

#[test]
async fn an_invite_leaves_with_a_candidate_and_the_microphone() {
    let page = Page::registered().await;
    let call = page.dials();
    until(|| sent_any(0, "INVITE sip:bob@example.com")).await;
    assert!(sent_any(0, "\r\na=candidate:") && !sent_any(0, "m=audio 9 "));
    assert_eq!(microphone_state(&page.core.local_stream(call).unwrap()), "live");
    assert!(page.core.remote_stream(call).is_none());
}

#[test]
async fn hanging_up_stops_the_microphone_at_once() {
    let page = Page::registered().await;
    let call = page.dials();
    until(|| sent_any(0, "INVITE ")).await;
    let microphone = page.core.local_stream(call).unwrap();
    page.command(&format!(r#"{{"type": "hangup", "call": {call}}}"#)).unwrap();
    until(|| page.heard("callState", r#""state":"ended""#)).await;
    assert_eq!(microphone_state(&microphone), "ended");
    assert!(page.core.local_stream(call).is_none());
}

#[test]
async fn a_microphone_that_is_allowed_after_the_call_ended_is_stopped() {
    let page = Page::registered().await;
    microphone_waits();
    let call = page.dials();
    page.command(&format!(r#"{{"type": "hangup", "call": {call}}}"#)).unwrap();
    until(|| page.heard("callState", r#""state":"ended""#)).await;
    let microphone = RefCell::new(None);
    until(|| {
        microphone.replace(microphone_comes());
        microphone.borrow().as_ref().is_some_and(|it| microphone_state(it) == "ended")
    })
    .await;
}

#[test]
async fn a_call_without_a_microphone_says_why() {
    for (name, code) in [
        ("NotAllowedError", "microphone-denied"),
        ("SecurityError", "microphone-denied"),
        ("NotFoundError", "microphone-missing"),
        ("NotReadableError", "microphone-busy"),
        ("TypeError", "media-failed"),
    ] {
        let page = Page::registered().await;
        microphone_fails(name);
        ends_with(&page, code).await;
    }
}

#[test]
async fn a_policy_that_forbids_the_microphone_is_told_from_a_refusal() {
    let page = Page::registered().await;
    microphone_fails("NotAllowedError");
    policy_forbids();
    ends_with(&page, "microphone-policy").await;
}

#[test]
async fn a_page_that_cannot_have_calls_says_why() {
    for (spoil, code) in [
        (without_secure_context as fn(), "insecure-context"),
        (without_web_rtc, "webrtc-unsupported"),
    ] {
        let page = Page::registered().await;
        spoil();
        ends_with(&page, code).await;
    }
}

async fn ends_with(page: &Page, code: &str) {
    page.dials();
    until(|| page.heard("callState", &format!(r#""code":"{code}""#))).await;
    assert!(!sent_any(0, "INVITE "));
}

#[test]
async fn leaving_the_page_refuses_what_rings() {
    let page = Page::registered().await;
    says(0, &invite("Bob", &text(0, 0)));
    until(|| page.heard("callState", r#""state":"incoming""#)).await;
    leaves_page();
    assert!((0..sent_count(0)).any(|at| {
        let message = text(0, at);
        message.contains("CSeq: 1 INVITE") && message.starts_with("SIP/2.0 4")
            || message.starts_with("SIP/2.0 6")
    }));
}

#[test]
async fn a_page_from_the_cache_connects_again() {
    let page = Page::registered().await;
    thaws();
    until(|| opened() == 2).await;
    assert!(!page.heard("registration", r#""state":"failed""#));
}

#[test]
async fn freeing_the_core_closes_its_connection_and_the_microphone() {
    let page = Page::registered().await;
    let call = page.dials();
    until(|| sent_any(0, "INVITE ")).await;
    let microphone = page.core.local_stream(call).unwrap();
    drop(page);
    assert!(is_closed(0));
    assert_eq!(microphone_state(&microphone), "ended");
}

/// An INVITE without an offer, to the Contact of a REGISTER.
fn invite(name: &str, register: &str) -> String {
    let contact = register.split("Contact: <").nth(1).and_then(|rest| rest.split('>').next());
    [
        &format!("INVITE {} SIP/2.0", contact.unwrap()),
        "Via: SIP/2.0/WSS edge.example.com;branch=z9hG4bKfar",
        "Max-Forwards: 70",
        &format!("From: {name} <sip:bob@example.com>;tag=far"),
        "To: <sip:alice@example.com>",
        "Call-ID: far",
        "CSeq: 1 INVITE",
        "Contact: <sip:bob@far.invalid;transport=ws>",
        "Content-Length: 0",
        "",
        "",
    ]
    .join("\r\n")
}
