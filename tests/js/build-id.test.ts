/** One commit, one build id, wherever it is built. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { appendFileSync, cpSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { buildId } from "../../scripts/build-id.mjs";

const script = fileURLToPath(new URL("../../scripts/build-id.mjs", import.meta.url));
const sources = fileURLToPath(new URL("../../js", import.meta.url));
const folders: string[] = [];

after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

/** The sources and a wasm, in another place. */
function checkout(): string {
  const folder = `${mkdtempSync(join(tmpdir(), "build-id-"))}/`;
  folders.push(folder);
  cpSync(sources, `${folder}js`, { recursive: true });
  mkdirSync(`${folder}pkg`);
  writeFileSync(`${folder}pkg/cc_sdk.wasm`, "\0asm");
  return folder;
}

test("the build id is the same from whatever directory it is asked", () => {
  const code = `import(${JSON.stringify(pathToFileURL(script).href)}).then((m) => console.log(m.buildId()))`;
  const ids = ["/", tmpdir(), sources].map((cwd) =>
    execFileSync("node", ["-e", code], { cwd, encoding: "utf8" }),
  );
  assert.match(ids[0] ?? "", /^[0-9a-f]{12}\n$/);
  assert.equal(new Set(ids).size, 1);
});

test("two checkouts of the same sources have the same build id, however old their files are", () => {
  const [one, other] = [checkout(), checkout()];
  utimesSync(`${other}js/phone.ts`, 0, 0);
  assert.equal(buildId(one), buildId(other));
});

test("a changed source, a further one and another wasm have each another build id", () => {
  const ids = [
    () => undefined,
    (folder: string) => {
      appendFileSync(`${folder}js/element/view.ts`, " ");
    },
    (folder: string) => {
      writeFileSync(`${folder}js/further.ts`, "");
    },
    (folder: string) => {
      appendFileSync(`${folder}pkg/cc_sdk.wasm`, "x");
    },
  ].map((change) => {
    const folder = checkout();
    change(folder);
    return buildId(folder);
  });
  assert.equal(new Set(ids).size, ids.length);
});
