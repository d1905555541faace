//! Registers in the machine's address space.

use std::ffi::{CStr, c_int, c_uint, c_void};
use std::ptr;

use super::{Handle, Qemu};

/// `MemoryRegionOps`. The two access limits are nested structures there, hence the grouping here:
/// flattened, the fields would land elsewhere.
#[repr(C)]
pub struct MemoryRegionOps {
    /// Reads a register.
    pub read: extern "C" fn(Handle, u64, c_uint) -> u64,
    /// Writes a register.
    pub write: extern "C" fn(Handle, u64, u64, c_uint),
    read_with_attributes: *const c_void,
    write_with_attributes: *const c_void,
    endianness: c_int,
    valid: ValidAccess,
    implemented: ImplementedAccess,
}

#[repr(C)]
struct ValidAccess {
    minimum_bytes: c_uint,
    maximum_bytes: c_uint,
    unaligned: bool,
    accepts: *const c_void,
}

#[repr(C)]
struct ImplementedAccess {
    minimum_bytes: c_uint,
    maximum_bytes: c_uint,
    unaligned: bool,
}

// SAFETY: the null pointers within are never followed, and the rest is plain data.
unsafe impl Sync for MemoryRegionOps {}

impl MemoryRegionOps {
    /// Aligned little-endian 32-bit accesses only.
    pub const fn words(
        read: extern "C" fn(Handle, u64, c_uint) -> u64,
        write: extern "C" fn(Handle, u64, u64, c_uint),
    ) -> Self {
        /// `enum device_endian`: `DEVICE_LITTLE_ENDIAN`.
        const LITTLE_ENDIAN: c_int = 2;
        Self {
            read,
            write,
            read_with_attributes: ptr::null(),
            write_with_attributes: ptr::null(),
            endianness: LITTLE_ENDIAN,
            valid: ValidAccess {
                minimum_bytes: 4,
                maximum_bytes: 4,
                unaligned: false,
                accepts: ptr::null(),
            },
            implemented: ImplementedAccess { minimum_bytes: 4, maximum_bytes: 4, unaligned: false },
        }
    }
}

impl Qemu {
    /// Maps `span` bytes at `base`, over what the machine has there.
    pub fn map(
        &self,
        name: &'static CStr,
        operations: &'static MemoryRegionOps,
        base: u32,
        span: u32,
    ) {
        /// `MemoryRegion` is 272 bytes in QEMU 7.2; private, so allow it to be more.
        const REGION_WORDS: usize = 512;
        /// The machine's own devices are at priorities 0 (virtio-mmio) and -1000 (unimplemented).
        const ABOVE_THE_MACHINE: c_int = 1;
        let region: Handle = Box::leak(Box::new([0u64; REGION_WORDS])).as_mut_ptr().cast();
        let functions = &self.functions;
        // SAFETY: called before the machine runs, under QEMU's lock; region, operations and name
        // live for ever.
        unsafe {
            (functions.memory_region_init_io)(
                region,
                ptr::null_mut(),
                operations,
                ptr::null_mut(),
                name.as_ptr(),
                span.into(),
            );
            (functions.memory_region_add_subregion_overlap)(
                (functions.get_system_memory)(),
                base.into(),
                region,
                ABOVE_THE_MACHINE,
            );
        }
    }
}
