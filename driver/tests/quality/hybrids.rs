//! Hybrids on the virtual device against renders in floats, and against the texture that the field
//! of one was fitted to.

use std::path::{Path, PathBuf};

use quintet_driver::compile::{Method, Options, content};
use quintet_driver::device::Connection;
use quintet_driver::framing::orbit;
use quintet_driver::import::{self, SceneOptions};
use quintet_driver::reference::hybrid;
use quintet_driver::render::Renderer;
use quintet_driver::scene::Content;
use quintet_driver::session::Limits;
use quintet_driver::transport::DeviceUri;

use super::pictures::psnr;

const SIZE: [u16; 2] = [160, 120];
const BACKGROUND: [u8; 3] = [40, 80, 120];
/// What a device must reach against floats, dB.
const FLOATS_MIN: f64 = 40.0;

fn spot() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenes/hybrid/spot.quintet.json")
}

#[test]
fn a_hybrid_looks_like_the_render_in_floats() {
    let scene = import::scene(&spot(), &SceneOptions::default()).unwrap().content;
    let Content::Hybrid(mesh, field) = &scene else { panic!("no hybrid") };
    let cameras = orbit(&scene, SIZE, 4);
    let [width, height] = SIZE;
    let options = Options { width, height, background: BACKGROUND, arena_bytes: 4 << 20 };
    let bundle = content(&scene, &cameras, &Method::default(), &options).unwrap();
    let uri = DeviceUri::Virtual { arena: None };
    let mut connection = Connection::open(&uri, Limits::default()).unwrap();
    let mut renderer =
        Renderer::with_bundle(&mut connection, bundle, SIZE, &mut |_, _| ()).unwrap();
    for (number, camera) in cameras.iter().enumerate() {
        let found = renderer.render(camera).unwrap().rgb;
        let expected = hybrid::render(mesh, field, camera, BACKGROUND).rgb;
        let quality = psnr(&found, &expected);
        println!("hybrid spot, view {number}: {quality:.1} dB against floats");
        assert!(quality >= FLOATS_MIN, "view {number}: {quality:.1} dB");
    }
}
