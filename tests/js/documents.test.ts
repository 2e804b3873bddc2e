/** The list of codes is closed, and the reference names all there is. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Call } from "../../js/call.js";
import { Correspondence } from "../../js/correspondence.js";
import { Phone } from "../../js/phone.js";
import { Publication } from "../../js/publication.js";
import { Subscription } from "../../js/subscription.js";

const root = join(import.meta.dirname, "../..");
const read = (path: string): string => readFileSync(join(root, path), "utf8");
const matches = (text: string, pattern: RegExp): string[] =>
  Array.from(text.matchAll(pattern), ([, found]) => found ?? "");

/** The text of one declaration. */
const declared = (path: string, name: string): string => {
  const text = read(path);
  const begin = text.search(new RegExp(`export (type|interface) ${name}\\b`));
  assert.notEqual(begin, -1, `${path} declares no ${name}`);
  return text.slice(begin, text.indexOf("\n\n", begin));
};

const codes = [
  ...matches(declared("js/errors.ts", "CcSdkErrorCode"), /"([a-z-]+)"/g),
  ...matches(declared("js/call.ts", "EndCause"), /"([a-z-]+)"/g),
];
const reference = read("docs/api.md");

test("every code of the core's misuse and media failures is in the list", () => {
  const raised = ["src/error.rs", "src/media.rs"].flatMap((path) => matches(read(path), /=> "([a-z-]+)"/g));
  assert.ok(raised.length > 15);
  assert.deepEqual(
    raised.filter((code) => !codes.includes(code)),
    [],
  );
});

test("every reason of a failed registration is in the list", () => {
  const paths = ["src/credential.rs", "src/registration.rs", "src/link.rs", "src/line.rs"];
  const raised = paths.flatMap((path) => matches(read(path), /Failure::(?:new|of)\(\s*"([a-z-]+)"/g));
  assert.ok(raised.length > 3);
  assert.deepEqual(
    raised.filter((code) => !codes.includes(code)),
    [],
  );
});

test("the reference names every code", () => {
  assert.deepEqual(
    codes.filter((code) => !reference.includes(`\`${code}\``)),
    [],
  );
});

test("the reference names every event", () => {
  for (const [path, name] of [
    ["js/facts.ts", "PhoneFacts"],
    ["js/call.ts", "CallFacts"],
  ] as const) {
    const events = matches(declared(path, name), /^ {2}(\w+):/gm);
    assert.ok(events.length > 5);
    assert.deepEqual(
      events.filter((event) => !reference.includes(`\`${event}\``)),
      [],
    );
  }
});

test("the reference names every method and property", () => {
  for (const { prototype } of [Phone, Correspondence, Call, Subscription, Publication]) {
    const members = Object.getOwnPropertyNames(prototype).filter((name) => name !== "constructor");
    assert.deepEqual(
      members.filter((name) => !new RegExp(`\`${name}[(\`]`).test(reference)),
      [],
    );
  }
});

test("every cause of an errand's failure is in the list", () => {
  const paths = ["src/errand/mod.rs", "src/errand/list.rs", "src/errand/subscription/notified.rs"];
  const raised = paths.flatMap((path) =>
    matches(read(path), /(?:=> |failed\(|refused_by\(|wish\.id, )"([a-z-]+)"/g),
  );
  assert.ok(raised.length > 8);
  assert.deepEqual(
    raised.filter((code) => !codes.includes(code)),
    [],
  );
});

test("the reference names every option of subscriptions and publications", () => {
  for (const [path, name] of [
    ["js/subscription.ts", "SubscribeOptions"],
    ["js/publication.ts", "PublishOptions"],
  ] as const) {
    const options = matches(declared(path, name), /^ {2}(\w+)\??:/gm);
    assert.ok(options.length > 3);
    assert.deepEqual(
      options.filter((option) => !reference.includes(`\`${option}\``) && !reference.includes(`${option}?`)),
      [],
    );
  }
});

test("the reference names every option", () => {
  for (const name of ["Account", "PhoneOptions", "CallOptions", "ViewOptions"]) {
    const options = matches(declared("js/options.ts", name), /^ {2}(?:readonly )?(\w+)\??:/gm);
    assert.ok(options.length > 3);
    assert.deepEqual(
      options.filter((option) => !reference.includes(`\`${option}\``)),
      [],
    );
  }
});
