//! The register map of the Quintet device inside QEMU: 32-bit little-endian words, word access
//! only.
//!
//! | offset | name | access | meaning |
//! |---|---|---|---|
//! | 0x00 | `IDENTIFICATION` | R | [`MAGIC`] when the device is there |
//! | 0x04 | `FEATURES` | R | [`FEATURE_LINK`], [`FEATURE_COUNTER`] |
//! | 0x08 | `RX_COUNT` | R | bytes received and not yet read |
//! | 0x0c | `RX_WORD` | R | takes 4 bytes, first one lowest; only while `RX_COUNT` >= 4 |
//! | 0x10 | `RX_BYTE` | R | takes 1 byte; only while `RX_COUNT` >= 1 |
//! | 0x14 | `TX_SPACE` | R | bytes that can be sent now |
//! | 0x18 | `TX_WORD` | W | sends 4 bytes, lowest first; only while `TX_SPACE` >= 4 |
//! | 0x1c | `TX_BYTE` | W | sends 1 byte; only while `TX_SPACE` >= 1 |
//! | 0x20 | `TX_FLUSH` | W | any value: hand what was sent to the host |
//! | 0x24 | `CONTROL` | RW | [`CONTROL_RX_INTERRUPT`] |
//! | 0x28 | `COUNT_LOW` | R | executed instructions, bits 0..32; holds the upper half for `COUNT_HIGH` |
//! | 0x2c | `COUNT_HIGH` | R | bits 32..64 of the count that the last `COUNT_LOW` read |
//! | 0x30 | `DIAGNOSTIC` | W | one byte of text for QEMU's standard error; 0x0a ends the line |
//!
//! A word taken or sent outside its condition moves nothing: reads give zero, writes are dropped.
//! While no host is connected, sent bytes are dropped, as on a cable with no far end.
//! The interrupt line is a level: high while `CONTROL_RX_INTERRUPT` is set and `RX_COUNT` > 0.

/// What `IDENTIFICATION` reads: "QNT1" in memory order.
pub const MAGIC: u32 = u32::from_le_bytes(*b"QNT1");

/// Bytes of address space that the device takes: one virtio-mmio slot of QEMU's `virt` (0x200).
pub const SPAN_BYTES: u32 = 0x200;

/// Where the device sits on `mps2-an386`: within "CMSDK AHB peripheral region" (0x4001_4000 to
/// 0x4001_ffff), which QEMU backs with an unimplemented device that reads zero.
pub const BASE_MPS2_AN386: u32 = 0x4001_8000;

/// The NVIC line on `mps2-an386`: one that the machine leaves free.
pub const INTERRUPT_MPS2_AN386: u32 = 24;

/// Where the device sits on `virt`: over the last virtio-mmio slot, whose own first register reads
/// 0x7472_6976 ("virt", virtio 1.2 section 4.2.2) when our device is absent.
pub const BASE_RISCV_VIRT: u32 = 0x1000_8000;

/// The PLIC source on `virt`: one that the machine leaves free (PCIe ends at 35).
pub const INTERRUPT_RISCV_VIRT: u32 = 40;

/// Identification, R.
pub const IDENTIFICATION: u32 = 0x00;
/// What the device offers, R.
pub const FEATURES: u32 = 0x04;
/// Bytes waiting to be read, R.
pub const RX_COUNT: u32 = 0x08;
/// Takes four bytes, R.
pub const RX_WORD: u32 = 0x0c;
/// Takes one byte, R.
pub const RX_BYTE: u32 = 0x10;
/// Bytes that can be sent, R.
pub const TX_SPACE: u32 = 0x14;
/// Sends four bytes, W.
pub const TX_WORD: u32 = 0x18;
/// Sends one byte, W.
pub const TX_BYTE: u32 = 0x1c;
/// Hands sent bytes to the host, W.
pub const TX_FLUSH: u32 = 0x20;
/// Interrupt enable, RW.
pub const CONTROL: u32 = 0x24;
/// Executed instructions, lower half, R.
pub const COUNT_LOW: u32 = 0x28;
/// Executed instructions, upper half as held, R.
pub const COUNT_HIGH: u32 = 0x2c;
/// Text for the emulator's standard error, W.
pub const DIAGNOSTIC: u32 = 0x30;

/// In `FEATURES`: the byte link has a socket behind it.
pub const FEATURE_LINK: u32 = 1 << 0;
/// In `FEATURES`: the instruction counter runs.
pub const FEATURE_COUNTER: u32 = 1 << 1;
/// In `CONTROL`: raise the interrupt while there are bytes to read.
pub const CONTROL_RX_INTERRUPT: u32 = 1 << 0;
