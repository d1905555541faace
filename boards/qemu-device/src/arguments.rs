//! The plugin's `key=value` arguments.

use std::ffi::{CStr, c_char, c_int};
use std::path::PathBuf;

use quintet_qemu_support::accelerator;
use quintet_qemu_support::registers::{
    BASE_MPS2_AN386, BASE_RISCV_VIRT, INTERRUPT_MPS2_AN386, INTERRUPT_RISCV_VIRT,
};

/// Where the device goes on one of QEMU's machines.
#[derive(Debug, PartialEq, Eq)]
pub struct Machine {
    /// The `machine=` argument.
    pub name: &'static str,
    /// Base address in system memory.
    pub base: u32,
    /// QOM type that owns the interrupt inputs.
    pub interrupt_controller: &'static CStr,
    /// Interrupt input.
    pub interrupt: u32,
    /// Where the accelerator goes.
    pub accelerator: Place,
}

/// Where an accelerator goes.
#[derive(Debug, PartialEq, Eq)]
pub struct Place {
    /// Base address of its registers.
    pub base: u32,
    /// Interrupt input.
    pub interrupt: u32,
    /// The memory that it reaches, which is the arena and what core and accelerator share: base
    /// address and bytes.
    pub memory: [u32; 2],
}

/// The machines that the device has a place on.
const MACHINES: [Machine; 2] = [
    Machine {
        name: "mps2-an386",
        base: BASE_MPS2_AN386,
        // The container owns the inputs, not the `armv7m_nvic` within it.
        interrupt_controller: c"armv7m",
        interrupt: INTERRUPT_MPS2_AN386,
        accelerator: Place {
            base: accelerator::BASE_MPS2_AN386,
            interrupt: accelerator::INTERRUPT_MPS2_AN386,
            memory: [0x2100_0000, 0x0100_0000],
        },
    },
    Machine {
        name: "riscv-virt",
        base: BASE_RISCV_VIRT,
        interrupt_controller: c"riscv.sifive.plic",
        interrupt: INTERRUPT_RISCV_VIRT,
        accelerator: Place {
            base: accelerator::BASE_RISCV_VIRT,
            interrupt: accelerator::INTERRUPT_RISCV_VIRT,
            memory: [0x8040_0000, 0x0100_0000 + accelerator::PAGE_BYTES],
        },
    },
];

/// The parsed arguments.
#[derive(Debug, PartialEq, Eq)]
pub struct Arguments {
    /// `machine=NAME`. Without it nothing is in the machine: there is only the lifeline.
    pub machine: Option<&'static Machine>,
    /// `socket=PATH`: where to listen. Without it there is no byte link, only the counter.
    pub socket: Option<PathBuf>,
    /// `accelerator=PATH`: the description of an accelerator. Without it there is none.
    pub accelerator: Option<PathBuf>,
    /// `lifeline=PATH`: QEMU ends when its standard input does, so when the driver dies, and takes
    /// the socket at PATH and its folder along, with the accelerator's description in it.
    pub lifeline: Option<PathBuf>,
}

impl Arguments {
    /// Parses the arguments as QEMU hands them over.
    ///
    /// # Safety
    ///
    /// `argv` points to `argc` valid C strings.
    pub unsafe fn from_raw(argc: c_int, argv: *const *const c_char) -> Result<Self, String> {
        let count = usize::try_from(argc).unwrap_or(0);
        let texts = (0..count).map(|index| {
            // SAFETY: `index` is below `argc`, so there is a string.
            unsafe { CStr::from_ptr(*argv.add(index)) }.to_string_lossy().into_owned()
        });
        Self::parse(texts)
    }

    fn parse(texts: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut machine = None;
        let (mut socket, mut accelerator, mut lifeline) = (None, None, None);
        for text in texts {
            match text.split_once('=') {
                Some(("machine", name)) => {
                    machine =
                        Some(MACHINES.iter().find(|machine| machine.name == name).ok_or_else(
                            || format!("no place for the device on machine {name:?}"),
                        )?);
                }
                Some(("socket", path)) => socket = Some(PathBuf::from(path)),
                Some(("accelerator", path)) => accelerator = Some(PathBuf::from(path)),
                Some(("lifeline", path)) => lifeline = Some(PathBuf::from(path)),
                _ => return Err(format!("unknown argument {text:?}")),
            }
        }
        if machine.is_none() && (lifeline.is_none() || socket.is_some() || accelerator.is_some()) {
            return Err("the argument machine=NAME is missing".into());
        }
        Ok(Self { machine, socket, accelerator, lifeline })
    }
}

#[cfg(test)]
mod tests {
    use super::Arguments;

    fn parse(texts: &[&str]) -> Result<Arguments, String> {
        Arguments::parse(texts.iter().map(|text| (*text).to_owned()))
    }

    #[test]
    fn a_machine_alone_is_enough() {
        let arguments = parse(&["machine=mps2-an386"]).unwrap();
        assert_eq!(arguments.machine.unwrap().name, "mps2-an386");
        assert_eq!(arguments.socket, None);
    }

    #[test]
    fn a_lifeline_needs_no_machine() {
        assert_eq!(parse(&["lifeline=/a"]).unwrap().machine, None);
    }

    #[test]
    fn refuses_what_it_does_not_know() {
        assert!(parse(&[]).unwrap_err().contains("missing"));
        assert!(parse(&["lifeline=/a", "socket=/a"]).unwrap_err().contains("missing"));
        assert!(parse(&["machine=pdp-11"]).unwrap_err().contains("pdp-11"));
        assert!(parse(&["machine=riscv-virt", "speed=9"]).unwrap_err().contains("speed"));
    }
}
