//! Arguments that subcommands share, and how their values are read.

use std::path::PathBuf;

use clap::Args;
use quintet_accelerator::{Instance, InstanceError};
use quintet_driver::device::{Connection, OpenError};
use quintet_driver::log::Level;
use quintet_driver::session::{DeviceDescription, Limits};
use quintet_driver::transport::{DeviceUri, parse_bytes};
use quintet_protocol::fault::Faults;

use super::failure::{FAILED, Failure};
use super::log;
use super::output::say;

/// Largest side of a picture, in pixels.
const SIDE_MAX: u16 = 4096;

/// Which device to use.
#[derive(Args, Clone, Debug)]
pub struct DeviceArguments {
    /// The device to use: virtual:, qemu:BOARD, serial:PATH, unix:PATH or tcp:HOST:PORT
    ///
    /// virtual:[?arena=BYTES]          the firmware library inside this process
    /// qemu:BOARD[?link=uart|bulk|bare] an emulated board, started and ended by this command
    /// serial:PATH[?baud=RATE&dtr=off] a board on a serial port
    /// unix:PATH, tcp:HOST:PORT        a socket that carries the bytes of a board's link
    ///
    /// `quintet devices` lists what there is here.
    #[arg(
        long,
        env = "QUINTET_DEVICE",
        value_name = "URI",
        default_value = "virtual:",
        verbatim_doc_comment
    )]
    pub device: DeviceUri,
    /// The accelerator of a virtual or an emulated device: none, PRESET or model:FILE, and options
    ///
    /// none                   the core executes everything, as without this option
    /// tiny-ecp5, edge, ...   a preset: `quintet accelerator list` lists them
    /// model:FILE             a TOML file, such as `quintet accelerator show edge` prints
    /// ,KEY=VALUE             another number in the description
    /// ,without=Gemm.Dense    the core executes this command, or all of a micro-operator
    /// ,pace=clock            commands complete after the clocks that they take, not at once
    /// ,misbehave=KIND@N      after N commands it has a fault, such as never-answers
    ///
    /// Such as tiny-ecp5,array.rows=16,without=Sort,pace=clock. A board reached by a port or a
    /// socket has its own: `quintet info` tells of it.
    #[arg(long, env = "QUINTET_ACCELERATOR", value_name = "SPEC", value_parser = accelerator,
          verbatim_doc_comment)]
    pub accelerator: Option<Accelerator>,
    /// Inject faults into the link, to see what becomes of them: NAME=RATE,... with rates per byte
    ///
    /// drop, corrupt, duplicate       a byte is lost, has a bit flipped, comes twice
    /// repeat, reorder, truncate      the burst from a byte on comes twice, is cut and its pieces
    ///                                change places, is lost
    /// stall=RATE:TIME                nothing passes for a time such as 200ms
    /// reset                          the connection breaks and has to be opened again
    /// seed=NUMBER                    which course of events
    ///
    /// Such as drop=1e-4,corrupt=1e-5,stall=1e-6:200ms,seed=7
    #[arg(long, env = "QUINTET_FAULT", value_name = "SPEC", verbatim_doc_comment)]
    pub fault: Option<Faults>,
    /// Show the device's log messages of this level and above on standard error: trace, debug,
    /// info, warn or error
    #[arg(long, env = "QUINTET_LOG", value_name = "LEVEL")]
    pub log: Option<Level>,
    /// The ELF file of the device's firmware, for its log messages [default: found by build id]
    #[arg(long, env = "QUINTET_ELF", value_name = "FILE")]
    pub elf: Option<PathBuf>,
}

/// An accelerator that a device is to have, none if it is to have none.
#[derive(Clone, Debug)]
pub struct Accelerator {
    /// What was asked for.
    pub spec: String,
    /// What that is.
    pub instance: Option<Box<Instance>>,
}

/// How much of a device's arena to use.
#[derive(Args, Debug)]
pub struct ArenaArguments {
    /// Use only that much of the device's arena; K and M stand for KiB and MiB
    #[arg(long, value_name = "BYTES", value_parser = bytes)]
    arena: Option<u32>,
}

impl ArenaArguments {
    /// Bytes of the device's arena that may be used.
    pub fn bytes(&self, device: &DeviceDescription) -> Result<usize, Failure> {
        let wanted = self.arena.unwrap_or(device.arena_bytes);
        if wanted > device.arena_bytes {
            let cause = format!("--arena asks for {wanted} bytes, it has {}", device.arena_bytes);
            return Err(Failure::new(FAILED, "the device's arena is smaller than that", cause)
                .help(
                    "ask for less; a virtual device has what --device virtual:?arena=BYTES says",
                ));
        }
        Ok(wanted as usize)
    }
}

impl DeviceArguments {
    /// Reaches the device and shows its log if that was asked for.
    pub fn connect(&self, limits: Limits) -> Result<Connection, Failure> {
        let mut connection = self.connect_quietly(limits)?;
        if let Some(level) = self.log {
            // What was asked for besides works without the log.
            if let Err(failure) = log::show_beside(&mut connection, level, self.elf.as_deref()) {
                say(failure.as_warning());
            }
        }
        Ok(connection)
    }

    /// Reaches the device; its log is left to the caller.
    pub fn connect_quietly(&self, limits: Limits) -> Result<Connection, Failure> {
        let uri = &self.device;
        let opened = match &self.accelerator {
            Some(_) if !uri.is_started() => Err(OpenError::OwnAccelerator(uri.clone())),
            _ => Connection::open_with(uri, limits, self.fault, self.instance().cloned()),
        };
        opened.map_err(|error| Failure::open(uri, &error))
    }

    /// The same with another accelerator, or with none.
    pub fn with_accelerator(&self, instance: Option<Instance>) -> Self {
        let accelerator = instance.map(|instance| Accelerator {
            spec: instance.name.clone(),
            instance: Some(Box::new(instance)),
        });
        Self { accelerator, ..self.clone() }
    }

    /// The accelerator that the device is given, if any.
    pub fn instance(&self) -> Option<&Instance> {
        self.accelerator.as_ref().and_then(|it| it.instance.as_deref())
    }
}

/// Reads the accelerator that a device is to have.
pub fn accelerator(spec: &str) -> Result<Accelerator, InstanceError> {
    let instance = Instance::from_spec(spec)?.map(Box::new);
    Ok(Accelerator { spec: spec.to_owned(), instance })
}

/// Reads `WxH`.
pub fn size(text: &str) -> Result<[u16; 2], String> {
    let side = |text: &str| text.parse().ok().filter(|side| (1..=SIDE_MAX).contains(side));
    text.split_once(['x', 'X'])
        .and_then(|(width, height)| Some([side(width)?, side(height)?]))
        .ok_or_else(|| format!("a size is WIDTHxHEIGHT, such as 320x240, up to {SIDE_MAX} a side"))
}

/// Reads `R,G,B`.
pub fn color(text: &str) -> Result<[u8; 3], String> {
    let channels: Option<Vec<u8>> =
        text.split(',').map(|channel| channel.trim().parse().ok()).collect();
    channels
        .and_then(|channels| channels.try_into().ok())
        .ok_or_else(|| "a colour is R,G,B with numbers from 0 to 255, such as 255,255,255".into())
}

/// Reads a number of bytes, with `K` or `M` for KiB and MiB.
pub fn bytes(text: &str) -> Result<u32, String> {
    parse_bytes(text)
        .ok_or_else(|| "a number of bytes is such as 524288, 512K or 2M, below 4 GiB".into())
}

/// Reads `LOW..HIGH`.
pub fn range(text: &str) -> Result<[f32; 2], String> {
    let number = |text: &str| text.trim().parse().ok().filter(|it: &f32| it.is_finite());
    text.split_once("..")
        .and_then(|(low, high)| Some([number(low)?, number(high)?]))
        .filter(|[low, high]| low < high)
        .ok_or_else(|| "a range is LOW..HIGH, such as 0..1, -1..1 or 0..255".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_or_refused() {
        assert_eq!(range("-1..1"), Ok([-1.0, 1.0]));
        assert_eq!(range("0.5..255"), Ok([0.5, 255.0]));
        for wrong in ["", "..", "1", "1..0", "1..1", "0..inf", "nan..1", "a..b"] {
            assert!(range(wrong).is_err(), "{wrong}");
        }
        assert_eq!(size("320x240"), Ok([320, 240]));
        assert_eq!(size("1X4096"), Ok([1, 4096]));
        for wrong in ["", "x", "320", "0x1", "4097x1", "-1x1", "1x1x1", "3 x4"] {
            assert!(size(wrong).is_err(), "{wrong}");
        }
        assert_eq!(color("1, 2,255"), Ok([1, 2, 255]));
        for wrong in ["", "1,2", "1,2,3,4", "1,2,256", "red"] {
            assert!(color(wrong).is_err(), "{wrong}");
        }
        assert_eq!((bytes("512K"), bytes("2m"), bytes("7")), (Ok(512 << 10), Ok(2 << 20), Ok(7)));
        for wrong in ["", "K", "0", "-1", "1G", "4096M", "1.5M"] {
            assert!(bytes(wrong).is_err(), "{wrong}");
        }
    }
}
