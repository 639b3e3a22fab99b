#![no_main]
//! Reading a date never panics and agrees with a calendar that counts years and months one by one. What is written is
//! read as the same second, and is what the calendar writes.

libfuzzer_sys::fuzz_target!(|data: &[u8]| webserv_fuzz::dates(data));
