/** Bundled into a page: SIP.js as bob, who answers; `rival` is what a test does with him. */
import { Web } from "sip.js";

const user = new Web.SimpleUser(`ws://${location.host}/sip`, {
  aor: "sip:bob@localhost",
  media: { constraints: { audio: true, video: false } },
  userAgentOptions: {
    authorizationUsername: "bob",
    authorizationPassword: "bob-demo",
    logBuiltinEnabled: false,
  },
});
window.rival = {
  hold: () => user.hold(),
  resume: () => user.unhold(),
  ready: new Promise((done) => {
    user.delegate = { onRegistered: done, onCallReceived: () => user.answer() };
  }),
};
await user.connect();
await user.register();
