//! What the driven phone hears and is asked, in pieces to choose from.

use cc_sdk::MediaEvent;
use cc_sdk::sip::Method;

pub(super) const STATUSES: [u16; 40] = [
    100, 180, 181, 183, 199, 200, 200, 202, 204, 299, 300, 301, 302, 305, 380, 400, 401, 403, 404,
    405, 407, 408, 415, 420, 421, 422, 423, 430, 439, 480, 481, 486, 487, 488, 489, 491, 500, 503,
    603, 699,
];

pub(super) fn method(n: usize) -> Method {
    const METHODS: [Method; 14] = [
        Method::Invite,
        Method::Ack,
        Method::Bye,
        Method::Cancel,
        Method::Info,
        Method::Message,
        Method::Notify,
        Method::Options,
        Method::Prack,
        Method::Refer,
        Method::Update,
        Method::Subscribe,
        Method::Register,
        Method::Publish,
    ];
    METHODS[n % METHODS.len()].clone()
}

/// Header lines for any message. `$id`, `$ours` and `$theirs` are the Call-ID and the tags of
/// a dialog that the phone has, `$n` a number that changes.
pub(super) const HEADERS: [(&str, &str); 54] = [
    ("Require", "100rel"),
    ("Require", "timer, replaces"),
    ("Require", "unheard-of"),
    ("Supported", "100rel, timer, replaces, norefersub, outbound, gruu"),
    ("RSeq", "$n"),
    ("RSeq", "4294967295"),
    ("RAck", "1 1 INVITE"),
    ("RAck", "$n $n INVITE"),
    ("Session-Expires", "90;refresher=uac"),
    ("Session-Expires", "1;refresher=uas"),
    ("Session-Expires", "4294967295"),
    ("Min-SE", "90"),
    ("Min-SE", "4294967295"),
    ("Replaces", "$id;to-tag=$ours;from-tag=$theirs"),
    ("Replaces", "$id;to-tag=$ours;from-tag=$theirs;early-only"),
    ("Replaces", "nobody;to-tag=a;from-tag=b"),
    ("Join", "$id;to-tag=$ours;from-tag=$theirs"),
    ("Refer-To", "<sip:carol@example.com>"),
    ("Refer-To", "<sip:carol@example.com?Replaces=$id%3Bto-tag%3D$ours%3Bfrom-tag%3D$theirs>"),
    ("Refer-To", "<tel:+15551234;phone-context=x>"),
    ("Refer-Sub", "false"),
    ("Referred-By", "<sip:bob@example.com>"),
    ("Contact", "<sip:bob@192.0.2.7:5060>"),
    ("Contact", "<sip:alice@192.0.2.$n>;q=0.7, <sip:bob@example.net>;q=0.3"),
    ("Contact", "<sips:alice@example.com?Subject=x>"),
    ("Contact", "*"),
    ("Record-Route", "<sip:p$n.example.com;lr>, <sip:strict.example.com>"),
    ("Service-Route", "<sip:s.example.com;lr>"),
    ("Path", "<sip:s.example.com;lr>"),
    ("WWW-Authenticate", "Digest realm=\"r\", nonce=\"$n\", qop=\"auth,auth-int\""),
    ("WWW-Authenticate", "Bearer realm=\"r\""),
    ("Proxy-Authenticate", "Digest realm=\"p\", nonce=\"x\", algorithm=SHA-256, stale=true"),
    ("Proxy-Authenticate", "Digest realm=\"p\", nonce=\"$n\""),
    ("Authentication-Info", "nextnonce=\"$n\""),
    ("Event", "refer"),
    ("Event", "refer;id=$n"),
    ("Event", "message-summary"),
    ("Event", "dialog"),
    ("Event", "presence"),
    ("Subscription-State", "active;expires=60"),
    ("Subscription-State", "terminated;reason=noresource;retry-after=0"),
    ("Subscription-State", "pending"),
    ("Retry-After", "0"),
    ("Retry-After", "$n;duration=1 (busy)"),
    ("Expires", "$n"),
    ("Min-Expires", "$n"),
    ("SIP-ETag", "e$n"),
    ("Alert-Info", "<urn:alert:service:auto-answer>;info=alert-autoanswer;delay=0"),
    ("Call-Info", "<sip:x>;answer-after=0"),
    ("Answer-Mode", "Auto;require"),
    ("Reason", "SIP;cause=200;text=\"Call completed elsewhere\""),
    ("P-Asserted-Identity", "\"Bob\" <sip:bob@example.com>, <tel:+15551234>"),
    ("History-Info", "<sip:bob@example.com?Reason=SIP%3Bcause%3D302>;index=1.1"),
    ("User-to-User", "4a6f;encoding=hex"),
];

/// Content types and bodies.
pub(super) const BODIES: [(&str, &str); 13] = [
    ("application/sdp", SDP),
    ("application/sdp", FAR_SDP),
    ("application/sdp", OTHER_SDP),
    ("application/sdp", HELD_SDP),
    ("application/sdp", "v=0\r\nm=audio 0 RTP/AVP 0\r\n"),
    ("application/dtmf-relay", "Signal=5\r\nDuration=160\r\n"),
    ("application/dtmf", "#"),
    ("message/sipfrag;version=2.0", "SIP/2.0 100 Trying\r\n"),
    ("message/sipfrag", "SIP/2.0 200 OK\r\n"),
    ("message/sipfrag", "SIP/2.0 603 Decline\r\n"),
    ("application/simple-message-summary", "Messages-Waiting: yes\r\nVoice-Message: 2/8 (0/2)\r\n"),
    (
        "application/dialog-info+xml",
        "<?xml version=\"1.0\"?><dialog-info xmlns=\"urn:ietf:params:xml:ns:dialog-info\" \
         version=\"0\" state=\"full\" entity=\"sip:bob@example.com\"><dialog id=\"1\">\
         <state>confirmed</state></dialog></dialog-info>",
    ),
    (
        "application/pidf+xml",
        "<presence xmlns=\"urn:ietf:params:xml:ns:pidf\" entity=\"sip:bob@example.com\">\
         <tuple id=\"t\"><status><basic>open</basic></status><note>hi</note></tuple></presence>",
    ),
];

pub(super) const TARGETS: [&str; 8] = [
    "9196",
    "+1 (555) 123-4567",
    "sip:bob@example.com",
    "sips:bob@example.com",
    "tel:+15551234567",
    "bob",
    "",
    "sip:bob@example.net;transport=ws?Subject=x",
];

pub(super) fn media_event(n: usize) -> MediaEvent {
    let candidate = |line: &str| MediaEvent::Candidate { mid: "0".into(), line: line.into() };
    match n % 10 {
        0 => candidate(CANDIDATE),
        1 => candidate("candidate:2 1 udp 1677729535 203.0.113.9 50001 typ srflx"),
        2 => MediaEvent::GatheringDone,
        3 => MediaEvent::Connected,
        4 => MediaEvent::Disconnected,
        5 => MediaEvent::Failed,
        6 => MediaEvent::Track,
        7 => MediaEvent::DigitDone('5'),
        8 => MediaEvent::MicrophoneLost,
        _ => candidate("candidate:3 1 udp 2113937151 4f3a.local 50002 typ host"),
    }
}

pub(super) const CANDIDATE: &str = "candidate:1 1 udp 2113937151 192.0.2.1 50000 typ host";

/// What a browser offers.
pub(super) const SDP: &str = "v=0\r\no=- 4611 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n\
    m=audio 9 UDP/TLS/RTP/SAVPF 111 126\r\nc=IN IP4 0.0.0.0\r\na=rtcp:9 IN IP4 0.0.0.0\r\n\
    a=ice-ufrag:Wx3k\r\na=ice-options:trickle\r\na=fingerprint:sha-256 11:22\r\na=mid:0\r\n\
    a=sendrecv\r\na=rtpmap:111 opus/48000/2\r\na=rtpmap:126 telephone-event/8000\r\n";
const FAR_SDP: &str = "v=0\r\no=bob 77 1 IN IP4 192.0.2.7\r\ns=-\r\nt=0 0\r\n\
    m=audio 40000 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 192.0.2.7\r\na=fingerprint:sha-256 00:FF\r\n\
    a=mid:0\r\na=sendrecv\r\na=rtpmap:111 opus/48000/2\r\n";
/// As from another browser.
const OTHER_SDP: &str = "v=0\r\no=bob 77 2 IN IP4 192.0.2.8\r\ns=-\r\nt=0 0\r\n\
    m=audio 40000 UDP/TLS/RTP/SAVPF 111 126\r\nc=IN IP4 192.0.2.8\r\n\
    a=fingerprint:sha-256 AB:CD\r\na=mid:0\r\na=rtpmap:126 telephone-event/8000\r\n";
const HELD_SDP: &str = "v=0\r\no=bob 77 3 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n\
    m=audio 40000 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\na=fingerprint:sha-256 00:FF\r\n\
    a=sendonly\r\n";
