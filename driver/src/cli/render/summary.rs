//! What a person wants to know about a run.

use std::path::Path;

use crate::cli::output::{grouped, in_bytes};
use crate::cli::report::{FrameRecord, Report, StreamedRecord};
use crate::cli::scene::described;

/// What each frame of a streamed scene moved; nothing if the scene is resident.
fn traffic(report: &Report<'_>) -> String {
    let Some(StreamedRecord { pages, bytes, slots, .. }) = report.bundle.streamed else {
        return String::new();
    };
    let mut text = format!(
        "pages   {} in {pages} pages, streamed; room for {slots} of them\n\n\
         moved by a frame:\n  {:>5} {:>7} {:>14} {:>10} {:>14} {:>14}\n",
        in_bytes(bytes as u64),
        "frame",
        "pages",
        "bytes of pages",
        "of scene",
        "link, sent",
        "link, received",
    );
    for FrameRecord { index, pulled, link, .. } in &report.frames {
        text += &format!(
            "  {index:>5} {:>7} {:>14} {:>8.0} % {:>14} {:>14}\n",
            grouped(pulled.pages),
            grouped(pulled.bytes),
            100.0 * pulled.bytes as f64 / bytes.max(1) as f64,
            grouped(link.sent),
            grouped(link.received),
        );
    }
    text
}

/// What a person wants to know about a run.
pub fn summary(report: &Report<'_>, costs: &str) -> String {
    let Report { device, scene, bundle, .. } = report;
    let [columns, rows] = bundle.tile;
    let tiles = if bundle.streamed.is_some() { "regions" } else { "tiles" };
    let mut text = format!(
        "scene   {}, {}, {}\n\
         device  {} at {}, firmware {} for {}, {} of arena\n\
         memory  {} of arena in use, {} of it sent once; {tiles} of {columns}x{rows} pixels\n\
         link    {} sent, {} received\n{}\n{costs}\n",
        scene.path.display(),
        scene.format,
        described(scene.summary),
        device.board,
        device.uri,
        device.firmware,
        device.target,
        in_bytes(device.arena_bytes.into()),
        in_bytes(bundle.arena_bytes as u64),
        in_bytes(bundle.upload_bytes as u64),
        in_bytes(report.link.sent),
        in_bytes(report.link.received),
        traffic(report),
    );
    text += &match (&report.contact_sheet, report.frames.as_slice()) {
        (Some(sheet), frames) => {
            let folder = sheet.parent().unwrap_or(Path::new(".")).display();
            format!("{} pictures in {folder}, all on {}\n", frames.len(), sheet.display())
        }
        (None, frames) => {
            frames.iter().map(|frame| format!("{}\n", frame.file.display())).collect()
        }
    };
    text
}
