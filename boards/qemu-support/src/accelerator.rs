//! An accelerator as an emulated board reaches it: where its registers are, and how to find them.
//!
//! It is at one of two places. A device inside QEMU has registers and an interrupt line. Where QEMU
//! takes no such device, a thread of the driver is the accelerator: it watches a page of the
//! machine's RAM, in which the registers are plain words, and cannot interrupt. The page also holds
//! what core and accelerator share beside the arena, since it is memory that both kinds reach.

use quintet_firmware::mmio::{Accelerator, Shared};
use quintet_protocol::accelerator::MAGIC;
use quintet_protocol::accelerator::registers::{
    EVENT_ACKNOWLEDGED, EVENTS, IDENTIFICATION, RESET_DONE, SPAN_BYTES,
};

use crate::mmio::Registers;

/// Where the registers of an accelerator inside QEMU sit on `mps2-an386`: in the unimplemented
/// region that also holds the Quintet device.
pub const BASE_MPS2_AN386: u32 = 0x4001_9000;
/// Its NVIC line: one that the machine leaves free.
pub const INTERRUPT_MPS2_AN386: u32 = 25;
/// Where they sit on `virt`: over the last but one virtio-mmio slot.
pub const BASE_RISCV_VIRT: u32 = 0x1000_7000;
/// Its PLIC source: one that the machine leaves free.
pub const INTERRUPT_RISCV_VIRT: u32 = 41;

/// Bytes of the page that is shared with the accelerator; `board.toml` says where it is.
pub const PAGE_BYTES: u32 = 0x1000;
/// Where in the page registers are that are plain words: at its end.
pub const PAGE_REGISTERS: u32 = PAGE_BYTES - SPAN_BYTES;

const _: () = assert!(size_of::<Shared>() <= PAGE_REGISTERS as usize);

/// An accelerator that was found.
#[derive(Clone, Copy, Debug)]
pub struct RegisterFile {
    registers: Registers,
    barrier: fn(),
    interrupts: bool,
}

impl RegisterFile {
    /// Looks for an accelerator inside QEMU, and then for one that watches a page; without either,
    /// both places read anything but [`MAGIC`]. `barrier` is what [`Accelerator::barrier`] says.
    #[must_use]
    pub fn detect(device: Registers, page: Registers, barrier: fn()) -> Option<Self> {
        [(device, true), (page, false)]
            .into_iter()
            .find(|(registers, _)| registers.read(IDENTIFICATION) == MAGIC)
            .map(|(registers, interrupts)| Self { registers, barrier, interrupts })
    }

    /// Whether it interrupts; if not, it has to be looked at from time to time.
    #[must_use]
    pub fn interrupts(&self) -> bool {
        self.interrupts
    }

    /// Whether there are events that the backend has not seen.
    #[must_use]
    pub fn has_news(&self) -> bool {
        self.registers.read(EVENTS) != self.registers.read(EVENT_ACKNOWLEDGED)
    }
}

impl Accelerator for RegisterFile {
    fn read(&mut self, offset: u32) -> u32 {
        if offset == RESET_DONE && !self.interrupts {
            // The backend looks so many times, and no more. A thread may need a while to be
            // scheduled at all; at this, QEMU leaves the processor for a moment.
            core::hint::spin_loop();
        }
        self.registers.read(offset)
    }

    fn write(&mut self, offset: u32, value: u32) {
        self.registers.write(offset, value);
    }

    fn barrier(&mut self) {
        (self.barrier)();
    }
}
