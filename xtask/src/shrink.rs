//! What compiler and wasm-opt leave on the table.
//!
//! * The text of panics. With `panic = "abort"` and no hook nobody reads it, but std is compiled
//!   with it: each of its functions that only ever panic becomes a bare trap, and wasm-opt then
//!   drops all that was needed for the text. Nightly's `panic=immediate-abort`, on stable.
//! * `Debug` in std, and `Display` where nothing but a panic formats: a table of functions keeps
//!   them alive. They print nothing.
//! * The places of panics: file, line and column.
//! * The names of imports, `__wbg_setLocalDescription_a8fe607f1eef503d`: hashes do not compress,
//!   and they are downloaded twice, in the wasm and in its JavaScript.

use std::collections::HashSet;

use walrus::ir::{Value, Visitor, dfs_in_order};
use walrus::{
    ConstExpr, DataId, DataKind, ElementItems, FunctionBuilder, FunctionId, FunctionKind,
    LocalFunction, LocalId, Module, TypeId, ValType,
};

/// Makes a trap of every function that only panics, and lets what panics print print nothing.
pub(crate) fn silence_panics(module: &mut Module) {
    replace(module, silence);
    let reached = reached(module);
    let name = |id: &FunctionId| module.funcs.get(*id).name.as_deref().map(without_hashes);
    if reached.iter().any(|id| name(id).as_deref() == Some("core::fmt::write")) {
        eprintln!(
            "xtask: something formats, which costs 4 KB: `cargo run -p xtask -- wasm --names`"
        );
    } else {
        let unused: HashSet<String> = module
            .funcs
            .iter()
            .filter(|function| !reached.contains(&function.id()))
            .filter_map(|function| function.name.clone())
            .collect();
        replace(module, |name| {
            (unused.contains(name) && formats(name)).then_some(Silence::PrintNothing)
        });
    }
    forget_places(module);
}

fn replace(module: &mut Module, silence: impl Fn(&str) -> Option<Silence>) {
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

/// The functions that are called by name, from the exports or from what stands in a table; but for
/// what formats, for that stands in a table wherever a panic has words.
fn reached(module: &Module) -> HashSet<FunctionId> {
    let exported = module.exports.iter().filter_map(|export| match export.item {
        walrus::ExportItem::Function(id) => Some(id),
        _ => None,
    });
    let in_tables = module.elements.iter().flat_map(|element| match &element.items {
        ElementItems::Functions(ids) => ids.clone(),
        ElementItems::Expressions(_, items) => items.iter().filter_map(function_of).collect(),
    });
    let is_root = |id: &FunctionId| !module.funcs.get(*id).name.as_deref().is_some_and(formats);
    let mut waiting: Vec<FunctionId> = exported.chain(in_tables).filter(is_root).collect();
    waiting.extend(module.start);
    let mut called = Called { known: waiting.iter().copied().collect(), waiting };
    while let Some(id) = called.waiting.pop() {
        if let FunctionKind::Local(local) = &module.funcs.get(id).kind {
            dfs_in_order(&mut called, local, local.entry_block());
        }
    }
    called.known
}

const fn function_of(item: &ConstExpr) -> Option<FunctionId> {
    if let ConstExpr::RefFunc(id) = item { Some(*id) } else { None }
}

struct Called {
    known: HashSet<FunctionId>,
    waiting: Vec<FunctionId>,
}

impl Visitor<'_> for Called {
    fn visit_function_id(&mut self, id: &FunctionId) {
        if self.known.insert(*id) {
            self.waiting.push(*id);
        }
    }
}

/// Overwrites the `Location`s, which only panics read: a pointer to the name of a file, its length,
/// line and column.
fn forget_places(module: &mut Module) {
    let segments: Vec<(u32, Vec<u8>)> = module.data.iter().filter_map(segment).collect();
    let at = |address: u32, length: u32| {
        segments.iter().find_map(|(start, bytes)| {
            let from = usize::try_from(address.checked_sub(*start)?).ok()?;
            bytes.get(from..from.checked_add(usize::try_from(length).ok()?)?)
        })
    };
    let is_file = |address, length| at(address, length).is_some_and(|name| name.ends_with(b".rs"));
    let mut places: Vec<(u32, u32)> = Vec::new();
    for (start, bytes) in &segments {
        let words: Vec<(u32, u32)> = (*start..)
            .zip(bytes.windows(4))
            .filter(|(address, _)| address % 4 == 0)
            .map(|(address, word)| {
                (address, word.iter().rev().fold(0, |sum, byte| sum << 8 | u32::from(*byte)))
            })
            .collect();
        for place in words.windows(4) {
            let [(address, file), (_, length), ..] = *place else { continue };
            if (4..300).contains(&length) && is_file(file, length) {
                places.extend([(address, 16), (file, length)]);
            }
        }
    }
    let ids: Vec<DataId> = module.data.iter().map(walrus::Data::id).collect();
    for data in ids {
        let data = module.data.get_mut(data);
        let Some((start, _)) = segment(data) else { continue };
        for (address, length) in &places {
            let range =
                address.wrapping_sub(start)..address.wrapping_sub(start).wrapping_add(*length);
            if let Some(bytes) = data.value.get_mut(range.start as usize..range.end as usize) {
                bytes.fill(0);
            }
        }
    }
}

fn segment(data: &walrus::Data) -> Option<(u32, Vec<u8>)> {
    match &data.kind {
        DataKind::Active { offset: ConstExpr::Value(Value::I32(start)), .. } => {
            Some((start.cast_unsigned(), data.value.clone()))
        }
        _ => None,
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

/// By the names in std of what turns values into text.
fn formats(name: &str) -> bool {
    let path = without_hashes(name);
    !path.contains("cc_sdk")
        && (path == "core::fmt::write"
            || path.contains(" as core::fmt::Display>::")
            || path.contains("core::fmt::Formatter>::pad")
            || path.contains("core::fmt::builders::")
            || path.ends_with("::write_fmt"))
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
