//! What was written to a board, for people and for programs.

use std::fmt::Write;
use std::path::PathBuf;

use quintet_boards::Description;
use quintet_driver::flash::{Image, Way};
use quintet_driver::transport::DeviceUri;
use serde_json::{Value, json};

use super::write::espflash;
use crate::cli::output::in_bytes;

/// What was found out and done so far.
pub struct Outcome {
    pub board: &'static Description,
    pub way: Way,
    pub image: Image,
    /// What happens to the flash: for people, and for programs.
    pub layout: Option<(String, Value)>,
    pub probe: Option<String>,
    /// The probe's serial number, which its serial port has as well.
    pub probe_serial: Option<String>,
    /// The UF2 file that was made.
    pub file: Option<PathBuf>,
    pub written: bool,
    /// The port of the board's link, when it was named or found.
    pub port: Option<DeviceUri>,
    /// What the device said of itself, and its checks that passed, were skipped and failed.
    pub device: Option<(String, [usize; 3])>,
}

impl Outcome {
    pub fn new(
        board: &'static Description,
        way: Way,
        image: Image,
        port: Option<DeviceUri>,
    ) -> Self {
        Self {
            board,
            way,
            image,
            layout: None,
            probe: None,
            probe_serial: None,
            file: None,
            written: false,
            port,
            device: None,
        }
    }

    /// For people.
    pub fn text(&self) -> String {
        let mut text = String::new();
        let image = &self.image;
        let _ = writeln!(text, "board    {}, {}", self.board.name, self.board.title);
        let _ = writeln!(text, "image    {}", image.path.display());
        for segment in &image.segments {
            let bytes = segment.bytes.len();
            let _ = writeln!(text, "         {bytes} bytes at {:#010x}", segment.address);
        }
        let _ = writeln!(text, "way      {}", self.way_text());
        if let Some((layout, _)) = &self.layout {
            let _ = writeln!(text, "flash    {layout}");
        }
        if let Some(probe) = &self.probe {
            let _ = writeln!(text, "probe    {probe}");
        }
        if let Some(file) = &self.file {
            let _ = writeln!(text, "file     {}, to be copied to the drive", file.display());
        }
        if let Some(port) = &self.port {
            let _ = writeln!(text, "link     {port}");
        }
        if let Some((device, [passed, skipped, failed])) = &self.device {
            let _ = writeln!(text, "device   {device}");
            let _ = writeln!(text, "test     {passed} passed, {skipped} skipped, {failed} failed");
        }
        let bytes = in_bytes(image.bytes());
        text += &match (self.written, self.way) {
            (false, _) if self.file.is_some() => "nothing was written to a board\n".into(),
            (false, _) => format!("nothing was written; {bytes} would be\n"),
            (true, Way::Probe(_)) => format!("{bytes} written and verified\n"),
            // Nothing is read back.
            (true, Way::Drive(_)) => format!("{bytes} copied to the drive\n"),
            // The boot loader checks each frame; nothing is read back.
            (true, _) => format!("{bytes} loaded\n"),
        };
        text
    }

    fn way_text(&self) -> String {
        match self.way {
            Way::Probe(chip) => format!("a debug probe, {} by {}", chip.name, line(chip.line)),
            Way::LitexBios => "the boot loader of LiteX's BIOS, on the link's port".into(),
            Way::Drive(_) => "a UF2 file, by the chip's boot ROM".into(),
            _ => espflash(self),
        }
    }

    /// For programs.
    pub fn record(&self) -> Value {
        let image = &self.image;
        let segments = image.segments.iter();
        let segments = segments
            .map(|segment| json!({ "address": segment.address, "bytes": segment.bytes.len() }));
        let (way, chip) = match self.way {
            Way::Probe(chip) => ("probe", Some(chip.name)),
            Way::LitexBios => ("litex-bios", None),
            Way::Drive(_) => ("drive", None),
            _ => ("espflash", None),
        };
        json!({
            "board": self.board.name,
            "image": image.path,
            "build": image.build.map(|build| build.to_string()),
            "bytes": image.bytes(),
            "segments": segments.collect::<Vec<_>>(),
            "way": way,
            "chip": chip,
            "layout": self.layout.as_ref().map(|(_, layout)| layout),
            "probe": self.probe,
            "file": self.file,
            "written": self.written,
            "port": self.port.as_ref().map(DeviceUri::to_string),
            "device": self.device.as_ref().map(|(device, _)| device),
            "self_test": self.device.as_ref().map(|(_, [passed, skipped, failed])| {
                json!({ "passed": passed, "skipped": skipped, "failed": failed })
            }),
        })
    }
}

fn line(line: quintet_boards::Line) -> &'static str {
    match line {
        quintet_boards::Line::Swd => "SWD",
        quintet_boards::Line::Jtag => "JTAG",
    }
}
