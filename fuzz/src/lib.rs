//! Fuzz targets: whatever comes from a file, over the link or from an accelerator, nothing panics,
//! hangs, strays or grows without bound.
//!
//! A target is a function of bytes. Two things drive them: `tests/seeded.rs` on the stable
//! toolchain, bounded and repeatable, and cargo-fuzz, guided by coverage, for as long as it is let:
//!
//! ```sh
//! cargo install --locked cargo-fuzz
//! cargo xtask fuzz --seconds 60       # each target for a minute
//! ```
//!
//! Both start from `corpus/TARGET/`. What a fuzzer finds goes there when it is mended, so that it
//! is tried for ever.

mod accelerator;
mod frame;
mod import;
mod link;
mod message;
mod mutate;
mod program;
#[path = "../../firmware/tests/device/world.rs"]
#[allow(dead_code, reason = "written for the device's own tests, which use all of it")]
mod world;

pub use mutate::Mutator;

/// A target: takes any bytes, and panics if what was promised does not hold.
pub type Target = fn(&[u8]);

/// Every target, by the name of its corpus.
pub const TARGETS: [(&str, Target); 20] = [
    ("frame", frame::run),
    ("link", link::run),
    ("message", message::run),
    ("program", program::run),
    ("accelerator", accelerator::run),
    ("ply", import::ply),
    ("splat", import::splat),
    ("ksplat", import::ksplat),
    ("spz", import::spz),
    ("spz_inside", import::spz_inside),
    ("sog", import::sog),
    ("sog_inside", import::sog_inside),
    ("gltf", import::gltf),
    ("obj", import::obj),
    ("onnx", import::onnx),
    ("tflite", import::tflite),
    ("safetensors", import::field),
    ("pickle", import::pickle),
    ("npz", import::npz),
    ("msgpack", import::field),
];

/// Runs the target of that name.
///
/// # Panics
///
/// When what the target promises does not hold, or there is no such target.
pub fn run(name: &str, data: &[u8]) {
    let (_, target) = TARGETS.iter().find(|(known, _)| *known == name).expect("a known target");
    target(data);
}
