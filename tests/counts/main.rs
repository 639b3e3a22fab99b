//! What a request costs, in counts that no noise can move: allocations, and system calls.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, clippy::indexing_slicing)]

mod allocations;
mod system_calls;
