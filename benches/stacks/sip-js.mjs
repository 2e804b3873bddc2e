import { Core, Inviter, SessionState, UserAgent } from "sip.js";

export const name = "SIP.js";

export async function phone() {
  const agent = new UserAgent({
    uri: UserAgent.makeURI("sip:alice@example.com"),
    transportOptions: { server: "wss://edge.example.com/" },
    logBuiltinEnabled: false,
    delegate: {
      onInvite: (invitation) => void invitation.accept(),
    },
  });
  await agent.start();
  return {
    async dial() {
      const inviter = new Inviter(agent, UserAgent.makeURI("sip:bob@example.com"));
      const up = new Promise((resolve) => {
        inviter.stateChange.addListener((state) => state === SessionState.Established && resolve());
      });
      await inviter.invite();
      await up;
      return inviter;
    },
    hangUp: (session) => session.bye(),
    stop: () => agent.stop(),
  };
}

export const outside = () => 0;

export async function parser() {
  const quiet = { error() {}, warn() {}, log() {}, debug() {} };
  return (text) => {
    const message = Core.Parser.parseMessage(text, quiet);
    return (
      (message.fromTag ?? "").length +
      (message.toTag ?? "").length +
      message.callId.length +
      message.viaBranch.length +
      message.cseq +
      message.body.length
    );
  };
}
