import type { Network, Wire } from "./network.js";

/** A `WebSocket` to the simulated server. */
export function socketClass(network: Network): typeof WebSocket {
  class SimulatedWebSocket extends EventTarget implements Wire {
    static readonly CONNECTING = 0;
    static readonly OPEN = 1;
    static readonly CLOSING = 2;
    static readonly CLOSED = 3;
    readyState = 0;
    binaryType = "blob";
    readonly protocol = "sip";
    readonly extensions = "";
    readonly bufferedAmount = 0;

    readonly url: string;

    constructor(url: string) {
      super();
      this.url = url;
      network.connect(this);
    }

    send(data: unknown): void {
      if (this.readyState === 0) throw new DOMException("still in CONNECTING state", "InvalidStateError");
      if (this.readyState === 1) network.fromPage(this, String(data));
    }

    close(): void {
      if (this.readyState >= 2) return;
      this.readyState = 2;
      network.leave(this);
    }

    opened(): void {
      if (this.readyState !== 0) return;
      this.readyState = 1;
      this.dispatchEvent(new Event("open"));
    }

    hears(text: string): void {
      if (this.readyState === 1) this.dispatchEvent(new MessageEvent("message", { data: text }));
    }

    closed(code: number): void {
      if (this.readyState === 3) return;
      this.readyState = 3;
      this.dispatchEvent(Object.assign(new Event("close"), { code, reason: "", wasClean: code === 1000 }));
    }
  }
  return SimulatedWebSocket as unknown as typeof WebSocket;
}
