//! What functions return, of any text.

#![no_main]

libfuzzer_sys::fuzz_target!(|result: &str| sluice_gateway::probe_answer(result));
