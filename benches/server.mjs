// The far side: answers what a phone says, and calls it. It does as little as a script can.
import { ANSWER, answer, header, request } from "./messages.mjs";

const NUMBER = /^Call-ID: (\d+)-843817637684230@/im;
const NO_PHONE = "the phone has no connection";

export class Server {
  /** The connection that was made last. */
  #socket;
  /** Calls of Bob's, by number: what is known of them, and who waits. */
  #calls = new Map();
  #numbers = 0;
  /** Who waits for the end of a call that the phone began. */
  #ended = [];

  connected(socket) {
    this.#socket = socket;
  }

  /** Whoever connects next is another phone. */
  take() {
    const socket = this.#socket;
    if (!socket) throw new Error(NO_PHONE);
    this.#socket = undefined;
    return socket;
  }

  /** Bob calls; settles when his ACK has arrived. */
  calls(socket) {
    const number = ++this.#numbers;
    const call = { socket, number, cseq: 1, uri: "sip:alice@example.com", to: "<sip:alice@example.com>" };
    this.#calls.set(number, call);
    return new Promise((resolve) => {
      call.heard = resolve;
      socket.receive(request("INVITE", call));
    }).then(() => call);
  }

  /** Bob asks whether the call is still there; settles when that was answered, in whatever way. */
  asksWithin(call) {
    return this.#asks(call, "OPTIONS");
  }

  /** Bob hangs up; settles when that was answered. */
  async hangsUp(call) {
    await this.#asks(call, "BYE");
    this.#calls.delete(call.number);
  }

  /** Settles when the next BYE of a phone has its answer. */
  endOfCall() {
    return new Promise((resolve) => this.#ended.push(resolve));
  }

  hears(socket, text) {
    if (text.startsWith("SIP/2.0 ")) this.#hearsAnswer(text);
    else this.#hearsRequest(socket, text);
  }

  #asks(call, method) {
    call.cseq += 1;
    return new Promise((resolve) => {
      call.heard = resolve;
      call.socket.receive(request(method, call));
    });
  }

  #hearsAnswer(text) {
    const status = Number(text.slice(8, 11));
    if (status < 200) return;
    const call = this.#calls.get(Number(NUMBER.exec(text)?.[1]));
    if (!call) throw new Error(`nobody asked for:\n${text}`);
    if (status !== 200 && !text.includes(" OPTIONS\r\n")) throw new Error(`a phone refused:\n${text}`);
    if (call.uri === "sip:alice@example.com") {
      call.uri = /<(.*?)>/.exec(header(text, "Contact"))[1];
      call.to = header(text, "To");
      call.socket.receive(request("ACK", call));
    }
    // After what was just said to the phone.
    queueMicrotask(call.heard);
  }

  #hearsRequest(socket, text) {
    const method = text.slice(0, text.indexOf(" "));
    switch (method) {
      case "ACK":
        return;
      case "INVITE":
        socket.receive(answer(text, 100, "Trying"));
        socket.receive(answer(text, 180, "Ringing"));
        socket.receive(answer(text, 200, "OK", ANSWER));
        return;
      case "BYE":
        socket.receive(answer(text, 200, "OK"));
        queueMicrotask(this.#ended.shift());
        return;
      default:
        if (text.trim() === "") return socket.receive("\r\n");
        throw new Error(`not in the script:\n${text}`);
    }
  }
}
