//! Arguments -> config -> server -> exit code; nothing else.

fn main() {}
