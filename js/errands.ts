import type { UaEvent } from "../pkg/cc_sdk.js";
import { byLowerCaseName } from "./headers.js";
import type { Capabilities, MessageOptions } from "./correspondence.js";
import type { Command, SharedCore } from "./core.js";
import { CcSdkError, type CcSdkErrorCode } from "./errors.js";
import type { FailureReason, IncomingMessage } from "./facts.js";
import { Pending } from "./pending.js";
import { createPublication, tellPublication, type Publication, type PublishOptions } from "./publication.js";
import {
  createSubscription,
  tellNotice,
  tellSubscription,
  type Notice,
  type SubscribeOptions,
  type Subscription,
} from "./subscription.js";

type Told<Name extends UaEvent["type"]> = Extract<UaEvent, { type: Name }>;
type Ask = Omit<Extract<Command, { type: "ask" }>, "type" | "id">;

/** What a phone lends. */
export interface Lender {
  readonly shared: SharedCore;
  readonly account: number;
  /** Makes sure that the core is there and knows the phone. */
  join(): Promise<void>;
  /** Lets a page ignore a promise; its failure is an event. */
  quiet<Value>(promise: Promise<Value>): Promise<Value>;
}

/** Mirrors the errands of one phone: what was asked beyond calls, and who waits for it. */
export class Errands {
  #lender: Lender | undefined;
  readonly #asked = new Map<number, Pending<Told<"answered">>>();
  readonly #subscriptions = new Map<number, Subscription>();
  readonly #publications = new Map<number, Publication>();
  #presence: ((ask: Ask | undefined) => Promise<void>) | undefined;

  /** What everything goes through; before anything else. */
  lend(lender: Lender): void {
    this.#lender = lender;
  }

  send(target: string, body: string, options: MessageOptions): Promise<void> {
    return this.#quiet(this.#ask({ ...options, method: "message", target, body }).then(() => undefined));
  }

  async #query(ask: Ask): Promise<Capabilities> {
    const { status = 200, headers, contentType, body } = await this.#ask(ask);
    return { status, headers: byLowerCaseName(headers), contentType, body };
  }

  query(target: string, headers: Record<string, string> | undefined): Promise<Capabilities> {
    return this.#quiet(this.#query({ method: "options", target, headers }));
  }

  /** Sends a message inside a call. */
  sendIn(call: number, body: string, contentType: string): Promise<void> {
    return this.#quiet(this.#sendIn(call, body, contentType));
  }

  async #sendIn(call: number, body: string, contentType: string): Promise<void> {
    const id = this.#phone.shared.reserveCall();
    this.#command({ type: "sendCallMessage", call, id, body, contentType });
    await this.#answer(id);
  }

  subscribe(options: SubscribeOptions): Subscription {
    let id: number | undefined;
    const refresh = (): void => {
      if (subscription.state === "terminated") throw new CcSdkError("subscription-gone");
      if (id !== undefined) this.#command({ type: "refresh", id });
    };
    const end = (): void => {
      // Its id may be another's in the next instance of the core.
      if (subscription.state === "terminated") return;
      if (id === undefined) tellSubscription(subscription, { state: "terminated" });
      else this.#command({ type: "withdraw", id });
    };
    const subscription = createSubscription(options, refresh, end);
    const begin = async (): Promise<void> => {
      await this.#phone.join();
      if (subscription.state === "terminated") return;
      const reserved = this.#begin({ ...options, method: "subscribe" });
      id = reserved;
      this.#subscriptions.set(reserved, subscription);
    };
    begin().catch((error: unknown) => {
      tellSubscription(subscription, { state: "terminated", reason: reasonOf(error) });
    });
    return subscription;
  }

  publish(options: PublishOptions): Publication {
    const { event, ...rest } = options;
    let last: Ask = { ...rest, method: "publish", event };
    const [publication, put] = this.#publication(event, (body, contentType) => {
      last = { ...last, body, contentType };
      void put(last).catch(() => undefined);
    });
    void put(last).catch(() => undefined);
    return publication;
  }

  setPresence(presence: "open" | "closed" | null, note: string): Promise<void> {
    return this.#quiet(this.#setPresence(presence, note));
  }

  async #setPresence(presence: "open" | "closed" | null, note: string): Promise<void> {
    const event = "presence";
    this.#presence ??= this.#publication(event, () => undefined)[1];
    const open = presence === "open";
    return this.#presence(presence === null ? undefined : { method: "publish", event, open, body: note });
  }

  /** A publication, and what puts a document there, or takes it back. */
  #publication(
    event: string,
    update: (body: string, contentType: string | undefined) => void,
  ): [Publication, (ask: Ask | undefined) => Promise<void>] {
    let id: number | undefined;
    const waiting = new Pending<void>();
    const put = async (ask: Ask | undefined): Promise<void> => {
      try {
        await this.#phone.join();
        // One that is over begins anew under another id.
        if (this.#publications.get(id ?? 0) !== publication) id = undefined;
        if (ask) id = this.#begin(ask, id);
        else if (id === undefined) return;
        else this.#command({ type: "withdraw", id });
        this.#publications.set(id, publication);
      } catch (error) {
        tellPublication(publication, { state: "failed", reason: reasonOf(error) });
        throw error;
      }
      await waiting.join();
    };
    const publication = createPublication(event, update, () => void put(undefined).catch(() => undefined));
    publication.addEventListener("statechange", ({ state, reason }) => {
      if (reason) waiting.reject(errorOf(reason));
      else if (state !== "pending") waiting.resolve();
    });
    return [publication, put];
  }

  /** What the core told of an errand. */
  told(event: Told<"answered" | "subscription" | "notified" | "publication">): void {
    switch (event.type) {
      case "answered": {
        const waiting = this.#asked.get(event.id);
        this.#asked.delete(event.id);
        return event.reason ? waiting?.reject(errorOf(event.reason)) : waiting?.resolve(event);
      }
      case "subscription": {
        const { id, state, expiresIn, reason } = event;
        const subscription = this.#subscriptions.get(id);
        if (state === "terminated") this.#subscriptions.delete(id);
        if (subscription) tellSubscription(subscription, { state, expiresIn, reason: known(reason) });
        return;
      }
      case "notified": {
        const subscription = this.#subscriptions.get(event.id ?? 0);
        if (subscription) tellNotice(subscription, noticeOf(event));
        return;
      }
      case "publication": {
        const { id, state, expiresIn, reason } = event;
        const publication = this.#publications.get(id);
        if (state === "removed" || state === "failed") this.#publications.delete(id);
        if (publication) tellPublication(publication, { state, expiresIn, reason: known(reason) });
        return;
      }
    }
  }

  /** Nothing that was asked will be answered any more. */
  lost(error: CcSdkError): void {
    const reason = { code: error.code };
    for (const each of this.#asked.values()) each.reject(error);
    for (const each of this.#subscriptions.values()) tellSubscription(each, { state: "terminated", reason });
    for (const each of this.#publications.values()) tellPublication(each, { state: "failed", reason });
    for (const all of [this.#asked, this.#subscriptions, this.#publications]) all.clear();
  }

  async #ask(ask: Ask): Promise<Told<"answered">> {
    await this.#phone.join();
    return this.#answer(this.#begin(ask));
  }

  #begin(ask: Ask, id = this.#phone.shared.reserveCall()): number {
    demand(ask);
    this.#command({ ...ask, type: "ask", id });
    return id;
  }

  #answer(id: number): Promise<Told<"answered">> {
    const answer = new Pending<Told<"answered">>();
    this.#asked.set(id, answer);
    return answer.join();
  }

  #command(command: Command): void {
    this.#phone.shared.command(this.#phone.account, command);
  }

  #quiet<Value>(promise: Promise<Value>): Promise<Value> {
    return this.#phone.quiet(promise);
  }

  get #phone(): Lender {
    if (!this.#lender) throw new CcSdkError("internal");
    return this.#lender;
  }
}

/** Throws `bad-argument` where that is missing without which nothing of the kind can be asked. */
function demand(ask: Ask): void {
  const needed = ask.method === "message" ? "body" : "event";
  const given: unknown = ask.method === "options" ? "" : ask[needed];
  if (typeof given !== "string") throw new CcSdkError("bad-argument", `missing or wrong: ${needed}`);
}

/** The body of a NOTIFY, as pages see it. */
export function noticeOf({ contentType, body, parsed }: Told<"notified">): Notice {
  return { contentType, body, parsed };
}

/** A message from outside of calls, as pages see it. */
export function messageOf(event: Told<"message">): IncomingMessage {
  const { number, displayName, uri, to, contentType, body } = event;
  return {
    from: { number, displayName, uri },
    to,
    contentType,
    body,
    headers: byLowerCaseName(event.headers),
  };
}

interface Reason {
  code: string;
  sipStatus?: number | undefined;
  text?: string | undefined;
}

function known(reason: Reason | undefined): FailureReason | undefined {
  return reason as FailureReason | undefined;
}

function errorOf({ code, text, sipStatus }: Reason): CcSdkError {
  return new CcSdkError(code as CcSdkErrorCode, text, { sipStatus });
}

function reasonOf(error: unknown): FailureReason {
  const { code, message } = error instanceof CcSdkError ? error : new CcSdkError("internal", String(error));
  return { code, text: message };
}
