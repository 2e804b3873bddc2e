import { Errands } from "./errands.js";
import { TypedEventTarget } from "./events.js";
import type { PhoneEventMap } from "./facts.js";
import type { Publication, PublishOptions } from "./publication.js";
import type { SubscribeOptions, Subscription } from "./subscription.js";

/** What the far side of `phone.sendOptions` answered. All of it is text from the wire. */
export interface Capabilities {
  /** 200, or another 2xx. */
  readonly status: number;
  /** By lower-case name: `allow`, `accept`, `supported`, `user-agent` … */
  readonly headers: Readonly<Record<string, string>>;
  /** MIME type of the body; empty where there is none. */
  readonly contentType: string;
  readonly body: string;
}

/** What `phone.sendMessage` takes beside the target and the text. */
export interface MessageOptions {
  /** A MIME type, `text/plain` unless told. */
  contentType?: string;
  /** Further headers; those that the stack owns are refused (`bad-header`). */
  headers?: Record<string, string>;
}

/** @internal */
export let errandsOf: (correspondence: Correspondence) => Errands;

/** The part of a phone that asks and tells beyond calls. */
export abstract class Correspondence extends TypedEventTarget<PhoneEventMap> {
  readonly #errands = new Errands();

  static {
    errandsOf = (correspondence) => correspondence.#errands;
  }

  /**
   * Sends a message outside of calls (RFC 3428): to a number, a user name or a URI, at most 64 KB.
   *
   * Before the registration is in, it waits for it as calls do. Resolves when the far side, or a
   * server that keeps it for the far side, has taken it. Rejects with `not-found`, `busy`, `declined`,
   * `no-answer`, `not-supported`, `too-large`, `auth`, `server-error` and the `sipStatus`, or with
   * `timeout`, `network` where there was no answer: it may have arrived then.
   */
  sendMessage(target: string, text: string, options: string | MessageOptions = {}): Promise<void> {
    const how = typeof options === "string" ? { contentType: options } : options;
    return this.#errands.send(target, text, how);
  }

  /**
   * Asks what somebody can do (RFC 3261 §11). Rejects as {@link sendMessage} does; what is answered is
   * what a call would meet at this moment, so that `busy` is an answer too.
   */
  sendOptions(target: string, headers?: Record<string, string>): Promise<Capabilities> {
    return this.#errands.query(target, headers);
  }

  /**
   * Subscribes to somebody's state (RFC 6665): waiting messages, dialogs (busy lamps), presence, or any
   * other event package. Where it cannot be asked for at all, it is `terminated` with the reason:
   * `bad-target`, `bad-header`, `not-registered`, `too-many` (256 errands at once) …
   */
  subscribe(options: SubscribeOptions): Subscription {
    return this.#errands.subscribe(Object(options) as SubscribeOptions);
  }

  /** Publishes a document about this account (RFC 3903). Where it cannot be, it is `failed`. */
  publish(options: PublishOptions): Publication {
    return this.#errands.publish(Object(options) as PublishOptions);
  }

  /**
   * Publishes whether this account can be reached, with a note for people (RFC 3863); `null` takes it
   * back. Settles when the server has answered; a refusal that does not last is tried again all the same.
   */
  setPresence(presence: "open" | "closed" | null, note = ""): Promise<void> {
    return this.#errands.setPresence(presence, note);
  }
}
