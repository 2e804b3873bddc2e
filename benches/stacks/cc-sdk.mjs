// cc-sdk as npm ships it (dist/inline.js has the wasm inside), and its parser in a wasm of the
// same profile that exports it: the shipped one keeps it to itself.
import { readFileSync } from "node:fs";

export const name = "cc-sdk";

/** Where `cargo run -p xtask -- wasm --bench` puts it. */
const bench = new URL("../../target/bench/", import.meta.url);

let memory;

/** Makes a phone; `server` is told of its connection. */
export async function phone() {
  const { createPhone } = await import("../../dist/inline.js");
  const limits = { callsAtOnce: 100_000, rateCalls: 100_000, rateSeconds: 1 };
  // The others have no timers of sessions here either.
  const phone = createPhone({ ...limits, sessionExpires: 0, playAudio: false });
  phone.addEventListener("incoming", ({ call }) => call.answer());
  phone.addEventListener("warning", (warning) => console.error("cc-sdk:", warning.code, warning.text));
  const account = { uri: "sip:alice@example.com", servers: ["wss://edge.example.com/"], register: false };
  await phone.register({ account, noWorkMode: true });
  return {
    async dial() {
      const call = await phone.callPhone({ phone: "sip:bob@example.com" });
      if (call.state !== "connected") {
        await new Promise((resolve) => {
          call.addEventListener("statechange", () => call.state === "connected" && resolve());
        });
      }
      return call;
    },
    hangUp: (call) => call.hangup(),
    stop: () => phone.shutdown(),
  };
}

/** Bytes outside the JavaScript heap. */
export function outside() {
  return memory?.buffer.byteLength ?? 0;
}

/** Hears of the memory of every wasm that is made. */
export function watchMemory() {
  const { instantiate } = WebAssembly;
  WebAssembly.instantiate = async (...given) => {
    const made = await instantiate.apply(WebAssembly, given);
    const { exports } = made.instance ?? made;
    // Node's own fetch has a wasm too.
    if (exports.__wbindgen_malloc) memory = exports.memory;
    return made;
  };
}

/** `parse(text)`: how much was read in the message. */
export async function parser() {
  const glue = await import(new URL("cc_sdk.js", bench));
  await glue.default({ module_or_path: readFileSync(new URL("cc_sdk.wasm", bench)) });
  const ear = new glue.BenchParser();
  return (text) => ear.parse(text);
}
