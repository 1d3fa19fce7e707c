//! A component around the fused module instead of the many.

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;

use anyhow::{Context, Result, bail, ensure};
use wasm_encoder::{
    Alias, CanonicalFunctionSection, CanonicalOption, Component, ComponentAliasSection,
    ComponentExportKind, ComponentExportSection, ComponentImportSection, ComponentOuterAliasKind,
    ComponentTypeRef, ComponentTypeSection, ComponentValType, CoreTypeSection, ExportKind,
    InstanceSection, ModuleArg, PrimitiveValType, RawSection,
};
use wasmparser::{
    CanonicalFunction, CanonicalOption as Parsed, ComponentAlias, ComponentExternalKind,
    ExternalKind, Instance, Parser, Payload,
};

use super::module::{
    self, Fused, Input, STATE_FORGET, STATE_GLOBALS, STATE_MEMORY, Source, export_name,
};

/// Name by which the last module imports the table of the first.
const TABLE: &str = "$imports";

/// A component, taken apart. What deals with core modules is understood; the rest is kept
/// as it stands, in its order.
#[derive(Default)]
struct Original<'a> {
    bytes: &'a [u8],
    modules: Vec<&'a [u8]>,
    instances: Vec<CoreInstance<'a>>,
    functions: Vec<CoreFunction<'a>>,
    tables: Vec<(u32, &'a str)>,
    memories: Vec<(u32, &'a str)>,
    globals: Vec<(u32, &'a str)>,
    pieces: Vec<Piece<'a>>,
    types: u32,
    component_functions: u32,
}

enum CoreInstance<'a> {
    Module {
        module: u32,
        arguments: HashMap<&'a str, u32>,
    },
    Exports(HashMap<&'a str, (ExternalKind, u32)>),
}

#[derive(Debug, Clone)]
enum CoreFunction<'a> {
    Export(u32, &'a str),
    Lower(u32, Vec<Parsed>),
    ResourceNew(u32),
    ResourceDrop(u32),
    ResourceRep(u32),
}

/// Something of the component's own level.
enum Piece<'a> {
    Raw(u8, Range<usize>),
    Alias(ComponentAlias<'a>),
    Lift(u32, u32, Vec<Parsed>),
}

impl<'a> Original<'a> {
    fn parse(bytes: &'a [u8]) -> Result<Self> {
        let mut original = Self {
            bytes,
            ..Self::default()
        };
        let mut parser = Parser::new(0);
        let mut at = 0;
        loop {
            let (used, payload) = match parser.parse(&bytes[at..], true)? {
                wasmparser::Chunk::Parsed { consumed, payload } => (consumed, payload),
                wasmparser::Chunk::NeedMoreData(_) => bail!("the component is cut off"),
            };
            at += used;
            match payload {
                Payload::ModuleSection {
                    unchecked_range: range,
                    ..
                } => {
                    original.modules.push(&bytes[range.clone()]);
                    at = range.end;
                }
                Payload::ComponentSection {
                    unchecked_range: range,
                    ..
                } => {
                    original.pieces.push(Piece::Raw(4, range.clone()));
                    at = range.end;
                }
                Payload::End(_) => break,
                payload => original.take(&payload)?,
            }
        }
        Ok(original)
    }

    fn take(&mut self, payload: &Payload<'a>) -> Result<()> {
        match payload {
            Payload::Version { .. } | Payload::CustomSection(_) => {}
            Payload::InstanceSection(section) => {
                for instance in section.clone() {
                    self.instances.push(match instance? {
                        Instance::Instantiate { module_index, args } => CoreInstance::Module {
                            module: module_index,
                            arguments: args.iter().map(|arg| (arg.name, arg.index)).collect(),
                        },
                        Instance::FromExports(exports) => CoreInstance::Exports(
                            exports
                                .iter()
                                .map(|export| (export.name, (export.kind, export.index)))
                                .collect(),
                        ),
                    });
                }
            }
            Payload::ComponentAliasSection(section) => {
                for alias in section.clone() {
                    match alias? {
                        ComponentAlias::CoreInstanceExport {
                            kind,
                            instance_index: at,
                            name,
                        } => match kind {
                            ExternalKind::Func => {
                                self.functions.push(CoreFunction::Export(at, name));
                            }
                            ExternalKind::Table => self.tables.push((at, name)),
                            ExternalKind::Memory => self.memories.push((at, name)),
                            ExternalKind::Global => self.globals.push((at, name)),
                            other => bail!("an alias of kind {other:?} is not known here"),
                        },
                        alias => {
                            match &alias {
                                ComponentAlias::InstanceExport { kind, .. } => match kind {
                                    ComponentExternalKind::Type => self.types += 1,
                                    ComponentExternalKind::Func => self.component_functions += 1,
                                    _ => {}
                                },
                                _ => self.types += 1,
                            }
                            self.pieces.push(Piece::Alias(alias));
                        }
                    }
                }
            }
            Payload::ComponentCanonicalSection(section) => {
                for function in section.clone() {
                    match function? {
                        CanonicalFunction::Lift {
                            core_func_index,
                            type_index,
                            options,
                        } => {
                            self.component_functions += 1;
                            let options = options.into_vec();
                            self.pieces
                                .push(Piece::Lift(core_func_index, type_index, options));
                        }
                        CanonicalFunction::Lower {
                            func_index,
                            options,
                        } => self
                            .functions
                            .push(CoreFunction::Lower(func_index, options.into_vec())),
                        CanonicalFunction::ResourceNew { resource } => {
                            self.functions.push(CoreFunction::ResourceNew(resource));
                        }
                        CanonicalFunction::ResourceDrop { resource } => {
                            self.functions.push(CoreFunction::ResourceDrop(resource));
                        }
                        CanonicalFunction::ResourceRep { resource } => {
                            self.functions.push(CoreFunction::ResourceRep(resource));
                        }
                        other => bail!("{other:?} is not known here"),
                    }
                }
            }
            Payload::CoreTypeSection(_) => bail!("core types are not known here"),
            payload => {
                let (id, range) = payload
                    .as_section()
                    .with_context(|| format!("{payload:?} is not known here"))?;
                match payload {
                    Payload::ComponentTypeSection(section) => self.types += section.count(),
                    Payload::ComponentImportSection(section) => {
                        for import in section.clone() {
                            match import?.ty {
                                wasmparser::ComponentTypeRef::Type(_) => self.types += 1,
                                wasmparser::ComponentTypeRef::Func(_) => {
                                    self.component_functions += 1;
                                }
                                _ => {}
                            }
                        }
                    }
                    Payload::ComponentExportSection(section) => {
                        for export in section.clone() {
                            match export?.kind {
                                ComponentExternalKind::Type => self.types += 1,
                                ComponentExternalKind::Func => self.component_functions += 1,
                                _ => {}
                            }
                        }
                    }
                    _ => {}
                }
                self.pieces.push(Piece::Raw(id, range));
            }
        }
        Ok(())
    }

    /// Where the export of an instance is made: by a module, or by the host.
    fn origin(&self, instance: u32, name: &'a str) -> Result<Origin<'a>> {
        match &self.instances[instance as usize] {
            CoreInstance::Module { .. } => Ok(Origin::Module(instance, name)),
            CoreInstance::Exports(exports) => {
                let (kind, index) = exports
                    .get(name)
                    .with_context(|| format!("core instance {instance} has no {name}"))?;
                let index = *index as usize;
                let (instance, name) = match kind {
                    ExternalKind::Func => match &self.functions[index] {
                        CoreFunction::Export(instance, name) => (*instance, *name),
                        _ => return Ok(Origin::Host(index as u32)),
                    },
                    ExternalKind::Table => self.tables[index],
                    ExternalKind::Memory => self.memories[index],
                    ExternalKind::Global => self.globals[index],
                    other => bail!("an export of kind {other:?} is not known here"),
                };
                self.origin(instance, name)
            }
        }
    }

    /// The origin of a core function.
    fn function(&self, index: u32) -> Result<Origin<'a>> {
        match &self.functions[index as usize] {
            CoreFunction::Export(instance, name) => self.origin(*instance, name),
            _ => Ok(Origin::Host(index)),
        }
    }

    /// What a module instance imports, and where each of it comes from.
    fn imports(&self, instance: u32) -> Result<Vec<(&'a str, &'a str, Origin<'a>)>> {
        let CoreInstance::Module { module, arguments } = &self.instances[instance as usize] else {
            bail!("core instance {instance} is no module's");
        };
        let mut imports = Vec::new();
        for payload in Parser::new(0).parse_all(self.modules[*module as usize]) {
            let Payload::ImportSection(section) = payload? else {
                continue;
            };
            for import in section.into_imports() {
                let import = import?;
                let from = arguments
                    .get(import.module)
                    .with_context(|| format!("nothing is given for {}", import.module))?;
                let origin = self.origin(*from, import.name)?;
                imports.push((import.module, import.name, origin));
            }
        }
        Ok(imports)
    }
}

/// What something is in the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Origin<'a> {
    /// The export of an instance of a module.
    Module(u32, &'a str),
    /// A function of the host's, by its index among the core functions.
    Host(u32),
}

/// True for a function of the host's that reads or writes memory.
fn needs_memory(function: &CoreFunction<'_>) -> bool {
    match function {
        CoreFunction::Lower(_, options) => options
            .iter()
            .any(|option| matches!(option, Parsed::Memory(_) | Parsed::Realloc(_))),
        _ => false,
    }
}

/// A component whose modules are fused, apart from its image.
pub struct Split {
    /// The component. It imports the core module `image`.
    pub component: Vec<u8>,
    /// The image that it begins with.
    pub image: Vec<u8>,
    /// The same component with that image inside.
    pub whole: Vec<u8>,
}

/// Fuses the core modules of a component.
pub fn split(bytes: &[u8]) -> Result<Split> {
    let original = Original::parse(bytes)?;

    // The last step of instantiating is a module that puts the host's functions which need
    // the memory into the table of the first. These two stay what they are.
    let mut late = None;
    for at in 0..original.instances.len() as u32 {
        let CoreInstance::Module { .. } = original.instances[at as usize] else {
            continue;
        };
        let imports = original.imports(at)?;
        let is_late = imports.iter().any(|(_, _, origin)| {
            matches!(origin, Origin::Host(index) if needs_memory(&original.functions[*index as usize]))
        });
        if is_late {
            ensure!(late.is_none(), "two modules need what needs the memory");
            late = Some((at, imports));
        }
    }
    let (late, late_imports) = late.context("no module takes the host's functions")?;
    let early = late_imports
        .iter()
        .find_map(|(_, name, origin)| match origin {
            Origin::Module(instance, _) if *name == TABLE => Some(*instance),
            _ => None,
        });
    let early = early.context("the host's functions go nowhere")?;
    // What is called through that table, where it is no function of the host's.
    let straight: HashMap<&str, Origin<'_>> = late_imports
        .iter()
        .filter(|(_, _, origin)| matches!(origin, Origin::Module(at, _) if *at != early))
        .map(|(_, name, origin)| (*name, *origin))
        .collect();

    let fused_instances: Vec<u32> = (0..original.instances.len() as u32)
        .filter(|at| {
            *at != late
                && *at != early
                && matches!(
                    original.instances[*at as usize],
                    CoreInstance::Module { .. }
                )
        })
        .collect();
    let place = |instance: u32| fused_instances.iter().position(|at| *at == instance);

    // Functions from outside get the name of their origin.
    let mut outside: HashMap<String, Origin<'_>> = HashMap::new();
    let mut inputs = Vec::new();
    for &instance in &fused_instances {
        let CoreInstance::Module { module, .. } = &original.instances[instance as usize] else {
            bail!("filtered above");
        };
        let mut sources = HashMap::new();
        for (from, name, origin) in original.imports(instance)? {
            let origin = match origin {
                Origin::Module(at, export) if at == early => {
                    straight.get(export).copied().unwrap_or(origin)
                }
                origin => origin,
            };
            let source = match origin {
                Origin::Module(at, export) => match place(at) {
                    Some(fused) => Source::Fused(fused, export.to_owned()),
                    None => Source::Outside(format!("early-{export}")),
                },
                Origin::Host(index) => Source::Outside(format!("host-{index}")),
            };
            if let Source::Outside(known_as) = &source {
                outside.insert(known_as.clone(), origin);
            }
            sources.insert((from.to_owned(), name.to_owned()), source);
        }
        inputs.push(Input {
            bytes: original.modules[*module as usize],
            sources,
        });
    }

    // What the rest of the component needs of them.
    let mut needed: Vec<Origin<'_>> = late_imports.iter().map(|(_, _, origin)| *origin).collect();
    let mut options: Vec<&Parsed> = Vec::new();
    for (_, _, origin) in &late_imports {
        if let Origin::Host(index) = origin
            && let CoreFunction::Lower(_, list) = &original.functions[*index as usize]
        {
            options.extend(list);
        }
    }
    for piece in &original.pieces {
        if let Piece::Lift(function, _, list) = piece {
            needed.push(original.function(*function)?);
            options.extend(list);
        }
    }
    let mut guarded = Vec::new();
    for option in options {
        match option {
            Parsed::Memory(at) => {
                let (instance, name) = original.memories[*at as usize];
                needed.push(original.origin(instance, name)?);
            }
            Parsed::Realloc(at) | Parsed::PostReturn(at) => guarded.push(original.function(*at)?),
            _ => {}
        }
    }
    needed.extend(&guarded);
    let export = |origin: Origin<'_>| match origin {
        Origin::Module(at, name) => Some((place(at)?, name.to_owned())),
        Origin::Host(_) => None,
    };
    let exports: BTreeSet<(usize, String)> = needed.into_iter().filter_map(export).collect();

    let guarded = guarded.into_iter().filter_map(&export).collect();
    let fused = module::fuse(&inputs, &exports, &guarded)?;
    let image = fused.image.clone();
    let making = |image| {
        let making = Making {
            original: &original,
            early,
            late,
            late_imports: &late_imports,
            fused_instances: &fused_instances,
            outside: &outside,
            fused: &fused,
            image,
            component: Component::new(),
            core_functions: HashMap::new(),
            core_function_count: 0,
            early_at: 0,
            fused_at: 0,
            instances: 0,
        };
        making.make()
    };
    Ok(Split {
        component: making(None)?,
        whole: making(Some(&image))?,
        image,
    })
}

/// Writes the new component.
struct Making<'a, 'b> {
    original: &'b Original<'a>,
    early: u32,
    late: u32,
    late_imports: &'b [(&'a str, &'a str, Origin<'a>)],
    fused_instances: &'b [u32],
    outside: &'b HashMap<String, Origin<'a>>,
    fused: &'b Fused,
    /// The image, if it is to be inside.
    image: Option<&'b [u8]>,
    component: Component,
    core_functions: HashMap<Origin<'a>, u32>,
    core_function_count: u32,
    early_at: u32,
    fused_at: u32,
    instances: u32,
}

impl<'a> Making<'a, '_> {
    fn make(mut self) -> Result<Vec<u8>> {
        let original = self.original;
        let first_lift = original
            .pieces
            .iter()
            .position(|piece| matches!(piece, Piece::Lift(..)))
            .context("nothing is exported")?;
        let (before, after) = original.pieces.split_at(first_lift);
        for piece in before {
            self.piece(piece)?;
        }
        self.core()?;
        for piece in after {
            self.piece(piece)?;
        }
        self.state()?;
        Ok(self.component.finish())
    }

    fn piece(&mut self, piece: &Piece<'a>) -> Result<()> {
        match piece {
            Piece::Raw(id, range) => {
                self.component.section(&RawSection {
                    id: *id,
                    data: &self.original.bytes[range.clone()],
                });
            }
            Piece::Alias(alias) => {
                let mut section = ComponentAliasSection::new();
                section.alias(component_alias(alias)?);
                self.component.section(&section);
            }
            Piece::Lift(function, ty, options) => {
                let origin = self.original.function(*function)?;
                let function = self.core_function(origin)?;
                let options = self.options(options)?;
                let mut section = CanonicalFunctionSection::new();
                section.lift(function, *ty, options);
                self.component.section(&section);
            }
        }
        Ok(())
    }

    /// The core modules and their instances.
    fn core(&mut self) -> Result<()> {
        // Modules: the image is the first, wherever it comes from.
        match self.image {
            Some(data) => {
                self.component.section(&RawSection { id: 1, data });
            }
            None => {
                let mut types = CoreTypeSection::new();
                types.ty().module(&self.fused.image_type);
                self.component.section(&types);
                let mut imports = ComponentImportSection::new();
                imports.import("image", ComponentTypeRef::Module(0));
                self.component.section(&imports);
            }
        }
        for instance in [self.early, self.late] {
            let CoreInstance::Module { module, .. } = self.original.instances[instance as usize]
            else {
                bail!("it is a module's");
            };
            let bytes = self.original.modules[module as usize];
            self.component.section(&RawSection { id: 1, data: bytes });
        }
        self.component.section(&RawSection {
            id: 1,
            data: &self.fused.code,
        });
        let (image, early, late, code) = (0, 1, 2, 3);

        self.early_at = self.instantiate(early, vec![]);
        let image = self.instantiate(image, vec![]);

        let mut arguments = Vec::new();
        for name in &self.fused.outside {
            let index = self.core_function(self.outside[name])?;
            arguments.push((name.clone(), ExportKind::Func, index));
        }
        let outside = self.bundle(arguments);
        self.fused_at = self.instantiate(code, vec![("image", image), ("outside", outside)]);
        // Memory 0 and table 0 are what is aliased first.
        let memory = self.memory()?;
        let mut section = ComponentAliasSection::new();
        section.alias(Alias::CoreInstanceExport {
            instance: self.fused_at,
            kind: ExportKind::Memory,
            name: &memory,
        });
        self.component.section(&section);

        let mut by_module: HashMap<&str, Vec<(String, ExportKind, u32)>> = HashMap::new();
        let mut tables = 0;
        for (from, name, origin) in self.late_imports {
            let (kind, index) = match origin {
                Origin::Module(instance, export) if *instance == self.early => {
                    let mut section = ComponentAliasSection::new();
                    section.alias(Alias::CoreInstanceExport {
                        instance: self.early_at,
                        kind: ExportKind::Table,
                        name: export,
                    });
                    self.component.section(&section);
                    tables += 1;
                    (ExportKind::Table, tables - 1)
                }
                origin => (ExportKind::Func, self.core_function(*origin)?),
            };
            by_module
                .entry(from)
                .or_default()
                .push(((*name).to_owned(), kind, index));
        }
        let mut arguments = Vec::new();
        for (from, exports) in by_module {
            arguments.push((from, self.bundle(exports)));
        }
        self.instantiate(late, arguments);
        Ok(())
    }

    fn instantiate(&mut self, module: u32, arguments: Vec<(&str, u32)>) -> u32 {
        let arguments = arguments
            .into_iter()
            .map(|(name, instance)| (name, ModuleArg::Instance(instance)));
        let mut section = InstanceSection::new();
        section.instantiate(module, arguments.collect::<Vec<_>>());
        self.component.section(&section);
        self.instances += 1;
        self.instances - 1
    }

    fn bundle(&mut self, exports: Vec<(String, ExportKind, u32)>) -> u32 {
        let mut section = InstanceSection::new();
        section.export_items(exports);
        self.component.section(&section);
        self.instances += 1;
        self.instances - 1
    }

    /// The name of the fused module's memory.
    fn memory(&self) -> Result<String> {
        let (instance, name) = self.original.memories[0];
        match self.original.origin(instance, name)? {
            Origin::Module(instance, name) => Ok(self.name_of(instance, name)),
            Origin::Host(_) => bail!("the host has no memory"),
        }
    }

    fn name_of(&self, instance: u32, name: &str) -> String {
        let place = self.fused_instances.iter().position(|at| *at == instance);
        export_name(place.unwrap_or_default(), name)
    }

    /// The index that a core function has here; it is made where it is not yet there.
    fn core_function(&mut self, origin: Origin<'a>) -> Result<u32> {
        if let Some(index) = self.core_functions.get(&origin) {
            return Ok(*index);
        }
        match origin {
            Origin::Module(instance, name) => {
                let (instance, name) = if instance == self.early {
                    (self.early_at, name.to_owned())
                } else {
                    (self.fused_at, self.name_of(instance, name))
                };
                let mut section = ComponentAliasSection::new();
                section.alias(Alias::CoreInstanceExport {
                    instance,
                    kind: ExportKind::Func,
                    name: &name,
                });
                self.component.section(&section);
            }
            Origin::Host(at) => {
                let function = self.original.functions[at as usize].clone();
                let mut section = CanonicalFunctionSection::new();
                match function {
                    CoreFunction::Lower(function, options) => {
                        section.lower(function, self.options(&options)?);
                    }
                    CoreFunction::ResourceNew(ty) => {
                        section.resource_new(ty);
                    }
                    CoreFunction::ResourceDrop(ty) => {
                        section.resource_drop(ty);
                    }
                    CoreFunction::ResourceRep(ty) => {
                        section.resource_rep(ty);
                    }
                    CoreFunction::Export(..) => bail!("the host's functions are not exported"),
                }
                self.component.section(&section);
            }
        }
        let index = self.core_function_count;
        self.core_function_count += 1;
        self.core_functions.insert(origin, index);
        Ok(index)
    }

    fn options(&mut self, options: &[Parsed]) -> Result<Vec<CanonicalOption>> {
        options
            .iter()
            .map(|option| {
                Ok(match option {
                    Parsed::UTF8 => CanonicalOption::UTF8,
                    Parsed::Memory(_) => CanonicalOption::Memory(0),
                    Parsed::Realloc(at) => {
                        let origin = self.original.function(*at)?;
                        CanonicalOption::Realloc(self.core_function(origin)?)
                    }
                    Parsed::PostReturn(at) => {
                        let origin = self.original.function(*at)?;
                        CanonicalOption::PostReturn(self.core_function(origin)?)
                    }
                    other => bail!("the option {other:?} is not known here"),
                })
            })
            .collect()
    }

    /// Exports what reads the state of an instance.
    fn state(&mut self) -> Result<()> {
        let (first_type, first_function) = (self.original.types, self.original.component_functions);
        let mut types = ComponentTypeSection::new();
        for of in [PrimitiveValType::U8, PrimitiveValType::U64] {
            types.defined_type().list(ComponentValType::Primitive(of));
        }
        let none: [(&str, ComponentValType); 0] = [];
        for list in [first_type, first_type + 1] {
            let list = ComponentValType::Type(list);
            types.function().params(none).result(Some(list));
        }
        types.function().params(none).result(None);
        self.component.section(&types);
        for (place, name) in [STATE_MEMORY, STATE_GLOBALS, STATE_FORGET]
            .iter()
            .enumerate()
        {
            let place = place as u32;
            let mut section = ComponentAliasSection::new();
            section.alias(Alias::CoreInstanceExport {
                instance: self.fused_at,
                kind: ExportKind::Func,
                name,
            });
            self.component.section(&section);
            let core_function = self.core_function_count;
            self.core_function_count += 1;
            let mut section = CanonicalFunctionSection::new();
            let options = match place {
                0 | 1 => vec![CanonicalOption::Memory(0)],
                _ => vec![],
            };
            section.lift(core_function, first_type + 2 + place, options);
            self.component.section(&section);
            let mut exports = ComponentExportSection::new();
            // An export is a function of its own, so that each takes two places.
            exports.export(
                *name,
                ComponentExportKind::Func,
                first_function + 2 * place,
                None,
            );
            self.component.section(&exports);
        }
        Ok(())
    }
}

fn component_alias<'a>(alias: &ComponentAlias<'a>) -> Result<Alias<'a>> {
    Ok(match alias {
        ComponentAlias::InstanceExport {
            kind,
            instance_index,
            name,
        } => Alias::InstanceExport {
            instance: *instance_index,
            kind: match kind {
                ComponentExternalKind::Module => ComponentExportKind::Module,
                ComponentExternalKind::Func => ComponentExportKind::Func,
                ComponentExternalKind::Value => ComponentExportKind::Value,
                ComponentExternalKind::Type => ComponentExportKind::Type,
                ComponentExternalKind::Instance => ComponentExportKind::Instance,
                ComponentExternalKind::Component => ComponentExportKind::Component,
            },
            name,
        },
        ComponentAlias::Outer { kind, count, index } => Alias::Outer {
            kind: match kind {
                wasmparser::ComponentOuterAliasKind::Type => ComponentOuterAliasKind::Type,
                other => bail!("an alias of an outer {other:?} is not known here"),
            },
            count: *count,
            index: *index,
        },
        ComponentAlias::CoreInstanceExport { .. } => bail!("it is a core alias"),
    })
}
