//! The emulator's own device on this board: where it is.

use quintet_qemu_support::registers::BASE_RISCV_VIRT;
use quintet_qemu_support::{BulkDevice, Registers};

/// Looks for the device.
pub fn detect() -> Option<BulkDevice> {
    // SAFETY: the device's registers when it is there; a virtio-mmio slot without a back end, whose
    // identification register reads something else, when it is not.
    BulkDevice::detect(unsafe { Registers::new(BASE_RISCV_VIRT as usize) })
}
