//! The same messages read by us, by sipx-sip and by rsip; every difference is listed and judged.

#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, reason = "a test fails by it")]

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::panic::catch_unwind;

use cc_sdk::sip::Message;

/// What a parser makes of a message: fields, or nothing where it refuses it.
type Reading = Option<BTreeMap<&'static str, String>>;

/// Brackets around an IPv6 address are spelling.
fn host(text: &str) -> Option<String> {
    Some(text.trim_matches(['[', ']']).to_owned()).filter(|host| !host.is_empty())
}

fn ours(frame: &[u8]) -> Reading {
    let message = Message::parse(frame).ok()?;
    message.check().ok()?;
    let mut fields = BTreeMap::new();
    let mut put = |name, value: Option<String>| {
        value.map(|value| fields.insert(name, value));
    };
    put("start", message.method().map(|method| method.to_string()));
    put("start", message.status().map(|status| status.to_string()));
    let vias = message.vias().ok()?;
    put("via_n", Some(vias.len().to_string()));
    put("via_transport", Some(vias[0].transport().to_owned()));
    put("via_host", host(vias[0].host()));
    put("via_port", vias[0].port().map(|port| port.to_string()));
    put("via_branch", vias[0].branch().map(Cow::into_owned));
    let addresses = [
        (("from_tag", "from_user", "from_host"), message.from().ok()?),
        (("to_tag", "to_user", "to_host"), message.to().ok()?),
    ];
    for ((tag, user, place), address) in addresses {
        put(tag, address.tag().map(Cow::into_owned));
        let uri = address.uri().ok()?;
        put(user, uri.user().filter(|_| uri.is_sip()).map(str::to_owned));
        put(place, host(uri.host()));
    }
    put("call_id", Some(message.call_id().ok()?.into_owned()));
    let cseq = message.cseq().ok()?;
    put("cseq", Some(format!("{} {}", cseq.number, cseq.method)));
    let contacts = message.contacts().ok()?;
    put("contact_n", Some(contacts.len().to_string()));
    if let Some(contact) = contacts.first().filter(|contact| !contact.is_star()) {
        let uri = contact.uri().ok()?;
        put("contact_user", uri.user().filter(|_| uri.is_sip()).map(str::to_owned));
        put("contact_host", host(uri.host()));
        put("contact_expires", contact.expires().map(|seconds| seconds.to_string()));
    }
    put("body_len", Some(message.body().len().to_string()));
    Some(fields)
}

fn sipx(frame: &[u8]) -> Reading {
    use sipx_sip::headers::{CSeq, CallId, ContactValue, From, To, Via};
    use sipx_sip::{Finding, Limits, parse_datagram, validate};

    let limits = Limits { max_headers: 1000, max_header_bytes: 65536, ..Limits::datagram() };
    let message = parse_datagram(bytes::Bytes::copy_from_slice(frame), &limits).ok()?;
    let findings = validate(&message);
    if !findings.iter().all(|finding| *finding == Finding::MissingRequiredHeader("Max-Forwards")) {
        return None;
    }
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let mut fields = BTreeMap::new();
    let mut put = |name, value: Option<String>| {
        value.map(|value| fields.insert(name, value));
    };
    put("start", message.as_request().map(|request| text(request.method.as_bytes())));
    put("start", message.as_response().map(|response| response.status.code().to_string()));
    let headers = message.headers();
    let vias: Vec<Via> = headers
        .get_all(&sipx_sip::HeaderName::Via)
        .map(|line| Via::parse_list(&line.value()))
        .collect::<Result<Vec<_>, _>>()
        .ok()?
        .into_iter()
        .flatten()
        .collect();
    put("via_n", Some(vias.len().to_string()));
    put("via_transport", Some(text(&vias[0].transport)));
    put("via_host", host(&text(&vias[0].host.to_bytes())));
    put("via_port", vias[0].port.map(|port| port.to_string()));
    put("via_branch", vias[0].branch().map(text));
    let from = headers.typed::<From>()?.ok()?.0;
    let to = headers.typed::<To>()?.ok()?.0;
    for ((tag, user, place), address) in
        [(("from_tag", "from_user", "from_host"), from), (("to_tag", "to_user", "to_host"), to)]
    {
        put(tag, address.tag().map(text));
        put(user, address.uri.user().map(text));
        put(place, address.uri.host().and_then(|name| host(&text(&name.to_bytes()))));
    }
    put("call_id", Some(text(&headers.typed::<CallId>()?.ok()?.0)));
    let cseq = headers.typed::<CSeq>()?.ok()?;
    put("cseq", Some(format!("{} {}", cseq.sequence, text(cseq.method.as_bytes()))));
    let contacts: Vec<ContactValue> = headers.typed_all().collect::<Result<_, _>>().ok()?;
    put("contact_n", Some(contacts.len().to_string()));
    if let Some(ContactValue::Address(contact)) = contacts.first() {
        put("contact_user", contact.uri.user().map(text));
        put("contact_host", contact.uri.host().and_then(|name| host(&text(&name.to_bytes()))));
        put("contact_expires", contact.param("expires").map(text));
    }
    put("body_len", Some(message.body().len().to_string()));
    Some(fields)
}

fn rsip(frame: &[u8]) -> Reading {
    use rsip::prelude::{HasHeaders as _, HeadersExt as _, ToTypedHeader as _, UntypedHeader as _};

    let message = rsip::SipMessage::try_from(frame).ok()?;
    let mut fields = BTreeMap::new();
    let mut put = |name, value: Option<String>| {
        value.map(|value| fields.insert(name, value));
    };
    put(
        "start",
        Some(match &message {
            rsip::SipMessage::Request(request) => request.method.to_string(),
            rsip::SipMessage::Response(response) => response.status_code.code().to_string(),
        }),
    );
    let is_via = |header: &&rsip::Header| matches!(header, rsip::Header::Via(_));
    put("via_n", Some(message.headers().iter().filter(is_via).count().to_string()));
    let via = message.via_header().ok()?.typed().ok()?;
    put("via_transport", Some(via.transport.to_string()));
    put("via_host", host(&via.uri.host().to_string()));
    put("via_port", via.uri.port().map(|port| port.value().to_string()));
    put("via_branch", via.branch().map(|branch| branch.value().to_owned()));
    let from = message.from_header().ok()?.typed().ok()?;
    put("from_tag", from.tag().map(|tag| tag.value().to_owned()));
    put("from_user", from.uri.user().map(str::to_owned));
    put("from_host", host(&from.uri.host().to_string()));
    let to = message.to_header().ok()?.typed().ok()?;
    put("to_tag", to.tag().map(|tag| tag.value().to_owned()));
    put("to_user", to.uri.user().map(str::to_owned));
    put("to_host", host(&to.uri.host().to_string()));
    put("call_id", Some(message.call_id_header().ok()?.value().to_owned()));
    let cseq = message.cseq_header().ok()?.typed().ok()?;
    put("cseq", Some(format!("{} {}", cseq.seq, cseq.method)));
    let contacts: Vec<_> = message
        .headers()
        .iter()
        .filter_map(|header| match header {
            rsip::Header::Contact(contact) => Some(contact.clone()),
            _ => None,
        })
        .collect();
    put("contact_n", Some(contacts.len().to_string()));
    if let Some(contact) = contacts.into_iter().next().filter(|contact| contact.value() != "*") {
        let contact = contact.typed().ok()?;
        put("contact_user", contact.uri.user().map(str::to_owned));
        put("contact_host", host(&contact.uri.host().to_string()));
        put("contact_expires", contact.expires().map(|seconds| seconds.value().to_owned()));
    }
    put("body_len", Some(message.body().len().to_string()));
    Some(fields)
}

/// How the oracle's reading differs from ours: `refused`, `accepted`, `panics`, or the fields.
fn difference(frame: &[u8], oracle: fn(&[u8]) -> Reading) -> Option<String> {
    let ours = ours(frame);
    let Ok(theirs) = catch_unwind(|| oracle(frame)) else { return Some("panics".to_owned()) };
    match (ours, theirs) {
        (None, None) => None,
        (Some(_), None) => Some("refused".to_owned()),
        (None, Some(_)) => Some("accepted".to_owned()),
        (Some(ours), Some(theirs)) => {
            let names: BTreeSet<_> = ours.keys().chain(theirs.keys()).copied().collect();
            let differs = |name: &&str| ours.get(name) != theirs.get(name);
            let names: Vec<_> = names.into_iter().filter(differs).collect();
            (!names.is_empty()).then(|| names.join(" "))
        }
    }
}

/// The corpus, and an INVITE in each form that JsSIP and SIP.js drop.
fn messages() -> Vec<(String, Vec<u8>)> {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/sip-corpus/");
    let index = std::fs::read(format!("{root}index.json")).unwrap();
    let index: serde_json::Value = serde_json::from_slice(&index).unwrap();
    let files = index.as_array().unwrap().iter().map(|entry| entry["file"].as_str().unwrap());
    let mut messages: Vec<(String, Vec<u8>)> = files
        .map(|file| (file.to_owned(), std::fs::read(format!("{root}{file}")).unwrap()))
        .collect();
    let plain = std::fs::read(format!("{root}corner/baseline-wss-invite.sip")).unwrap();
    let plain = String::from_utf8(plain).unwrap();
    let start = plain.lines().next().unwrap().to_owned();
    let header = |name: &str| plain.lines().find(|line| line.starts_with(name)).unwrap().to_owned();
    let (from, contact, cseq) = (header("From"), header("Contact"), header("CSeq"));
    for (form, old, new) in [
        ("brackets in the reason", &start, "SIP/2.0 480 [processing] Unavailable"),
        ("stray colon in Contact", &contact, "Contact: <sip:a@b.invalid>,: <sip:c@d.invalid>"),
        ("raw # in the user", &from, "From: <sip:*21#600@example.com>;tag=1"),
        ("UTF-8 name without quotes", &from, "From: Zoë Müller <sip:zoe@example.com>;tag=1"),
        ("no reason, no space", &start, "SIP/2.0 200"),
        ("LF line ends", &"\r\n".to_owned(), "\n"),
        ("tel in From", &from, "From: <tel:+12015550123;phone-context=example.com>;tag=1"),
        ("space in the user", &from, "From: <sip:front desk@example.com>;tag=1"),
        ("bare IPv6", &contact, "Contact: <sip:alice@2001:db8::9:1;transport=ws>"),
        ("CRLF before the start line", &start, &format!("\r\n\r\n{start}")),
        ("bare Record-Route", &cseq, &format!("Record-Route: sip:p1.example.com;lr\r\n{cseq}")),
        ("bare Refer-To", &cseq, &format!("Refer-To: sip:c@d.invalid?Replaces=1%40h\r\n{cseq}")),
        ("trailing semicolon", &from, "From: <sip:alice@example.com>;tag=a;"),
    ] {
        assert!(plain.contains(old.as_str()), "{form}");
        messages.push((format!("form/{form}"), plain.replace(old, new).into_bytes()));
    }
    messages
}

#[test]
fn every_difference_is_listed_and_judged() {
    let mut found = Vec::new();
    for (name, frame) in messages() {
        for (oracle, read) in [("sipx-sip", sipx as fn(&[u8]) -> Reading), ("rsip", rsip)] {
            found.extend(difference(&frame, read).map(|how| format!("{oracle} {name}: {how}")));
        }
    }
    let judged: Vec<_> =
        JUDGED.iter().map(|(oracle, name, how, _)| format!("{oracle} {name}: {how}")).collect();
    let new: Vec<_> = found.iter().filter(|line| !judged.contains(line)).collect();
    let gone: Vec<_> = judged.iter().filter(|line| !found.contains(line)).collect();
    assert!(new.is_empty() && gone.is_empty(), "new: {new:#?}\ngone: {gone:#?}");
}

const CHECK: &str = "rsip leaves this check to its user";
const COMPACT: &str = "rsip knows few compact names";
const DOT: &str =
    "a dot in the user part, which RFC 3261 allows: rsip takes `user@host` for the host";
const FOLD: &str = "rsip does not unfold";
const FORM: &str = "met in the field and harmless; sipx-sip holds to the grammar";
const FORMR: &str = "met in the field and harmless; rsip cannot read it";
const GRAMMAR: &str = "rsip does not check the grammar";
const IPV6: &str = "rsip reads no IPv6 address";
const LENGTH: &str = "RFC 3261 §18.3: rsip ignores Content-Length";
const METHOD: &str =
    "rsip refuses or rewrites methods that it does not know; they are case-sensitive tokens";
const QUOTES: &str = "rsip cannot tell a quoted separator from a real one";
const REWRITE: &str = "the same address; sipx-sip writes it anew, we keep what stood there";
const SPACE: &str = "rsip does not take white space off names and values";
const TOKEN: &str = "rsip's tokens and escapes are too narrow";
const URI: &str = "rsip reads no URI but simple sip ones";
const UTF8: &str = "one octet that is no UTF-8 costs rsip the message";

/// Oracle, message, difference, and the judgement.
const JUDGED: &[(&str, &str, &str, &str)] = &[
    ("sipx-sip", "rfc5118/ipv6-bug-abnf-3-colons.sip", "to_host", REWRITE),
    ("sipx-sip", "rfc5118/ipv6-correct-abnf-2-colons.sip", "to_host", REWRITE),
    ("sipx-sip", "corner/lf-only.sip", "refused", FORM),
    ("sipx-sip", "form/stray colon in Contact", "refused", FORM),
    ("sipx-sip", "form/raw # in the user", "refused", FORM),
    ("sipx-sip", "form/UTF-8 name without quotes", "refused", FORM),
    ("sipx-sip", "form/LF line ends", "refused", FORM),
    ("sipx-sip", "form/space in the user", "refused", FORM),
    ("sipx-sip", "form/bare IPv6", "refused", FORM),
    ("sipx-sip", "form/CRLF before the start line", "refused", FORM),
    ("sipx-sip", "form/trailing semicolon", "refused", FORM),
    ("rsip", "rfc4475/wsinv.sip", "refused", FOLD),
    ("rsip", "rfc4475/intmeth.sip", "refused", TOKEN),
    ("rsip", "rfc4475/esc01.sip", "refused", TOKEN),
    ("rsip", "rfc4475/esc02.sip", "refused", TOKEN),
    ("rsip", "rfc4475/longreq.sip", "refused", FOLD),
    ("rsip", "rfc4475/dblreq.sip", "refused", COMPACT),
    ("rsip", "rfc4475/semiuri.sip", "refused", TOKEN),
    ("rsip", "rfc4475/badinv01.sip", "accepted", GRAMMAR),
    ("rsip", "rfc4475/clerr.sip", "accepted", LENGTH),
    ("rsip", "rfc4475/ncl.sip", "accepted", LENGTH),
    ("rsip", "rfc4475/quotbal.sip", "accepted", GRAMMAR),
    ("rsip", "rfc4475/ltgtruri.sip", "accepted", GRAMMAR),
    ("rsip", "rfc4475/mismatch01.sip", "accepted", CHECK),
    ("rsip", "rfc4475/unkscm.sip", "refused", URI),
    ("rsip", "rfc4475/unksm2.sip", "refused", URI),
    ("rsip", "rfc4475/invut.sip", "to_host to_user", DOT),
    ("rsip", "rfc4475/regaut01.sip", "from_host from_user to_host to_user", DOT),
    ("rsip", "rfc4475/multi01.sip", "accepted", CHECK),
    ("rsip", "rfc4475/mcl01.sip", "accepted", LENGTH),
    ("rsip", "rfc4475/regescrt.sip", "contact_host contact_n contact_user", COMPACT),
    ("rsip", "rfc5118/ipv6-good.sip", "refused", IPV6),
    ("rsip", "rfc5118/port-ambiguous.sip", "refused", IPV6),
    ("rsip", "rfc5118/port-unambiguous.sip", "refused", IPV6),
    ("rsip", "rfc5118/via-received-param-with-delim.sip", "refused", IPV6),
    ("rsip", "rfc5118/via-received-param-no-delim.sip", "refused", IPV6),
    ("rsip", "rfc5118/ipv6-in-sdp.sip", "refused", IPV6),
    ("rsip", "rfc5118/mult-ip-in-header.sip", "refused", IPV6),
    ("rsip", "rfc5118/mult-ip-in-sdp.sip", "refused", IPV6),
    ("rsip", "rfc5118/ipv4-mapped-ipv6.sip", "refused", IPV6),
    ("rsip", "rfc5118/ipv6-bug-abnf-3-colons.sip", "refused", IPV6),
    ("rsip", "rfc5118/ipv6-correct-abnf-2-colons.sip", "refused", IPV6),
    ("rsip", "corner/compact-all.sip", "refused", COMPACT),
    ("rsip", "corner/folding-space.sip", "refused", FOLD),
    ("rsip", "corner/space-before-colon.sip", "refused", SPACE),
    ("rsip", "corner/trailing-ws-value.sip", "call_id", SPACE),
    ("rsip", "corner/contact-instance.sip", "refused", QUOTES),
    ("rsip", "corner/contact-gruu.sip", "refused", QUOTES),
    ("rsip", "corner/display-quoted-specials.sip", "refused", QUOTES),
    ("rsip", "corner/display-quote-gt.sip", "to_user", QUOTES),
    ("rsip", "corner/param-quoted-semicolon.sip", "refused", QUOTES),
    ("rsip", "corner/user-with-dot.sip", "from_host from_user", DOT),
    ("rsip", "corner/ruri-urn.sip", "refused", URI),
    ("rsip", "corner/uri-transport-unknown.sip", "refused", URI),
    ("rsip", "corner/uri-method-param-ext.sip", "refused", METHOD),
    ("rsip", "corner/uri-ipv6.sip", "refused", IPV6),
    ("rsip", "corner/via-ipv6.sip", "refused", IPV6),
    ("rsip", "corner/method-lowercase.sip", "cseq start", METHOD),
    ("rsip", "corner/cl-smaller.sip", "body_len", LENGTH),
    ("rsip", "corner/cl-larger.sip", "accepted", LENGTH),
    ("rsip", "corner/cl-negative.sip", "accepted", LENGTH),
    ("rsip", "corner/cl-nonnumeric.sip", "accepted", LENGTH),
    ("rsip", "corner/cl-plus.sip", "accepted", LENGTH),
    ("rsip", "corner/cl-two-different.sip", "accepted", LENGTH),
    ("rsip", "corner/hdr-latin1.sip", "refused", UTF8),
    ("rsip", "corner/hdr-latin1-mid.sip", "refused", UTF8),
    ("rsip", "corner/reason-empty-nosp.sip", "refused", FORMR),
    ("rsip", "corner/version-2-1.sip", "accepted", CHECK),
    ("rsip", "corner/lf-only.sip", "refused", FORMR),
    ("rsip", "corner/from-unterminated-quote.sip", "accepted", GRAMMAR),
    ("rsip", "corner/auth-lws.sip", "refused", FOLD),
    ("rsip", "form/stray colon in Contact", "refused", FORMR),
    ("rsip", "form/no reason, no space", "refused", FORMR),
    ("rsip", "form/LF line ends", "refused", FORMR),
    ("rsip", "form/tel in From", "refused", FORMR),
    ("rsip", "form/bare IPv6", "refused", FORMR),
    ("rsip", "form/CRLF before the start line", "refused", FORMR),
];
