//! Rendering: a cloud goes to a device once, then each camera gives a frame.

use quintet_protocol::message::Event;

use crate::camera::{Camera, CameraError};
use crate::compile::{Bundle, CompileError, Options, compile};
use crate::device::Connection;
use crate::execute::{Executed, Loaded, Stopped};
use crate::quantise::{SceneFrame, quantise};
use crate::scene::GaussianCloud;
use crate::session::{SessionError, Uploaded};

pub use crate::execute::{Accelerated, Cost, Pulled};
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
    /// What the accelerator executed of it.
    pub accelerated: Vec<Accelerated>,
    /// What the device pulled while it drew.
    pub pulled: Pulled,
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
    #[error(transparent)]
    Stopped(#[from] Stopped),
    /// The device sent pixels outside the frame, or not all of them.
    #[error("the device's pixels do not make up the frame: {missing} are missing")]
    Incomplete {
        /// Pixels that never came.
        missing: usize,
    },
}

/// A scene on a device, ready to be rendered.
pub struct Renderer<'c> {
    loaded: Loaded<'c>,
    bundle: Bundle,
    size: [u16; 2],
}

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
        Self::with_bundle(connection, bundle, [options.width, options.height], progress)
    }

    /// Sends a bundle to `connection`'s device; `size` is that of the pictures that it draws,
    /// columns and rows. `progress` hears of bytes sent, of how many.
    ///
    /// # Errors
    /// [`RenderError::Session`].
    pub fn with_bundle(
        connection: &'c mut Connection,
        bundle: Bundle,
        size: [u16; 2],
        progress: &mut dyn FnMut(usize, usize),
    ) -> Result<Self, RenderError> {
        let loaded = Loaded::new(connection, bundle.parts(), progress)?;
        Ok(Self { loaded, bundle, size })
    }

    /// What sending the scene moved so far.
    pub fn uploaded(&self) -> Uploaded {
        self.loaded.uploaded()
    }

    /// What was sent to the device.
    pub fn bundle(&self) -> &Bundle {
        &self.bundle
    }

    /// The connection to the device that it renders on.
    pub fn connection(&self) -> &Connection {
        self.loaded.connection()
    }

    /// Renders a frame; the camera must have the size that the scene was compiled for. A device
    /// that is lost meanwhile and found again begins the frame again, and is sent what it has lost.
    ///
    /// # Errors
    /// A [`RenderError`].
    pub fn render(&mut self, camera: &Camera) -> Result<Frame, RenderError> {
        let slots = self.bundle.cameras.iter();
        let cameras: Vec<(u32, Vec<u8>)> = slots
            .map(|slot| Ok((slot.offset, slot.bytes(camera)?)))
            .collect::<Result<_, CameraError>>()?;
        let parts = self.bundle.parts();
        let [width, height] = self.size;
        let (executed, canvas) = self.loaded.persist(parts, |loaded| {
            for (offset, camera) in &cameras {
                loaded.session().upload(*offset, camera, &mut |_| ())?;
            }
            let mut canvas = Canvas::new([width, height]);
            let executed = loaded.run(parts, |event| {
                if let Event::Pixels { x, y, width, bytes, .. } = *event {
                    canvas.put([x, y], width, bytes);
                }
            })?;
            Ok((executed, canvas))
        })?;
        let Executed { ended, costs, accelerated, pulled } = executed;
        ended?;
        match canvas.missing {
            0 => Ok(Frame { width, height, rgb: canvas.rgb, costs, accelerated, pulled }),
            missing => Err(RenderError::Incomplete { missing }),
        }
    }
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
