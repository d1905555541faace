//! Frames as they come: pictures in files, and what is to be said about each.

use std::path::PathBuf;

use quintet_driver::picture::{ContactSheet, Picture};
use quintet_driver::render::{Cost, Renderer};
use quintet_protocol::message::Ticks;
use sha2::{Digest, Sha256};

use crate::cli::costs::CostRecord;
use crate::cli::failure::Failure;
use crate::cli::output::frames_bar;
use crate::cli::report::{FrameRecord, LinkRecord, PulledRecord};
use crate::cli::target::{Target, unwritable};
use crate::cli::views::Views;

/// Writes frames as they come, and keeps what is to be said about them.
pub struct Pictures<'a> {
    target: &'a Target,
    views: &'a Views,
    unit: Ticks,
    sheet: Option<ContactSheet>,
    /// What there is to be said about each.
    pub records: Vec<FrameRecord>,
    /// What each has cost.
    pub costs: Vec<Vec<Cost>>,
}

impl<'a> Pictures<'a> {
    /// Of these views.
    pub fn new(target: &'a Target, views: &'a Views, unit: Ticks) -> Self {
        let sheet = match target {
            Target::Folder { .. } => Some(ContactSheet::new(views.0.len(), views.size())),
            Target::File(_) => None,
        };
        Self { target, views, unit, sheet, records: Vec::new(), costs: Vec::new() }
    }

    /// Renders and writes them.
    pub fn render(&mut self, renderer: &mut Renderer<'_>) -> Result<(), Failure> {
        let Views(views) = self.views;
        let bar = frames_bar(views.len());
        let mut before = renderer.connection().link_bytes();
        for (index, (view, camera)) in views.iter().enumerate() {
            let frame = renderer.render(camera).map_err(|error| Failure::render(&error))?;
            let after = renderer.connection().link_bytes();
            let link = LinkRecord::since(before, after);
            before = after;
            let file = self.target.file(&format!("frame_{index:03}.png"));
            let picture =
                Picture { width: frame.width.into(), height: frame.height.into(), rgb: frame.rgb };
            picture.write_png(&file).map_err(|error| unwritable(&file, &error))?;
            if let Some(sheet) = &mut self.sheet {
                sheet.push(&picture);
            }
            let records = frame.costs.iter().map(|cost| CostRecord::new(cost, self.unit));
            self.records.push(FrameRecord {
                index,
                view: view.clone(),
                file,
                width: frame.width,
                height: frame.height,
                digest: digest(&picture.rgb),
                commands: records.collect(),
                pulled: PulledRecord { pages: frame.pulled.pages, bytes: frame.pulled.bytes },
                link,
            });
            self.costs.push(frame.costs);
            bar.inc(1);
        }
        bar.finish_and_clear();
        Ok(())
    }

    /// Writes the contact sheet, if there is to be one.
    pub fn write_sheet(&self) -> Result<Option<PathBuf>, Failure> {
        let Some(sheet) = &self.sheet else { return Ok(None) };
        let file = self.target.file("contact_sheet.png");
        sheet.picture().write_png(&file).map_err(|error| unwritable(&file, &error))?;
        Ok(Some(file))
    }
}

/// SHA-256 in hexadecimal digits.
fn digest(rgb: &[u8]) -> String {
    Sha256::digest(rgb).iter().map(|byte| format!("{byte:02x}")).collect()
}
