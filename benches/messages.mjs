// The far side's messages, as text: a caller behind a proxy with WebSocket towards us.

/** What a browser offers for a call with sound, its candidate included. */
export const DESCRIPTION = [
  "v=0",
  "o=- 4611731400430051336 2 IN IP4 127.0.0.1",
  "s=-",
  "t=0 0",
  "a=group:BUNDLE 0",
  "a=extmap-allow-mixed",
  "a=msid-semantic: WMS 8f2c1c5e-0a1b-4c6e-9f3e-5f0c9a2b7d11",
  "m=audio 50000 UDP/TLS/RTP/SAVPF 111 63 9 0 8 13 110 126",
  "c=IN IP4 192.0.2.1",
  "a=rtcp:9 IN IP4 0.0.0.0",
  "a=candidate:1 1 udp 2113937151 192.0.2.1 50000 typ host generation 0",
  "a=ice-ufrag:Wx3k",
  "a=ice-pwd:ulPPt5gvbfLuWx3kulPPt5gv",
  "a=ice-options:trickle",
  "a=fingerprint:sha-256 11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00",
  "a=setup:actpass",
  "a=mid:0",
  "a=sendrecv",
  "a=msid:8f2c1c5e-0a1b-4c6e-9f3e-5f0c9a2b7d11 0d1b3f51-7f31-4b5c-8a3d-0d64f7a1a0c2",
  "a=rtcp-mux",
  "a=rtpmap:111 opus/48000/2",
  "a=rtcp-fb:111 transport-cc",
  "a=fmtp:111 minptime=10;useinbandfec=1",
  "a=rtpmap:63 red/48000/2",
  "a=rtpmap:9 G722/8000",
  "a=rtpmap:0 PCMU/8000",
  "a=rtpmap:8 PCMA/8000",
  "a=rtpmap:13 CN/8000",
  "a=rtpmap:110 telephone-event/48000",
  "a=rtpmap:126 telephone-event/8000",
  "a=ssrc:1001732891 cname:4TOk42mSjXCkVIa6",
  "",
].join("\r\n");

/** The far side's answer. */
export const ANSWER = DESCRIPTION.replace("a=setup:actpass", "a=setup:active");

/** A request of Bob's in his call `number`, to `uri`; `to` is To as it stands. */
export function request(method, { number, cseq, uri, to }) {
  const body = method === "INVITE" ? DESCRIPTION : "";
  const about = body ? "Content-Type: application/sdp\r\n" : "";
  return (
    `${method} ${uri} SIP/2.0\r\n` +
    `Via: SIP/2.0/WSS edge.example.com;branch=z9hG4bKedge${number}x${cseq}${method}\r\n` +
    `Via: SIP/2.0/UDP 192.0.2.7:5060;rport=5060;received=192.0.2.7;branch=z9hG4bKbob${number}x${cseq}${method}\r\n` +
    `Record-Route: <sip:edge.example.com;transport=ws;lr>\r\n` +
    `Max-Forwards: 69\r\n` +
    `From: "Bob" <sip:bob@example.com>;tag=bob${number}\r\n` +
    `To: ${to}\r\n` +
    `Call-ID: ${number}-843817637684230@192.0.2.7\r\n` +
    `CSeq: ${cseq} ${method}\r\n` +
    `Contact: <sip:bob@192.0.2.7:5060;transport=udp>\r\n` +
    `Allow: INVITE, ACK, BYE, CANCEL, OPTIONS, INFO, UPDATE, PRACK, REFER, NOTIFY\r\n` +
    `Supported: replaces, outbound\r\n` +
    `User-Agent: Bench 1.0\r\n` +
    `${about}Content-Length: ${body.length}\r\n\r\n${body}`
  );
}

/** Bob's answer to a request of the phone. */
export function answer(request, status, reason, body = "") {
  const head = request.slice(0, request.indexOf("\r\n\r\n")).split("\r\n");
  const kept = head.filter((line) => /^(via|from|call-id|cseq|record-route):/i.test(line));
  const to = head.find((line) => /^to:/i.test(line)) ?? "";
  const tag = status === 100 || to.includes(";tag=") ? "" : ";tag=bob";
  const about = body ? "Content-Type: application/sdp\r\n" : "";
  return (
    `SIP/2.0 ${status} ${reason}\r\n${kept.join("\r\n")}\r\n${to}${tag}\r\n` +
    `Contact: <sip:bob@192.0.2.7:5060;transport=udp>\r\n` +
    `Allow: INVITE, ACK, BYE, CANCEL, OPTIONS, INFO, UPDATE, PRACK, REFER, NOTIFY\r\n` +
    `Server: Bench 1.0\r\n` +
    `${about}Content-Length: ${body.length}\r\n\r\n${body}`
  );
}

/** The first header of this name. */
export function header(message, name) {
  const found = new RegExp(`^${name}: *(.*)$`, "im").exec(message.slice(0, message.indexOf("\r\n\r\n")));
  return found?.[1] ?? "";
}
