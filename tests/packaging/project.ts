/** Empty projects with the packed package installed. */
import { execFile } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";

export const run = promisify(execFile);
export const root = resolve(import.meta.dirname, "../..");
const place = mkdtempSync(join(tmpdir(), "cc-sdk-packaging-"));

let packed: { filename: string; files: { path: string }[] };

/** Packs and installs once; the projects get copies of that. */
export async function prepare(): Promise<void> {
  const { stdout } = await run("npm", ["pack", "--json", "--pack-destination", place], { cwd: root });
  packed = (JSON.parse(stdout) as [typeof packed])[0];
  const folder = join(place, "installed");
  mkdirSync(folder);
  writeFileSync(
    join(folder, "package.json"),
    JSON.stringify({ name: "page", private: true, type: "module" }),
  );
  await run("npm", ["install", "--offline", "--no-package-lock", join(place, packed.filename)], {
    cwd: folder,
  });
}

export function clearAway(): void {
  rmSync(place, { recursive: true, force: true });
}

/** What a published package would hold. */
export function packedFiles(): string[] {
  return packed.files.map(({ path }) => path);
}

/** An empty project with the package and these files. */
export function project(name: string, files: Record<string, string>): string {
  const folder = join(place, name);
  cpSync(join(place, "installed"), folder, { recursive: true });
  for (const [path, text] of Object.entries(files)) writeFileSync(join(folder, path), text);
  return folder;
}
