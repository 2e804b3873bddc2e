import { createRequire } from "node:module";

export const name = "JsSIP";

const require = createRequire(import.meta.url);

export async function phone() {
  const JsSIP = require("jssip");
  const ua = new JsSIP.UA({
    sockets: [new JsSIP.WebSocketInterface("wss://edge.example.com/")],
    uri: "sip:alice@example.com",
    register: false,
    session_timers: false,
  });
  const options = { mediaConstraints: { audio: true, video: false } };
  ua.on("newRTCSession", ({ originator, session }) => {
    if (originator === "remote") session.answer(options);
  });
  const connected = new Promise((resolve) => ua.once("connected", resolve));
  ua.start();
  await connected;
  return {
    dial: () =>
      new Promise((resolve, reject) => {
        const session = ua.call("sip:bob@example.com", options);
        session.on("confirmed", () => resolve(session));
        session.on("failed", ({ cause }) => reject(new Error(cause)));
      }),
    hangUp: (session) => session.terminate(),
    stop: () => ua.stop(),
  };
}

export const outside = () => 0;

export async function parser() {
  // What its UA calls for every message; the package has no other name for it.
  const { parseMessage } = require("jssip/lib/Parser");
  return (text) => {
    const message = parseMessage(text, undefined);
    return (
      (message.from_tag ?? "").length +
      (message.to_tag ?? "").length +
      message.call_id.length +
      message.via_branch.length +
      message.cseq +
      message.body.length
    );
  };
}
