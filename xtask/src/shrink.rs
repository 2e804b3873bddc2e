//! What compiler and wasm-opt leave on the table, a quarter of what a visitor downloads.
//!
//! * The text of panics. With `panic = "abort"` and no hook nobody reads it, but std is compiled
//!   with it: each of its functions that only ever panic becomes a bare trap, and wasm-opt then
//!   drops all that was needed for the text. Nightly's `panic=immediate-abort`, on stable.
//! * `Debug` in std. Only panics print it, but a table of functions keeps it alive: it prints nothing.
//! * The names of imports, `__wbg_setLocalDescription_a8fe607f1eef503d`: hashes do not compress,
//!   and they are downloaded twice, in the wasm and in its JavaScript.

use std::collections::HashSet;

use walrus::{
    FunctionBuilder, FunctionId, FunctionKind, LocalFunction, LocalId, Module, TypeId, ValType,
};

/// Makes a trap of every function that only panics, and lets `Debug` print nothing.
pub(crate) fn silence_panics(module: &mut Module) {
    let silenced: Vec<(FunctionId, Silence)> = module
        .funcs
        .iter()
        .filter_map(|function| Some((function.id(), silence(function.name.as_deref()?)?)))
        .collect();
    for (id, silence) in silenced {
        if let FunctionKind::Local(local) = &module.funcs.get(id).kind {
            let silent = silent(local.ty(), local.args.clone(), silence, module);
            module.funcs.get_mut(id).kind = FunctionKind::Local(silent);
        }
    }
}

/// What a function of std does instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Silence {
    Trap,
    /// Returns `Ok(())`, which is zero.
    PrintNothing,
}

fn silent(ty: TypeId, args: Vec<LocalId>, silence: Silence, module: &mut Module) -> LocalFunction {
    let (params, results) = (module.types.params(ty).to_vec(), module.types.results(ty).to_vec());
    let mut builder = FunctionBuilder::new(&mut module.types, &params, &results);
    match silence {
        Silence::PrintNothing if results == [ValType::I32] => builder.func_body().i32_const(0),
        _ => builder.func_body().unreachable(),
    };
    builder.local_func(args)
}

fn silence(name: &str) -> Option<Silence> {
    let path = without_hashes(name);
    if only_panics(&path) {
        return Some(Silence::Trap);
    }
    let debug = path.contains(" as core::fmt::Debug>::") && !path.contains("cc_sdk");
    debug.then_some(Silence::PrintNothing)
}

/// By the names in std of what is only called to panic.
fn only_panics(path: &str) -> bool {
    let std = ["core::", "alloc::", "std::", "<std::panicking", "<core::panic"];
    let last = path.rsplit("::").next().unwrap_or_default();
    std.iter().any(|root| path.starts_with(root))
        && (path.contains("::panicking::")
            || last.starts_with("panic_")
            || ["_fail", "_failed", "_error_hook"].iter().any(|end| last.ends_with(end))
            || ["handle_error", "handle_alloc_error", "capacity_overflow"].contains(&last))
}

/// `core[c5930c85a12de822]::str::slice_error_fail` without what is in brackets, and a legacy name
/// without `::h0123456789abcdef`.
fn without_hashes(name: &str) -> String {
    let mut path = String::new();
    let mut within = false;
    for character in name.chars() {
        within = character == '[' || within && character != ']';
        if !within && character != ']' {
            path.push(character);
        }
    }
    let legacy = |hash: &str| hash.len() == 17 && hash.starts_with('h');
    match path.rsplit_once("::") {
        Some((head, hash)) if legacy(hash) => head.to_owned(),
        _ => path,
    }
}

/// Gives every import of the glue a short name; the pairs are to be renamed in its JavaScript.
pub(crate) fn shorten_imports(module: &mut Module) -> Vec<(String, String)> {
    let taken: HashSet<String> = module.exports.iter().map(|export| export.name.clone()).collect();
    let mut names = (0..).map(short_name).filter(|name| !taken.contains(name));
    let mut pairs = Vec::new();
    for import in module.imports.iter_mut().filter(|import| import.name.starts_with("__wb")) {
        if let Some(short) = names.next() {
            pairs.push((std::mem::replace(&mut import.name, short.clone()), short));
        }
    }
    pairs
}

/// `$a`, `$b` … `$z`, `$aa`, `$ab` …: no name of the glue begins with a dollar.
fn short_name(index: u32) -> String {
    let letter = |index: u32| char::from(b'a' + u8::try_from(index % 26).unwrap_or_default());
    match index / 26 {
        0 => format!("${}", letter(index)),
        rest => format!("{}{}", short_name(rest - 1), letter(index)),
    }
}

/// The JavaScript with the imports renamed.
pub(crate) fn rename(script: &str, pairs: &[(String, String)]) -> String {
    let is_word = |character: char| character.is_ascii_alphanumeric() || "_$".contains(character);
    let mut renamed = String::with_capacity(script.len());
    let mut rest = script;
    while let Some(start) = rest.find(is_word) {
        let end = rest[start..].find(|character| !is_word(character));
        let end = end.map_or(rest.len(), |length| start + length);
        let word = &rest[start..end];
        let short = pairs.iter().find(|(long, _)| long == word).map_or(word, |(_, short)| short);
        renamed.push_str(&rest[..start]);
        renamed.push_str(short);
        rest = &rest[end..];
    }
    renamed + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_panics_is_known_by_its_name() {
        for name in [
            "core[c5930c85a12de822]::panicking::panic_bounds_check",
            "core[c5930c85a12de822]::str::slice_error_fail",
            "core::option::unwrap_failed::h0123456789abcdef",
            "alloc[3ca501edff3f0c7c]::raw_vec::handle_error",
        ] {
            assert_eq!(silence(name), Some(Silence::Trap), "{name}");
        }
    }

    #[test]
    fn what_does_something_else_is_left_alone() {
        for name in [
            "<core[c5930c85a12de822]::fmt::Formatter>::pad",
            "cc_sdk::agent::refusal::on_fail",
            "cc_sdk::panicking::not_ours",
            "core[c5930c85a12de822]::fmt::write",
        ] {
            assert_eq!(silence(name), None, "{name}");
        }
    }

    #[test]
    fn debug_of_std_prints_nothing() {
        let name = "<core[c5930c85a12de822]::ops::range::Range<usize> as core[c5930c85a12de822]::fmt::Debug>::fmt";
        assert_eq!(silence(name), Some(Silence::PrintNothing));
    }

    #[test]
    fn only_whole_words_are_renamed() {
        let pairs = [("__wbg_a".to_owned(), "$a".to_owned())];
        assert_eq!(rename("__wbg_a: x(__wbg_ab)", &pairs), "$a: x(__wbg_ab)");
    }

    #[test]
    fn short_names_are_all_different() {
        let names: HashSet<String> = (0..2000).map(short_name).collect();
        assert_eq!(names.len(), 2000);
    }
}
