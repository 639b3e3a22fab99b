#![no_main]
//! Selected ranges lie within the representation, are not empty and do not overlap. They are the bytes that the
//! reference selects; for lengths that it has no flags for, no byte is left out that was asked for.

libfuzzer_sys::fuzz_target!(|data: &[u8]| webserv_fuzz::range(data));
