#![no_main]
//! Preconditions and If-Range lead to what the reference says, for any field section that a request can have: lists of
//! entity tags over any number of lines, dates, and both.

libfuzzer_sys::fuzz_target!(|data: &[u8]| webserv_fuzz::preconditions(data));
