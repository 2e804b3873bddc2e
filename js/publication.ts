import { factEvent, TypedEventTarget, type FactEvent } from "./events.js";
import type { FailureReason } from "./facts.js";

/** What `phone.publish` takes. */
export interface PublishOptions {
  /** The event package, such as `presence` or `dialog`. */
  event: string;
  /** The document; at most 64 KB. */
  body: string;
  /** Its MIME type, `text/plain` unless told. */
  contentType?: string;
  /** Whose state it is; the account's own unless told. */
  target?: string;
  /** Wished lifetime in seconds, 3600 unless told; refreshed by itself. */
  expires?: number;
  /** Further headers; those that the stack owns are refused (`bad-header`). */
  headers?: Record<string, string>;
}

/**
 * `pending`: on its way, or tried again later. `published`: the server has it. `removed`: taken back.
 * `failed`: refused for good.
 */
export type PublicationState = "pending" | "published" | "removed" | "failed";

/** The events of a {@link Publication} and what each tells, as properties of the event. */
export interface PublicationFacts {
  /** The server answered, or did not. */
  statechange: { state: PublicationState; reason: FailureReason | undefined };
}

/** The events of a {@link Publication}, for `addEventListener`. */
export type PublicationEventMap = {
  [Name in keyof PublicationFacts]: FactEvent<PublicationFacts[Name]>;
};

/** @internal */
export interface PublicationNews {
  state: PublicationState;
  expiresIn?: number | undefined;
  reason?: FailureReason | undefined;
}

/** @internal */
export let createPublication: (
  event: string,
  update: (body: string, contentType: string | undefined) => void,
  end: () => void,
) => Publication;
/** @internal */
export let tellPublication: (publication: Publication, news: PublicationNews) => void;

/** A publication (RFC 3903), made by `phone.publish`. It is refreshed by itself. */
export class Publication extends TypedEventTarget<PublicationEventMap> {
  /** The event package. */
  readonly event: string;

  readonly #update: (body: string, contentType: string | undefined) => void;
  readonly #end: () => void;
  #news: PublicationNews = { state: "pending" };

  static {
    createPublication = (...how) => new Publication(...how);
    tellPublication = (publication, news) => {
      publication.#news = news;
      const { state, reason } = news;
      publication.dispatchEvent(factEvent("statechange", { state, reason }));
    };
  }

  private constructor(...[event, update, end]: Parameters<typeof createPublication>) {
    super();
    this.event = event;
    this.#update = update;
    this.#end = end;
  }

  get state(): PublicationState {
    return this.#news.state;
  }

  /** How long it held when it was told last, in seconds; it is refreshed before. */
  get expiresIn(): number | undefined {
    return this.#news.expiresIn;
  }

  /** With `failed` why; with `pending` why the last attempt failed, if it did. */
  get reason(): FailureReason | undefined {
    return this.#news.reason;
  }

  /** Gives it another body; after `removed` or `failed` it begins anew. */
  update(body: string, contentType?: string): void {
    this.#update(body, contentType);
  }

  /** Takes it back; `removed` follows. */
  remove(): void {
    this.#end();
  }
}
