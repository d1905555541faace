//! From reset to `main`: stack, global pointer, trap vector, zeroed memory.

use core::arch::global_asm;

// QEMU has loaded every other section in place (see `link.x`). Interrupts stay off for good: this
// board polls, and only sleeps on pending interrupts (`idle.rs`). The trap vector's two low bits
// are zero: one handler for all (privileged specification 1.12, section 3.1.7).
global_asm!(
    ".section .init, \"ax\"",
    ".global _start",
    "_start:",
    ".option push",
    ".option norelax",
    "la gp, __global_pointer$",
    ".option pop",
    "la sp, _stack_start",
    "la t0, 3f",
    "csrw mtvec, t0",
    "la t0, _bss_start",
    "la t1, _bss_end",
    "1: bgeu t0, t1, 2f",
    "sw zero, 0(t0)",
    "addi t0, t0, 4",
    "j 1b",
    "2: tail {entry}",
    // A failure may have been the stack's: begin a new one.
    ".balign 4",
    "3: la sp, _stack_start",
    "tail {trap}",
    trap = sym crate::fault::trap,
    entry = sym entry,
);

extern "C" fn entry() -> ! {
    crate::main()
}
