import { CcSdkError } from "./errors.js";
import type { PhoneFacts, Registration } from "./facts.js";
import { Pending } from "./pending.js";

/** Raises an event of the phone. */
type Raise = <Name extends keyof PhoneFacts>(name: Name, facts: PhoneFacts[Name]) => void;

/** Mirrors the registration of one phone, and who waits for it. */
export class Registering {
  /** Those who wait until it is in force, or refused. */
  readonly asked = new Pending<void>();
  /** Those who wait until it is taken back. */
  readonly withdrawn = new Pending<void>();

  readonly #raise: Raise;
  #registration: Registration = { state: "none" };

  constructor(raise: Raise) {
    this.#raise = raise;
  }

  get registration(): Registration {
    return this.#registration;
  }

  told({ state, expiresIn, reason }: Registration): void {
    this.#registration = { state, expiresIn, reason };
    this.#raise("registrationchange", this.#registration);
    switch (state) {
      case "registering":
        return;
      case "registered":
        this.#raise("registered", { expiresIn });
        return this.asked.resolve();
      case "none":
        this.#raise("unregistered", {});
        return this.withdrawn.resolve();
      case "failed": {
        const { code, text, sipStatus } = reason ?? { code: "internal" };
        this.#raise("registrationfailed", { reason: { code, text, sipStatus } });
        this.asked.reject(new CcSdkError(code, text, { sipStatus }));
        return this.withdrawn.resolve();
      }
    }
  }
}
