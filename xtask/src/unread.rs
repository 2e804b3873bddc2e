//! Data that nothing reads any more: the words of panics, and tables that only those words needed.
//!
//! The linker keeps what the code pointed at before the panics were [silenced](crate::shrink). Its
//! relocations say what the objects of the data are and what each points at; the code that is left
//! says what it still points at. The other objects become zeros, which brotli packs into nothing,
//! and the functions that only they pointed at leave the table.

use std::collections::{BTreeSet, HashSet};
use std::ops::Range;

use walrus::ir::{Const, Load, Store, Value, Visitor, dfs_in_order};
use walrus::{ConstExpr, DataId, DataKind, ElementItems, ElementKind, FunctionKind, Module};
use wasmparser::{
    BinaryReader, BinaryReaderError, DefinedDataSymbol, KnownCustom, Linking, LinkingSectionReader,
    Operator, Parser, Payload, RelocSectionReader, RelocationEntry, RelocationType, SymbolInfo,
};

/// What the linker knew, from a wasm that was linked with `--emit-relocs`.
#[derive(Default)]
pub(crate) struct Linked {
    /// By the number of their symbol.
    objects: Vec<Object>,
    /// The places in the table of the functions that the code itself points at.
    slots: HashSet<u32>,
}

/// A constant or a variable; empty for what is a symbol and no data.
#[derive(Default)]
struct Object {
    addresses: Range<u32>,
    /// The code names an address outside of it for it, such as its end, by which it would not be
    /// known again.
    is_kept: bool,
    /// Other objects, by symbol.
    points_at: Vec<usize>,
    /// Functions, by their place in the table.
    slots: Vec<u32>,
}

impl Linked {
    /// Reads what the wasm's custom sections say.
    pub(crate) fn read(wasm: &[u8]) -> Result<Self, BinaryReaderError> {
        let mut linked = Self::default();
        let mut code = 0;
        let mut data = Data::default();
        for payload in Parser::new(0).parse_all(wasm) {
            match payload? {
                Payload::CodeSectionStart { range, .. } => code = range.start,
                Payload::DataSection(section) => data = Data::read(section)?,
                Payload::CustomSection(section) => match section.as_known() {
                    KnownCustom::Linking(linking) => linked.objects = objects(&linking, &data)?,
                    KnownCustom::Reloc(relocations) if section.name() == "reloc.CODE" => {
                        linked.read_code(wasm, code, &relocations)?;
                    }
                    KnownCustom::Reloc(relocations) if section.name() == "reloc.DATA" => {
                        linked.read_data(wasm, &data, &relocations)?;
                    }
                    _ => {}
                },
                _ => {}
            }
        }
        Ok(linked)
    }

    fn read_code(
        &mut self,
        wasm: &[u8],
        start: usize,
        relocations: &RelocSectionReader<'_>,
    ) -> Result<(), BinaryReaderError> {
        for entry in relocations.entries() {
            let entry = entry?;
            match entry.ty {
                RelocationType::TableIndexSleb => {
                    let at = start + entry.offset as usize;
                    let slot = BinaryReader::new(&wasm[at..], at).read_var_i32()?;
                    self.slots.insert(slot.cast_unsigned());
                }
                RelocationType::MemoryAddrLeb | RelocationType::MemoryAddrSleb => {
                    let object = &mut self.objects[entry.index as usize];
                    let size = i64::from(object.addresses.end - object.addresses.start);
                    object.is_kept |= !(0..size).contains(&entry.addend);
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn read_data(
        &mut self,
        wasm: &[u8],
        data: &Data,
        relocations: &RelocSectionReader<'_>,
    ) -> Result<(), BinaryReaderError> {
        for entry in relocations.entries() {
            let RelocationEntry { ty, offset, index, .. } = entry?;
            let at = data.start + offset as usize;
            let Some(address) = data.address(at) else { continue };
            let pointer = BinaryReader::new(&wasm[at..], at).read_u32()?;
            for object in &mut self.objects {
                if object.addresses.contains(&address) {
                    match ty {
                        RelocationType::MemoryAddrI32 => object.points_at.push(index as usize),
                        RelocationType::TableIndexI32 => object.slots.push(pointer),
                        _ => {}
                    }
                }
            }
        }
        Ok(())
    }

    /// Makes zeros of the data that nothing in the module leads to.
    pub(crate) fn forget_unread(&self, module: &mut Module) {
        let read = self.read_by(&named(module));
        let of = |wanted: bool| {
            let objects = self.objects.iter().zip(&read).filter(move |(_, read)| **read == wanted);
            objects.map(|(object, _)| object)
        };
        let kept: HashSet<u32> = of(true).flat_map(|object| object.addresses.clone()).collect();
        let unread = of(false).flat_map(|object| object.addresses.clone());
        let unread: HashSet<u32> = unread.filter(|address| !kept.contains(address)).collect();
        let segments: Vec<DataId> = module.data.iter().map(walrus::Data::id).collect();
        for id in segments {
            let data = module.data.get_mut(id);
            let DataKind::Active { offset: ConstExpr::Value(Value::I32(start)), .. } = data.kind
            else {
                continue;
            };
            for (address, byte) in (start.cast_unsigned()..).zip(&mut data.value) {
                if unread.contains(&address) {
                    *byte = 0;
                }
            }
        }
        let slots: HashSet<u32> = of(true).flat_map(|object| object.slots.clone()).collect();
        let lost = of(false).flat_map(|object| object.slots.clone());
        let lost =
            lost.filter(|slot| !slots.contains(slot) && !self.slots.contains(slot)).collect();
        empty(module, &lost);
    }

    /// Which objects the code leads to, at once or through others.
    fn read_by(&self, named: &BTreeSet<u32>) -> Vec<bool> {
        let is_root = |object: &Object| {
            object.is_kept || named.range(object.addresses.clone()).next().is_some()
        };
        let mut read: Vec<bool> = self.objects.iter().map(is_root).collect();
        let mut waiting: Vec<usize> = (0..read.len()).filter(|symbol| read[*symbol]).collect();
        while let Some(symbol) = waiting.pop() {
            for &next in &self.objects[symbol].points_at {
                if !std::mem::replace(&mut read[next], true) {
                    waiting.push(next);
                }
            }
        }
        read
    }
}

/// Where the segments of the data lie, in the file and in memory.
#[derive(Default)]
struct Data {
    start: usize,
    segments: Vec<(Range<usize>, u32)>,
}

impl Data {
    fn read(section: wasmparser::DataSectionReader<'_>) -> Result<Self, BinaryReaderError> {
        let start = section.range().start;
        let mut segments = Vec::new();
        for segment in section {
            let segment = segment?;
            let wasmparser::DataKind::Active { offset_expr, .. } = segment.kind else { continue };
            if let Operator::I32Const { value } = offset_expr.get_operators_reader().read()? {
                let end = segment.range.end;
                segments.push((end - segment.data.len()..end, value.cast_unsigned()));
            }
        }
        Ok(Self { start, segments })
    }

    /// The address of a byte of the file.
    fn address(&self, at: usize) -> Option<u32> {
        let (range, address) = self.segments.iter().find(|(range, _)| range.contains(&at))?;
        Some(address + u32::try_from(at - range.start).ok()?)
    }
}

fn objects(
    linking: &LinkingSectionReader<'_>,
    data: &Data,
) -> Result<Vec<Object>, BinaryReaderError> {
    let mut objects = Vec::new();
    for part in linking.subsections() {
        let Linking::SymbolTable(symbols) = part? else { continue };
        for symbol in symbols {
            let addresses = match symbol? {
                SymbolInfo::Data {
                    symbol: Some(DefinedDataSymbol { index, offset, size }),
                    ..
                } => {
                    let segment = data.segments.get(index as usize);
                    segment.map_or(0..0, |(_, start)| start + offset..start + offset + size)
                }
                _ => 0..0,
            };
            objects.push(Object { addresses, ..Object::default() });
        }
    }
    Ok(objects)
}

/// Takes out what [`Linked::read`] reads: it is as large as the code, and wrong when that changes.
pub(crate) fn forget_relocations(module: &mut Module) {
    for section in ["linking", "reloc.CODE", "reloc.DATA"] {
        module.customs.remove_raw(section);
    }
}

/// Every number in the code that may be an address.
fn named(module: &Module) -> BTreeSet<u32> {
    let mut numbers = Numbers::default();
    for function in module.funcs.iter() {
        if let FunctionKind::Local(local) = &function.kind {
            dfs_in_order(&mut numbers, local, local.entry_block());
        }
    }
    numbers.0
}

#[derive(Default)]
struct Numbers(BTreeSet<u32>);

impl Visitor<'_> for Numbers {
    fn visit_const(&mut self, constant: &Const) {
        if let Value::I32(number) = constant.value {
            self.0.insert(number.cast_unsigned());
        }
    }

    fn visit_load(&mut self, load: &Load) {
        self.0.extend(u32::try_from(load.arg.offset));
    }

    fn visit_store(&mut self, store: &Store) {
        self.0.extend(u32::try_from(store.arg.offset));
    }
}

/// Puts another function at these places of the table, where nobody calls it.
fn empty(module: &mut Module, slots: &HashSet<u32>) {
    for element in module.elements.iter_mut() {
        let ElementKind::Active { offset: ConstExpr::Value(Value::I32(start)), .. } = element.kind
        else {
            continue;
        };
        let ElementItems::Functions(functions) = &mut element.items else { continue };
        let at = |index: usize| u32::try_from(index).map(|index| start.cast_unsigned() + index);
        let is_lost = |index: usize| at(index).is_ok_and(|slot| slots.contains(&slot));
        let Some(other) = (0..functions.len()).find(|index| !is_lost(*index)) else { continue };
        for index in (0..functions.len()).filter(|index| is_lost(*index)) {
            functions[index] = functions[other];
        }
    }
}

#[cfg(test)]
mod tests {
    use walrus::{FunctionBuilder, RefType};

    use super::*;

    fn object(addresses: Range<u32>, points_at: &[usize], slots: &[u32]) -> Object {
        Object { addresses, is_kept: false, points_at: points_at.to_vec(), slots: slots.to_vec() }
    }

    /// Twelve bytes of data at 1000, two functions in a table, and code that says 1001.
    fn module() -> Module {
        let mut module = Module::default();
        let memory = module.memories.add_local(false, false, 1, None, None);
        let offset = ConstExpr::Value(Value::I32(1000));
        module.data.add(DataKind::Active { memory, offset }, vec![b'x'; 12]);
        let mut function = |number| {
            let mut builder = FunctionBuilder::new(&mut module.types, &[], &[]);
            builder.func_body().i32_const(number).drop();
            builder.finish(Vec::new(), &mut module.funcs)
        };
        let functions = vec![function(1001), function(0)];
        let table = module.tables.add_local(false, 2, None, RefType::FUNCREF);
        let offset = ConstExpr::Value(Value::I32(1));
        let kind = ElementKind::Active { table, offset };
        module.elements.add(kind, ElementItems::Functions(functions));
        module
    }

    #[test]
    fn what_the_code_leads_to_stays_and_the_rest_becomes_zeros() {
        let objects = vec![
            object(1000..1004, &[2], &[1]),
            object(1004..1008, &[], &[2]),
            object(1008..1010, &[], &[]),
            Object { is_kept: true, ..object(1011..1012, &[], &[]) },
        ];
        let mut module = module();
        Linked { objects, slots: HashSet::new() }.forget_unread(&mut module);
        assert_eq!(module.data.iter().next().unwrap().value, b"xxxx\0\0\0\0xxxx");
        let Some(ElementItems::Functions(functions)) =
            module.elements.iter().next().map(|it| &it.items)
        else {
            panic!("no functions")
        };
        assert_eq!(functions[0], functions[1]);
    }

    #[test]
    fn a_function_that_the_code_points_at_stays_in_the_table() {
        let objects = vec![object(1004..1008, &[], &[2])];
        let mut module = module();
        Linked { objects, slots: HashSet::from([2]) }.forget_unread(&mut module);
        let Some(ElementItems::Functions(functions)) =
            module.elements.iter().next().map(|it| &it.items)
        else {
            panic!("no functions")
        };
        assert_ne!(functions[0], functions[1]);
    }
}
