//! The build id of the running image: the linker's digest of it, in a note that the image keeps.
#![allow(unsafe_code)]

/// Bytes of a note before its description: three lengths and the name "GNU\0" (System V ABI,
/// edition 4.1, chapter 5, "Note Section").
const HEADER_BYTES: usize = 16;

/// The build id: 20 bytes, a SHA-1.
#[must_use]
pub fn build_id() -> &'static [u8] {
    unsafe extern "C" {
        static _build_id_start: u8;
        static _build_id_end: u8;
    }
    let start = &raw const _build_id_start;
    let bytes = (&raw const _build_id_end).addr() - start.addr();
    // SAFETY: the linker script (`boards/build.rs`) puts these around one read-only section.
    let note = unsafe { core::slice::from_raw_parts(start, bytes) };
    note.get(HEADER_BYTES..).unwrap_or_default()
}
