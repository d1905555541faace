//! The few functions and structures of QEMU that the device uses, by hand.
//!
//! Debian's QEMU exports its whole symbol table, because its modules need it. Each function is
//! looked up when the plugin loads, and QEMU is asked for its version, so that another QEMU gives a
//! clear message and not a crash. Signatures and layouts are those of QEMU 7.2
//! (`include/exec/memory.h`, `include/exec/cpu-common.h`, `include/qemu/notify.h`,
//! `include/qemu/timer.h`, `include/qemu/qemu-plugin.h`).

mod memory;
mod region;
mod timer;
mod version;

use std::ffi::{CStr, c_char, c_int, c_void};
use std::ptr;
use std::sync::atomic::AtomicU64;

pub use region::MemoryRegionOps;
pub use timer::Timer;

/// A pointer to something of QEMU's.
pub type Handle = *mut c_void;

/// `qemu_info_t`, as far as it is read.
#[repr(C)]
pub struct PluginInfo {
    target_name: *const c_char,
    version_minimum: c_int,
    /// The plugin interface version that QEMU has.
    pub version_current: c_int,
}

/// `Notifier`: a callback and its place in QEMU's list.
#[repr(C)]
struct Notifier {
    notify: extern "C" fn(*mut Notifier, *mut c_void),
    next: *mut Notifier,
    previous: *mut *mut Notifier,
    /// Ours, behind what QEMU knows of.
    then: fn(),
}

unsafe extern "C" {
    fn dlsym(handle: *mut c_void, symbol: *const c_char) -> *mut c_void;
}

macro_rules! functions {
    ($($name:ident: fn($($argument:ty),*) $(-> $result:ty)?;)*) => {
        /// QEMU's functions, found by name in the running program.
        struct Functions {
            $($name: unsafe extern "C" fn($($argument),*) $(-> $result)?,)*
        }

        impl Functions {
            fn probe() -> Result<Self, String> {
                Ok(Self {
                    $($name: {
                        let address = find(concat!(stringify!($name), "\0"))?;
                        // SAFETY: the symbol of this name is a function of this signature in QEMU
                        // 7.2, and `find` gave a non-null address.
                        unsafe {
                            std::mem::transmute::<
                                *mut c_void,
                                unsafe extern "C" fn($($argument),*) $(-> $result)?,
                            >(address)
                        }
                    },)*
                })
            }
        }
    };
}

functions! {
    get_system_memory: fn() -> Handle;
    memory_region_init_io: fn(Handle, Handle, *const MemoryRegionOps, Handle, *const c_char, u64);
    memory_region_add_subregion_overlap: fn(Handle, u64, Handle, c_int);
    object_resolve_path_type: fn(*const c_char, *const c_char, *mut bool) -> Handle;
    qdev_get_gpio_in: fn(Handle, c_int) -> Handle;
    qemu_set_irq: fn(Handle, c_int);
    qemu_add_machine_init_done_notifier: fn(*mut Notifier);
    qemu_bh_new_full: fn(extern "C" fn(Handle), Handle, *const c_char, Handle) -> Handle;
    qemu_bh_schedule: fn(Handle);
    cpu_physical_memory_map: fn(u64, *mut u64, bool) -> *mut c_void;
    timer_init_full: fn(Handle, Handle, c_int, c_int, c_int, extern "C" fn(Handle), Handle);
    timer_mod: fn(Handle, i64);
    qemu_clock_get_ns: fn(c_int) -> i64;
    qmp_query_version: fn(*mut Handle) -> *mut version::VersionInfo;
    qemu_plugin_register_vcpu_tb_trans_cb: fn(u64, extern "C" fn(u64, Handle));
    qemu_plugin_register_vcpu_insn_exec_inline: fn(Handle, c_int, *mut c_void, u64);
    qemu_plugin_tb_n_insns: fn(Handle) -> usize;
    qemu_plugin_tb_get_insn: fn(Handle, usize) -> Handle;
}

fn find(name_with_nul: &'static str) -> Result<*mut c_void, String> {
    let name = CStr::from_bytes_with_nul(name_with_nul.as_bytes()).expect("names end in NUL");
    // SAFETY: a null handle means the default search order (RTLD_DEFAULT), the name is a C string.
    let address = unsafe { dlsym(ptr::null_mut(), name.as_ptr()) };
    if address.is_null() {
        return Err(format!(
            "this QEMU does not export {name:?}; the device needs Debian's QEMU 7.2 or one built \
             with modules"
        ));
    }
    Ok(address)
}

/// QEMU, as far as the device uses it.
pub struct Qemu {
    functions: Functions,
}

/// An interrupt input of QEMU's.
pub struct Interrupt(Handle);

// SAFETY: the handle is only used through `Qemu::set_interrupt`, under QEMU's lock.
unsafe impl Send for Interrupt {}
// SAFETY: as above.
unsafe impl Sync for Interrupt {}

/// Work for QEMU's main loop, that any thread may ask for.
pub struct BottomHalf(Handle);

// SAFETY: QEMU documents `qemu_bh_schedule` as callable from any thread.
unsafe impl Send for BottomHalf {}
// SAFETY: as above.
unsafe impl Sync for BottomHalf {}

impl Qemu {
    /// Finds every function, or says which is missing; checks that they are those of QEMU 7.2.
    pub fn probe() -> Result<Self, String> {
        let qemu = Self { functions: Functions::probe()? };
        version::check(qemu.version()?)?;
        Ok(qemu)
    }

    /// Finds input `number` of the machine's only object of type `controller`.
    pub fn interrupt(&self, controller: &'static CStr, number: u32) -> Result<Interrupt, String> {
        let mut ambiguous = false;
        // SAFETY: the strings are C strings; an empty path searches the whole tree.
        let object = unsafe {
            (self.functions.object_resolve_path_type)(
                c"".as_ptr(),
                controller.as_ptr(),
                &raw mut ambiguous,
            )
        };
        if object.is_null() || ambiguous {
            return Err(format!("this machine has not exactly one {controller:?}"));
        }
        // SAFETY: the object is an interrupt controller, so a device; the number is one it has.
        Ok(Interrupt(unsafe { (self.functions.qdev_get_gpio_in)(object, number as c_int) }))
    }

    /// Sets an interrupt input. Only from register accesses and bottom halves: under QEMU's lock.
    pub fn set_interrupt(&self, interrupt: &Interrupt, level: bool) {
        // SAFETY: the handle came from `qdev_get_gpio_in`; the caller holds QEMU's lock.
        unsafe { (self.functions.qemu_set_irq)(interrupt.0, level.into()) }
    }

    /// Makes a bottom half that runs `then` in the main loop.
    pub fn bottom_half(&self, name: &'static CStr, then: extern "C" fn(Handle)) -> BottomHalf {
        // Releases that do not know the last argument (a re-entrancy guard) ignore it.
        // SAFETY: the name lives for ever and the callback uses no argument.
        BottomHalf(unsafe {
            (self.functions.qemu_bh_new_full)(then, ptr::null_mut(), name.as_ptr(), ptr::null_mut())
        })
    }

    /// Has the main loop run a bottom half soon. From any thread.
    pub fn schedule(&self, bottom_half: &BottomHalf) {
        // SAFETY: the handle came from `qemu_bh_new_full` and is never freed.
        unsafe { (self.functions.qemu_bh_schedule)(bottom_half.0) }
    }

    /// Runs `then` when the machine is made, before it starts.
    pub fn when_machine_is_ready(&self, then: fn()) {
        extern "C" fn notify(notifier: *mut Notifier, _machine: *mut c_void) {
            // SAFETY: QEMU hands back the notifier that was leaked below.
            unsafe { ((*notifier).then)() }
        }
        let notifier =
            Box::new(Notifier { notify, next: ptr::null_mut(), previous: ptr::null_mut(), then });
        // SAFETY: the notifier is leaked, so lives as long as QEMU's list.
        unsafe { (self.functions.qemu_add_machine_init_done_notifier)(Box::leak(notifier)) }
    }

    /// Adds one to `count` before each guest instruction, within the translated code.
    pub fn count_instructions(&self, plugin_id: u64, count: &'static AtomicU64) {
        debug_assert!(ptr::eq(count, &raw const crate::device::COUNT));
        // SAFETY: called from the plugin's installation, as the interface asks.
        unsafe {
            (self.functions.qemu_plugin_register_vcpu_tb_trans_cb)(plugin_id, count_in_block);
        }
    }
}

extern "C" fn count_in_block(_plugin_id: u64, block: Handle) {
    /// `QEMU_PLUGIN_INLINE_ADD_U64`.
    const ADD_U64: c_int = 0;
    let Some(plugin) = crate::PLUGIN.get() else { return };
    let functions = &plugin.qemu.functions;
    // SAFETY: QEMU passes a valid block, and the counter lives for ever. Only the one virtual core
    // adds to it, and only that core's register accesses read it.
    unsafe {
        for index in 0..(functions.qemu_plugin_tb_n_insns)(block) {
            (functions.qemu_plugin_register_vcpu_insn_exec_inline)(
                (functions.qemu_plugin_tb_get_insn)(block, index),
                ADD_U64,
                crate::device::COUNT.as_ptr().cast(),
                1,
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Qemu;

    #[test]
    fn a_program_that_is_no_qemu_is_refused_with_what_it_lacks() {
        let reason = Qemu::probe().err().unwrap();
        assert!(reason.contains("does not export \"get_system_memory\""), "{reason}");
    }
}
