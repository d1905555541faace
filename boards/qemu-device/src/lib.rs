//! The Quintet device inside stock QEMU, loaded as a TCG plugin:
//!
//! ```text
//! qemu-system-arm -M mps2-an386 ... -plugin libquintet_qemu_device.so,machine=mps2-an386,socket=PATH
//! ```
//!
//! The guest sees the registers of `quintet_qemu_support::registers`. Behind them are a byte link
//! to the client of a unix-domain socket, and a count of executed instructions. Beside them it may
//! see an accelerator, which is the model of the `quintet_accelerator` crate. See README.md.
#![allow(unsafe_code)]

mod accelerator;
mod arguments;
mod device;
mod link;
mod mapping;
mod qemu;
mod signal;

use std::ffi::{c_char, c_int};
use std::io::Write;
use std::sync::OnceLock;

use arguments::Arguments;
use qemu::{PluginInfo, Qemu};
use quintet_accelerator::Instance;

/// Plugin interface version 1 (QEMU 4.2 to 8.2).
const PLUGIN_VERSION: c_int = 1;

/// Tells QEMU which plugin interface this is built for.
#[unsafe(no_mangle)]
#[allow(non_upper_case_globals)]
pub static qemu_plugin_version: c_int = PLUGIN_VERSION;

/// What the whole plugin knows once it is installed.
struct Plugin {
    qemu: Qemu,
    arguments: Arguments,
    accelerator: Option<Instance>,
}

static PLUGIN: OnceLock<Plugin> = OnceLock::new();

/// Called by QEMU once, before the machine is made.
///
/// # Safety
///
/// `info` and `argv` are as QEMU's plugin interface says: valid during the call, `argv` with `argc`
/// strings.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qemu_plugin_install(
    id: u64,
    info: *const PluginInfo,
    argc: c_int,
    argv: *const *const c_char,
) -> c_int {
    // SAFETY: passed on from this function's own contract.
    let prepared = unsafe { prepare(info, argc, argv) };
    match prepared.and_then(|plugin| start(id, plugin)) {
        Ok(()) => 0,
        Err(reason) => {
            say(format_args!("quintet device: {reason}"));
            1
        }
    }
}

/// Checks the interface, parses the arguments, reads the accelerator's description and finds QEMU's
/// functions.
///
/// # Safety
///
/// As for [`qemu_plugin_install`].
unsafe fn prepare(
    info: *const PluginInfo,
    argc: c_int,
    argv: *const *const c_char,
) -> Result<Plugin, String> {
    // SAFETY: QEMU passes a valid info for the duration of the call.
    let version = unsafe { (*info).version_current };
    if version != PLUGIN_VERSION {
        return Err(format!(
            "this QEMU has plugin interface {version}, the device needs {PLUGIN_VERSION} (QEMU 7.2)"
        ));
    }
    // SAFETY: QEMU passes `argc` valid strings for the duration of the call.
    let arguments = unsafe { Arguments::from_raw(argc, argv) }?;
    let accelerator = arguments.accelerator.as_deref().map(accelerator::read).transpose()?;
    Ok(Plugin { qemu: Qemu::probe()?, arguments, accelerator })
}

fn start(id: u64, plugin: Plugin) -> Result<(), String> {
    let plugin = PLUGIN.get_or_init(|| plugin);
    if let Some(path) = &plugin.arguments.socket {
        link::listen(path)?;
    }
    if let Some(path) = &plugin.arguments.lifeline {
        let with_it = plugin.arguments.accelerator.clone();
        link::end_with_standard_input(path.clone(), with_it)?;
    }
    if plugin.arguments.machine.is_some() {
        plugin.qemu.count_instructions(id, &device::COUNT);
    }
    plugin.qemu.when_machine_is_ready(mapping::map_into_machine);
    Ok(())
}

/// Says a line on standard error. A driver that was killed reads it no more, and `eprintln!` would
/// panic then, before QEMU has tidied up.
fn say(line: impl std::fmt::Display) {
    let _ = writeln!(std::io::stderr(), "{line}");
}
