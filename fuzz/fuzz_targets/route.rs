//! Targets, hosts, paths and their APIs, of any bytes.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| sluice_gateway::probe(input));
