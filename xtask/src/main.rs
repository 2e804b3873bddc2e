//! Build steps that need Rust: `cargo run -p xtask -- wasm [--dev | --names | --bench]`.
//!
//! `wasm` compiles the crate to WebAssembly, makes its JavaScript and TypeScript (wasm-bindgen as
//! a library, so that no second tool has to match its version) and shrinks it (wasm-opt, from npm).
//! The result is `pkg/cc_sdk.js`, `pkg/cc_sdk.d.ts` and `pkg/cc_sdk.wasm`; with `--bench`, in
//! `target/bench/`, the same with the parser as an export.

mod order;
mod shrink;
mod unread;

use std::env;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use unread::Linked;
use walrus::Module;
use wasm_bindgen_cli_support::Bindgen;

const TARGET: &str = "wasm32-unknown-unknown";

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let outcome = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["wasm"] => build_wasm(Build::Release),
        ["wasm", "--dev"] => build_wasm(Build::Development),
        ["wasm", "--names"] => build_wasm(Build::Named),
        ["wasm", "--bench"] => build_wasm(Build::Bench),
        _ => Err("usage: cargo run -p xtask -- wasm [--dev | --names | --bench]".into()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("xtask: {why}");
            ExitCode::FAILURE
        }
    }
}

/// What the wasm is built for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Build {
    /// Small.
    Release,
    /// As small, but every function keeps its name: for a look at what takes the bytes.
    Named,
    /// As small, with what benches call.
    Bench,
    /// Quick, with names and the text of panics.
    Development,
}

fn build_wasm(build: Build) -> Result<(), String> {
    let root = workspace();
    let pkg = root.join(if build == Build::Bench { "target/bench" } else { "pkg" });
    compile(&root, build)?;
    bind(&artefact(&root, build), &pkg, build)?;
    match build {
        Build::Release | Build::Named | Build::Bench => optimise(&root, &pkg, build),
        Build::Development => rename(&pkg.join("cc_sdk_bg.wasm"), &pkg.join("cc_sdk.wasm")),
    }?;
    clear_away(&pkg)
}

fn compile(root: &Path, build: Build) -> Result<(), String> {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(root).args([
        "build",
        "--quiet",
        "--package",
        "cc-sdk",
        "--lib",
        "--target",
        TARGET,
    ]);
    if build == Build::Bench {
        cargo.args(["--features", "bench"]);
    }
    if build != Build::Development {
        cargo.args(["--profile", "wasm"]).env("CARGO_ENCODED_RUSTFLAGS", reproducible(root));
    }
    run(&mut cargo, "cargo")
}

/// Flags that keep the machine's paths out of the wasm, so that every machine builds the same, and
/// take the rolled-up digests, which are as fast as a phone needs. The relocations are for
/// [`Linked`].
fn reproducible(root: &Path) -> String {
    let home = env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| env::home_dir().map(|home| home.join(".cargo"))).unwrap_or_default();
    let remap = |from: &Path, to: &str| format!("--remap-path-prefix={}={to}", from.display());
    let compact = "--cfg=sha2_backend_soft=\"compact\"".to_owned();
    // Addresses below a megabyte have one byte less; a quarter of that is stack enough.
    let stack = "-Clink-arg=-zstack-size=262144".to_owned();
    let relocations = "-Clink-arg=--emit-relocs".to_owned();
    [remap(&home, "cargo"), remap(root, ""), compact, stack, relocations].join("\u{1f}")
}

fn artefact(root: &Path, build: Build) -> PathBuf {
    let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    let profile = if build == Build::Development { "debug" } else { "wasm" };
    target.join(TARGET).join(profile).join("cc_sdk.wasm")
}

fn bind(wasm: &Path, pkg: &Path, build: Build) -> Result<(), String> {
    let bound = Bindgen::new()
        .input_path(wasm)
        .web(true)
        .map(|bindgen| {
            bindgen
                .typescript(true)
                .reset_state_function(true)
                .omit_default_module_path(true)
                .out_name("cc_sdk")
        })
        .and_then(Bindgen::generate_output);
    let mut output = bound.map_err(|error| format!("wasm-bindgen: {error:#}"))?;
    if build == Build::Development {
        return output.emit(pkg).map_err(|error| format!("wasm-bindgen: {error:#}"));
    }
    shrink::silence_panics(output.wasm_mut());
    unread::forget_relocations(output.wasm_mut());
    let pairs = shrink::shorten_imports(output.wasm_mut());
    output.emit(pkg).map_err(|error| format!("wasm-bindgen: {error:#}"))?;
    let glue = pkg.join("cc_sdk.js");
    let failed = |error| format!("{}: {error}", glue.display());
    let script = fs::read_to_string(&glue).map_err(failed)?;
    fs::write(&glue, shrink::rename(&script, &pairs)).map_err(failed)
}

/// Twice: only when the code that panicked is gone can be seen what data is read, and then more
/// code goes.
fn optimise(root: &Path, pkg: &Path, build: Build) -> Result<(), String> {
    let (bound, small) = (pkg.join("cc_sdk_bg.wasm"), pkg.join("cc_sdk.wasm"));
    shorten(root, &bound, &small, Build::Named)?;
    forget_unread(&artefact(root, build), &small).map_err(|error| format!("{error:#}"))?;
    if build != Build::Named {
        order(&small).map_err(|error| format!("{error:#}"))?;
    }
    shorten(root, &small, &small, build)
}

/// Every feature is named that rustc uses by default.
///
/// What merges functions or expressions, or cuts zeros out of the data, is held back: it makes
/// fewer bytes, but more of them after brotli. The lowest kilobyte is the far end of the stack, so no pointer lies there.
fn shorten(root: &Path, from: &Path, to: &Path, build: Build) -> Result<(), String> {
    let tool = root.join("node_modules/.bin/wasm-opt");
    if !tool.exists() {
        return Err("wasm-opt is missing; install it with `npm ci`".into());
    }
    let mut wasm_opt = Command::new(tool);
    wasm_opt
        .args(["-Oz", "--low-memory-unused", "--one-caller-inline-max-function-size=0"])
        .args([
            "--always-inline-max-function-size=5",
            "--skip-pass=local-cse",
            "--skip-pass=memory-packing",
        ])
        .args(["--enable-bulk-memory", "--enable-bulk-memory-opt", "--enable-sign-ext"])
        .args(["--enable-mutable-globals", "--enable-nontrapping-float-to-int"])
        .args(["--enable-reference-types", "--enable-multivalue"])
        .args([from, Path::new("--output"), to]);
    if build == Build::Named {
        wasm_opt.arg("-g");
    } else {
        // The names that `order` gave them.
        wasm_opt.args(["--reorder-functions-by-name", "--strip-debug"]);
        wasm_opt.args(["--strip-producers", "--strip-target-features"]);
    }
    run(&mut wasm_opt, "wasm-opt")
}

fn forget_unread(linked: &Path, wasm: &Path) -> Result<(), Box<dyn Error>> {
    let linked = Linked::read(&fs::read(linked)?)?;
    let mut module = Module::from_file(wasm)?;
    linked.forget_unread(&mut module);
    Ok(module.emit_wasm_file(wasm)?)
}

/// For the last [`shorten`], which takes the names away.
fn order(wasm: &Path) -> Result<(), Box<dyn Error>> {
    let bytes = fs::read(wasm)?;
    let mut module = Module::from_buffer(&bytes)?;
    order::name_by_likeness(&mut module, &bytes)?;
    Ok(module.emit_wasm_file(wasm)?)
}

/// The second declaration file would shadow `declare module "*.wasm"`.
fn clear_away(pkg: &Path) -> Result<(), String> {
    for name in ["cc_sdk_bg.wasm", "cc_sdk_bg.wasm.d.ts"] {
        let path = pkg.join(name);
        if path.exists() {
            fs::remove_file(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        }
    }
    Ok(())
}

fn rename(from: &Path, to: &Path) -> Result<(), String> {
    fs::rename(from, to).map_err(|error| format!("{}: {error}", from.display()))
}

fn run(command: &mut Command, name: &str) -> Result<(), String> {
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{name} failed ({status})")),
        Err(error) => Err(format!("{name} could not be started: {error}")),
    }
}

fn workspace() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}
