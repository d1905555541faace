//! The machine's memory as this process has it.

use std::ptr::NonNull;

use quintet_accelerator::Window;

use super::Qemu;

impl Qemu {
    /// `bytes` of the machine's RAM from `base` on, for direct access, for ever.
    pub fn memory(&self, base: u32, bytes: u32) -> Result<Window, String> {
        let mut mapped = u64::from(bytes);
        // SAFETY: the length is a place to read and write; under QEMU's lock, once the machine is
        // made.
        let first =
            unsafe { (self.functions.cpu_physical_memory_map)(base.into(), &raw mut mapped, true) };
        let missing = || format!("there are no {bytes} bytes of RAM at {base:#x}");
        let first = NonNull::new(first.cast::<u32>()).ok_or_else(missing)?;
        // Less is mapped where RAM ends, and a copy of a page where there is no RAM at all.
        if mapped != u64::from(bytes) || !first.is_aligned() {
            return Err(missing());
        }
        // SAFETY: QEMU keeps what is mapped until it is given back, which is never. What the core
        // does to it meanwhile is as the contract with accelerators has it: the same firmware would
        // run beside one of hardware.
        Ok(unsafe { Window::new(base, first, bytes as usize / size_of::<u32>()) })
    }
}
