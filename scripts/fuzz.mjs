// A short run of every fuzzer. libFuzzer needs neither nightly nor cargo-fuzz: what tells it which
// branches were taken are flags of stable, and there is no unsafe code for a sanitizer to watch.
//
//   node scripts/fuzz.mjs              all of them, 15 seconds each
//   node scripts/fuzz.mjs 600 agent    one of them, for as long as one likes
//
// What is found lies in fuzz/artifacts; what was learnt stays in fuzz/corpus.
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync } from "node:fs";

const [seconds = "15", ...asked] = process.argv.slice(2);
const folder = `${process.env.CARGO_TARGET_DIR ?? "target"}/fuzz-stable`;
const coverage = [
  "--cfg=fuzzing",
  "-Cpasses=sancov-module",
  "-Cllvm-args=-sanitizer-coverage-level=4",
  "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
  "-Cllvm-args=-sanitizer-coverage-pc-table",
  "-Cllvm-args=-sanitizer-coverage-trace-compares",
  "-Cdebug-assertions",
];
/** Each with the folders where it begins and the longest input, in bytes. */
const targets = {
  message: { longest: 6000, seeds: ["corner", "rfc4475", "rfc5118"].map((it) => `tests/sip-corpus/${it}`) },
  sdp: { longest: 4000, seeds: ["fuzz/seeds/sdp"] },
  body: { longest: 2000, seeds: ["fuzz/seeds/body"] },
  target: { longest: 200, seeds: [] },
  agent: { longest: 600, seeds: ["fuzz/seeds/agent"] },
};

// With a target of its own, so that what builds the fuzzers is not watched.
const host = /host: (.*)/u.exec(spawnSync("rustc", ["-vV"], { encoding: "utf8" }).stdout)?.[1];
run("cargo", ["build", "--quiet", "--release", "--manifest-path=fuzz/Cargo.toml", `--target=${host}`], {
  CARGO_TARGET_DIR: folder,
  RUSTFLAGS: coverage.join(" "),
});
for (const [name, { longest, seeds }] of Object.entries(targets)) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  const corpus = `fuzz/corpus/${name}`;
  const found = `fuzz/artifacts/${name}/`;
  for (const path of [corpus, found]) mkdirSync(path, { recursive: true });
  const limits = [`-max_total_time=${seconds}`, `-max_len=${longest}`, "-rss_limit_mb=2048", "-timeout=20"];
  run(`${folder}/${host}/release/${name}`, [
    ...limits,
    "-verbosity=0",
    "-print_funcs=0",
    "-print_final_stats=1",
    `-artifact_prefix=${found}`,
    corpus,
    ...seeds,
  ]);
  console.log(`fuzz: ${name} ran for ${seconds} s; ${readdirSync(corpus).length} inputs in its corpus`);
}

function run(program, options, environment = {}) {
  const { status, error } = spawnSync(program, options, {
    stdio: "inherit",
    env: { ...process.env, ...environment },
  });
  if (error || status !== 0) {
    console.error(`${program} failed${error ? `: ${error.message}` : ""}`);
    process.exit(1);
  }
}
