//! How a user names a device: `serial:/dev/ttyACM0?baud=921600` and its kin.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// Which device to reach, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DeviceUri {
    /// The firmware library inside this process.
    Virtual {
        /// Bytes of arena; `None` leaves the choice to the virtual device.
        arena: Option<u32>,
    },
    /// An emulated board, which the driver starts.
    Qemu {
        /// Its folder under `boards/`.
        board: String,
        /// Which of the board's two links.
        link: QemuLink,
    },
    /// A serial port.
    Serial {
        /// The port's device file, or its name on Windows.
        path: String,
        /// Bits a second. USB ports ignore it.
        baud: u32,
        /// Whether to raise DTR, without which many USB devices send nothing.
        dtr: bool,
    },
    /// A Unix domain socket.
    Unix {
        /// Where the socket is.
        path: PathBuf,
    },
    /// A TCP connection.
    Tcp {
        /// Name or address; an IPv6 address in brackets.
        host: String,
        /// Port number.
        port: u16,
    },
}

impl DeviceUri {
    /// Whether the device is one that the driver starts, and not one that is there without it.
    pub fn is_started(&self) -> bool {
        matches!(self, Self::Virtual { .. } | Self::Qemu { .. })
    }

    /// Reads a URI; a serial port whose rate it does not tell has `baud` bits a second.
    ///
    /// # Errors
    ///
    /// [`UriError`].
    pub fn parse(uri: &str, baud: u32) -> Result<Self, UriError> {
        parse(uri, baud).map_err(|reason| UriError { uri: uri.into(), reason })
    }
}

/// The links of an emulated board.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum QemuLink {
    /// The emulated UART: the path that hardware uses, about 11 KiB/s.
    Uart,
    /// The same, and QEMU without the plugin.
    Bare,
    /// The plugin's pipe: tens of MB/s.
    #[default]
    Bulk,
}

/// What they are called.
const QEMU_LINKS: [(&str, QemuLink); 3] =
    [("uart", QemuLink::Uart), ("bulk", QemuLink::Bulk), ("bare", QemuLink::Bare)];

/// The rate of a serial port if the URI gives none, in bits a second.
pub const DEFAULT_BAUD: u32 = 921_600;

/// All that [`DeviceUri`] accepts.
const FORMS: &str = "\
    virtual:[?arena=BYTES]\n  \
    qemu:BOARD[?link=uart|bulk|bare]\n  \
    serial:PATH[?baud=RATE][&dtr=on|off]\n  \
    unix:PATH\n  \
    tcp:HOST:PORT";

/// A device URI that makes no sense.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{uri}` does not name a device: {reason}\nvalid forms:\n  {FORMS}")]
pub struct UriError {
    /// What was given.
    pub uri: String,
    /// What is wrong with it.
    pub reason: String,
}

impl FromStr for DeviceUri {
    type Err = UriError;

    fn from_str(uri: &str) -> Result<Self, UriError> {
        Self::parse(uri, DEFAULT_BAUD)
    }
}

fn parse(uri: &str, baud: u32) -> Result<DeviceUri, String> {
    let (scheme, rest) = uri.split_once(':').ok_or("there is no `:`")?;
    // A path or a socket's name may hold a question mark; only these schemes have options.
    let has_options = matches!(scheme, "virtual" | "qemu" | "serial");
    let (name, query) = match rest.split_once('?') {
        Some((name, query)) if has_options => (name, query),
        _ => (rest, ""),
    };
    let mut options = Options::parse(query)?;
    let device = match scheme {
        "virtual" if name.is_empty() => DeviceUri::Virtual { arena: options.bytes("arena")? },
        "virtual" => return Err(format!("nothing may stand between `virtual:` and `?`: `{name}`")),
        "qemu" => DeviceUri::Qemu {
            board: filled(name, "a board")?.into(),
            link: options.choice("link", &QEMU_LINKS)?,
        },
        "serial" => DeviceUri::Serial {
            path: filled(name, "a port")?.into(),
            baud: options.number("baud")?.unwrap_or(baud),
            dtr: options.choice("dtr", &[("on", Dtr(true)), ("off", Dtr(false))])?.0,
        },
        "unix" => DeviceUri::Unix { path: filled(name, "a path")?.into() },
        "tcp" => {
            let (host, port) = name.rsplit_once(':').ok_or("the port is missing")?;
            let port = port.parse().map_err(|_| format!("`{port}` is not a port number"))?;
            DeviceUri::Tcp { host: filled(host, "a host")?.into(), port }
        }
        other => return Err(format!("there is no kind `{other}:`")),
    };
    options.finish()?;
    Ok(device)
}

fn filled<'a>(name: &'a str, what: &str) -> Result<&'a str, String> {
    if name.is_empty() { Err(format!("{what} is missing")) } else { Ok(name) }
}

#[derive(Clone, Copy)]
struct Dtr(bool);

impl Default for Dtr {
    fn default() -> Self {
        Self(true)
    }
}

/// What stands behind the question mark; each option is taken out once.
struct Options<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Options<'a> {
    fn parse(query: &'a str) -> Result<Self, String> {
        let pair = |option: &'a str| {
            option.split_once('=').ok_or_else(|| format!("option `{option}` has no `=`"))
        };
        query
            .split('&')
            .filter(|option| !option.is_empty())
            .map(pair)
            .collect::<Result<_, _>>()
            .map(Self)
    }

    fn take(&mut self, name: &str) -> Option<&'a str> {
        let place = self.0.iter().position(|(key, _)| *key == name)?;
        Some(self.0.remove(place).1)
    }

    fn number(&mut self, name: &str) -> Result<Option<u32>, String> {
        let number = |value: &str| match value.parse() {
            Ok(number) if number > 0 => Ok(number),
            _ => Err(format!("{name} `{value}` is not a positive number")),
        };
        self.take(name).map(number).transpose()
    }

    fn bytes(&mut self, name: &str) -> Result<Option<u32>, String> {
        let bytes = |value: &str| {
            let wrong =
                || format!("{name} `{value}` is not a number of bytes, such as 524288 or 512K");
            parse_bytes(value).ok_or_else(wrong)
        };
        self.take(name).map(bytes).transpose()
    }

    fn choice<T: Copy + Default>(&mut self, name: &str, of: &[(&str, T)]) -> Result<T, String> {
        let Some(value) = self.take(name) else { return Ok(T::default()) };
        let chosen = of.iter().find(|(word, _)| *word == value).map(|(_, meaning)| *meaning);
        chosen.ok_or_else(|| {
            let words: Vec<_> = of.iter().map(|(word, _)| *word).collect();
            format!("{name} is `{value}`, not one of {}", words.join(", "))
        })
    }

    fn finish(self) -> Result<(), String> {
        match self.0.first() {
            Some((name, _)) => Err(format!("option `{name}` is unknown here, or given twice")),
            None => Ok(()),
        }
    }
}

impl fmt::Display for DeviceUri {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Virtual { arena: None } => write!(to, "virtual:"),
            Self::Virtual { arena: Some(bytes) } => write!(to, "virtual:?arena={bytes}"),
            Self::Qemu { board, link: QemuLink::Bulk } => write!(to, "qemu:{board}"),
            Self::Qemu { board, link: QemuLink::Uart } => write!(to, "qemu:{board}?link=uart"),
            Self::Qemu { board, link: QemuLink::Bare } => write!(to, "qemu:{board}?link=bare"),
            Self::Serial { path, baud, dtr } => {
                write!(to, "serial:{path}?baud={baud}{}", if *dtr { "" } else { "&dtr=off" })
            }
            Self::Unix { path } => write!(to, "unix:{}", path.display()),
            Self::Tcp { host, port } => write!(to, "tcp:{host}:{port}"),
        }
    }
}

/// A positive number of bytes below 2^32, with `K` or `M` at its end for KiB and MiB.
pub fn parse_bytes(text: &str) -> Option<u32> {
    let (digits, shift) = match text.strip_suffix(['k', 'K']) {
        Some(digits) => (digits, 10),
        None => text.strip_suffix(['m', 'M']).map_or((text, 0), |digits| (digits, 20)),
    };
    let bytes = digits.parse::<u32>().ok()?.checked_mul(1 << shift)?;
    (bytes > 0).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_parses_and_prints_as_itself() {
        for uri in [
            "virtual:",
            "virtual:?arena=524288",
            "qemu:mps2-an386",
            "qemu:riscv-virt?link=uart",
            "qemu:riscv-virt?link=bare",
            "serial:/dev/ttyACM0?baud=115200",
            "serial:COM3?baud=921600&dtr=off",
            "unix:/run/what?.sock",
            "tcp:localhost:4000",
            "tcp:[::1]:4000",
        ] {
            assert_eq!(uri.parse::<DeviceUri>().map(|uri| uri.to_string()), Ok(uri.into()));
        }
        let defaults = DeviceUri::Serial { path: "/dev/x".into(), baud: DEFAULT_BAUD, dtr: true };
        assert_eq!("serial:/dev/x".parse(), Ok(defaults));
        assert_eq!("virtual:?arena=64K".parse(), Ok(DeviceUri::Virtual { arena: Some(64 << 10) }));
    }

    #[test]
    fn a_rate_is_the_one_in_the_uri_or_else_the_boards() {
        let rate = |uri| match DeviceUri::parse(uri, 115_200) {
            Ok(DeviceUri::Serial { baud, .. }) => baud,
            other => panic!("{other:?}"),
        };
        assert_eq!(rate("serial:/dev/x"), 115_200);
        assert_eq!(rate("serial:/dev/x?baud=3000000&dtr=off"), 3_000_000);
    }

    #[test]
    fn a_wrong_uri_says_what_is_wrong_and_what_would_be_right() {
        for (uri, reason) in [
            ("/dev/ttyACM0", "there is no `:`"),
            ("usb:1", "there is no kind `usb:`"),
            ("virtual:big", "nothing may stand between"),
            ("virtual:?arena=many", "arena `many` is not a number of bytes"),
            ("virtual:?arena=0", "arena `0` is not a number of bytes"),
            ("virtual:?size=1", "option `size` is unknown here"),
            ("qemu:", "a board is missing"),
            ("qemu:x?link=usb", "link is `usb`, not one of uart, bulk, bare"),
            ("serial:/dev/x?baud", "option `baud` has no `=`"),
            ("serial:/dev/x?baud=1&baud=2", "given twice"),
            ("unix:", "a path is missing"),
            ("tcp:host", "the port is missing"),
            ("tcp:host:99999", "`99999` is not a port number"),
        ] {
            let error = uri.parse::<DeviceUri>().expect_err(uri).to_string();
            assert!(error.contains(reason), "{error}");
            assert!(error.contains("serial:PATH[?baud=RATE]"), "{error}");
        }
    }
}
