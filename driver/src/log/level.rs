//! How important a message is.

use std::fmt;
use std::str::FromStr;

/// How important a message is; the greater the more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Every step.
    Trace,
    /// For who works on the firmware.
    Debug,
    /// What a user may want to know.
    Info,
    /// Something is not as it should be.
    Warn,
    /// Something does not work.
    Error,
}

const NAMES: [(&str, Level); 5] = [
    ("trace", Level::Trace),
    ("debug", Level::Debug),
    ("info", Level::Info),
    ("warn", Level::Warn),
    ("error", Level::Error),
];

impl FromStr for Level {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = NAMES.iter().find(|(name, _)| name.eq_ignore_ascii_case(text));
        found.map(|(_, level)| *level).ok_or_else(|| {
            let names = NAMES.map(|(name, _)| name).join(", ");
            format!("a level is one of {names}")
        })
    }
}

impl fmt::Display for Level {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = NAMES.iter().find(|(_, level)| level == self).map_or("", |(name, _)| name);
        // With the width that was asked for.
        to.pad(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_read_as_they_are_written_and_are_ordered() {
        for (name, level) in NAMES {
            assert_eq!(name.parse(), Ok(level));
            assert_eq!(level.to_string(), name);
        }
        assert_eq!("WARN".parse(), Ok(Level::Warn));
        assert!("loud".parse::<Level>().unwrap_err().contains("debug, info"));
        assert!(NAMES.is_sorted_by_key(|(_, level)| *level));
        assert_eq!(format!("{:<5}|", Level::Info), "info |");
    }
}
