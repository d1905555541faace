//! A case: a program with all that it takes for a run, and what a run of it gave.

use std::ops::ControlFlow;

use quintet_driver::camera::Camera;
use quintet_driver::compile::network::NetworkBundle;
use quintet_driver::compile::{Bundle, Parts, Placed};
use quintet_driver::infer::Port;
use quintet_driver::session::{Blob, Session, SessionError};
use quintet_protocol::accelerator::descriptor::Receipt;
use quintet_protocol::message::{Event, Outcome, Phase};
use quintet_protocol::program::{BufferId, BufferKind, Command, Program};

use crate::convolution::Random;

/// A program, its constants, its pages and one set of inputs.
pub struct Case {
    /// What it is, for messages.
    pub name: String,
    program: Vec<u8>,
    constants: Vec<Placed>,
    pages: Option<(u16, Vec<Vec<u8>>)>,
    /// Bytes and where they go.
    inputs: Vec<(u32, Vec<u8>)>,
    /// Where what is read afterwards lies, and its bytes.
    outputs: Vec<(u32, u32)>,
}

/// What a run gave.
pub struct Ran {
    /// How it ended.
    pub outcome: Outcome,
    /// The frame, row by row, three bytes a pixel; zero where no pixel came. Empty without a frame.
    pub rgb: Vec<u8>,
    /// The bytes of each output.
    pub outputs: Vec<Vec<u8>>,
    /// What each command cost.
    pub spent: Vec<Spent>,
    /// Pages that were pulled.
    pub pulled: usize,
    /// What the device counted from before the run until after it, the link's work included.
    pub ticks: u64,
}

/// What a command cost, all of its executions together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spent {
    /// Ticks of the core in the command's own phases.
    pub ticks: u64,
    /// Work items of these.
    pub items: u64,
    /// Ticks of the core in [`Phase::Offload`].
    pub offload: u64,
    /// Times that the accelerator executed it.
    pub offloaded: u32,
    /// What that came to there.
    pub receipt: Receipt,
}

impl Case {
    /// A scene seen by a camera.
    pub fn scene(name: impl Into<String>, bundle: Bundle, camera: &Camera) -> Self {
        let slots = bundle.cameras.iter();
        let inputs = slots.map(|slot| (slot.offset, slot.bytes(camera).unwrap())).collect();
        let parts = bundle.parts();
        Self { inputs, ..Self::of(name, parts, &[]) }
    }

    /// A network, given any bytes.
    pub fn network(name: impl Into<String>, bundle: &NetworkBundle) -> Self {
        let mut random = Random::new(bundle.program.len() as u32);
        let mut any = |port: &Port| {
            let bytes = (0..port.len()).map(|_| random.word() as u8).collect();
            (port.offset, bytes)
        };
        let inputs = bundle.inputs.iter().map(&mut any).collect();
        let outputs: Vec<_> =
            bundle.outputs.iter().map(|port| (port.offset, port.len() as u32)).collect();
        Self { inputs, ..Self::of(name, bundle.parts(), &outputs) }
    }

    /// A program whose inputs, if it has any, are among its constants.
    pub fn of(name: impl Into<String>, parts: Parts<'_>, outputs: &[(u32, u32)]) -> Self {
        Self {
            name: name.into(),
            program: parts.program.to_vec(),
            constants: parts.constants.to_vec(),
            pages: parts.pages.map(|(buffer, pages)| (buffer, pages.to_vec())),
            inputs: Vec::new(),
            outputs: outputs.to_vec(),
        }
    }

    /// The commands in their order.
    pub fn commands(&self) -> Vec<Command> {
        let program = self.view();
        (0..program.command_count() as u16).map(|index| program.command(index).unwrap()).collect()
    }

    /// The program's bytes, seen as one.
    pub fn view(&self) -> Program<'_> {
        Program::new(&self.program).unwrap()
    }

    /// Whether some of it stays with the driver.
    pub fn is_streamed(&self) -> bool {
        self.pages.is_some()
    }

    /// Columns and rows of the picture, if it draws one.
    fn size(&self) -> [usize; 2] {
        let program = self.view();
        let all = (0..program.buffer_count() as u16).map(|number| program.buffer(BufferId(number)));
        let frame = all.map(Result::unwrap).find(|buffer| buffer.kind == BufferKind::Frame);
        frame.map_or([0; 2], |frame| [frame.length & 0xFFFF, frame.length >> 16].map(|it| it as _))
    }

    /// Sends it to a device.
    ///
    /// # Errors
    /// As [`Session::load`].
    pub fn load(&self, session: &mut Session) -> Result<(), SessionError> {
        let constants = self.constants.iter();
        let mut blobs: Vec<_> =
            constants.map(|it| Blob { offset: it.offset, bytes: &it.bytes }).collect();
        blobs.push(Blob { offset: 0, bytes: &self.program });
        session.load(&blobs, &mut |_| ())?;
        for (offset, bytes) in &self.inputs {
            session.upload(*offset, bytes, &mut |_| ())?;
        }
        Ok(())
    }

    /// Runs it once on a device that has it.
    ///
    /// # Errors
    /// As [`Session::run_streamed`].
    pub fn run(&self, session: &mut Session) -> Result<Ran, SessionError> {
        let size = self.size();
        let mut rgb = vec![0; size[0] * size[1] * 3];
        let mut spent = vec![Spent::default(); self.view().command_count()];
        let mut pulled = 0;
        let page = |buffer, page| self.page(buffer, page);
        let before = session.device_link()?.ticks;
        let outcome = session.run_streamed(&page, |event| {
            match event {
                Event::Pixels { x, y, width, bytes, .. } => {
                    put(&mut rgb, size[0], [x, y, width].map(usize::from), bytes);
                }
                Event::Need { .. } => pulled += 1,
                other => account(&mut spent, &other),
            }
            ControlFlow::Continue(())
        })?;
        let ticks = session.device_link()?.ticks - before;
        let outputs = self.outputs.iter().map(|&(offset, bytes)| session.download(offset, bytes));
        let outputs = outputs.collect::<Result<_, _>>()?;
        Ok(Ran { outcome, rgb, outputs, spent, pulled, ticks })
    }

    /// Starts it on a device that has it, and aborts it at its first event; returns how it ended.
    ///
    /// # Errors
    /// As [`Session::run_streamed`].
    pub fn abort(&self, session: &mut Session) -> Result<Outcome, SessionError> {
        let page = |buffer, page| self.page(buffer, page);
        session.run_streamed(&page, |_| ControlFlow::Break(()))
    }

    /// A page of a streamed buffer.
    fn page(&self, buffer: u16, page: u32) -> Option<&[u8]> {
        let (_, pages) = self.pages.as_ref().filter(|(streamed, _)| *streamed == buffer)?;
        pages.get(page as usize).map(Vec::as_slice)
    }
}

impl Ran {
    /// Ticks that the core spent with commands.
    pub fn core(&self) -> u64 {
        self.spent.iter().map(|it| it.ticks + it.offload).sum()
    }
}

/// Puts rows of pixels where they belong; panics where they do not.
fn put(rgb: &mut [u8], columns: usize, [x, y, width]: [usize; 3], bytes: &[u8]) {
    for (row, pixels) in (y..).zip(bytes.chunks(width * 3)) {
        assert!(x + width <= columns, "pixels beside the frame");
        let at = (row * columns + x) * 3;
        rgb[at..at + width * 3].copy_from_slice(pixels);
    }
}

fn account(spent: &mut [Spent], event: &Event<'_>) {
    match *event {
        Event::Cost { command, phase: Phase::Offload, ticks, .. } => {
            spent[usize::from(command)].offload += ticks;
        }
        Event::Cost { command, ticks, items, .. } => {
            let it = &mut spent[usize::from(command)];
            (it.ticks, it.items) = (it.ticks + ticks, it.items + items);
        }
        Event::Accelerated { command, receipt } => {
            let it = &mut spent[usize::from(command)];
            it.offloaded += 1;
            it.receipt += receipt;
        }
        _ => {}
    }
}
