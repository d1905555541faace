//! Rendering: a cloud goes to a device once, then each camera gives a frame.

use std::ops::ControlFlow;

use quintet_protocol::message::{Event, Outcome, Phase};
use quintet_protocol::program::{Operator, Program, ProgramError};

use crate::camera::{Camera, CameraError};
use crate::compile::{Bundle, CompileError, KEY_BITS, Options, compile};
use crate::device::Connection;
use crate::quantise::{SceneFrame, quantise};
use crate::scene::GaussianCloud;
use crate::session::run::PageSource;
use crate::session::{Blob, SessionError, Uploaded};

pub use crate::framing::{framing_camera, orbit};

/// A picture and what it cost.
#[derive(Clone, Debug, PartialEq)]
pub struct Frame {
    /// Columns.
    pub width: u16,
    /// Rows.
    pub height: u16,
    /// RGB, row by row, one byte a channel.
    pub rgb: Vec<u8>,
    /// Cost of every part of every command, in the order in which they were first executed.
    pub costs: Vec<Cost>,
    /// What the device pulled while it drew.
    pub pulled: Pulled,
}

/// Pages of a streamed scene that a device pulled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pulled {
    /// How many.
    pub pages: u64,
    /// Their bytes, without what carries them.
    pub bytes: u64,
}

/// What a part of a command cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// Index of the command in the program.
    pub command: u16,
    /// Its micro-operator.
    pub operator: Operator,
    /// The part of it.
    pub phase: Phase,
    /// In the device's unit.
    pub ticks: u64,
    /// Work items; see [`Phase`].
    pub items: u64,
}

/// Why a frame could not be rendered.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RenderError {
    /// The camera cannot be used.
    #[error(transparent)]
    Camera(#[from] CameraError),
    /// The scene cannot be compiled for this device.
    #[error(transparent)]
    Compile(#[from] CompileError),
    /// The device, or the way to it, failed.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// The run ended early.
    #[error("the device stopped the run before the frame was finished")]
    Aborted,
    /// The device sent pixels outside the frame, or not all of them.
    #[error("the device's pixels do not make up the frame: {missing} are missing")]
    Incomplete {
        /// Pixels that never came.
        missing: usize,
    },
    /// The program that was compiled here is not a program.
    #[error("internal error: {0}")]
    Program(#[from] ProgramError),
}

/// A scene on a device, ready to be rendered.
pub struct Renderer<'c> {
    connection: &'c mut Connection,
    bundle: Bundle,
    frame: SceneFrame,
    operators: Vec<Operator>,
    size: [u16; 2],
    uploaded: Uploaded,
}

/// Times that a frame is begun again because the device was lost.
const ATTEMPTS_MAX: u32 = 8;

impl<'c> Renderer<'c> {
    /// Quantises and compiles a cloud for `connection`'s device and sends it there. It can be seen
    /// from up to `reach` world units off its middle. `progress` hears of bytes sent, of how many.
    ///
    /// # Errors
    /// A [`RenderError`].
    pub fn new(
        connection: &'c mut Connection,
        cloud: &GaussianCloud,
        reach: f64,
        options: &Options,
        progress: &mut dyn FnMut(usize, usize),
    ) -> Result<Self, RenderError> {
        let frame = SceneFrame::new(cloud, reach);
        let bundle = compile(&quantise(cloud, frame), options)?;
        let program = Program::new(&bundle.program)?;
        let operators = (0..program.command_count() as u16)
            .map(|index| program.command(index).map(|command| command.operator()))
            .collect::<Result<_, _>>()?;
        let uploaded = load(connection, &bundle, progress)?;
        let size = [options.width, options.height];
        Ok(Self { connection, bundle, frame, operators, size, uploaded })
    }

    /// What sending the scene moved so far.
    pub fn uploaded(&self) -> Uploaded {
        self.uploaded
    }

    /// What was sent to the device.
    pub fn bundle(&self) -> &Bundle {
        &self.bundle
    }

    /// The connection to the device that it renders on.
    pub fn connection(&self) -> &Connection {
        self.connection
    }

    /// Renders a frame; the camera must have the size that the scene was compiled for. A device that
    /// is lost meanwhile and found again begins the frame again, and is sent what it has lost.
    ///
    /// # Errors
    /// A [`RenderError`].
    pub fn render(&mut self, camera: &Camera) -> Result<Frame, RenderError> {
        for _ in 1..ATTEMPTS_MAX {
            match self.render_once(camera) {
                Err(RenderError::Session(error)) if error.is_loss() => {
                    self.connection.session().recover(error)?;
                }
                Err(RenderError::Session(SessionError::Forgotten)) => {}
                other => return other,
            }
            if self.connection.session().has_forgotten() {
                self.uploaded += load(self.connection, &self.bundle, &mut |_, _| ())?;
            }
        }
        self.render_once(camera)
    }

    fn render_once(&mut self, camera: &Camera) -> Result<Frame, RenderError> {
        let words = camera.quantise(&self.frame, KEY_BITS)?.to_words();
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        let session = self.connection.session();
        session.upload(self.bundle.camera_offset, &bytes, &mut |_| ())?;
        let mut canvas = Canvas::new(self.size);
        let mut costs = Vec::new();
        let mut pulled = Pulled::default();
        let operators = &self.operators;
        let streamed = self.bundle.streamed.as_ref();
        let pages: &PageSource<'_> = &|buffer, page| {
            let streamed = streamed.filter(|streamed| streamed.buffer == buffer)?;
            streamed.pages.get(page as usize).map(Vec::as_slice)
        };
        let outcome = session.run_streamed(pages, |event| {
            match event {
                Event::Pixels { x, y, width, bytes, .. } => canvas.put([x, y], width, bytes),
                Event::Cost { command, phase, ticks, items } => {
                    if let Some(&operator) = operators.get(usize::from(command)) {
                        add(&mut costs, Cost { command, operator, phase, ticks, items });
                    }
                }
                Event::Need { length, .. } => {
                    pulled.pages += 1;
                    pulled.bytes += u64::from(length);
                }
                _ => {}
            }
            ControlFlow::Continue(())
        })?;
        match (outcome, canvas.missing) {
            (Outcome::Completed, 0) => {}
            (Outcome::Completed, missing) => return Err(RenderError::Incomplete { missing }),
            _ => return Err(RenderError::Aborted),
        }
        let [width, height] = self.size;
        Ok(Frame { width, height, rgb: canvas.rgb, costs, pulled })
    }
}

/// Adds what a command cost once more to what it has cost before.
fn add(costs: &mut Vec<Cost>, cost: Cost) {
    let same = |it: &&mut Cost| (it.command, it.phase) == (cost.command, cost.phase);
    match costs.iter_mut().find(same) {
        Some(it) => (it.ticks, it.items) = (it.ticks + cost.ticks, it.items + cost.items),
        None => costs.push(cost),
    }
}

/// Sends a bundle; what the device holds already is not sent.
fn load(
    connection: &mut Connection,
    bundle: &Bundle,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<Uploaded, SessionError> {
    let constants = bundle.constants.iter();
    let mut blobs: Vec<_> =
        constants.map(|it| Blob { offset: it.offset, bytes: &it.bytes }).collect();
    blobs.push(Blob { offset: 0, bytes: &bundle.program });
    let total = bundle.upload_bytes();
    connection.session().load(&blobs, &mut |done| progress(done, total))
}

/// The frame that tiles are put together to.
struct Canvas {
    width: usize,
    rgb: Vec<u8>,
    /// Which pixels have come, and how many have not.
    came: Vec<bool>,
    missing: usize,
}

impl Canvas {
    fn new([width, height]: [u16; 2]) -> Self {
        let (width, height) = (usize::from(width), usize::from(height));
        let pixels = width * height;
        Self { width, rgb: vec![0; pixels * 3], came: vec![false; pixels], missing: pixels }
    }

    fn put(&mut self, [x, y]: [u16; 2], width: u16, bytes: &[u8]) {
        let (x, y, width) = (usize::from(x), usize::from(y), usize::from(width));
        if width == 0 || x + width > self.width {
            return;
        }
        for (row, pixels) in (y..).zip(bytes.chunks_exact(width * 3)) {
            let at = row * self.width + x;
            let Some(came) = self.came.get_mut(at..at + width) else { return };
            self.missing -= came.iter().filter(|came| !**came).count();
            came.fill(true);
            if let Some(to) = self.rgb.get_mut(at * 3..(at + width) * 3) {
                to.copy_from_slice(pixels);
            }
        }
    }
}
