/** An event whose facts are its own properties. */
export type FactEvent<Facts = unknown> = Event & Readonly<Facts>;

/** Makes an event that carries its facts as properties. */
export function factEvent<Facts extends object>(type: string, facts: Facts): FactEvent<Facts> {
  return Object.assign(new Event(type), facts);
}

/** An `EventTarget` that knows the names and types of its events. */
export interface TypedEventTarget<Events> extends EventTarget {
  addEventListener<Name extends keyof Events & string>(
    type: Name,
    listener: (event: Events[Name]) => void,
    options?: AddEventListenerOptions | boolean,
  ): void;
  addEventListener(...any: Parameters<EventTarget["addEventListener"]>): void;
  removeEventListener<Name extends keyof Events & string>(
    type: Name,
    listener: (event: Events[Name]) => void,
    options?: EventListenerOptions | boolean,
  ): void;
  removeEventListener(...any: Parameters<EventTarget["removeEventListener"]>): void;
}

export const TypedEventTarget = EventTarget as new <Events>() => TypedEventTarget<Events>;
