import type { Chance } from "./chance.js";
import type { Clock } from "./clock.js";
import { sdp } from "./media.js";
import { DOMAIN, type Server } from "./server.js";
import { header, param, reply, uriOf, type Message } from "./sip.js";

/** A call as the far side knows it. */
interface FarCall {
  readonly id: string;
  state: "ringing" | "calling" | "up" | "over";
  /** The INVITE that began it, theirs or ours. */
  readonly invite: Message;
  readonly local: string;
  remote: string;
  target: string;
  routes: string[];
  cseq: number;
}

/** How a far side calls. */
export interface FarCallOptions {
  /** Shown as the caller. */
  displayName?: string;
  /** Further headers of the INVITE. */
  headers?: Record<string, string>;
}

/**
 * Whoever is called by the page and is no phone of it, and calls the page. Each verb first lets
 * arrive what is under way, and resolves when its consequences have arrived.
 */
export class FarSide {
  /** The digits that were heard so far, from the media or by INFO. */
  digits = "";
  /** The texts that came by MESSAGE, oldest first. */
  readonly messages: string[] = [];
  /** Unless `true`, a call rings only when {@link rings} says so. */
  ringsAtOnce = false;

  readonly #clock: Clock;
  readonly #chance: Chance;
  readonly #user: string;
  readonly #calls: FarCall[] = [];
  readonly #iceUsers = new Set<string>();
  #server: Server | undefined;
  #numbers = 0;

  /** @internal */
  constructor(clock: Clock, chance: Chance, user: string) {
    this.#clock = clock;
    this.#chance = chance;
    this.#user = user;
  }

  /** Calls that are not over, on this side. */
  get openCalls(): number {
    return this.#calls.filter(({ state }) => state !== "over").length;
  }

  /** The INVITE of the last call, as text by header name in lower case; to look at what the page sent. */
  get invite(): Record<string, string> {
    const headers = this.#calls.at(-1)?.invite.headers ?? [];
    return Object.fromEntries(headers.map(([name, value]) => [name.toLowerCase(), value]));
  }

  /** The call rings here. */
  rings(): Promise<void> {
    return this.#about("ringing", (call) => {
      this.#reply(call, 180);
    });
  }

  /** The call is taken; a call that rings, or one of our own that the page let ring. */
  answers(): Promise<void> {
    return this.#about("ringing", (call) => {
      call.state = "up";
      this.#reply(call, 200, this.#describe("active", "sendrecv"));
    });
  }

  /** 486. */
  busy(): Promise<void> {
    return this.rejects(486);
  }

  /** Refuses the call, with 603 unless told. */
  rejects(status = 603): Promise<void> {
    return this.#about("ringing", (call) => {
      call.state = "over";
      this.#reply(call, status);
    });
  }

  /** Hangs up, or gives a call of its own up. */
  hangsUp(): Promise<void> {
    return this.#about("up", (call) => {
      call.state = "over";
      this.#ask(call, "BYE");
    });
  }

  /** Calls a user of the page; resolves when the page's phone rings, or has refused. */
  async calls(user: string, options: FarCallOptions = {}): Promise<void> {
    await this.#clock.settle();
    const tag = this.#name("tag");
    const target = `sip:${user}@${DOMAIN}`;
    const name = options.displayName === undefined ? "" : `"${options.displayName}" `;
    const call: FarCall = {
      id: this.#name("call"),
      state: "calling",
      invite: { method: "INVITE", uri: target, headers: [], body: "" },
      local: `${name}<sip:${this.#user}@${DOMAIN}>;tag=${tag}`,
      remote: `<${target}>`,
      target,
      routes: [],
      cseq: 0,
    };
    this.#calls.push(call);
    const invite = this.#ask(call, "INVITE", this.#describe("actpass", "sendrecv"), options.headers);
    Object.assign(call.invite, invite);
    await this.#clock.settle();
  }

  /** Gives up a call of its own before it is taken. */
  cancels(): Promise<void> {
    return this.#about("calling", (call) => {
      const { headers, uri } = call.invite;
      const kept = headers.filter(([name]) => /^(via|from|to|call-id|max-forwards)$/i.test(name));
      const cseq: [string, string] = ["CSeq", `${String(call.cseq)} CANCEL`];
      this.#server?.takes(this, { method: "CANCEL", uri: uri ?? "", headers: [...kept, cseq], body: "" });
    });
  }

  /** Puts the page on hold. */
  holds(): Promise<void> {
    return this.#about("up", (call) => {
      this.#ask(call, "INVITE", this.#describe("actpass", "sendonly"));
    });
  }

  /** Takes the page from hold. */
  resumes(): Promise<void> {
    return this.#about("up", (call) => {
      this.#ask(call, "INVITE", this.#describe("actpass", "sendrecv"));
    });
  }

  /** Sends digits by INFO. */
  sendsDigits(digits: string): Promise<void> {
    return this.#about("up", (call) => {
      for (const digit of digits) {
        const body = `Signal=${digit}\r\nDuration=160\r\n`;
        this.#ask(call, "INFO", body, { "Content-Type": "application/dtmf-relay" });
      }
    });
  }

  /** Sends a text inside the call. */
  says(text: string): Promise<void> {
    return this.#about("up", (call) => {
      this.#ask(call, "MESSAGE", text, { "Content-Type": "text/plain" });
    });
  }

  /** @internal */
  join(server: Server): void {
    this.#server = server;
  }

  /** Digits in the media of this ICE user. @internal */
  hearsTone(iceUser: string, digit: string): void {
    if (this.#iceUsers.has(iceUser)) this.digits += digit;
  }

  /** @internal */
  hears(message: Message): void {
    this.#noteMedia(message);
    if (message.method === undefined) return this.#answered(message);
    const call = this.#find(message);
    switch (message.method) {
      case "INVITE":
        return call ? this.#reoffered(call, message) : this.#called(message);
      case "ACK":
        return;
      case "CANCEL":
        this.#answer(message, 200);
        if (call?.state !== "ringing") return;
        call.state = "over";
        return this.#reply(call, 487);
      case "BYE":
        if (call) call.state = "over";
        return this.#answer(message, call ? 200 : 481);
      case "UPDATE":
        return call ? this.#reoffered(call, message) : this.#answer(message, 481);
      case "INFO":
        this.digits += /Signal\s*=\s*([0-9*#A-D])/i.exec(message.body)?.[1] ?? "";
        return this.#answer(message, 200);
      case "MESSAGE":
        this.messages.push(message.body);
        return this.#answer(message, 200);
      case "OPTIONS":
      case "PRACK":
        return this.#answer(message, 200);
      case "REFER":
        return this.#answer(message, 603);
      default:
        return this.#answer(message, 405);
    }
  }

  #called(invite: Message): void {
    const tag = this.#name("tag");
    const call: FarCall = {
      id: header(invite, "Call-ID") ?? "",
      state: "ringing",
      invite,
      local: `${header(invite, "To") ?? ""};tag=${tag}`,
      remote: header(invite, "From") ?? "",
      target: uriOf(header(invite, "Contact") ?? ""),
      routes: routesOf(invite),
      cseq: 0,
    };
    this.#calls.push(call);
    if (this.ringsAtOnce) this.#reply(call, 180);
  }

  #reoffered(call: FarCall, message: Message): void {
    const offered = /a=(sendonly|recvonly|inactive|sendrecv)/.exec(message.body)?.[1] ?? "sendrecv";
    const direction = { sendonly: "recvonly", recvonly: "sendonly" }[offered] ?? offered;
    const description =
      message.body || message.method === "INVITE" ? this.#describe("active", direction) : "";
    this.#server?.takes(
      this,
      this.#withBody(reply(message, 200, tagOf(call.local), this.#contact()), description),
    );
  }

  /** The first final answer to our own requests. */
  #answered(answer: Message): void {
    const call = this.#calls.find(({ id }) => id === header(answer, "Call-ID"));
    const [, method] = (header(answer, "CSeq") ?? "").split(" ");
    if (!call || method !== "INVITE" || (answer.status ?? 0) < 200) return;
    const isAccepted = (answer.status ?? 0) < 300;
    if (!isAccepted) {
      if (call.state === "calling") call.state = "over";
      return;
    }
    if (call.state === "calling") {
      call.state = "up";
      call.remote = header(answer, "To") ?? call.remote;
      call.target = uriOf(header(answer, "Contact") ?? call.target);
      call.routes = routesOf(answer).reverse();
    }
    this.#ask(call, "ACK");
    if (call.state === "over") this.#ask(call, "BYE");
  }

  /** Does something with the last call in this state; with `up`, also gives up one that rings. */
  async #about(state: FarCall["state"], act: (call: FarCall) => void): Promise<void> {
    await this.#clock.settle();
    const call = this.#calls.findLast((each) => each.state === state);
    if (!call) throw new Error(`the far side has no call that is ${state}`);
    act(call);
    await this.#clock.settle();
  }

  #find(message: Message): FarCall | undefined {
    const id = header(message, "Call-ID");
    return this.#calls.find((call) => call.id === id && call.state !== "over");
  }

  #reply(call: FarCall, status: number, body = ""): void {
    const answer = reply(call.invite, status, tagOf(call.local), status < 300 ? this.#contact() : []);
    this.#server?.takes(this, this.#withBody(answer, body));
  }

  #answer(message: Message, status: number): void {
    this.#server?.takes(this, reply(message, status, this.#name("tag")));
  }

  #ask(call: FarCall, method: string, body = "", more: Record<string, string> = {}): Message {
    if (method !== "ACK") call.cseq += 1;
    const headers: [string, string][] = [
      ["Via", `SIP/2.0/WSS ${this.#user}.invalid;branch=z9hG4bK${this.#name("far")}`],
      ...call.routes.map((route): [string, string] => ["Route", route]),
      ["Max-Forwards", "70"],
      ["From", call.local],
      ["To", call.remote],
      ["Call-ID", call.id],
      ["CSeq", `${String(call.cseq)} ${method}`],
      ...(method === "INVITE" ? this.#contact() : []),
      ...Object.entries(more),
    ];
    const isDescribed = more["Content-Type"] !== undefined;
    const request: Message = { method, uri: call.target, headers, body: isDescribed ? body : "" };
    const whole = isDescribed ? request : this.#withBody(request, body);
    this.#server?.takes(this, whole);
    return whole;
  }

  #withBody(message: Message, body: string): Message {
    if (body === "") return message;
    return { ...message, headers: [...message.headers, ["Content-Type", "application/sdp"]], body };
  }

  #contact(): [string, string][] {
    return [["Contact", `<sip:${this.#user}@far-${this.#user}.invalid>`]];
  }

  #describe(setup: string, direction: string): string {
    const candidate = "a=candidate:1 1 udp 2130706431 192.0.2.7 40000 typ host\r\n";
    return sdp("far", 7, setup, direction, candidate);
  }

  #noteMedia(message: Message): void {
    const user = /a=ice-ufrag:(\S+)/.exec(message.body)?.[1];
    if (user) this.#iceUsers.add(user);
  }

  #name(what: string): string {
    this.#numbers += 1;
    return `${what}${this.#user}${this.#chance.bits().toString(36)}${String(this.#numbers)}`;
  }
}

function routesOf(message: Message): string[] {
  return message.headers.flatMap(([name, value]) => (/^record-route$/i.test(name) ? [value] : []));
}

function tagOf(address: string): string {
  return param(address, "tag") ?? "";
}
