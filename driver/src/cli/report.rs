//! What `quintet render --json` prints; the fields are described in `quintet render --help`.

use std::path::PathBuf;

use quintet_driver::compile::Bundle;
use quintet_driver::session::DeviceDescription;
use quintet_driver::transport::DeviceUri;
use serde::Serialize;

use super::costs::{CostRecord, unit_name};
use super::presence;
use super::scene::SceneRecord;

/// The document.
#[derive(Serialize)]
pub struct Report<'a> {
    pub device: DeviceRecord<'a>,
    pub scene: SceneRecord<'a>,
    pub bundle: BundleRecord,
    pub frames: Vec<FrameRecord>,
    pub contact_sheet: Option<PathBuf>,
    pub link: LinkRecord,
}

/// The device.
#[derive(Serialize)]
pub struct DeviceRecord<'a> {
    pub uri: String,
    pub board: &'a str,
    pub firmware: &'a str,
    pub target: &'a str,
    pub arena_bytes: u32,
    pub ticks: &'static str,
    pub accelerator: &'static str,
}

impl<'a> DeviceRecord<'a> {
    /// Of what a device says of itself.
    pub fn of(uri: &DeviceUri, device: &'a DeviceDescription) -> Self {
        Self {
            uri: uri.to_string(),
            board: &device.board,
            firmware: &device.firmware,
            target: &device.target,
            arena_bytes: device.arena_bytes,
            ticks: unit_name(device.ticks),
            accelerator: presence::state(&device.accelerator),
        }
    }
}

/// What was sent to the device before the first frame.
#[derive(Clone, Copy, Serialize)]
pub struct BundleRecord {
    pub upload_bytes: usize,
    pub arena_bytes: usize,
    pub tile: [u16; 2],
    pub streamed: Option<StreamedRecord>,
}

/// What stays with the driver, and what the device has room for at a time.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct StreamedRecord {
    pub pages: usize,
    pub bytes: usize,
    pub slots: usize,
    pub splats: usize,
}

impl StreamedRecord {
    /// Of a bundle, if that is streamed.
    pub fn of(bundle: &Bundle) -> Option<Self> {
        bundle.streamed.as_ref().map(|streamed| Self {
            pages: streamed.pages.len(),
            bytes: streamed.bytes(),
            slots: streamed.split.slots,
            splats: streamed.split.splats,
        })
    }
}

/// A frame.
#[derive(Serialize)]
pub struct FrameRecord {
    pub index: usize,
    pub view: Option<String>,
    pub file: PathBuf,
    pub width: u16,
    pub height: u16,
    pub digest: String,
    pub commands: Vec<CostRecord>,
    pub pulled: PulledRecord,
    pub link: LinkRecord,
}

/// Pages of a streamed scene that a frame pulled; zeros if the scene is resident.
#[derive(Clone, Copy, Serialize)]
pub struct PulledRecord {
    pub pages: u64,
    pub bytes: u64,
}

/// Bytes over the link.
#[derive(Clone, Copy, Serialize)]
pub struct LinkRecord {
    pub sent: u64,
    pub received: u64,
}

impl LinkRecord {
    /// The difference between two readings of a connection's meter: sent, received.
    pub fn since(before: [u64; 2], now: [u64; 2]) -> Self {
        Self { sent: now[0] - before[0], received: now[1] - before[1] }
    }
}
