//! A small scene, ready to be sent, with its camera and its right pixels.

use std::ops::ControlFlow;

use quintet_driver::compile::{Bundle, Options, compile};
use quintet_driver::quantise::{Bounds, SceneFrame, quantise};
use quintet_driver::render::framing_camera;
use quintet_driver::scene::GaussianCloud;
use quintet_driver::session::{Blob, Session, SessionError, Uploaded};
use quintet_protocol::crc::crc32;
use quintet_protocol::fault::Random;
use quintet_protocol::message::{Event, Outcome};

/// A scene and a view of it.
pub struct Scene {
    bundle: Bundle,
    camera: Vec<u8>,
}

impl Scene {
    /// So many Gaussians in a ball.
    pub fn new(count: usize, [width, height]: [u16; 2], arena_bytes: usize) -> Self {
        let cloud = cloud(count);
        let camera = framing_camera(&cloud, [width, height]);
        let reach = camera.distance(&Bounds::of(&cloud.positions).middle());
        let frame = SceneFrame::new(&cloud, reach);
        let options = Options { width, height, background: [9, 8, 7], arena_bytes };
        let bundle = compile(&quantise(&cloud, frame), &options).unwrap();
        let camera = bundle.cameras[0].bytes(&camera).unwrap();
        Self { bundle, camera }
    }

    /// What there is to send; the program is the last.
    pub fn blobs(&self) -> Vec<Blob<'_>> {
        let constants = self.bundle.constants.iter();
        let mut blobs: Vec<_> =
            constants.map(|it| Blob { offset: it.offset, bytes: &it.bytes }).collect();
        blobs.push(Blob { offset: 0, bytes: &self.bundle.program });
        blobs
    }

    /// Bytes that there are to send.
    pub fn bytes(&self) -> u64 {
        (self.bundle.upload_bytes() + self.camera.len()) as u64
    }

    pub fn load(&self, session: &mut Session) -> Result<Uploaded, SessionError> {
        let mut uploaded = session.load(&self.blobs(), &mut |_| ())?;
        uploaded += session.upload(self.bundle.cameras[0].offset, &self.camera, &mut |_| ())?;
        Ok(uploaded)
    }
}

/// A run's pixels as one number.
pub fn digest(session: &mut Session) -> Result<u32, SessionError> {
    let mut all = Vec::new();
    let outcome = session.run(|event| {
        if let Event::Pixels { x, y, bytes, .. } = event {
            all.extend([x, y].map(u16::to_le_bytes).as_flattened());
            all.extend(bytes);
        }
        ControlFlow::Continue(())
    })?;
    assert_eq!(outcome, Outcome::Completed, "nobody aborted the run");
    Ok(crc32(&all))
}

fn cloud(count: usize) -> GaussianCloud {
    let mut random = Random::new(5);
    let mut random = || random.below(1 << 16) as f32 / f32::from(1u16 << 15) - 1.0;
    let mut cloud = GaussianCloud::default();
    for _ in 0..count {
        cloud.positions.push([random(), random(), random()]);
        cloud.scales.push([(); 3].map(|()| 0.02 + 0.1 * random().powi(2)));
        cloud.rotations.push([1.0, 0.0, 0.0, 0.0]);
        cloud.opacities.push(0.1 + 0.9 * random().abs());
        cloud.colors.push([(); 3].map(|()| 0.5 + 0.5 * random()));
    }
    cloud
}
