//! Set-up, build, size check, emulation and tests of Quintet, each one command.
fn main() {}
