/** Every code that can reach a person has words in every language. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { endingOf, fill, languageOf, languageTag, messageOf, textsFor } from "../../js/element/texts.js";
import type { CcSdkErrorCode } from "../../js/errors.js";

const codes: Record<CcSdkErrorCode, true> = {
  "insecure-context": true,
  "webrtc-unsupported": true,
  "bad-account": true,
  "bad-argument": true,
  "bad-digit": true,
  "bad-header": true,
  "bad-seat-status": true,
  "bad-status": true,
  "bad-target": true,
  "bad-token": true,
  "call-gone": true,
  "call-in-progress": true,
  "call-refused": true,
  "insecure-server": true,
  "no-service": true,
  "not-connected": true,
  "not-incoming": true,
  "no-transfer-request": true,
  "not-registered": true,
  "rate-limited": true,
  "subscription-gone": true,
  "transfer-in-progress": true,
  "too-large": true,
  "too-many": true,
  "not-supported": true,
  "microphone-busy": true,
  "microphone-denied": true,
  "microphone-missing": true,
  "microphone-policy": true,
  "no-candidates": true,
  "service-unreachable": true,
  "token-expired": true,
  "token-rejected": true,
  hangup: true,
  busy: true,
  declined: true,
  "no-answer": true,
  cancelled: true,
  "not-found": true,
  redirected: true,
  auth: true,
  network: true,
  "no-media": true,
  "media-changed": true,
  "media-failed": true,
  "rejected-here": true,
  replaced: true,
  "server-error": true,
  timeout: true,
  internal: true,
};
/** Mistakes of the page's author, and what comes of what the element does not do: messages and the like. */
const authors = [
  "bad-argument",
  "bad-header",
  "bad-seat-status",
  "bad-status",
  "no-transfer-request",
  "subscription-gone",
  "transfer-in-progress",
  "too-large",
  "too-many",
  "not-supported",
];

for (const language of ["en", "es"]) {
  test(`every code has a message of its own (${language})`, () => {
    const texts = textsFor(language);
    const silent = Object.keys(codes).filter((code) => messageOf(texts, code) === texts.code.unknown);
    assert.deepEqual(silent, authors);
  });
}

test("the languages say different things", () => {
  assert.notDeepEqual(textsFor("es"), textsFor("en"));
});

test("the end of a call says what became of the call, not of the sign-in", () => {
  const texts = textsFor("en");
  assert.equal(endingOf(texts, "network").what, "The connection was lost");
  assert.equal(messageOf(texts, "network").what, "The phone service cannot be reached");
  assert.equal(endingOf(texts, "microphone-denied").what, "The microphone is blocked");
});

test("a regional language is its language, an unknown one is English", () => {
  assert.deepEqual(["es-MX", "ES", "en-GB", "eu", "", "est"].map(languageOf), [
    "es",
    "es",
    "en",
    "en",
    "en",
    "en",
  ]);
});

test("values are put in as they are, even if they look like names", () => {
  assert.equal(fill("{who} is calling", { who: "{who} $1" }), "{who} $1 is calling");
});

test("a page whose language is missing or written oddly still has one that numbers are written in", () => {
  const tags = [undefined, "", "en_US", "es-mx", "not a language"].map(languageTag);
  assert.deepEqual(tags, ["en", "en", "en-US", "es-MX", "en"]);
});
