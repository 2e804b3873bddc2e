import type { Network, Wire } from "./network.js";
import {
  all,
  branch,
  header,
  param,
  parse,
  print,
  reply,
  uriOf,
  userOf,
  without,
  type Message,
} from "./sip.js";

/** Somebody who is reached by the server and is no page: takes requests and sends answers. */
export interface Station {
  hears(message: Message): void;
}

/** Where an answer, or a request inside a dialog, goes. */
type Leg = Wire | Station;

interface Forwarded {
  readonly from: Leg;
  /** The branch by which it came. */
  readonly asked: string;
  readonly request: Message;
  readonly branches: Branch[];
  isAnswered: boolean;
}

interface Branch {
  readonly id: string;
  readonly to: Leg;
  readonly request: Message;
  state: "trying" | "ringing" | "final";
  answer?: Message;
}

/** The registrar and proxy between the phones of the page and the far sides. */
export class Server {
  readonly #network: Network;
  readonly #bindings = new Map<string, { user: string; wire: Wire }>();
  /** Contacts of dialogs, and who said them last. */
  readonly #heard = new Map<string, Leg>();
  readonly #stations = new Map<string, Station>();
  readonly #refusals: { method: string; status: number }[] = [];
  #forwarded: Forwarded[] = [];
  #numbers = 0;
  #unreachable: Station;

  /** @internal */
  constructor(network: Network, anybody: Station) {
    this.#network = network;
    this.#unreachable = anybody;
    network.serve(this);
  }

  /** The users that are registered at present. */
  get registered(): string[] {
    return [...new Set([...this.#bindings.values()].map(({ user }) => user))];
  }

  /** The next request of this method from a page is answered with this status. */
  refuses(method: string, status: number): void {
    this.#refusals.push({ method, status });
  }

  /** Forgets everything and closes every connection. */
  async restarts(): Promise<void> {
    this.#bindings.clear();
    this.#heard.clear();
    this.#forwarded = [];
    await this.#network.cut();
  }

  /** @internal */
  settleIn(user: string, station: Station): void {
    this.#stations.set(user, station);
  }

  /** A frame of the page. @internal */
  hears(wire: Wire, text: string): void {
    if (text === "\r\n\r\n") return this.#network.toPage(wire, "\r\n");
    const message = parse(text);
    if (message) this.takes(wire, message);
  }

  /** @internal */
  gone(wire: Wire): void {
    for (const [contact, binding] of this.#bindings)
      if (binding.wire === wire) this.#bindings.delete(contact);
    for (const [contact, leg] of this.#heard) if (leg === wire) this.#heard.delete(contact);
    for (const each of this.#forwarded) {
      if (each.request.method !== "INVITE") continue;
      for (const lost of each.branches.filter(({ to, state }) => to === wire && state !== "final")) {
        lost.state = "final";
        lost.answer = reply(each.request, 480, this.#tag());
      }
      this.#conclude(each);
    }
  }

  /** A message of anybody. @internal */
  takes(from: Leg, message: Message): void {
    const contact = header(message, "Contact");
    if (contact && message.method !== "REGISTER") this.#heard.set(bare(uriOf(contact)), from);
    if (message.method === undefined) return this.#answered(from, message);
    if (message.method !== "ACK" && message.method !== "CANCEL") {
      const at = this.#refusals.findIndex(({ method }) => method === message.method);
      const [refusal] = at < 0 ? [] : this.#refusals.splice(at, 1);
      if (refusal) return this.#say(from, reply(message, refusal.status, this.#tag()));
    }
    switch (message.method) {
      case "REGISTER":
        return this.#register(from as Wire, message);
      case "CANCEL":
        return this.#cancel(from, message);
      case "ACK":
        return this.#acknowledge(from, message);
      default:
        return this.#request(from, message);
    }
  }

  #register(wire: Wire, message: Message): void {
    const user = userOf(uriOf(header(message, "To") ?? ""));
    const contact = header(message, "Contact") ?? "";
    const uri = bare(uriOf(contact));
    const expires = Number(param(contact, "expires") ?? header(message, "Expires") ?? 600);
    if (expires > 0) this.#bindings.set(uri, { user, wire });
    else this.#bindings.delete(uri);
    const own: [string, string][] =
      expires > 0 ? [["Contact", `<${uriOf(contact)}>;expires=${String(expires)}`]] : [];
    this.#say(wire, reply(message, 200, this.#tag(), own));
  }

  #request(from: Leg, message: Message): void {
    if (this.#forwarded.some((each) => each.from === from && each.asked === branch(message))) return;
    const targets = this.#targets(from, message);
    if (message.method === "INVITE") this.#say(from, reply(message, 100, ""));
    if (targets.length === 0) {
      const isFresh = param(header(message, "To") ?? "", "tag") === undefined;
      return this.#say(from, reply(message, isFresh ? 404 : 481, this.#tag()));
    }
    this.#forward(from, message, targets);
  }

  #forward(from: Leg, message: Message, targets: [Leg, string][]): void {
    const secret = /^(proxy-)?authorization$/i;
    let request = { ...message, headers: message.headers.filter(([name]) => !secret.test(name)) };
    while (header(request, "Route")?.includes(HOST)) request = without(request, "Route");
    if (/^(INVITE|SUBSCRIBE|REFER)$/.test(message.method ?? "")) {
      request.headers = [["Record-Route", `<sip:${HOST};transport=ws;lr>`], ...request.headers];
    }
    const branches = targets.map(([to, uri]): Branch => {
      const id = `z9hG4bKsim${String(++this.#numbers)}`;
      const via: [string, string] = ["Via", `SIP/2.0/WSS ${HOST};branch=${id}`];
      return { id, to, request: { ...request, uri, headers: [via, ...request.headers] }, state: "trying" };
    });
    if (message.method !== "ACK") {
      const asked = branch(message);
      this.#forwarded.push({ from, asked, request: message, branches, isAnswered: false });
      // Enough for whoever repeats itself.
      if (this.#forwarded.length > 200) this.#forwarded.shift();
    }
    for (const each of branches) this.#say(each.to, each.request);
  }

  #targets(from: Leg, message: Message): [Leg, string][] {
    const uri = message.uri ?? "";
    const known = this.#heard.get(bare(uri));
    if (known) return [[known, uri]];
    const user = userOf(uri);
    if (!uri.includes(DOMAIN)) return [];
    const own = [...this.#bindings].filter(([, binding]) => binding.user === user && binding.wire !== from);
    if (own.length > 0) return own.map(([contact, { wire }]) => [wire, contact]);
    const station = this.#stations.get(user) ?? (from === this.#unreachable ? undefined : this.#unreachable);
    return station && station !== from ? [[station, uri]] : [];
  }

  #answered(from: Leg, answer: Message): void {
    const id = branch(answer);
    const found = this.#forwarded.find(({ branches }) =>
      branches.some((each) => each.id === id && each.to === from),
    );
    const way = found?.branches.find((each) => each.id === id);
    if (!found || !way || header(answer, "CSeq")?.endsWith("CANCEL")) return;
    const status = answer.status ?? 0;
    const back = without(answer, "Via");
    if (status < 200) {
      if (way.state === "trying") way.state = "ringing";
      if (status > 100 && !found.isAnswered) this.#say(found.from, back);
    } else if (status < 300) {
      way.state = "final";
      found.isAnswered = true;
      this.#say(found.from, back);
      this.#cancelBranches(found);
    } else {
      if (found.request.method === "INVITE") {
        const ack = followUp(way.request, "ACK");
        ack.headers = ack.headers.map(([name, value]) => [
          name,
          /^to$/i.test(name) ? (header(answer, "To") ?? value) : value,
        ]);
        this.#say(from, ack);
      }
      if (way.state === "final") return;
      way.state = "final";
      way.answer = back;
      if (status >= 600) this.#cancelBranches(found);
      this.#conclude(found);
    }
  }

  #conclude(found: Forwarded): void {
    if (found.isAnswered || found.branches.some(({ state }) => state !== "final")) return;
    const answers = found.branches.flatMap(({ answer }) => answer ?? []);
    const rank = ({ status = 0 }: Message): number => (status >= 600 ? status - 600 : status);
    const [best] = answers.sort((one, other) => rank(one) - rank(other));
    found.isAnswered = true;
    if (best) this.#say(found.from, best);
  }

  #cancel(from: Leg, message: Message): void {
    const found = this.#forwarded.find(
      (each) => each.from === from && each.asked === branch(message) && each.request.method === "INVITE",
    );
    this.#say(from, reply(message, found ? 200 : 481, this.#tag()));
    if (found) this.#cancelBranches(found);
  }

  #cancelBranches({ branches }: Forwarded): void {
    for (const each of branches)
      if (each.state !== "final") this.#say(each.to, followUp(each.request, "CANCEL"));
  }

  /** The ACK of a refusal ends here, that of a 2xx goes on. */
  #acknowledge(from: Leg, message: Message): void {
    const isHop = this.#forwarded.some((each) => each.from === from && each.asked === branch(message));
    const targets = isHop ? [] : this.#targets(from, message);
    if (targets.length > 0) this.#forward(from, message, targets);
  }

  #say(to: Leg, message: Message): void {
    if ("url" in to) this.#network.toPage(to, print(message));
    else to.hears(message);
  }

  #tag(): string {
    return `server${String(++this.#numbers)}`;
  }
}

/** CANCEL, and the ACK of a refusal: what belongs to the transaction itself. */
function followUp(request: Message, method: string): Message {
  const [via] = all(request, "Via");
  const number = header(request, "CSeq")?.split(" ")[0] ?? "1";
  const kept = request.headers.filter(([name]) => /^(from|to|call-id|route)$/i.test(name));
  const headers: [string, string][] = [
    ["Via", via ?? ""],
    ["Max-Forwards", "69"],
    ...kept,
    ["CSeq", `${number} ${method}`],
  ];
  return { method, uri: request.uri ?? "", headers, body: "" };
}

const bare = (uri: string): string => uri.split(/[;?]/)[0] ?? "";

/** The domain of the simulated server. */
export const DOMAIN = "example.com";
const HOST = `proxy.${DOMAIN}`;
