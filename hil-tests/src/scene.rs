//! A made-up scene that suits a target, as what is sent and what comes back.

use std::ops::ControlFlow;

use quintet_driver::compile::{Bundle, compile};
use quintet_driver::quantise::{SceneFrame, quantise};
use quintet_driver::render::framing_camera;
use quintet_driver::session::{Blob, Session, SessionError};
use quintet_protocol::crc::crc32;
use quintet_protocol::message::{Event, Outcome};

use crate::target::Target;
use crate::{cloud, options, reach};

/// Arena from which on a target gets the large scene.
const ROOMY: usize = 4 << 20;
/// Bytes a second from which on it does.
const FAST: usize = 100_000;

/// A scene ready to be sent, with its camera.
pub struct Scene {
    bundle: Bundle,
    camera: Vec<u8>,
}

impl Scene {
    /// One that takes a roomy target some milliseconds, and fits any other.
    pub fn for_target(target: &Target) -> Self {
        let is_roomy = target.arena >= ROOMY && target.rate >= FAST;
        let (count, size) = if is_roomy { (800, [120, 90]) } else { (120, [64, 48]) };
        let arena = if is_roomy { ROOMY } else { target.arena.min(64 << 10) };
        let cloud = cloud(count, 1, 3);
        let camera = framing_camera(&cloud, size);
        let frame = SceneFrame::new(&cloud, reach(&cloud, std::slice::from_ref(&camera)));
        let options = options(std::slice::from_ref(&camera), arena);
        let bundle = compile(&quantise(&cloud, frame), &options).expect("it fits any target");
        let camera = bundle.cameras[0].bytes(&camera).expect("the camera is in the scene's range");
        Self { bundle, camera }
    }

    /// Sends it, or what of it is not there.
    ///
    /// # Errors
    /// As [`Session::load`].
    pub fn load(&self, session: &mut Session) -> Result<(), SessionError> {
        let constants = self.bundle.constants.iter();
        let mut blobs: Vec<_> =
            constants.map(|it| Blob { offset: it.offset, bytes: &it.bytes }).collect();
        blobs.push(Blob { offset: 0, bytes: &self.bundle.program });
        session.load(&blobs, &mut |_| ())?;
        session.upload(self.bundle.cameras[0].offset, &self.camera, &mut |_| ())?;
        Ok(())
    }

    /// Runs it to its end; its pixels as one number.
    ///
    /// # Errors
    /// As [`Session::run`], and that the run did not come to its end.
    pub fn digest(&self, session: &mut Session) -> Result<u32, crate::suite::Cause> {
        let mut all = Vec::new();
        let outcome = session.run(|event| {
            if let Event::Pixels { x, y, bytes, .. } = event {
                all.extend([x, y].map(u16::to_le_bytes).as_flattened());
                all.extend(bytes);
            }
            ControlFlow::Continue(())
        })?;
        if outcome != Outcome::Completed {
            return Err(format!("a run ended as {outcome:?}").into());
        }
        Ok(crc32(&all))
    }
}
