/** What is shown, from the fixtures alone: no document is needed. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { fixtures } from "../../js/element/faces.js";
import { blank, faceOf, type Face, type ViewState } from "../../js/element/state.js";
import type { Branch, Tree } from "../../js/element/tree.js";
import { view } from "../../js/element/view.js";

const languages = ["en", "es"];

function* branches(trees: readonly Tree[]): Generator<Branch> {
  for (const tree of trees) {
    if (typeof tree === "string") continue;
    yield tree;
    yield* branches(tree.children);
  }
}

/** The text that stands in these trees, but for those that `skip` leaves out. */
function textOf(trees: readonly Tree[], skip: (branch: Branch) => boolean = () => false): string {
  return trees
    .map((tree) => {
      if (typeof tree === "string") return tree;
      return skip(tree) ? "" : textOf(tree.children, skip);
    })
    .join(" ");
}

const find = (trees: readonly Tree[], fits: (branch: Branch) => boolean): Branch | undefined =>
  [...branches(trees)].find(fits);
const acts = (trees: readonly Tree[]): unknown[] =>
  [...branches(trees)].map(({ attributes }) => attributes["data-act"]).filter(Boolean);
const everyView = (): [string, ViewState, readonly Tree[]][] =>
  fixtures().flatMap(({ name, state }) =>
    languages.map((language): [string, ViewState, readonly Tree[]] => [name, state, view(state, language)]),
  );

test("there is a fixture for every face", () => {
  const all: Record<Face, true> = {
    loading: true,
    unsupported: true,
    unregistered: true,
    failed: true,
    registering: true,
    ready: true,
    paused: true,
    relinking: true,
    offline: true,
    "wrap-up": true,
    held: true,
    calling: true,
    ringing: true,
    early: true,
    incoming: true,
    answering: true,
    connected: true,
    reconnecting: true,
    ended: true,
  };
  const shown = new Set(fixtures().map(({ state }) => faceOf(state)));
  assert.deepEqual(
    Object.keys(all).filter((face) => !shown.has(face as Face)),
    [],
  );
});

test("no face has a protocol's code or word in its messages", () => {
  for (const [name, { call, line, notice }, trees] of everyView()) {
    const text = textOf(trees, ({ tag }) => tag === "details");
    const reason = call?.ending ?? notice ?? (line.is === "unregistered" ? line.reason : undefined);
    for (const word of [
      reason?.text,
      reason?.sipStatus,
      reason?.code.includes("-") ? reason.code : undefined,
    ]) {
      if (word !== undefined) assert.ok(!text.includes(String(word)), `${name}: ${String(word)}`);
    }
    assert.doesNotMatch(text, /SIP|INVITE|REGISTER|Call-ID/, name);
  }
});

test("the codes are in the details", () => {
  const busy = fixtures().find(({ name }) => name === "Ended: busy");
  assert.ok(busy);
  const trees = view(busy.state, "en");
  assert.match(
    textOf(trees, ({ tag }) => tag === "details"),
    /The line is busy/,
  );
  assert.match(
    textOf([find(trees, ({ tag }) => tag === "details") ?? ""]),
    /Code busy .*SIP status 486 Busy Here/,
  );
});

test("no face has an inline style, a script or an unresolved text", () => {
  for (const [name, , trees] of everyView()) {
    for (const { tag, attributes } of branches(trees)) {
      assert.notEqual(tag, "script");
      assert.ok(!Object.keys(attributes).some((key) => key === "style" || key.startsWith("on")), name);
    }
    assert.doesNotMatch(textOf(trees), /[{}]|undefined|null|NaN/, name);
  }
});

test("every button has a name and a part", () => {
  for (const [name, , trees] of everyView()) {
    for (const branch of branches(trees)) {
      if (branch.tag !== "button") continue;
      assert.ok(branch.attributes["aria-label"] ?? textOf(branch.children).trim(), name);
      assert.ok(branch.attributes.part, name);
    }
  }
});

test("what ends stands on the left and what begins on the right, in every face", () => {
  for (const [name, { form }, trees] of everyView()) {
    if (form === "button") continue;
    const row = find(trees, ({ attributes }) => attributes.part === "primary");
    const [left, right, ...more] =
      row?.children.map((child) => (typeof child === "string" ? "" : child.key)) ?? [];
    assert.deepEqual(more, [], name);
    assert.ok(["redial", "hangup", "reject", "close"].includes(left ?? ""), `${name}: ${String(left)}`);
    assert.ok(
      ["call", "answer", "again", "levels", "wait"].includes(right ?? ""),
      `${name}: ${String(right)}`,
    );
  }
});

test("the running time is not in a live region", () => {
  for (const [name, , trees] of everyView()) {
    for (const branch of branches(trees)) {
      const live = branch.attributes["aria-live"];
      if (live === "polite" || live === "assertive") assert.doesNotMatch(textOf([branch]), /\d:\d\d/, name);
    }
  }
});

test("there are one polite and one assertive region", () => {
  for (const [name, , trees] of everyView()) {
    const regions = [...branches(trees)].map(({ attributes }) => attributes["aria-live"]);
    assert.equal(regions.filter((live) => live === "polite").length, 1, name);
    assert.equal(regions.filter((live) => live === "assertive").length, 1, name);
  }
});

test("an incoming call is told at once, and not twice", () => {
  const ringing = fixtures().find(({ name }) => name === "Ringing in");
  assert.ok(ringing);
  const trees = view(ringing.state, "en");
  assert.equal(
    textOf([find(trees, ({ attributes }) => attributes.role === "alert") ?? ""]),
    "Ana García is calling",
  );
  assert.equal(textOf([find(trees, ({ attributes }) => attributes.role === "status") ?? ""]), "");
});

test("the form for visitors has neither dial pad nor number field before a call", () => {
  for (const [name, state, trees] of everyView()) {
    if (state.form !== "button" || state.pane === "keys") continue;
    assert.ok(!find(trees, ({ tag, attributes }) => tag === "input" || attributes.part === "pad"), name);
  }
});

test("notes and information are there only when switched on", () => {
  const talking = fixtures().find(({ name }) => name === "Talking, notes");
  assert.ok(talking);
  const shown = (notes: boolean, info: boolean): boolean[] => {
    const trees = view({ ...talking.state, shows: { notes, info, seat: true } }, "en");
    return ["notes", "info"].map((part) => !!find(trees, ({ attributes }) => attributes.part === part));
  };
  assert.deepEqual(shown(true, true), [true, true]);
  assert.deepEqual(shown(false, false), [false, false]);
});

test("a seat can be paused while idle only", () => {
  const seat = (more: Partial<ViewState>): unknown[] =>
    acts(view({ ...blank, line: { is: "registered" }, seat: 2, ...more }, "en"));
  assert.ok(seat({}).includes("pause"));
  assert.ok(seat({ seat: 5 }).includes("resume"));
  assert.ok(!seat({ seat: 3 }).includes("pause"));
  assert.ok(!seat({ line: { is: "unregistered" }, seat: 1 }).includes("pause"));
});

test("a number that cannot be called stays in the field, which says so", () => {
  const wrong = fixtures().find(({ name }) => name === "bad target");
  assert.ok(wrong);
  const field = find(view(wrong.state, "en"), ({ tag }) => tag === "input");
  assert.equal(field?.attributes.value, "hello you");
  assert.equal(field.attributes["aria-invalid"], "true");
  assert.equal(field.attributes["aria-describedby"], "notice");
});

test("times are written in the language's way", () => {
  const talking = fixtures().find(({ name }) => name === "Talking, muted");
  const over = fixtures().find(({ name }) => name === "Ended: hung up");
  assert.ok(talking && over);
  assert.match(textOf(view(talking.state, "en")), /1:02:03/);
  assert.match(textOf(view(over.state, "en")), /Call ended after 2 min 13 sec/);
  assert.match(textOf(view(over.state, "es")), /Llamada finalizada tras 2 min 13 s/);
});

test("a second incoming call is offered beside the first", () => {
  const second = fixtures().find(({ name }) => name === "A second call");
  assert.ok(second);
  const offered = acts(view(second.state, "en"));
  assert.ok(offered.includes("reject-waiting") && offered.includes("swap") && offered.includes("hangup"));
});
