//! The kernels' code, which runs from the tightly coupled memory: no wait states, and no cache that
//! a kernel's data could not fit beside.
#![allow(unsafe_code)]

unsafe extern "C" {
    // From `extra.x`.
    static mut _itcm_start: u32;
    static mut _itcm_end: u32;
    static _itcm_load: u32;
}

/// Copies the kernels from the flash. Call it before any of them.
#[inline(never)]
pub fn load() {
    let (start, load) = (&raw mut _itcm_start, &raw const _itcm_load);
    let words = ((&raw mut _itcm_end).addr() - start.addr()) / size_of::<u32>();
    for word in 0..words {
        // SAFETY: the linker script lays out both as this many words, and nothing else uses the
        // first until it is called; volatile, as no static is there that the compiler knows.
        unsafe { start.add(word).write_volatile(load.add(word).read()) };
    }
    // What was written is executed next (Armv7-M, A3.7.3).
    cortex_m::asm::dsb();
    cortex_m::asm::isb();
}
