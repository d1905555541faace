//! Caches, and the memory that the DMA controllers reach, which goes past them.
#![allow(unsafe_code)]

use core::mem::MaybeUninit;
use core::sync::atomic::{AtomicBool, Ordering};

use cortex_m::asm::{dsb, isb};
use cortex_m::peripheral::{CPUID, MPU, SCB};
use embassy_stm32::pac;

use crate::link::RECEIVE_BYTES;
use crate::transmitter::HALF_BYTES;

unsafe extern "C" {
    /// Where the region `dma` begins: SRAM 1, of 2^17 bytes. From `extra.x`.
    static _dma_start: u32;
}

/// Region attributes (Armv7-M, `MPU_RASR`): normal memory without cache, shared, that all may read and
/// write and nobody executes; 2^17 bytes, enabled.
const DMA_ATTRIBUTES: u32 = 1 << 28 | 0b011 << 24 | 0b001 << 19 | 1 << 18 | (17 - 1) << 1 | 1 << 0;
/// The MPU is on, and memory without a region is as if it were off (Armv7-M, `MPU_CTRL`).
const ENABLED_WITH_DEFAULT_MAP: u32 = 1 << 2 | 1 << 0;

/// Gives the DMA memory its clock, takes it from the data cache, and starts both caches.
pub fn start(mpu: &mut MPU, scb: &mut SCB, cpuid: &mut CPUID) {
    // Off after reset (RM0433, `RCC_AHB2ENR`).
    pac::RCC.ahb2enr().modify(|w| w.set_sram1en(true));
    dsb();
    let base = (&raw const _dma_start).addr() as u32;
    // SAFETY: nothing uses that memory yet, and no cache is on; all other memory stays as it is.
    unsafe {
        mpu.rnr.write(0);
        mpu.rbar.write(base);
        mpu.rasr.write(DMA_ATTRIBUTES);
        mpu.ctrl.write(ENABLED_WITH_DEFAULT_MAP);
    }
    dsb();
    isb();
    scb.enable_icache();
    scb.enable_dcache(cpuid);
}

/// The link's buffers, in memory that DMA 1 reaches.
pub struct Buffers {
    /// The ring of received bytes.
    pub received: [u8; RECEIVE_BYTES],
    /// The two halves of what is to be sent.
    pub to_send: [[u8; HALF_BYTES]; 2],
}

/// The link's buffers, zeroed, after [`start`]. Once: `None` at every further call.
pub fn take_buffers() -> Option<&'static mut Buffers> {
    static TAKEN: AtomicBool = AtomicBool::new(false);
    // SAFETY: a section of the board's linker script, in RAM that start-up leaves alone.
    #[unsafe(link_section = ".dma.buffers")]
    static mut BUFFERS: MaybeUninit<Buffers> = MaybeUninit::uninit();
    if TAKEN.swap(true, Ordering::Relaxed) {
        return None;
    }
    let buffers = (&raw mut BUFFERS).cast::<Buffers>();
    // SAFETY: the flag lets one call come here, so this is the only reference; bytes that are zero
    // are what the type wants.
    unsafe {
        buffers.write_bytes(0, 1);
        Some(&mut *buffers)
    }
}
