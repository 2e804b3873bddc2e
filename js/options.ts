/** Who a phone is and where it registers. */
export interface Account {
  /** `sip:alice@example.com` */
  uri: string;
  /** `wss://edge1.example.com/sip` …, in order of preference. */
  servers: string[];
  /** Shown to the far side. */
  displayName?: string;
  /** For digest; the user part of `uri` unless told. */
  authorizationUser?: string;
  /** For digest; never logged, never stored. */
  password?: string;
  /**
   * In place of a password: the hash of `user:realm:password` in hexadecimal, by MD5 (32 digits) or
   * SHA-256 (64). It answers challenges of {@link realm} only (RFC 7616 §3.4.2).
   */
  ha1?: string;
  /** The realm of `ha1`; the domain of `uri` unless told. */
  realm?: string;
  iceServers?: RTCIceServer[];
  iceTransportPolicy?: RTCIceTransportPolicy;
  /** Wished lifetime of the registration, in seconds; 600 unless told. */
  registerExpires?: number;
  /** `false`: calls only, nothing is registered; user and password may be missing. */
  register?: boolean;
  /**
   * How many flows are registered at once, each at another of the `servers` where there are several
   * (RFC 5626); 1 unless told, at most 4. Losing one is no loss of the registration.
   */
  flows?: number;
  /** Where requests outside dialogs go first: `sip:edge.example.com;lr`, in order (RFC 3261 §8.1.2). */
  routes?: string[];
  /** The User-Agent header. */
  userAgent?: string;
  /** Further headers of every REGISTER and INVITE. */
  headers?: Record<string, string>;
  /** Click-to-call: incoming calls are refused. */
  outboundOnly?: boolean;
  /** Which candidates an INVITE waits for. */
  iceWait?: "first" | "srflx" | "complete";
  /** The longest such wait, in milliseconds. */
  iceWaitMs?: number;
}

/** A token of either kind, with or without `Bearer `, or a function that gives one when it is due. */
export type Token = string | (() => Promise<string>);

/** Languages of the element. */
export type Language = "en" | "es";

/** What the element shows; names and meaning are those of the CC SDK. */
export interface ViewOptions {
  /** `true`: the phone without the workbench, and no time after calls. Unless told `false`. */
  readonly noWorkMode: boolean;
  /** `false`: no notes, and no time after calls. Unless told `true`. */
  readonly isRemark: boolean;
  /** `false`: no information about the callee. Unless told `true`. */
  readonly isInformation: boolean;
  /** The language; the page's where it is not told. */
  readonly lang: Language | undefined;
}

/**
 * What the element shows where the page said so much.
 * @internal
 */
export function viewOptions(told: Partial<ViewOptions>): ViewOptions {
  return {
    noWorkMode: told.noWorkMode === true,
    isRemark: told.isRemark !== false,
    isInformation: told.isInformation !== false,
    lang: told.lang,
  };
}

/** Asks for a registration by token or by account. Unknown keys are ignored. */
export type RegisterOptions = { [Name in keyof ViewOptions]?: ViewOptions[Name] | undefined } & {
  /** Origin of the service that exchanges opaque tokens; see {@link PhoneOptions.service}. */
  service?: string;
} & ({ token: Token; account?: never } | { account: Account; token?: never });

/**
 * Gives a session description in place of another, or nothing to leave it. `call` is the `id` of its call.
 *
 * Candidates and `o=` of local descriptions are put in afterwards.
 */
export type EditSdp = (
  sdp: string,
  what: { type: "offer" | "answer"; origin: "local" | "remote"; call: number },
) => string | undefined;

/** Settings of a phone. */
export interface PhoneOptions {
  /**
   * The account of a phone that nobody registers: taken up by the first `callPhone` or `pickup`. With
   * `register: false` in it the phone only ever calls, and knows where to.
   */
  account?: Account;
  /**
   * The header that carries the one-time token of a call. `Proxy-Authorization`, which it is unless
   * told, and `Authorization` say `Bearer` before it (RFC 8898); any other holds the bare token.
   */
  tokenHeader?: string;
  /**
   * Origin of the service that exchanges opaque tokens, without a path. The classic script takes
   * the origin that served it if `/.well-known/cc-sdk` answers there; modules must name it.
   */
  service?: string;
  /** `false`: the page plays `call.remoteStream` itself. */
  playAudio?: boolean;
  /** How long a call waits for the registration, in milliseconds; 10 000 unless told. */
  earlyCallMs?: number;
  /** Calls at once, 1 unless told; a further outgoing one is refused, a further incoming one is busy. */
  callsAtOnce?: number;
  /** At most so many calls begin within `rateSeconds`; 10 within 60 seconds unless told. */
  rateCalls?: number;
  rateSeconds?: number;
  /** How long an outgoing call may ring, in seconds; 180 unless told. */
  ringSeconds?: number;
  /** Longest time after a call, in seconds; until `finishWrapUp` unless told. */
  wrapUpSeconds?: number;
  /** The SIP status for incoming calls while paused; 480 unless told. */
  pausedStatus?: number;
  /**
   * What is done when the far side of a call asks to be called elsewhere (REFER): `"ask"` raises the
   * call's `transferrequest`, refused when nobody decides within 20 seconds; `true` calls there;
   * `false` refuses, and also whoever comes in the far side's place (Replaces), who is taken
   * otherwise. `"ask"` unless told. Outside of calls every such request is refused.
   */
  acceptTransfers?: "ask" | boolean;
  /** To how many further places a call follows redirections (3xx), each once; 5 unless told, 0 refuses. */
  redirections?: number;
  /** Rings reliably (RFC 3262) also where the caller only supports that; `false` unless told. */
  reliableRinging?: boolean;
  /**
   * Which incoming calls the phone takes by itself, as if `answer` were pressed: none (`false`, unless
   * told), all at once (`true`) or after so many seconds, or those whose caller or server asks for it
   * (`"asked"`: Answer-Mode and Priv-Answer-Mode of RFC 5373, `answer-after` in Call-Info,
   * `alert-autoanswer` in Alert-Info). Never while another call is up, and never one that asks for a
   * person. `call.caller.autoAnswer` tells of it beforehand.
   */
  autoAnswer?: boolean | number | "asked";
  /**
   * Changes session descriptions: local ones as they leave, remote ones as they are given to the
   * browser. What it throws is a `warning` (`sdp-not-edited`), and the description stays as it was.
   */
  editSdp?: EditSdp;
  /**
   * How long a call may go on without a sign of life from the far side, in seconds (RFC 4028); 90,
   * the least that counts, unless told. 0 asks for no limit, and takes what the far side asks for.
   */
  sessionExpires?: number;
}

/** What `callPhone` takes. */
export interface CallOptions {
  /** What people type, a user name, or a `sip:`, `sips:` or `tel:` URI. */
  phone: string;
  /** Business information for the far side; cut at 1000 UTF-16 units. */
  info?: string;
  /**
   * A token that is good for this one call. It goes with the INVITE, no registration is waited for, and
   * it is never sent a second time: a challenge or a redirection ends the call (`auth`, `redirected`).
   * The phone needs an account to know where to call; a self-contained token may bring it.
   */
  token?: Token;
  /** Further headers of the INVITE; those that the stack owns are refused (`bad-header`). */
  headers?: Record<string, string>;
  /** The name shown to the far side, in place of the account's. */
  displayName?: string;
  /** Hides who calls (RFC 3323). */
  anonymous?: boolean;
  /**
   * The number or user name shown to the far side, in place of the account's, at the same domain. Whether
   * it may be shown is for the server to say.
   */
  from?: string;
}

/** What `pickup` takes. */
export interface PickupOptions extends Omit<CallOptions, "phone" | "token"> {
  /** What the page shows of the caller; also an empty text. The token says which call it is. */
  phone: string;
  /** The one-time token that came with the news of the call. */
  token: Token;
}

/** What is told before a call is made, for `phone.beforeCall`. */
export type BeforeCall = (details: Readonly<CallOptions>) => boolean | Promise<boolean>;
