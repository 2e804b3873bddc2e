import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import type { CcSdkError } from "../../js/errors.js";
import type { FactEvent } from "../../js/events.js";
import { newPhone } from "../../js/phone.js";
import {
  asBrowser,
  codeOf,
  define,
  FakeLoader,
  heard,
  misuse,
  onDuty,
  registered,
  settled,
  stage,
  unregistered,
} from "./stage.js";

beforeEach(asBrowser);

const failed = {
  type: "registration",
  state: "failed",
  expiresIn: undefined,
  reason: { code: "token-rejected", sipStatus: 401, text: "Unauthorized" },
} as const;

test("nothing is loaded before the first register", async () => {
  const { loader } = stage();
  await settled();
  assert.equal(loader.cores.length, 0);
});

test("register waits for the wasm and then tells settings and token, in this order", async () => {
  let arrive = (): void => undefined;
  const { phone, loader } = stage({ ringSeconds: 30 });
  loader.arrival = new Promise((resolve) => (arrive = resolve));
  void phone.register({ token: "a.b.c" });
  await settled();
  assert.equal(loader.cores.length, 0);
  arrive();
  await settled();
  assert.deepEqual(
    loader.cores[0]?.said.map(({ command }) => command),
    [
      { type: "configure", wrapUp: true, ringSeconds: 30, service: undefined },
      { type: "register", token: "a.b.c" },
    ],
  );
});

test("register settles at the first success", async () => {
  const at = stage();
  let done = false;
  void at.phone.register({ token: "a.b.c" }).then(() => (done = true));
  await settled();
  at.core.tells({ type: "started" }, { ...registered, state: "registering" });
  await settled();
  assert.equal(done, false);
  at.core.tells(registered);
  await settled();
  assert.equal(done, true);
  assert.deepEqual(at.phone.registration, { state: "registered", expiresIn: 600, reason: undefined });
});

test("register rejects with the code and status of the final refusal", async () => {
  const at = stage();
  const refused = heard(at.phone, "registrationfailed");
  const promise = at.phone.register({ token: "a.b.c" });
  await settled();
  at.core.tells(failed);
  await assert.rejects(promise, { name: "CcSdkError", code: "token-rejected", sipStatus: 401 });
  assert.equal(refused.length, 1);
});

test("misuse rejects with the core's code, and the phone can be used again", async () => {
  const at = await onDuty();
  at.core.meets = () => {
    throw misuse("bad-token");
  };
  assert.equal(await codeOf(at.phone.register({ token: "nonsense" })), "bad-token");
  at.core.meets = () => undefined;
  const again = at.phone.register({ token: "a.b.c" });
  await settled();
  at.core.tells(registered);
  await again;
});

test("register without anything is left to the core as an empty token", async () => {
  const at = stage();
  void at.phone.register();
  await settled();
  assert.deepEqual(at.core.asked, [{ type: "register", token: "" }]);
});

test("an account goes to the core as it is", async () => {
  const at = stage();
  const account = { uri: "sip:alice@example.com", servers: ["wss://edge.example.com/sip"] };
  void at.phone.register({ account });
  await settled();
  assert.deepEqual(at.core.asked, [{ type: "register", account }]);
});

test("a token provider goes to the core as it is", async () => {
  const at = stage();
  const token = () => Promise.resolve("a.b.c");
  void at.phone.register({ token });
  await settled();
  assert.deepEqual(at.core.asked, [{ type: "register", token }]);
});

test("register again replaces the credential under the same account", async () => {
  const at = await onDuty();
  void at.phone.updateToken("d.e.f");
  await settled();
  assert.deepEqual(
    at.core.said.filter(({ command }) => command.type === "register").map(({ account }) => account),
    [1, 1],
  );
});

test("noWorkMode and isRemark decide over the time after a call", async () => {
  for (const [options, wrapUp] of [
    [{}, true],
    [{ noWorkMode: true }, false],
    [{ isRemark: false }, false],
    [{ isInformation: false }, true],
  ] as const) {
    const at = stage();
    void at.phone.register({ token: "a.b.c", ...options });
    await settled();
    assert.deepEqual(at.core.said[0]?.command, { type: "configure", wrapUp, service: undefined });
  }
});

test("view options are kept on the phone before anything is loaded", () => {
  const { phone } = stage();
  const changes = heard(phone, "optionschange");
  void phone.register({ token: "a.b.c", noWorkMode: true, lang: "es" });
  assert.deepEqual(phone.options, { noWorkMode: true, isRemark: true, isInformation: true, lang: "es" });
  assert.equal(changes.length, 1);
});

test("a page that is not secure is refused before anything is loaded", async () => {
  define({ isSecureContext: false });
  const { phone, loader } = stage();
  assert.equal(await codeOf(phone.register({ token: "a.b.c" })), "insecure-context");
  assert.equal(await codeOf(phone.callPhone({ phone: "9196" })), "insecure-context");
  assert.equal(loader.cores.length, 0);
});

test("a browser without WebRTC is refused before anything is loaded", async () => {
  define({ RTCPeerConnection: undefined });
  const { phone, loader } = stage();
  assert.equal(await codeOf(phone.register({ token: "a.b.c" })), "webrtc-unsupported");
  assert.equal(loader.cores.length, 0);
});

test("a page that ignores the promise sees no unhandledrejection, but an error event", async () => {
  const unhandled: unknown[] = [];
  const listener = (reason: unknown): number => unhandled.push(reason);
  process.on("unhandledRejection", listener);
  const at = stage();
  const errors = heard(at.phone, "error") as FactEvent<{ error: CcSdkError }>[];
  void at.phone.register({ token: "a.b.c" });
  await settled();
  at.core.tells(failed);
  await settled();
  process.off("unhandledRejection", listener);
  assert.deepEqual(unhandled, []);
  assert.deepEqual(
    errors.map(({ error }) => error.code),
    ["token-rejected"],
  );
});

test("unregister resolves when the registration is gone", async () => {
  const at = await onDuty();
  let gone = false;
  void at.phone.unregister().then(() => (gone = true));
  await settled();
  assert.equal(gone, false);
  at.core.tells(unregistered);
  await settled();
  assert.equal(gone, true);
});

test("unregister before anything was registered resolves at once", async () => {
  const { phone, loader } = stage();
  await phone.unregister();
  assert.equal(loader.cores.length, 0);
});

test("unregister overtakes a register that still waits for the wasm", async () => {
  const at = stage();
  const registering = codeOf(at.phone.register({ token: "a.b.c" }));
  await at.phone.unregister();
  assert.equal(await registering, "not-registered");
  assert.deepEqual(at.core.asked, []);
});

test("a wasm that does not arrive is an internal error, and the next register tries again", async () => {
  const at = stage();
  at.loader.arrival = Promise.reject(new TypeError("fetch failed"));
  assert.equal(await codeOf(at.phone.register({ token: "a.b.c" })), "internal");
  at.loader.arrival = Promise.resolve();
  void at.phone.register({ token: "a.b.c" });
  await settled();
  assert.deepEqual(at.core.asked, [{ type: "register", token: "a.b.c" }]);
});

test("shutdown waits for the core, frees it with the last phone, and register begins anew", async () => {
  const at = await onDuty();
  const first = at.core;
  const gone = at.phone.shutdown();
  await settled();
  assert.deepEqual(first.asked.at(-1), { type: "shutdown" });
  first.tells(unregistered, { type: "stopped" });
  await gone;
  await settled();
  assert.equal(first.freed, true);

  const again = at.phone.register({ token: "a.b.c" });
  await settled();
  assert.notEqual(at.core, first);
  at.core.tells(registered);
  await again;
});

test("shutdown waits for no answer when register follows at once", async () => {
  const at = await onDuty();
  const gone = at.phone.shutdown();
  const again = at.phone.register({ token: "d.e.f" });
  await gone;
  await settled();
  at.core.tells(registered);
  await again;
  assert.equal(at.core.freed, false);
});

test("shutdown right after register leaves nothing behind", async () => {
  const at = await onDuty();
  const other = newPhone(at.shared, {});
  const registering = codeOf(other.register({ token: "d.e.f" }));
  await other.shutdown();
  assert.equal(await registering, "not-registered");
  assert.deepEqual(
    at.core.said.filter(({ account }) => account === other.account),
    [],
  );
});

test("an unregister that register overtakes does not settle the register", async () => {
  const at = await onDuty();
  const gone = at.phone.unregister();
  const again = codeOf(at.phone.register({ token: "d.e.f" }));
  await settled();
  at.core.tells(unregistered, { ...registered, state: "registering" });
  await gone;
  at.core.tells(failed);
  assert.equal(await again, "token-rejected");
});

test("a core that another phone uses is not freed", async () => {
  const at = await onDuty();
  const other = newPhone(at.shared, {});
  void other.register({ token: "d.e.f" });
  await settled();
  const gone = at.phone.shutdown();
  at.core.tells({ type: "stopped" });
  await gone;
  await settled();
  assert.equal(at.core.freed, false);
});

test("two phones share the core and hear each only their own", async () => {
  const at = await onDuty();
  const other = newPhone(at.shared, {});
  const errors = heard(other, "registered");
  void other.register({ token: "d.e.f" });
  await settled();
  at.core.tells(registered);
  assert.equal(at.loader.cores.length, 1);
  assert.equal(at.core.said.at(-1)?.account, other.account);
  assert.equal(errors.length, 0);
});

test("a hundred cycles of register and shutdown leave one core behind each, all freed", async () => {
  const at = stage();
  for (let cycle = 0; cycle < 100; cycle += 1) {
    const up = at.phone.register({ token: "a.b.c" });
    await new Promise((resolve) => setTimeout(resolve));
    at.core.tells(registered);
    await up;
    const down = at.phone.shutdown();
    at.core.tells({ type: "stopped" });
    await down;
    await new Promise((resolve) => setTimeout(resolve));
  }
  assert.equal(at.loader.cores.length, 100);
  assert.ok(at.loader.cores.every(({ freed }) => freed));
});

function service(answer: (url: string) => Response | Promise<Response>): string[] {
  const asked: string[] = [];
  define({
    fetch: (url: string) => {
      asked.push(url);
      return Promise.resolve().then(() => answer(url));
    },
  });
  return asked;
}

async function configuredService(origin: string, token: string): Promise<unknown> {
  const at = stage({}, new FakeLoader(origin));
  void at.phone.register({ token });
  await settled();
  const { command } = at.core.said[0] ?? {};
  return command?.type === "configure" ? command.service : "not configured";
}

test("the script's origin is the service once it says so", async () => {
  const asked = service(() => Response.json({}));
  assert.equal(await configuredService("https://one.example", "Bearer demo:alice:1"), "https://one.example");
  assert.deepEqual(asked, ["https://one.example/.well-known/cc-sdk"]);
});

test("a mere host of files is never given a token", async () => {
  service(() => new Response("<!doctype html>", { headers: { "content-type": "text/html" } }));
  assert.equal(await configuredService("https://two.example", "demo:alice:1"), undefined);
  service(() => new Response("", { status: 404 }));
  assert.equal(await configuredService("https://two.example", "demo:alice:1"), undefined);
  service(() => Promise.reject(new TypeError("network")));
  assert.equal(await configuredService("https://two.example", "demo:alice:1"), undefined);
});

test("a token that holds its account needs no service, so none is asked", async () => {
  const asked = service(() => Response.json({}));
  assert.equal(await configuredService("https://three.example", "Bearer a.b.c"), undefined);
  assert.deepEqual(asked, []);
});

test("a service that the page names is taken as it is", async () => {
  const asked = service(() => Response.json({}));
  const at = stage({}, new FakeLoader("https://four.example"));
  void at.phone.register({ token: "demo:alice:1", service: "https://tokens.example" });
  await settled();
  assert.deepEqual(at.core.said[0]?.command, {
    type: "configure",
    wrapUp: true,
    service: "https://tokens.example",
  });
  assert.deepEqual(asked, []);
});
