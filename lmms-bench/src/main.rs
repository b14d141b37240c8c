//! The command line: see `lmms-bench --help`.

fn main() {}
