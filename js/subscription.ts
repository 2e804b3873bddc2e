import { factEvent, TypedEventTarget, type FactEvent } from "./events.js";
import type { FailureReason } from "./facts.js";

/** What `phone.subscribe` takes. */
export interface SubscribeOptions {
  /** Whose state: a number, a user name or a URI; the account's own unless told. */
  target?: string;
  /** The event package: `message-summary`, `dialog`, `presence`, or any other, with its parameters. */
  event: string;
  /** The MIME types that may come, separated by commas; those of the package unless told. */
  accept?: string;
  /** Wished lifetime in seconds, 3600 unless told; refreshed by itself. 0 asks for the state once. */
  expires?: number;
  /** Further headers; those that the stack owns are refused (`bad-header`). */
  headers?: Record<string, string>;
  /** What the first SUBSCRIBE brings, such as a filter; at most 64 KB. */
  body?: string;
  /** Its MIME type. */
  contentType?: string;
}

/**
 * `pending`: asked for, but nothing may be told yet; also while there is no connection, or until it
 * is tried again. `active`: every change is told. `terminated`: over.
 */
export type SubscriptionState = "pending" | "active" | "terminated";

/** How many messages of one kind wait. */
export interface MessageCount {
  /** `voice`, `fax`, `pager`, `multimedia`, `text` …, in lower case. */
  readonly kind: string;
  /** Not heard yet. */
  readonly new: number;
  /** Heard. */
  readonly old: number;
  /** Of the new ones, the urgent. */
  readonly urgentNew: number;
  /** Of the old ones, the urgent. */
  readonly urgentOld: number;
}

/** Messages that wait (RFC 3842). */
export interface MessageSummary {
  readonly package: "message-summary";
  /** Whether there is any that was not heard. */
  readonly waiting: boolean;
  /** Whom to call to hear them. */
  readonly account?: string | undefined;
  readonly messages: readonly MessageCount[];
}

/** One side of a dialog that is watched. */
export interface Side {
  readonly uri?: string | undefined;
  readonly displayName?: string | undefined;
}

/** A dialog that is watched. */
export interface WatchedDialog {
  /** Its name in the documents. */
  readonly id: string;
  /** `trying`, `proceeding`, `early`, `confirmed` or `terminated`. */
  readonly state: string;
  /** `initiator` or `recipient`: which of the two the watched side is. */
  readonly direction?: string | undefined;
  /** The Call-ID and the tags, where they may be known: what Replaces needs (RFC 3891). */
  readonly callId?: string | undefined;
  readonly localTag?: string | undefined;
  readonly remoteTag?: string | undefined;
  /** The watched side. */
  readonly local: Side;
  readonly remote: Side;
}

/** What a busy lamp shows: no dialog, one that is not confirmed yet, one that is. */
export type LineStatus = "idle" | "ringing" | "busy";

/** The dialogs of somebody else (RFC 4235). Partial documents are merged before they are told. */
export interface DialogInfo {
  readonly package: "dialog-info";
  /** Whose they are. */
  readonly entity: string;
  readonly status: LineStatus;
  /** All that are known; one that is terminated is told once. */
  readonly dialogs: readonly WatchedDialog[];
}

/** Whether somebody can be reached (RFC 3863, with notes and activities of RFC 4480). */
export interface Presence {
  readonly package: "presence";
  /** Whose presence it is. */
  readonly entity: string;
  readonly open: boolean;
  /** The first note for people. */
  readonly note?: string | undefined;
  /** `on-the-phone`, `away` … */
  readonly activities: readonly string[];
}

/** What a NOTIFY says, read. All of it is text from the wire: never put it into a page as HTML. */
export type Parsed = MessageSummary | DialogInfo | Presence;

/** The body of a NOTIFY. */
export interface Notice {
  /** Its MIME type. */
  readonly contentType: string;
  /** As it came; bytes that are no UTF-8 are replaced. */
  readonly body: string;
  /** What it says, where the phone knows the package and the body makes sense. */
  readonly parsed: Parsed | undefined;
}

/** The events of a {@link Subscription} and what each tells, as properties of the event. */
export interface SubscriptionFacts {
  /** `subscription.state` or its `reason` changed. */
  statechange: { state: SubscriptionState; reason: FailureReason | undefined };
  /** The notifier told its state. */
  notify: Notice;
}

/** The events of a {@link Subscription}, for `addEventListener`. */
export type SubscriptionEventMap = {
  [Name in keyof SubscriptionFacts]: FactEvent<SubscriptionFacts[Name]>;
};

/** @internal */
export interface SubscriptionNews {
  state: SubscriptionState;
  expiresIn?: number | undefined;
  reason?: FailureReason | undefined;
}

/** @internal */
export let createSubscription: (
  options: SubscribeOptions,
  refresh: () => void,
  end: () => void,
) => Subscription;
/** @internal */
export let tellSubscription: (subscription: Subscription, news: SubscriptionNews) => void;
/** @internal */
export let tellNotice: (subscription: Subscription, notice: Notice) => void;

/**
 * A subscription (RFC 6665), made by `phone.subscribe`. It is refreshed by itself, asked for anew on
 * the next connection when one is lost, and tried again when the notifier ends it for a while.
 */
export class Subscription extends TypedEventTarget<SubscriptionEventMap> {
  /** As given. */
  readonly target: string | undefined;
  /** The event package, as given. */
  readonly event: string;

  readonly #refresh: () => void;
  readonly #end: () => void;
  #news: SubscriptionNews = { state: "pending" };
  #last: Notice | undefined;

  static {
    createSubscription = (options, refresh, end) => new Subscription(options, refresh, end);
    tellSubscription = (subscription, news) => {
      subscription.#news = news;
      subscription.#raise("statechange", { state: news.state, reason: news.reason });
    };
    tellNotice = (subscription, notice) => {
      subscription.#last = notice;
      subscription.#raise("notify", notice);
    };
  }

  private constructor({ target, event }: SubscribeOptions, refresh: () => void, end: () => void) {
    super();
    this.target = target;
    this.event = event;
    this.#refresh = refresh;
    this.#end = end;
  }

  get state(): SubscriptionState {
    return this.#news.state;
  }

  /** How long it held when it was told last, in seconds; it is refreshed before. */
  get expiresIn(): number | undefined {
    return this.#news.expiresIn;
  }

  /**
   * With `terminated` why, unless the page ended it; with `pending` why the last attempt failed, if
   * it did: `not-found`, `declined`, `not-supported`, `auth`, `no-answer`, `server-error`, `timeout`,
   * `network` …
   */
  get reason(): FailureReason | undefined {
    return this.#news.reason;
  }

  /** What was told last. */
  get last(): Notice | undefined {
    return this.#last;
  }

  /** Asks for the whole state again. Throws `subscription-gone` when it is over. */
  refresh(): void {
    this.#refresh();
  }

  /** Ends it; `terminated` follows, after the last `notify`. */
  unsubscribe(): void {
    this.#end();
  }

  #raise<Name extends keyof SubscriptionFacts>(name: Name, facts: SubscriptionFacts[Name]): void {
    this.dispatchEvent(factEvent(name, facts));
  }
}
