#![no_main]
//! The parser of request-targets and hosts agrees with the reference on what is valid and on its parts. The file path
//! of a target holds no NUL, no slash of its own and no dot segment, and is that of the reference.

libfuzzer_sys::fuzz_target!(|data: &[u8]| webserv_fuzz::request_target(data));
