#![no_main]
//! Accept-Encoding leads to the codings that the reference says, over any number of lines.

libfuzzer_sys::fuzz_target!(|data: &[u8]| webserv_fuzz::accept_encoding(data));
