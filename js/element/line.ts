/** Whether calls can be made: what the registration, the link and the browser say, as one `Line`. */
import type { CcSdkError, Phone } from "../index.js";
import type { Line, Reason } from "./state.js";

/** Follows one phone's registration and link; ends with the signal. */
export class LineModel {
  readonly #phone: Phone;
  readonly #changed: () => void;
  /** `register` was called and the core has not begun yet. */
  #asked = false;
  #refused: Reason | undefined;
  #relinking: number | undefined;
  #unreached: string | undefined;

  constructor(phone: Phone, signal: AbortSignal, changed: () => void) {
    this.#phone = phone;
    this.#changed = changed;
    this.#followRegistration(signal);
    this.#followLink(signal);
  }

  /** The line now. */
  get line(): Line {
    const code = obstacle();
    if (code) return { is: "unsupported", code };
    if (!globalThis.navigator.onLine) return { is: "offline" };
    if (this.#relinking !== undefined) return { is: "relinking", attempt: this.#relinking };
    const { state, reason } = this.#phone.registration;
    if (this.#unreached !== undefined && state !== "registered") return unreached(this.#unreached);
    if (this.#asked && state === "none") return { is: "loading" };
    switch (state) {
      case "none":
        return this.#refused ? { is: "unregistered", reason: this.#refused } : { is: "unregistered" };
      case "failed":
        return { is: "unregistered", reason: reason ?? { code: "internal" } };
      case "registering":
      case "registered":
        return { is: state };
      default:
        return state satisfies never;
    }
  }

  #followRegistration(signal: AbortSignal): void {
    const on = { signal };
    this.#phone.addEventListener(
      "optionschange",
      () => {
        this.#tell({ asked: true });
      },
      on,
    );
    this.#phone.addEventListener(
      "registrationchange",
      ({ state }) => {
        if (state === "registered" || state === "none") this.#unreached = this.#relinking = undefined;
        this.#tell({ asked: false });
      },
      on,
    );
    // `register` may fail before the core hears of it: a bad token, no service, no wasm.
    this.#phone.addEventListener(
      "error",
      ({ error }) => {
        if (this.#asked) this.#tell({ asked: false, refused: error });
      },
      on,
    );
  }

  #followLink(signal: AbortSignal): void {
    const on = { signal };
    const relink = (attempt: number | undefined): void => {
      this.#relinking = attempt;
      this.#changed();
    };
    const reach = (problem: string | undefined): void => {
      this.#unreached = problem;
      this.#changed();
    };
    this.#phone.addEventListener(
      "startfailed",
      ({ text }) => {
        reach(text);
      },
      on,
    );
    this.#phone.addEventListener(
      "started",
      () => {
        reach(undefined);
      },
      on,
    );
    this.#phone.addEventListener(
      "reconnecting",
      ({ attempt }) => {
        relink(attempt);
      },
      on,
    );
    this.#phone.addEventListener(
      "reconnected",
      () => {
        relink(undefined);
      },
      on,
    );
    this.#phone.addEventListener(
      "stopped",
      () => {
        relink(undefined);
      },
      on,
    );
    for (const name of ["online", "offline"]) globalThis.addEventListener(name, this.#changed, on);
  }

  #tell({ asked, refused }: { asked: boolean; refused?: CcSdkError }): void {
    this.#asked = asked;
    this.#refused = refused && { code: refused.code, sipStatus: refused.sipStatus, text: refused.message };
    this.#changed();
  }
}

function unreached(text: string): Line {
  return { is: "unregistered", reason: { code: "network", text } };
}

/** What makes calls impossible on this page, whatever is registered. */
export function obstacle(): "insecure-context" | "webrtc-unsupported" | undefined {
  if ((globalThis as { isSecureContext?: boolean }).isSecureContext === false) return "insecure-context";
  const { RTCPeerConnection, WebSocket, navigator } = globalThis as Partial<typeof globalThis>;
  const fit = RTCPeerConnection && WebSocket && (navigator as Partial<Navigator> | undefined)?.mediaDevices;
  return fit ? undefined : "webrtc-unsupported";
}
