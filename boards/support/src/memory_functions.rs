//! The functions on memory that the compiler calls, in 100 bytes of flash instead of 3 KB.
//!
//! The compiler's own take a case for each alignment. These move a word at a time, wherever it
//! lies, which an Armv7-M core does (Armv7-M Architecture Reference Manual, A3.2.1); they take five
//! instructions a word. Written in assembly, since a compiler makes of a loop that copies a call of
//! the function that it is in.
#![allow(unsafe_code)]

use core::arch::global_asm;

// SAFETY: each does what the C standard says of the first name (7.24.2, 7.24.6), and the run-time
// ABI of the Arm architecture of the others (section 4.3.4), and uses only the registers that a
// callee may (procedure call standard, 6.1.1).
global_asm!(
    ".syntax unified",
    ".section .text.memory_functions, \"ax\"",
    ".global memmove, memcpy, memset",
    ".global __aeabi_memmove, __aeabi_memmove4, __aeabi_memmove8",
    ".global __aeabi_memcpy, __aeabi_memcpy4, __aeabi_memcpy8",
    ".global __aeabi_memset, __aeabi_memset4, __aeabi_memset8",
    ".global __aeabi_memclr, __aeabi_memclr4, __aeabi_memclr8",
    // r0: to, r1: from, r2: bytes.
    ".thumb_func",
    "memmove:",
    ".thumb_func",
    "memcpy:",
    ".thumb_func",
    "__aeabi_memmove:",
    ".thumb_func",
    "__aeabi_memmove4:",
    ".thumb_func",
    "__aeabi_memmove8:",
    ".thumb_func",
    "__aeabi_memcpy:",
    ".thumb_func",
    "__aeabi_memcpy4:",
    ".thumb_func",
    "__aeabi_memcpy8:",
    "mov r12, r0",
    // From the end, if the place begins within what is copied.
    "subs r3, r0, r1",
    "cmp r3, r2",
    "blo 6f",
    "2: subs r2, #4",
    "blo 3f",
    "ldr r3, [r1], #4",
    "str r3, [r12], #4",
    "b 2b",
    "3: adds r2, #4",
    "4: subs r2, #1",
    "blo 5f",
    "ldrb r3, [r1], #1",
    "strb r3, [r12], #1",
    "b 4b",
    "5: bx lr",
    "6: subs r2, #1",
    "blo 5b",
    "ldrb r3, [r1, r2]",
    "strb r3, [r12, r2]",
    "b 6b",
    // r0: to, r1: bytes.
    ".thumb_func",
    "__aeabi_memclr:",
    ".thumb_func",
    "__aeabi_memclr4:",
    ".thumb_func",
    "__aeabi_memclr8:",
    "movs r2, #0",
    // r0: to, r1: bytes, r2: the byte.
    ".thumb_func",
    "__aeabi_memset:",
    ".thumb_func",
    "__aeabi_memset4:",
    ".thumb_func",
    "__aeabi_memset8:",
    "mov r3, r1",
    "mov r1, r2",
    "mov r2, r3",
    // r0: to, r1: the byte, r2: bytes.
    ".thumb_func",
    "memset:",
    "mov r12, r0",
    "uxtb r1, r1",
    "orr r1, r1, r1, lsl #8",
    "orr r1, r1, r1, lsl #16",
    "7: subs r2, #4",
    "blo 8f",
    "str r1, [r12], #4",
    "b 7b",
    "8: adds r2, #4",
    "9: subs r2, #1",
    "blo 5b",
    "strb r1, [r12], #1",
    "b 9b",
);
