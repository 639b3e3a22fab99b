#![no_main]
//! Any bytes, in any pieces, under several limits: the connection does what the reference says, step by step, and the
//! same for every split. At most one response is owed at a time, bytes are taken off the front alone, what a request
//! leaves unread is the next one's, and the end is final.

libfuzzer_sys::fuzz_target!(|data: &[u8]| webserv_fuzz::connection(data));
