//! Firmware written by a probe: attach, know the chip, erase, write, verify, reset.

use probe_rs::flashing::{DownloadOptions, FlashProgress, ProgressEvent, ProgressOperation};
use probe_rs::probe::WireProtocol;
use probe_rs::probe::list::ProbeListItem;
use probe_rs::{MemoryInterface, Permissions, Session};
use quintet_boards::{Identity, Line};

use super::{Chip, FlashError, Probes, sort};
use crate::flash::{Image, Progress, Stage};

/// What may be done to the chip.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Erase all of a locked chip, which opens it.
    pub erase_locked: bool,
    /// Do all but erase, write and reset.
    pub rehearse: bool,
}

impl Probes {
    /// Writes an image, reads it back, and starts it.
    ///
    /// # Errors
    ///
    /// A [`FlashError`]; up to [`FlashError::Locked`] nothing was changed.
    pub fn write(
        &self,
        probe: &ProbeListItem,
        chip: &Chip,
        image: &Image,
        options: Options,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<(), FlashError> {
        let mut session = self.attach(probe, chip, options.erase_locked)?;
        identify(&mut session, chip)?;
        let mut loader = session.target().flash_loader();
        for segment in &image.segments {
            let staged = loader.add_data(segment.address.into(), &segment.bytes);
            staged.map_err(|error| sort::write(&error))?;
        }
        let mut totals = Totals::default();
        let mut download = DownloadOptions::new();
        download.verify = true;
        download.dry_run = options.rehearse;
        download.progress = FlashProgress::new(|event| totals.follow(&event, progress));
        loader.commit(&mut session, download).map_err(|error| sort::write(&error))?;
        if options.rehearse {
            return Ok(());
        }
        let reset = session.core(0).and_then(|mut core| core.reset());
        reset.map_err(|error| FlashError::Write { stage: "the reset", reason: sort::chain(&error) })
    }

    fn attach(
        &self,
        item: &ProbeListItem,
        chip: &Chip,
        erase_locked: bool,
    ) -> Result<Session, FlashError> {
        let target = self.target(chip)?;
        let opened = self.lister.open(&item.info);
        let mut probe = opened.map_err(|error| sort::open(item, &error))?;
        let line = match chip.line {
            Line::Swd => WireProtocol::Swd,
            Line::Jtag => WireProtocol::Jtag,
        };
        probe.select_protocol(line).map_err(|error| sort::open(item, &error))?;
        let permissions = Permissions::new();
        let permissions = if erase_locked { permissions.allow_erase_all() } else { permissions };
        let attached = probe.attach_with_registry(target, permissions, &self.registry);
        attached.map_err(|error| sort::attach(chip, &error))
    }
}

/// Nothing is written to a chip that is another than was said, or that would not take it.
fn identify(session: &mut Session, chip: &Chip) -> Result<(), FlashError> {
    if let Some(identity) = &chip.identity {
        let found = word(session, chip, identity)?;
        if found != identity.value {
            return Err(FlashError::WrongChip {
                chip: chip.name.to_owned(),
                address: identity.address,
                found,
                wanted: identity.value,
            });
        }
    }
    if let Some(unlocked) = &chip.unlocked
        && word(session, chip, unlocked)? != unlocked.value
    {
        return Err(FlashError::Locked { chip: chip.name.to_owned(), by_erasing: false });
    }
    Ok(())
}

/// A word of the chip, under the mask.
fn word(session: &mut Session, chip: &Chip, at: &Identity) -> Result<u32, FlashError> {
    let core = session.core(0);
    let read = core.and_then(|mut core| core.read_word_32(at.address.into()));
    let word = read.map_err(|error| sort::attach(chip, &error))?;
    Ok(word & at.mask)
}

/// Bytes done, and to do, by stage.
#[derive(Default)]
struct Totals([(u64, u64); 3]);

impl Totals {
    /// Tells `progress` of what probe-rs tells.
    fn follow(&mut self, event: &ProgressEvent, progress: &mut dyn FnMut(Progress)) {
        let (operation, more_done, more_to_do) = match *event {
            ProgressEvent::AddProgressBar { operation, total } => {
                (operation, 0, total.unwrap_or(0))
            }
            ProgressEvent::Progress { operation, size, .. } => (operation, size, 0),
            _ => return,
        };
        let stage = match operation {
            ProgressOperation::Erase => Stage::Erase,
            ProgressOperation::Program => Stage::Program,
            ProgressOperation::Verify => Stage::Verify,
            ProgressOperation::Fill => return,
        };
        let (done, total) = &mut self.0[stage as usize];
        *done += more_done;
        *total += more_to_do;
        if more_done > 0 {
            progress(Progress { stage, done: *done, total: *total });
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn progress_adds_up_over_the_banks_of_a_chip() {
        let bar = |operation| ProgressEvent::AddProgressBar { operation, total: Some(8) };
        let step = |operation, size| ProgressEvent::Progress {
            operation,
            size,
            time: Duration::from_millis(1),
        };
        let (mut totals, mut said) = (Totals::default(), Vec::new());
        for event in [
            bar(ProgressOperation::Erase),
            bar(ProgressOperation::Erase),
            bar(ProgressOperation::Program),
            step(ProgressOperation::Erase, 8),
            step(ProgressOperation::Program, 3),
            step(ProgressOperation::Erase, 8),
        ] {
            totals.follow(&event, &mut |progress| said.push(progress));
        }
        let expected = [(Stage::Erase, 8, 16), (Stage::Program, 3, 8), (Stage::Erase, 16, 16)];
        let expected = expected.map(|(stage, done, total)| Progress { stage, done, total });
        assert_eq!(said, expected);
    }
}
