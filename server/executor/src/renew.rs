//! Makes an instance that has served a call as good as new, where each call is to have an
//! instance of its own. Making one from nothing costs a page fault for each page that the first
//! call writes to; putting back what a call has written costs a copy of these pages.
//!
//! What an instance is made of, and how each part becomes new:
//!
//! * its memory: the pages that were written are copied from an instance that never ran;
//! * its memory's size, its variables: cannot be put back, so that an instance whose ones
//!   differ is not made new but dropped;
//! * its table: the build refuses a runtime that changes it;
//! * what the host holds for it (files, log, `/tmp`, open streams): made anew.
//!
//! Only an instance whose call has returned is made new.

use std::ops::Range;
use std::sync::Mutex;

use crate::instance::{Blueprint, Instance};
use crate::pages;

/// How often an instance is made new: each time it keeps the names of some files that it
/// had open, which lead nowhere any more.
const MOST: u32 = 1000;

/// An instance that begins with the snapshot and never runs.
pub struct Pristine {
    // Its memory stays where it is for as long as it lives.
    memory: Range<usize>,
    globals: Vec<u64>,
    // Only kept: a lock nobody takes lets it be shared.
    _instance: Mutex<Instance>,
}

impl Pristine {
    /// One for the instances of `blueprint`; none where they do not begin with a snapshot.
    pub async fn of(blueprint: &Blueprint) -> wasmtime::Result<Option<Self>> {
        let Some(mut instance) = blueprint.transparent_loaded().await? else {
            return Ok(None);
        };
        let (memory, globals) = state(&mut instance).await?;
        Ok(Some(Self {
            memory,
            globals,
            _instance: Mutex::new(instance),
        }))
    }

    /// Makes `instance` new; false where that cannot be done.
    pub async fn renew(
        &self,
        blueprint: &Blueprint,
        instance: &mut Instance,
    ) -> wasmtime::Result<bool> {
        if instance.renewed >= MOST {
            return Ok(false);
        }
        let (memory, globals) = state(instance).await?;
        if memory.len() != self.memory.len() || globals != self.globals {
            return Ok(false);
        }
        #[expect(
            unsafe_code,
            reason = "both are whole memories of instances that live: this function has the only \
                      reference to the one, and the other never runs; their lengths were compared"
        )]
        let is_put_back = unsafe { pages::put_back(memory, &self.memory) }?;
        if !is_put_back {
            return Ok(false);
        }
        blueprint.surround_anew(instance)?;
        instance.renewed += 1;
        Ok(true)
    }
}

/// Where the memory of an instance is, and its variables.
async fn state(instance: &mut Instance) -> wasmtime::Result<(Range<usize>, Vec<u64>)> {
    let Some(insides) = instance.insides else {
        wasmtime::bail!("this instance cannot be looked into");
    };
    let globals = insides.globals(instance.store()).await?;
    let memory = insides.addresses(instance.store()).await?;
    let (start, end) = (
        memory.start.expose_provenance(),
        memory.end.expose_provenance(),
    );
    Ok((start..end, globals))
}

impl std::fmt::Debug for Pristine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pristine").finish_non_exhaustive()
    }
}
