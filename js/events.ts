/** Anything with a `type`; its facts are properties of the event itself. */
export type FactEvent<Facts = unknown> = Event & Readonly<Facts>;

/** Makes an event that carries its facts as properties. */
export function factEvent<Facts extends object>(type: string, facts: Facts): FactEvent<Facts> {
  return Object.assign(new Event(type), facts);
}

/** An `EventTarget` that knows the names and types of its events. */
export class TypedEventTarget<Events extends object> extends EventTarget {
  override addEventListener<Name extends keyof Events & string>(
    type: Name,
    listener: ((event: Events[Name]) => void) | null,
    options?: AddEventListenerOptions | boolean,
  ): void;
  override addEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: AddEventListenerOptions | boolean,
  ): void;
  override addEventListener(
    type: string,
    listener: unknown,
    options?: AddEventListenerOptions | boolean,
  ): void {
    super.addEventListener(type, listener as EventListener, options);
  }

  override removeEventListener<Name extends keyof Events & string>(
    type: Name,
    listener: ((event: Events[Name]) => void) | null,
    options?: EventListenerOptions | boolean,
  ): void;
  override removeEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: EventListenerOptions | boolean,
  ): void;
  override removeEventListener(
    type: string,
    listener: unknown,
    options?: EventListenerOptions | boolean,
  ): void {
    super.removeEventListener(type, listener as EventListener, options);
  }
}
