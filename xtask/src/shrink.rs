//! What compiler and wasm-opt leave on the table, a quarter of what a visitor downloads.
//!
//! * The text of panics. With `panic = "abort"` and no hook nobody reads it, but std is compiled
//!   with it: each of its functions that only ever panic becomes a bare trap, and wasm-opt then
//!   drops all that was needed for the text. Nightly's `panic=immediate-abort`, on stable.
//! * The names of imports, `__wbg_setLocalDescription_a8fe607f1eef503d`: hashes do not compress,
//!   and they are downloaded twice, in the wasm and in its JavaScript.

use std::collections::HashSet;

use walrus::{FunctionBuilder, FunctionId, FunctionKind, LocalFunction, Module};

/// Makes a trap of every function that only panics.
pub(crate) fn silence_panics(module: &mut Module) {
    let named = |function: &walrus::Function| function.name.as_deref().is_some_and(only_panics);
    let silent: Vec<FunctionId> =
        module.funcs.iter().filter(|function| named(function)).map(walrus::Function::id).collect();
    for id in silent {
        if let FunctionKind::Local(local) = &module.funcs.get(id).kind {
            let trap = trap_of(local.ty(), local.args.clone(), module);
            module.funcs.get_mut(id).kind = FunctionKind::Local(trap);
        }
    }
}

fn trap_of(ty: walrus::TypeId, args: Vec<walrus::LocalId>, module: &mut Module) -> LocalFunction {
    let (params, results) = (module.types.params(ty).to_vec(), module.types.results(ty).to_vec());
    let mut builder = FunctionBuilder::new(&mut module.types, &params, &results);
    builder.func_body().unreachable();
    builder.local_func(args)
}

/// By the names in std of what is only called to panic.
fn only_panics(name: &str) -> bool {
    let path = without_hashes(name);
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
            assert!(only_panics(name), "{name}");
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
            assert!(!only_panics(name), "{name}");
        }
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
