//! What an image does to a chip's flash, as far as can be known without the chip.

use probe_rs::Target;
use probe_rs::config::{MemoryRegion, NvmRegion};
use probe_rs::flashing::FlashAlgorithm;

use super::{FlashError, sort};
use crate::flash::Image;

/// What is erased and what is written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Layout {
    /// The flash algorithms of probe-rs that do it.
    pub algorithms: Vec<String>,
    /// Sectors that are erased.
    pub sectors: usize,
    /// Bytes of these.
    pub erased: u64,
    /// Bytes that are written.
    pub written: u64,
}

impl Layout {
    /// For an image on a chip.
    pub(super) fn of(target: &Target, image: &Image) -> Result<Self, FlashError> {
        let mut loader = target.flash_loader();
        for segment in &image.segments {
            let staged = loader.add_data(segment.address.into(), &segment.bytes);
            staged.map_err(|error| cannot(target, sort::chain(&error)))?;
        }
        let mut layout = Self { written: image.bytes(), ..Self::default() };
        for region in target.memory_map.iter().filter_map(MemoryRegion::as_nvm_region) {
            layout.add(target, region, image)?;
        }
        Ok(layout)
    }

    fn add(
        &mut self,
        target: &Target,
        region: &NvmRegion,
        image: &Image,
    ) -> Result<(), FlashError> {
        let touches = |start: u64, end: u64| {
            let ranges = image.segments.iter().map(|segment| segment.range());
            ranges.into_iter().any(|range| range.start < end && start < range.end)
        };
        if !touches(region.range.start, region.range.end) {
            return Ok(());
        }
        let algorithm = algorithm(target, region)?;
        for sector in algorithm.iter_sectors() {
            let (start, end) = (sector.base_address, sector.base_address + sector.size);
            let inside = region.range.start <= start && end <= region.range.end;
            if inside && touches(start, end) {
                self.sectors += 1;
                self.erased += sector.size;
            }
        }
        self.algorithms.push(algorithm.name);
        Ok(())
    }
}

/// The algorithm that probe-rs takes for a region: the only one, or the default.
fn algorithm(target: &Target, region: &NvmRegion) -> Result<FlashAlgorithm, FlashError> {
    let core = region.cores.first().map(String::as_str).unwrap_or_default();
    let mut fitting = target.flash_algorithms.iter().filter(|algorithm| {
        let range = &algorithm.flash_properties.address_range;
        let reaches = range.start <= region.range.start && region.range.end <= range.end;
        reaches && (algorithm.cores.is_empty() || algorithm.cores.iter().any(|it| it == core))
    });
    let first = fitting.clone().next();
    let raw = fitting.find(|algorithm| algorithm.default).or(first).ok_or_else(|| {
        let range = format!("{:#010x}..{:#010x}", region.range.start, region.range.end);
        cannot(target, format!("probe-rs has no algorithm for its flash at {range}"))
    })?;
    FlashAlgorithm::assemble_from_raw_with_core(raw, core, target)
        .map_err(|error| cannot(target, sort::chain(&error)))
}

fn cannot(target: &Target, reason: String) -> FlashError {
    FlashError::Chip { chip: target.name.clone(), reason }
}
