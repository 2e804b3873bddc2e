/** Bundled into a page: JsSIP as bob, who answers; `rival` is what a test does with him. */
import JsSIP from "jssip";

const socket = new JsSIP.WebSocketInterface(`ws://${location.host}/sip`);
const agent = new JsSIP.UA({ sockets: [socket], uri: "sip:bob@localhost", password: "bob-demo" });
agent.on("newRTCSession", ({ session }) => {
  window.rival.hold = () => session.hold();
  window.rival.resume = () => session.unhold();
  session.answer({ mediaConstraints: { audio: true, video: false } });
});
window.rival = { ready: new Promise((done) => agent.on("registered", done)) };
agent.start();
