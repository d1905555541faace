//! Tests on the core itself: what kernels answer, rings between an interrupt and the main loop, what
//! becomes of faults and of panics, how deep the stack was. `cargo xtask hil` runs them in QEMU;
//! `probe-rs run --chip STM32F405RG` the same file on the chip.
#![no_std]
#![no_main]
#![allow(unsafe_code)]

mod answers;
mod core_own;

use core::panic::PanicInfo;

use quintet_board_support::Stack;

/// The host's answers, worked out when this was built.
const ANSWERS: [(&str, u32); 4] = include!(concat!(env!("OUT_DIR"), "/answers.rs"));

#[panic_handler]
fn panic(info: &PanicInfo) -> ! {
    semihosting::eprintln!("{info}");
    semihosting::process::abort()
}

#[embedded_test::setup]
fn setup() {
    let _ = Stack::paint();
}

#[embedded_test::tests]
mod tests {
    use quintet_board_support::Stack;
    use quintet_firmware::Ring;
    use quintet_firmware::log::{LOG_BYTES_MAX, LogRing};

    use crate::{ANSWERS, answers, core_own};

    #[test]
    fn kernels_give_the_hosts_answers() {
        assert_eq!(answers::all(), ANSWERS);
    }

    #[test]
    fn a_ring_carries_what_an_interrupt_pushes() {
        static RING: Ring<64> = Ring::new();
        const BYTES: u32 = 2_000;
        core_own::push_from_interrupts(&RING, BYTES);
        let mut expected = 0;
        while expected < BYTES {
            let mut bytes = [0; 16];
            let count = RING.pop(&mut bytes);
            for byte in &bytes[..count] {
                assert_eq!(*byte, expected as u8);
                expected += 1;
            }
        }
        assert!(RING.is_empty());
    }

    #[test]
    fn a_log_ring_keeps_the_oldest_and_counts_the_rest() {
        static LOGS: LogRing = LogRing::new();
        let message = [7; 100];
        for _ in 0..100 {
            LOGS.push(&message);
        }
        let mut buffer = [0; LOG_BYTES_MAX];
        let mut kept = 0;
        while let Some(found) = LOGS.take(&mut buffer) {
            assert_eq!((found.lost, found.bytes), (0, &message[..]));
            kept += 1;
        }
        assert!((30..100).contains(&kept), "{kept} messages in 4 KiB");
        LOGS.push(&[1]);
        let next = LOGS.take(&mut buffer).map(|found| usize::from(found.lost));
        assert_eq!(next, Some(100 - kept));
    }

    /// That the handler runs, and speaks, is what tells a fault from a core that has given up.
    #[test]
    #[should_panic]
    fn an_undefined_instruction_reaches_the_fault_handler() {
        core_own::undefined_instruction();
    }

    #[test]
    #[should_panic]
    fn a_read_where_nothing_is_reaches_the_fault_handler() {
        core_own::read_nowhere();
    }

    #[test]
    fn the_stack_tells_how_deep_it_was() {
        let before = Stack::used();
        assert!(before > 0);
        core_own::use_stack(4_000);
        let after = Stack::used();
        assert!((before.max(4_000)..16 << 10).contains(&after), "{before}, then {after} bytes");
    }
}
