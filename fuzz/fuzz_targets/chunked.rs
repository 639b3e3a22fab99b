#![no_main]
//! The decoder of the chunked coding agrees with the reference on whether a message is complete, needs more or is
//! broken, and on where it ends. Any split of the bytes leads to the same, and no byte behind the message is taken.

libfuzzer_sys::fuzz_target!(|data: &[u8]| webserv_fuzz::chunked(data));
