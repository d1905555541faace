//! The SoC's registers, by name, as the build script has them from its `csr.json`.

include!(concat!(env!("OUT_DIR"), "/soc.rs"));
