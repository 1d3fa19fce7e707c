//! Many core modules made one.

use std::collections::{BTreeSet, HashMap};
use std::convert::Infallible;

use anyhow::{Context, Result, bail, ensure};
use wasm_encoder::reencode::{self, Reencode};
use wasm_encoder::{
    BlockType, CodeSection, ConstExpr, DataSection, ElementSection, Elements, EntityType,
    ExportKind, ExportSection, Function, FunctionSection, GlobalSection, GlobalType, ImportSection,
    Instruction, MemorySection, TableSection, TypeSection,
};
use wasmparser::{
    DataKind, ElementItems, ElementKind, ExternalKind, FuncType, FunctionBody, Operator, Parser,
    Payload, TypeRef, ValType,
};

/// The interface whose function waits for a turn.
const TURNS: &str = "sluice:function/turns@";

/// Where in the memory the flag is that says to do so. No object is there; the stack of C ends there,
/// where a call that is one frame from overflowing it might clear the flag, or read one that was set.
const FLAG: u64 = 8;

/// Bytes at the beginning of the memory that no object may be at.
const NOBODYS: i64 = 16;

/// Turns for which the canonical ABI may allocate or free: two seconds.
const HELD_TURNS: i32 = 1000;

/// Where what a module imports comes from.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Source {
    /// The export of another of the modules, by its place among them.
    Fused(usize, String),
    /// A function from outside, by the name that [`Fused`] is to import it by.
    Outside(String),
}

/// One of the modules and where its imports come from.
pub struct Input<'a> {
    pub bytes: &'a [u8],
    pub sources: HashMap<(String, String), Source>,
}

/// What came of them.
pub struct Fused {
    /// All code, tables and constant globals. Imports its memory and its variable globals
    /// from `image` and functions from `outside`.
    pub code: Vec<u8>,
    /// The memory with its first content, and the variable globals.
    pub image: Vec<u8>,
    /// The type of `image`, as an import of a component.
    pub image_type: wasm_encoder::ModuleType,
    /// The functions that `code` imports from `outside`.
    pub outside: Vec<String>,
}

/// Name by which `code` exports what one of the modules exports.
pub fn export_name(module: usize, name: &str) -> String {
    format!("{module}:{name}")
}

/// Functions of `code` that read the state of an instance, to make an image of it.
pub const STATE_MEMORY: &str = "state-memory";
pub const STATE_GLOBALS: &str = "state-globals";
pub const STATE_FORGET: &str = "state-forget";

/// A core module, taken apart.
struct Module<'a> {
    types: Vec<FuncType>,
    imports: Vec<(&'a str, &'a str, TypeRef)>,
    functions: Vec<u32>,
    tables: Vec<wasmparser::Table<'a>>,
    memories: Vec<wasmparser::MemoryType>,
    globals: Vec<wasmparser::Global<'a>>,
    exports: HashMap<&'a str, (ExternalKind, u32)>,
    elements: Vec<wasmparser::Element<'a>>,
    bodies: Vec<FunctionBody<'a>>,
    data: Vec<wasmparser::Data<'a>>,
}

impl<'a> Module<'a> {
    fn parse(bytes: &'a [u8]) -> Result<Self> {
        let mut module = Self {
            types: Vec::new(),
            imports: Vec::new(),
            functions: Vec::new(),
            tables: Vec::new(),
            memories: Vec::new(),
            globals: Vec::new(),
            exports: HashMap::new(),
            elements: Vec::new(),
            bodies: Vec::new(),
            data: Vec::new(),
        };
        for payload in Parser::new(0).parse_all(bytes) {
            match payload? {
                Payload::TypeSection(section) => {
                    for ty in section.into_iter_err_on_gc_types() {
                        module.types.push(ty?);
                    }
                }
                Payload::ImportSection(section) => {
                    for import in section.into_imports() {
                        let import = import?;
                        module.imports.push((import.module, import.name, import.ty));
                    }
                }
                Payload::FunctionSection(section) => {
                    module.functions = section.into_iter().collect::<Result<_, _>>()?;
                }
                Payload::TableSection(section) => {
                    module.tables = section.into_iter().collect::<Result<_, _>>()?;
                }
                Payload::MemorySection(section) => {
                    module.memories = section.into_iter().collect::<Result<_, _>>()?;
                }
                Payload::GlobalSection(section) => {
                    module.globals = section.into_iter().collect::<Result<_, _>>()?;
                }
                Payload::ExportSection(section) => {
                    for export in section {
                        let export = export?;
                        module
                            .exports
                            .insert(export.name, (export.kind, export.index));
                    }
                }
                Payload::StartSection { .. } => bail!("a module has a start function"),
                Payload::ElementSection(section) => {
                    module.elements = section.into_iter().collect::<Result<_, _>>()?;
                }
                Payload::CodeSectionEntry(body) => module.bodies.push(body),
                Payload::DataSection(section) => {
                    module.data = section.into_iter().collect::<Result<_, _>>()?;
                }
                _ => {}
            }
        }
        Ok(module)
    }
}

/// Where the entities of a module are in the fused one, by their index in the module.
#[derive(Default)]
struct Places {
    types: Vec<u32>,
    functions: Vec<u32>,
    tables: Vec<u32>,
    memories: Vec<u32>,
    globals: Vec<u32>,
}

/// A global of the fused module.
struct Global {
    ty: wasmparser::GlobalType,
    value: i64,
    /// Whether any code changes it.
    changes: bool,
}

/// A function of the fused module: where its body is, and what it refers to.
struct FunctionInfo {
    module: usize,
    body: usize,
    ty: u32,
    calls: Vec<u32>,
}

/// Makes one module of many. They are instantiated in this order; `exports` are what the
/// outside needs of them.
pub fn fuse(
    inputs: &[Input<'_>],
    exports: &BTreeSet<(usize, String)>,
    guarded: &BTreeSet<(usize, String)>,
) -> Result<Fused> {
    let modules = inputs
        .iter()
        .map(|input| Module::parse(input.bytes))
        .collect::<Result<Vec<_>>>()?;
    let mut fusing = Fusing::default();
    fusing.collect_outside(inputs, &modules)?;
    let mut first = fusing.outside.len() as u32;
    for module in &modules {
        fusing.first_functions.push(first);
        first += module.functions.len() as u32;
    }
    for (at, module) in modules.iter().enumerate() {
        fusing
            .place(at, &inputs[at], module, &modules)
            .with_context(|| format!("module {at}"))?;
    }
    fusing.fill_table(&modules)?;
    for (at, module) in modules.iter().enumerate() {
        fusing.look_through(at, module)?;
    }
    fusing.shorten_stubs(&modules)?;
    fusing.find_wait(inputs)?;
    fusing.encode(&modules, exports, guarded)
}

#[derive(Default)]
struct Fusing {
    types: Vec<FuncType>,
    outside: Vec<(String, u32)>,
    functions: Vec<FunctionInfo>,
    /// The place of the first function that each module defines.
    first_functions: Vec<u32>,
    tables: Vec<wasmparser::TableType>,
    memories: Vec<wasmparser::MemoryType>,
    globals: Vec<Global>,
    places: Vec<Places>,
    /// What stands at each index of the only table, once all modules are instantiated.
    table: HashMap<u32, u32>,
    /// Functions that only call another through the table, and that other.
    stubs: HashMap<u32, u32>,
    /// The function from outside that waits for a turn.
    wait: u32,
}

impl Fusing {
    fn ty(&mut self, ty: &FuncType) -> u32 {
        if let Some(at) = self.types.iter().position(|known| known == ty) {
            return at as u32;
        }
        self.types.push(ty.clone());
        self.types.len() as u32 - 1
    }

    fn collect_outside(&mut self, inputs: &[Input<'_>], modules: &[Module<'_>]) -> Result<()> {
        for (input, module) in inputs.iter().zip(modules) {
            for (from, name, ty) in &module.imports {
                let Source::Outside(known_as) = input.source(from, name)? else {
                    continue;
                };
                let TypeRef::Func(ty) = ty else {
                    bail!("{from} {name} comes from outside and is no function");
                };
                let ty = self.ty(&module.types[*ty as usize]);
                if !self.outside.iter().any(|(known, _)| known == known_as) {
                    self.outside.push((known_as.clone(), ty));
                }
            }
        }
        Ok(())
    }

    /// Finds the function that waits for a turn.
    fn find_wait(&mut self, inputs: &[Input<'_>]) -> Result<()> {
        let mut sources = inputs.iter().flat_map(|input| &input.sources);
        let found = sources.find(|((from, name), _)| from.starts_with(TURNS) && name == "wait");
        let Some((_, Source::Outside(known_as))) = found else {
            bail!("the runtime does not import {TURNS}");
        };
        let at = self.outside.iter().position(|(known, _)| known == known_as);
        self.wait = at.context("it is from outside")? as u32;
        Ok(())
    }

    /// Gives everything in a module its place.
    fn place(
        &mut self,
        at: usize,
        input: &Input<'_>,
        module: &Module<'_>,
        modules: &[Module<'_>],
    ) -> Result<()> {
        let mut places = Places {
            types: module.types.iter().map(|ty| self.ty(ty)).collect(),
            ..Places::default()
        };
        for (from, name, ty) in &module.imports {
            let place = match input.source(from, name)? {
                Source::Outside(known_as) => {
                    self.outside
                        .iter()
                        .position(|(known, _)| known == known_as)
                        .context("collected before")? as u32
                }
                Source::Fused(from, name) => {
                    let (_, index) = modules[*from]
                        .exports
                        .get(name.as_str())
                        .with_context(|| format!("module {from} does not export {name}"))?;
                    let own = (*index as usize).checked_sub(modules[*from].imported());
                    match (ty, own) {
                        // That module may come later, so it may have no places yet.
                        (TypeRef::Func(_), Some(own)) => self.first_functions[*from] + own as u32,
                        _ => self
                            .places
                            .get(*from)
                            .with_context(|| format!("{name} of module {from} comes later"))?
                            .of(ty, *index),
                    }
                }
            };
            match ty {
                TypeRef::Func(_) | TypeRef::FuncExact(_) => places.functions.push(place),
                TypeRef::Table(_) => places.tables.push(place),
                TypeRef::Memory(_) => places.memories.push(place),
                TypeRef::Global(_) => places.globals.push(place),
                TypeRef::Tag(_) => bail!("tags are not known here"),
            }
        }
        for (body, ty) in module.functions.iter().enumerate() {
            places
                .functions
                .push((self.outside.len() + self.functions.len()) as u32);
            let ty = places.types[*ty as usize];
            self.functions.push(FunctionInfo {
                module: at,
                body,
                ty,
                calls: Vec::new(),
            });
        }
        for table in &module.tables {
            places.tables.push(self.tables.len() as u32);
            self.tables.push(table.ty);
        }
        for memory in &module.memories {
            places.memories.push(self.memories.len() as u32);
            self.memories.push(*memory);
        }
        for global in &module.globals {
            let value = self.constant(&places, &global.init_expr)?;
            places.globals.push(self.globals.len() as u32);
            self.globals.push(Global {
                ty: global.ty,
                value,
                changes: false,
            });
        }
        self.places.push(places);
        Ok(())
    }

    /// The value of an expression that is known before anything runs.
    fn constant(&self, places: &Places, expression: &wasmparser::ConstExpr<'_>) -> Result<i64> {
        let mut stack = Vec::new();
        for operator in expression.get_operators_reader() {
            match operator? {
                Operator::I32Const { value } => stack.push(i64::from(value)),
                Operator::I64Const { value } => stack.push(value),
                Operator::GlobalGet { global_index } => {
                    let place = places.globals[global_index as usize];
                    stack.push(self.globals[place as usize].value);
                }
                Operator::I32Add => {
                    let (right, left) = (stack.pop(), stack.pop());
                    let (right, left) = left.zip(right).context("nothing to add")?;
                    stack.push(i64::from((left as i32).wrapping_add(right as i32)));
                }
                Operator::End => {}
                other => bail!("a constant is made by {other:?}"),
            }
        }
        match stack.as_slice() {
            [value] => Ok(*value),
            _ => bail!("a constant has {} values", stack.len()),
        }
    }

    fn fill_table(&mut self, modules: &[Module<'_>]) -> Result<()> {
        for (at, module) in modules.iter().enumerate() {
            for element in &module.elements {
                let (offset, functions) = self.element(&self.places[at], element)?;
                for (index, function) in functions.into_iter().enumerate() {
                    self.table.insert(offset + index as u32, function);
                }
            }
        }
        Ok(())
    }

    /// Where a segment goes, and its functions.
    fn element(
        &self,
        places: &Places,
        element: &wasmparser::Element<'_>,
    ) -> Result<(u32, Vec<u32>)> {
        let ElementKind::Active {
            table_index,
            offset_expr,
        } = &element.kind
        else {
            bail!("a segment of a table is not active");
        };
        ensure!(
            places.tables[table_index.unwrap_or(0) as usize] == 0,
            "there is more than one table"
        );
        let ElementItems::Functions(functions) = &element.items else {
            bail!("a segment of a table has expressions");
        };
        let offset = u32::try_from(self.constant(places, offset_expr)?)?;
        let functions = functions
            .clone()
            .into_iter()
            .map(|function| Ok(places.functions[function? as usize]))
            .collect::<Result<_>>()?;
        Ok((offset, functions))
    }

    /// Notes which functions call which, and which globals change.
    fn look_through(&mut self, at: usize, module: &Module<'_>) -> Result<()> {
        let imported = self.places[at].functions.len() - module.functions.len();
        for (body, parsed) in module.bodies.iter().enumerate() {
            let mut calls = Vec::new();
            let places = &self.places[at];
            for operator in parsed.get_operators_reader()? {
                match operator? {
                    Operator::Call { function_index } | Operator::RefFunc { function_index } => {
                        calls.push(places.functions[function_index as usize]);
                    }
                    Operator::GlobalSet { global_index } => {
                        let place = places.globals[global_index as usize];
                        self.globals[place as usize].changes = true;
                    }
                    Operator::TableSet { .. }
                    | Operator::TableGrow { .. }
                    | Operator::TableFill { .. }
                    | Operator::TableCopy { .. }
                    | Operator::TableInit { .. } => bail!("the table changes while it is used"),
                    Operator::MemoryInit { .. } | Operator::DataDrop { .. } => {
                        bail!("a segment of memory is not active")
                    }
                    _ => {}
                }
            }
            let place = self.places[at].functions[imported + body];
            let info = self.info_mut(place).context("its own function")?;
            info.calls = calls;
        }
        Ok(())
    }

    fn info(&self, function: u32) -> Option<&FunctionInfo> {
        let at = (function as usize).checked_sub(self.outside.len())?;
        self.functions.get(at)
    }

    fn info_mut(&mut self, function: u32) -> Option<&mut FunctionInfo> {
        let at = (function as usize).checked_sub(self.outside.len())?;
        self.functions.get_mut(at)
    }

    /// Modules that call each other in a circle do so through the table, by stubs. The table
    /// never changes, so such a call can go straight to where it leads.
    fn shorten_stubs(&mut self, modules: &[Module<'_>]) -> Result<()> {
        for at in 0..self.functions.len() {
            let info = &self.functions[at];
            let body = &modules[info.module].bodies[info.body];
            let Some(index) = stub(body)? else { continue };
            if let Some(&target) = self.table.get(&index)
                && self.type_of(target) == info.ty
            {
                let function = (self.outside.len() + at) as u32;
                self.stubs.insert(function, target);
            }
        }
        Ok(())
    }

    fn type_of(&self, function: u32) -> u32 {
        match self.info(function) {
            Some(info) => info.ty,
            None => self.outside[function as usize].1,
        }
    }

    /// What is called in the end by a call of this function.
    fn target(&self, mut function: u32) -> u32 {
        // A circle of stubs would never have ended either; the bound is for it.
        for _ in 0..8 {
            match self.stubs.get(&function) {
                Some(&next) => function = next,
                None => break,
            }
        }
        function
    }

    /// The function that one of the modules exports.
    fn exported_function(&self, modules: &[Module<'_>], name: &str) -> Result<u32> {
        let found =
            modules
                .iter()
                .enumerate()
                .find_map(|(at, module)| match module.exports.get(name) {
                    Some((ExternalKind::Func, index)) if (*index as usize) >= module.imported() => {
                        Some(self.places[at].functions[*index as usize])
                    }
                    _ => None,
                });
        found.with_context(|| format!("no module defines {name}"))
    }

    fn encode(
        self,
        modules: &[Module<'_>],
        exports: &BTreeSet<(usize, String)>,
        guarded: &BTreeSet<(usize, String)>,
    ) -> Result<Fused> {
        ensure!(self.tables.len() == 1, "there must be one table");
        ensure!(self.memories.len() == 1, "there must be one memory");
        let (mut code, mut image) = (wasm_encoder::Module::new(), wasm_encoder::Module::new());
        let mut types = self.types.clone();
        let mut new_type = |ty: FuncType| {
            types.push(ty);
            types.len() as u32 - 1
        };
        let ty_list = new_type(FuncType::new([], [ValType::I32]));
        let ty_forget = new_type(FuncType::new([], []));

        // What is exported, and all that it needs.
        let mut wanted = Vec::new();
        let mut exported = Vec::new();
        for (module, name) in exports {
            let (kind, index) = *modules[*module]
                .exports
                .get(name.as_str())
                .with_context(|| format!("module {module} does not export {name}"))?;
            let places = &self.places[*module];
            let place = match kind {
                ExternalKind::Func => {
                    let place = self.target(places.functions[index as usize]);
                    wanted.push(place);
                    place
                }
                ExternalKind::Memory => places.memories[index as usize],
                ExternalKind::Table => places.tables[index as usize],
                other => bail!("an export of kind {other:?} is not known here"),
            };
            let is_guarded = guarded.contains(&(*module, name.clone()));
            exported.push((export_name(*module, name), kind, place, is_guarded));
        }
        let forget = [
            self.exported_function(modules, "reset_adapter_state")?,
            self.exported_function(modules, "__wasilibc_reset_preopens")?,
        ];
        wanted.extend(forget);
        wanted.extend(self.table.values().map(|&function| self.target(function)));
        let kept = self.reachable(wanted);

        // The places of those that are kept.
        let mut function_places = HashMap::new();
        for outside in 0..self.outside.len() as u32 {
            function_places.insert(outside, outside);
        }
        for function in &kept {
            let place = function_places.len() as u32;
            function_places.entry(*function).or_insert(place);
        }
        let place_of = |function: u32| {
            let target = self.target(function);
            function_places
                .get(&target)
                .copied()
                .with_context(|| format!("function {target} was left out"))
        };
        // Globals that change stand first: they are imported.
        let mut global_places = HashMap::new();
        let changing: Vec<u32> = (0..self.globals.len() as u32)
            .filter(|&global| self.globals[global as usize].changes)
            .collect();
        for (place, global) in changing.iter().enumerate() {
            global_places.insert(*global, place as u32);
        }

        let mut type_section = TypeSection::new();
        let mut plain = reencode::RoundtripReencoder;
        for ty in &types {
            type_section
                .ty()
                .func_type(&plain.func_type(ty.clone()).map_err(plain_error)?);
        }
        code.section(&type_section);

        let mut imports = ImportSection::new();
        for (name, ty) in &self.outside {
            imports.import("outside", name, EntityType::Function(*ty));
        }
        let memory = plain.memory_type(self.memories[0]).map_err(plain_error)?;
        let mut image_type = wasm_encoder::ModuleType::new();
        imports.import("image", "memory", memory);
        image_type.export("memory", memory.into());
        for (place, global) in changing.iter().enumerate() {
            let ty = self.mutable(*global)?;
            imports.import("image", &format!("g{place}"), ty);
            image_type.export(&format!("g{place}"), ty.into());
        }
        code.section(&imports);

        let mut functions = FunctionSection::new();
        for function in &kept {
            functions.function(self.type_of(*function));
        }
        let first_new = function_places.len() as u32;
        for ty in [ty_list, ty_list, ty_forget, ty_forget] {
            functions.function(ty);
        }
        let pause = first_new + 3;
        // What the canonical ABI calls must not call out of the component meanwhile.
        let mut guards = Vec::new();
        let mut export_section = ExportSection::new();
        for (name, kind, place, is_guarded) in exported {
            match kind {
                ExternalKind::Func if is_guarded => {
                    functions.function(self.type_of(place));
                    guards.push(place);
                    let place = pause + guards.len() as u32;
                    export_section.export(&name, ExportKind::Func, place)
                }
                ExternalKind::Func => {
                    export_section.export(&name, ExportKind::Func, place_of(place)?)
                }
                ExternalKind::Memory => export_section.export(&name, ExportKind::Memory, place),
                _ => export_section.export(&name, ExportKind::Table, place),
            };
        }
        code.section(&functions);

        let mut tables = TableSection::new();
        tables.table(plain.table_type(self.tables[0]).map_err(plain_error)?);
        code.section(&tables);

        // While the canonical ABI allocates or frees, 1 and the turns since then; 0 otherwise.
        let mut own_globals = GlobalSection::new();
        let held = GlobalType {
            val_type: wasm_encoder::ValType::I32,
            mutable: true,
            shared: false,
        };
        own_globals.global(held, &ConstExpr::i32_const(0));
        let held = changing.len() as u32;
        code.section(&own_globals);

        for (place, name) in [STATE_MEMORY, STATE_GLOBALS, STATE_FORGET]
            .iter()
            .enumerate()
        {
            export_section.export(name, ExportKind::Func, first_new + place as u32);
        }
        code.section(&export_section);

        let mut elements = ElementSection::new();
        for (at, module) in modules.iter().enumerate() {
            for element in &module.elements {
                let (offset, list) = self.element(&self.places[at], element)?;
                let list = list
                    .into_iter()
                    .map(&place_of)
                    .collect::<Result<Vec<_>>>()?;
                elements.active(
                    None,
                    &ConstExpr::i32_const(offset as i32),
                    Elements::Functions(list.into()),
                );
            }
        }
        code.section(&elements);

        let mut bodies = CodeSection::new();
        for function in &kept {
            let info = self.info(*function).context("it is defined here")?;
            let mut placing = Placing {
                fusing: &self,
                places: &self.places[info.module],
                functions: &function_places,
                globals: &global_places,
                pause,
            };
            placing
                .parse_function_body(&mut bodies, modules[info.module].bodies[info.body].clone())
                .map_err(plain_error)?;
        }
        let stack_pointer = self.stack_pointer(modules)?;
        let stack_pointer = global_places[&stack_pointer];
        bodies.function(&state_memory(stack_pointer));
        bodies.function(&self.state_globals(stack_pointer, &changing));
        let mut forgets = Function::new([]);
        for function in forget {
            forgets.instruction(&Instruction::Call(place_of(function)?));
        }
        forgets.instruction(&Instruction::End);
        bodies.function(&forgets);
        bodies.function(&pausing(held, self.wait));
        for place in guards {
            let parameters = self.types[self.type_of(place) as usize].params().len();
            bodies.function(&guard(held, place_of(place)?, parameters as u32));
        }
        code.section(&bodies);

        let mut memories = MemorySection::new();
        memories.memory(memory);
        image.section(&memories);
        let mut globals = GlobalSection::new();
        let mut image_exports = ExportSection::new();
        image_exports.export("memory", ExportKind::Memory, 0);
        for (place, global) in changing.iter().enumerate() {
            let value = self.globals[*global as usize].value;
            let ty = self.mutable(*global)?;
            let value = match ty.val_type {
                wasm_encoder::ValType::I32 => ConstExpr::i32_const(value as i32),
                _ => ConstExpr::i64_const(value),
            };
            globals.global(ty, &value);
            image_exports.export(&format!("g{place}"), ExportKind::Global, place as u32);
        }
        image.section(&globals);
        image.section(&image_exports);
        let mut data = DataSection::new();
        for (at, module) in modules.iter().enumerate() {
            for segment in &module.data {
                let DataKind::Active { offset_expr, .. } = &segment.kind else {
                    bail!("a segment of memory is not active");
                };
                let offset = self.constant(&self.places[at], offset_expr)?;
                ensure!(offset >= NOBODYS, "something is where the flag is");
                data.active(
                    0,
                    &ConstExpr::i32_const(offset as i32),
                    segment.data.iter().copied(),
                );
            }
        }
        image.section(&data);
        Ok(Fused {
            code: code.finish(),
            image: image.finish(),
            image_type,
            outside: self.outside.into_iter().map(|(name, _)| name).collect(),
        })
    }

    fn mutable(&self, global: u32) -> Result<GlobalType> {
        let ty = self.globals[global as usize].ty;
        let val_type = match ty.content_type {
            ValType::I32 => wasm_encoder::ValType::I32,
            ValType::I64 => wasm_encoder::ValType::I64,
            other => bail!("a global of type {other} is not known here"),
        };
        Ok(GlobalType {
            val_type,
            mutable: true,
            shared: false,
        })
    }

    /// All functions that these lead to, in their order.
    fn reachable(&self, mut wanted: Vec<u32>) -> BTreeSet<u32> {
        let mut kept = BTreeSet::new();
        while let Some(function) = wanted.pop() {
            let Some(info) = self.info(function) else {
                continue;
            };
            if kept.insert(function) {
                wanted.extend(info.calls.iter().map(|&call| self.target(call)));
            }
        }
        kept
    }

    fn stack_pointer(&self, modules: &[Module<'_>]) -> Result<u32> {
        let found = modules.iter().enumerate().find_map(|(at, module)| {
            match module.exports.get("__stack_pointer") {
                Some((ExternalKind::Global, index)) => {
                    Some(self.places[at].globals[*index as usize])
                }
                _ => None,
            }
        });
        found.context("no module exports __stack_pointer")
    }

    /// `func() -> i32`: where a list of the values of all globals that change stands, each as
    /// eight bytes. It is written below the stack, where nothing is.
    fn state_globals(&self, stack_pointer: u32, changing: &[u32]) -> Function {
        let bytes = 8 * changing.len() as i32;
        let mut body = Function::new([(1, wasm_encoder::ValType::I32)]);
        for instruction in [
            Instruction::GlobalGet(stack_pointer),
            Instruction::I32Const(16 + (bytes + 15) / 16 * 16),
            Instruction::I32Sub,
            Instruction::LocalTee(0),
            Instruction::LocalGet(0),
            Instruction::I32Const(16),
            Instruction::I32Add,
            Instruction::I32Store(memory_argument(0, 2)),
            Instruction::LocalGet(0),
            Instruction::I32Const(changing.len() as i32),
            Instruction::I32Store(memory_argument(4, 2)),
        ] {
            body.instruction(&instruction);
        }
        for (place, global) in changing.iter().enumerate() {
            let place = place as u32;
            body.instruction(&Instruction::LocalGet(0));
            body.instruction(&Instruction::GlobalGet(place));
            if self.globals[*global as usize].ty.content_type == ValType::I32 {
                body.instruction(&Instruction::I64ExtendI32U);
            }
            let at = memory_argument(16 + 8 * u64::from(place), 3);
            body.instruction(&Instruction::I64Store(at));
        }
        body.instruction(&Instruction::LocalGet(0));
        body.instruction(&Instruction::End);
        body
    }
}

fn memory_argument(offset: u64, align: u32) -> wasm_encoder::MemArg {
    wasm_encoder::MemArg {
        offset,
        align,
        memory_index: 0,
    }
}

/// `func() -> i32`: where a list of all bytes of the memory stands, as the canonical ABI
/// returns one. It is written below the stack, where nothing is.
fn state_memory(stack_pointer: u32) -> Function {
    let at = |offset| memory_argument(offset, 2);
    let mut body = Function::new([(1, wasm_encoder::ValType::I32)]);
    for instruction in [
        Instruction::GlobalGet(stack_pointer),
        Instruction::I32Const(16),
        Instruction::I32Sub,
        Instruction::LocalTee(0),
        Instruction::I32Const(0),
        Instruction::I32Store(at(0)),
        Instruction::LocalGet(0),
        Instruction::MemorySize(0),
        Instruction::I32Const(16),
        Instruction::I32Shl,
        Instruction::I32Store(at(4)),
        Instruction::LocalGet(0),
        Instruction::End,
    ] {
        body.instruction(&instruction);
    }
    body
}

/// True for a call of any kind.
fn is_call(operator: &Operator<'_>) -> bool {
    matches!(
        operator,
        Operator::Call { .. }
            | Operator::CallIndirect { .. }
            | Operator::ReturnCall { .. }
            | Operator::ReturnCallIndirect { .. }
            | Operator::CallRef { .. }
            | Operator::ReturnCallRef { .. }
    )
}

/// The index in the table that a function calls, if that is all it does.
fn stub(body: &FunctionBody<'_>) -> Result<Option<u32>> {
    let mut reader = body.get_operators_reader()?;
    let mut expected = 0;
    let index = loop {
        match reader.read()? {
            Operator::LocalGet { local_index } if local_index == expected => expected += 1,
            Operator::I32Const { value } => break value as u32,
            _ => return Ok(None),
        }
    };
    let calls = matches!(reader.read()?, Operator::CallIndirect { .. });
    Ok((calls && matches!(reader.read()?, Operator::End) && reader.eof()).then_some(index))
}

/// Clears the flag and waits for a turn. While the canonical ABI is at work the component may not be
/// left: it is short, and where it is not, because the code has damaged what it allocates from, the
/// instance ends.
fn pausing(held: u32, wait: u32) -> Function {
    let mut body = Function::new([]);
    for instruction in [
        Instruction::I32Const(0),
        Instruction::I32Const(0),
        Instruction::I32Store8(memory_argument(FLAG, 0)),
        Instruction::GlobalGet(held),
        Instruction::If(BlockType::Empty),
        Instruction::GlobalGet(held),
        Instruction::I32Const(HELD_TURNS),
        Instruction::I32GtS,
        Instruction::If(BlockType::Empty),
        Instruction::Unreachable,
        Instruction::End,
        Instruction::GlobalGet(held),
        Instruction::I32Const(1),
        Instruction::I32Add,
        Instruction::GlobalSet(held),
        Instruction::Return,
        Instruction::End,
        Instruction::Call(wait),
        Instruction::End,
    ] {
        body.instruction(&instruction);
    }
    body
}

/// Calls a function during which there is no waiting.
fn guard(held: u32, function: u32, parameters: u32) -> Function {
    let mut body = Function::new([]);
    body.instruction(&Instruction::I32Const(1));
    body.instruction(&Instruction::GlobalSet(held));
    for parameter in 0..parameters {
        body.instruction(&Instruction::LocalGet(parameter));
    }
    for instruction in [
        Instruction::Call(function),
        Instruction::I32Const(0),
        Instruction::GlobalSet(held),
        Instruction::End,
    ] {
        body.instruction(&instruction);
    }
    body
}

/// Looks at the flag.
fn look(body: &mut Function, pause: u32) {
    for instruction in [
        Instruction::I32Const(0),
        Instruction::I32Load8U(memory_argument(FLAG, 0)),
        Instruction::If(BlockType::Empty),
        Instruction::Call(pause),
        Instruction::End,
    ] {
        body.instruction(&instruction);
    }
}

/// Gives the instructions of a module the indices of the fused one. Wherever code can run for long
/// it is made to look at the flag: where a function begins that calls others, and where a loop does.
struct Placing<'a> {
    fusing: &'a Fusing,
    places: &'a Places,
    functions: &'a HashMap<u32, u32>,
    globals: &'a HashMap<u32, u32>,
    pause: u32,
}

impl Reencode for Placing<'_> {
    type Error = Infallible;

    fn parse_function_body(
        &mut self,
        code: &mut CodeSection,
        body: FunctionBody<'_>,
    ) -> Result<(), reencode::Error> {
        let mut function = self.new_function_with_parsed_locals(&body)?;
        let operators = body.get_operators_reader()?;
        let operators = operators.into_iter().collect::<Result<Vec<_>, _>>()?;
        if operators.iter().any(is_call) {
            look(&mut function, self.pause);
        }
        for operator in operators {
            let is_loop = matches!(operator, Operator::Loop { .. });
            function.instruction(&self.instruction(operator)?);
            if is_loop {
                look(&mut function, self.pause);
            }
        }
        code.function(&function);
        Ok(())
    }

    fn function_index(&mut self, function: u32) -> Result<u32, reencode::Error> {
        let target = self.fusing.target(self.places.functions[function as usize]);
        Ok(self.functions[&target])
    }

    fn type_index(&mut self, ty: u32) -> Result<u32, reencode::Error> {
        Ok(self.places.types[ty as usize])
    }

    fn global_index(&mut self, global: u32) -> Result<u32, reencode::Error> {
        Ok(self.globals[&self.places.globals[global as usize]])
    }

    fn instruction<'b>(
        &mut self,
        operator: Operator<'b>,
    ) -> Result<Instruction<'b>, reencode::Error> {
        if let Operator::GlobalGet { global_index } = operator {
            let place = self.places.globals[global_index as usize];
            let global = &self.fusing.globals[place as usize];
            // An address that no code changes is a number, which the compiler folds into
            // what is done with it.
            if !global.changes {
                return Ok(match global.ty.content_type {
                    ValType::I32 => Instruction::I32Const(global.value as i32),
                    _ => Instruction::I64Const(global.value),
                });
            }
        }
        reencode::utils::instruction(self, operator)
    }
}

impl Places {
    /// The place of an entity of this kind.
    fn of(&self, ty: &TypeRef, index: u32) -> u32 {
        let list = match ty {
            TypeRef::Func(_) | TypeRef::FuncExact(_) | TypeRef::Tag(_) => &self.functions,
            TypeRef::Table(_) => &self.tables,
            TypeRef::Memory(_) => &self.memories,
            TypeRef::Global(_) => &self.globals,
        };
        list[index as usize]
    }
}

impl Module<'_> {
    /// How many of its functions are imported.
    fn imported(&self) -> usize {
        let functions = self.imports.iter();
        functions
            .filter(|(_, _, ty)| matches!(ty, TypeRef::Func(_)))
            .count()
    }
}

impl Input<'_> {
    fn source(&self, from: &str, name: &str) -> Result<&Source> {
        self.sources
            .get(&(from.to_owned(), name.to_owned()))
            .with_context(|| format!("nothing gives {from} {name}"))
    }
}

fn plain_error(error: reencode::Error) -> anyhow::Error {
    anyhow::anyhow!("{error}")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is around each function of a test.
    const REST: &str = r#"
        (import "sluice:function/turns@0.1.0" "wait" (func $wait))
        (memory (export "memory") 1)
        (table (export "table") 1 funcref)
        (global $stack (export "__stack_pointer") (mut i32) (i32.const 4096))
        (func $up (export "up") (global.set $stack (i32.const 4000)))
        (func (export "reset_adapter_state"))
        (func (export "__wasilibc_reset_preopens"))
    "#;

    /// The fused module of one module with this function, which is exported as `f`.
    fn fused(function: &str, guarded: &[&str]) -> Vec<u8> {
        let bytes = wat::parse_str(format!("(module {REST} {function})")).unwrap();
        let wait = ("sluice:function/turns@0.1.0".to_owned(), "wait".to_owned());
        let source = Source::Outside("host-0".to_owned());
        let input = Input {
            bytes: &bytes,
            sources: HashMap::from([(wait, source)]),
        };
        let named = |names: &[&str]| names.iter().map(|name| (0, (*name).to_owned())).collect();
        let exports = named(&["f", "up", "memory"]);
        fuse(&[input], &exports, &named(guarded)).unwrap().code
    }

    /// How often a function looks at the flag, by its export.
    fn looks(code: &[u8], name: &str) -> usize {
        let (mut bodies, mut imported, mut place) = (Vec::new(), 0, None);
        for payload in Parser::new(0).parse_all(code) {
            match payload.unwrap() {
                Payload::ImportSection(imports) => {
                    let imports = imports.into_imports().map(Result::unwrap);
                    imported = imports
                        .filter(|import| matches!(import.ty, TypeRef::Func(_)))
                        .count();
                }
                Payload::ExportSection(exports) => {
                    let mut exports = exports.into_iter().map(Result::unwrap);
                    place = exports
                        .find(|export| export.name == name)
                        .map(|it| it.index);
                }
                Payload::CodeSectionEntry(body) => bodies.push(body),
                _ => {}
            }
        }
        let body = &bodies[place.unwrap() as usize - imported];
        let operators = body.get_operators_reader().unwrap().into_iter();
        let at_flag = |operator: &Operator<'_>| matches!(operator, Operator::I32Load8U { memarg } if memarg.offset == FLAG);
        operators.map(Result::unwrap).filter(at_flag).count()
    }

    #[test]
    fn what_can_run_for_long_looks_at_the_flag() {
        let check = |function: &str| looks(&fused(function, &[]), &export_name(0, "f"));
        assert_eq!(check(r#"(func (export "f"))"#), 0, "it ends soon");
        assert_eq!(check(r#"(func (export "f") (loop (br 0)))"#), 1);
        assert_eq!(check(r#"(func (export "f") (loop (loop (br 1))))"#), 2);
        assert_eq!(check(r#"(func $f (export "f") (call $f))"#), 1);
        assert_eq!(check(r#"(func $f (export "f") (return_call $f))"#), 1);
        assert_eq!(
            check(r#"(func (export "f") (call_indirect (i32.const 0)))"#),
            1
        );
        assert_eq!(
            check(r#"(func (export "f") (block (call $wait) (loop)))"#),
            2
        );
    }

    #[test]
    fn what_the_canonical_abi_calls_is_behind_a_guard() {
        let function = r#"(func (export "f") (param i32 i32) (result i32) (loop) (local.get 1))"#;
        let (open, guarded) = (fused(function, &[]), fused(function, &["f"]));
        wasmparser::validate(&open).unwrap();
        wasmparser::validate(&guarded).unwrap();
        assert_eq!(looks(&open, &export_name(0, "f")), 1);
        // The guard only calls it.
        assert_eq!(looks(&guarded, &export_name(0, "f")), 0);
        assert!(guarded.len() > open.len());
    }
}
