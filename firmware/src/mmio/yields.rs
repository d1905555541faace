//! What the core does for an accelerator that cannot go on alone. It may ask for anything: what its
//! command cannot want makes no sense.

use super::{Accelerator, By, Core, Entry, Mmio, hazard};
use crate::backend::{Backend, PixelRun, Step, Taken, Work};
use crate::pager::{Pager, Pages};
use core::ops::Range;
use quintet_protocol::accelerator::Failure;
use quintet_protocol::accelerator::descriptor::Yield;
use quintet_protocol::message::Phase;
use quintet_protocol::program::{Buffer, BufferId, BufferKind, Program};

impl<A: Accelerator> Mmio<'_, A> {
    /// Deals with what the command asks for that was taken first; none if that is not possible yet.
    pub(super) fn serve(
        &mut self,
        asked: Yield,
        arena: &mut [u32],
        pager: &mut Pager,
        staging: &mut [u8],
    ) -> Option<Step> {
        let place = self.flight.as_ref()?.place.clone();
        let step = match asked {
            Yield::Pixels { buffer, x, y, width, bytes } => {
                let run = PixelRun { buffer, x, y, width, bytes: bytes as usize };
                self.take_pixels(arena, &place, run, staging)
            }
            Yield::Page { .. } if !pager.has_room() => return None,
            Yield::Page { buffer, slot, page, bytes } => {
                self.ask_for_page(arena, &place, pager, (buffer, slot), (page, bytes))
            }
            Yield::Declined if self.flight.as_ref()?.core != Core::Nothing => return None,
            Yield::Declined => self.substitute(arena, &place, pager),
        };
        Some(step.unwrap_or_else(|| match &self.flight {
            Some(flight) => flight.failed(None, Failure::Nonsense),
            None => Step::Starved,
        }))
    }

    /// Takes pixels of a frame out of the pixel buffer.
    fn take_pixels(
        &mut self,
        arena: &[u32],
        place: &Range<usize>,
        run: PixelRun,
        staging: &mut [u8],
    ) -> Option<Step> {
        let (engine, flight) = (self.engine.as_mut()?, self.flight.as_mut()?);
        let entry = flight.taken.first_mut()?;
        let frame = operand(&program(arena, place)?, entry, run.buffer)?;
        if frame.kind != BufferKind::Frame {
            return None;
        }
        let [width, height] = [frame.length & 0xFFFF, frame.length >> 16];
        let rows = (run.bytes as u32).checked_div(u32::from(run.width) * 3)?;
        let is_whole = rows > 0 && rows * u32::from(run.width) * 3 == run.bytes as u32;
        let is_inside =
            u32::from(run.x) + u32::from(run.width) <= width && u32::from(run.y) + rows <= height;
        // No command hands a pixel out twice, so that none can go on with that for ever.
        entry.pixels = entry.pixels.saturating_add(run.bytes as u32);
        let all = u64::from(width) * u64::from(height) * 3;
        let to = staging.get_mut(..run.bytes)?;
        if !is_whole || !is_inside || u64::from(entry.pixels) > all || !engine.copy_pixels(to) {
            return None;
        }
        engine.resume();
        Some(Step::Pixels(Work { phase: Phase::Offload, items: 1 }, run))
    }

    /// Asks the driver for a page of a streamed buffer, into the slot that the accelerator has
    /// chosen.
    fn ask_for_page(
        &mut self,
        arena: &mut [u32],
        place: &Range<usize>,
        pager: &mut Pager,
        (buffer, slot): (u16, u16),
        (page, bytes): (u32, u32),
    ) -> Option<Step> {
        let (engine, flight) = (self.engine.as_mut()?, self.flight.as_ref()?);
        let it = operand(&program(arena, place)?, flight.taken.first()?, buffer)?;
        let pages = Pages::of(BufferId(buffer), &it)?;
        let table = arena.get_mut(pages.table.clone())?;
        let words = (bytes % 4 == 0).then_some(bytes as usize / 4)?;
        let need = pager.adopt(table, &pages, (page, words), slot.into())?;
        engine.resume();
        Some(Step::Need(need))
    }

    /// Has the core execute what is more than the accelerator can do.
    fn substitute(&mut self, arena: &[u32], place: &Range<usize>, pager: &Pager) -> Option<Step> {
        let flight = self.flight.as_mut()?;
        let entry = flight.taken.first_mut().filter(|entry| entry.by == By::Accelerator)?;
        let taken = self.software.take(&program(arena, place)?, entry.command, pager);
        if taken != Ok(Taken::Core) {
            return None;
        }
        (entry.by, flight.core) = (By::Substitute, Core::Substitute);
        Some(Step::Declined)
    }
}

/// The program that runs.
fn program<'a>(arena: &'a [u32], place: &Range<usize>) -> Option<Program<'a>> {
    Program::new(bytemuck::cast_slice(arena).get(place.clone())?).ok()
}

/// The buffer of that number, if it is an operand of a command.
fn operand(program: &Program, entry: &Entry, number: u16) -> Option<Buffer> {
    let record = hazard::record(program, entry.command)?;
    let id = hazard::operands(record).find(|id| id.0 == number)?;
    program.buffer(id).ok()
}
