//! From the BIOS's jump to `main`: stack, global pointer, trap vector, data; and the trap vector.

use core::arch::{asm, global_asm};

// Interrupts stay off until `main` lets one through. The trap vector's two low bits are zero: one
// handler for all (privileged specification 1.12, section 3.1.7). It keeps the registers that a
// function may change, on the stack that it finds.
global_asm!(
    ".section .init, \"ax\"",
    ".global _start",
    "_start:",
    "csrci mstatus, 8",
    "csrw mie, zero",
    ".option push",
    ".option norelax",
    "la gp, __global_pointer$",
    ".option pop",
    "la sp, _stack_start",
    "la t0, _trap",
    "csrw mtvec, t0",
    "la t0, _data_start",
    "la t1, _data_end",
    "la t2, _data_image",
    "1: bgeu t0, t1, 2f",
    "lw t3, 0(t2)",
    "sw t3, 0(t0)",
    "addi t0, t0, 4",
    "addi t2, t2, 4",
    "j 1b",
    "2: la t0, _bss_start",
    "la t1, _bss_end",
    "3: bgeu t0, t1, 4f",
    "sw zero, 0(t0)",
    "addi t0, t0, 4",
    "j 3b",
    "4: tail {entry}",
    ".balign 4",
    "_trap:",
    "addi sp, sp, -64",
    "sw ra, 0(sp)",
    "sw t0, 4(sp)",
    "sw t1, 8(sp)",
    "sw t2, 12(sp)",
    "sw t3, 16(sp)",
    "sw t4, 20(sp)",
    "sw t5, 24(sp)",
    "sw t6, 28(sp)",
    "sw a0, 32(sp)",
    "sw a1, 36(sp)",
    "sw a2, 40(sp)",
    "sw a3, 44(sp)",
    "sw a4, 48(sp)",
    "sw a5, 52(sp)",
    "sw a6, 56(sp)",
    "sw a7, 60(sp)",
    "csrr a0, mcause",
    "call {trap}",
    "lw ra, 0(sp)",
    "lw t0, 4(sp)",
    "lw t1, 8(sp)",
    "lw t2, 12(sp)",
    "lw t3, 16(sp)",
    "lw t4, 20(sp)",
    "lw t5, 24(sp)",
    "lw t6, 28(sp)",
    "lw a0, 32(sp)",
    "lw a1, 36(sp)",
    "lw a2, 40(sp)",
    "lw a3, 44(sp)",
    "lw a4, 48(sp)",
    "lw a5, 52(sp)",
    "lw a6, 56(sp)",
    "lw a7, 60(sp)",
    "addi sp, sp, 64",
    "mret",
    trap = sym crate::fault::trap,
    entry = sym entry,
);

extern "C" fn entry() -> ! {
    crate::main()
}

/// Starts the firmware again, as the BIOS does.
pub fn again() -> ! {
    // SAFETY: what is at `_start` needs nothing, and begins with a stack and data of its own.
    unsafe { asm!("j _start", options(noreturn)) }
}
