//! Logs of devices: from `defmt` packets to text, with the level and the place in the source.
//!
//! What a packet means stands in the ELF file of the very image that runs on the device, which the
//! build id finds ([`find_image`]).

mod error;
mod image;
mod level;

use std::path::PathBuf;

use defmt_decoder::{Locations, Table};

pub use error::LogError;
pub use image::{Image, find_image};
pub use level::Level;

/// A message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// When, in the words of the device: seconds since boot, for Quintet's boards.
    pub time: String,
    /// How important.
    pub level: Level,
    /// The text.
    pub message: String,
    /// File and line that it comes from, if the image has its debug information.
    pub place: Option<(PathBuf, u64)>,
}

/// Decodes the messages of one image.
pub struct Decoder {
    table: Table,
    places: Locations,
}

impl Decoder {
    /// The decoder of an image's messages.
    ///
    /// # Errors
    ///
    /// [`LogError::NoMessages`] if the image does not log, or in a way that is not Quintet's.
    pub fn new(image: &Image) -> Result<Self, LogError> {
        let no_messages =
            |reason: String| LogError::NoMessages { path: image.path.clone(), reason };
        let table = Table::parse(&image.bytes).map_err(|error| no_messages(error.to_string()))?;
        let table = table.ok_or_else(|| no_messages("it has no `.defmt` section".into()))?;
        if table.encoding() != defmt_decoder::Encoding::Raw {
            return Err(no_messages("its messages are not encoded as `raw`".into()));
        }
        // Without debug information there are messages all the same.
        let places = table.get_locations(&image.bytes).unwrap_or_default();
        Ok(Self { table, places })
    }

    /// Decodes a packet: exactly one message; `None` if it is not.
    pub fn decode(&self, packet: &[u8]) -> Option<Record> {
        let (frame, used) = self.table.decode(packet).ok()?;
        if used != packet.len() {
            return None;
        }
        let place = self.places.get(&frame.index());
        Some(Record {
            time: frame.display_timestamp().map(|time| time.to_string()).unwrap_or_default(),
            // What is printed whatever the level has none.
            level: frame
                .level()
                .and_then(|level| level.as_str().parse().ok())
                .unwrap_or(Level::Error),
            message: frame.display_message().to_string(),
            place: place.map(|place| (place.file.clone(), place.line)),
        })
    }
}

impl std::fmt::Display for Record {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(to, "{:>10} {:<5} {}", self.time, self.level, self.message)?;
        match &self.place {
            Some((file, line)) => {
                // Shorter where the source is here.
                let here = std::env::current_dir().unwrap_or_default();
                let file = file.strip_prefix(here).unwrap_or(file);
                write!(to, "  ({}:{line})", file.display())
            }
            None => Ok(()),
        }
    }
}
