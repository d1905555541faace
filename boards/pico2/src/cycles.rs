//! Counts the cycles of the core, by what the instruction set has for it.

#[cfg(target_arch = "arm")]
pub use arm::Cycles;
#[cfg(target_arch = "riscv32")]
pub use riscv::Cycles;

#[cfg(target_arch = "arm")]
mod arm {
    use cortex_m::peripheral::{DCB, DWT, Peripherals};
    use quintet_board_support::Widened;

    /// The cycle counter of the debug unit (Armv8-M, section D1.2.64), extended: it has 32 bits,
    /// which wrap after 28 seconds.
    pub struct Cycles(Widened);

    impl Cycles {
        /// Starts the counter.
        pub fn start() -> Self {
            // SAFETY: nothing else uses the debug units.
            let mut core = unsafe { Peripherals::steal() };
            DCB::enable_trace(&mut core.DCB);
            DWT::enable_cycle_counter(&mut core.DWT);
            Self(Widened::default())
        }

        /// Cycles so far. Call it twice a wrap.
        pub fn count(&mut self) -> u64 {
            self.0.see(DWT::cycle_count())
        }
    }
}

#[cfg(target_arch = "riscv32")]
mod riscv {
    use core::arch::asm;

    /// The hart's own counter, `mcycle` (privileged specification 1.12, section 3.1.10).
    pub struct Cycles(());

    impl Cycles {
        /// Lets it count: it is held at reset (RP2350 datasheet, section 3.8.9, `mcountinhibit`).
        pub fn start() -> Self {
            // SAFETY: only lets counters count.
            unsafe { asm!("csrw mcountinhibit, zero", options(nomem, nostack)) };
            Self(())
        }

        /// Cycles so far.
        pub fn count(&mut self) -> u64 {
            loop {
                let (before, low, after): (u32, u32, u32);
                // SAFETY: only reads counters.
                unsafe {
                    asm!(
                        "csrr {}, mcycleh", "csrr {}, mcycle", "csrr {}, mcycleh",
                        out(reg) before, out(reg) low, out(reg) after,
                        options(nomem, nostack),
                    );
                }
                if before == after {
                    return u64::from(before) << 32 | u64::from(low);
                }
            }
        }
    }
}
