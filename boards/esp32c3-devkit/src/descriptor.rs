//! What Espressif's boot loader and flashing tools want to know of the image (ESP-IDF 5.4,
//! `esp_app_desc.h`, `esp_app_desc_t`).
//!
//! `esp-bootloader-esp-idf` has a macro for it, but also brings a flash driver, two digests and the
//! time of the build, which would make each build another image.

/// The description: 256 bytes, the first of the constants.
#[repr(C)]
struct Descriptor {
    magic: u32,
    secure_version: u32,
    reserved: [u32; 2],
    version: [u8; 32],
    project: [u8; 32],
    time: [u8; 16],
    date: [u8; 16],
    idf_version: [u8; 32],
    elf_digest: [u8; 32],
    oldest_revision: u16,
    newest_revision: u16,
    /// Logarithm of the bytes in a page of flash.
    page_shift: u8,
    reserved_bytes: [u8; 3],
    reserved_words: [u32; 18],
}

const _: () = assert!(size_of::<Descriptor>() == 256);

/// `ESP_APP_DESC_MAGIC_WORD`.
const MAGIC: u32 = 0xabcd_5432;
/// Pages of 64 KiB, which the chip's flash cache is set to.
const PAGE_SHIFT: u8 = 16;

#[unsafe(link_section = ".flash.appdesc")]
#[unsafe(export_name = "esp_app_desc")]
#[used]
static DESCRIPTOR: Descriptor = Descriptor {
    magic: MAGIC,
    secure_version: 0,
    reserved: [0; 2],
    version: text(env!("CARGO_PKG_VERSION")),
    project: text(env!("CARGO_PKG_NAME")),
    time: text(""),
    date: text(""),
    idf_version: text(""),
    elf_digest: [0; 32],
    oldest_revision: 0,
    newest_revision: u16::MAX,
    page_shift: PAGE_SHIFT,
    reserved_bytes: [0; 3],
    reserved_words: [0; 18],
};

/// A text of C's: ends with a zero. One that is too long does not compile.
const fn text<const N: usize>(text: &str) -> [u8; N] {
    assert!(text.len() < N);
    let mut bytes = [0; N];
    let mut index = 0;
    while index < text.len() {
        bytes[index] = text.as_bytes()[index];
        index += 1;
    }
    bytes
}
