//! Pictures of every shape can be compiled and drawn, in roomy arenas and in small ones.

use std::path::Path;

use quintet_driver::compile::Options;
use quintet_driver::device::Connection;
use quintet_driver::import;
use quintet_driver::render::{Renderer, framing_camera};
use quintet_driver::session::Limits;
use quintet_driver::transport::DeviceUri;

#[test]
fn pictures_of_every_shape_are_drawn() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenes/playbot/playbot_lod6.ply");
    let cloud = import::gaussians(&path).unwrap().cloud;
    for arena in [320 << 10, 64 << 20] {
        for size in [[1, 1], [4096, 1], [1, 4096], [4096, 2], [3, 4095], [2049, 9], [640, 480]] {
            let uri = DeviceUri::Virtual { arena: Some(arena) };
            let mut connection = Connection::open(&uri, Limits::default()).unwrap();
            let [width, height] = size;
            let arena_bytes = arena as usize;
            let options = Options { width, height, background: [9; 3], arena_bytes };
            let camera = framing_camera(&cloud, size);
            let reach = camera.distance(&[0.0; 3]) + 10.0;
            let renderer = Renderer::new(&mut connection, &cloud, reach, &options, &mut |_, _| ());
            let frame = renderer.and_then(|mut renderer| renderer.render(&camera));
            let frame = frame.unwrap_or_else(|error| panic!("{size:?} in {arena} bytes: {error}"));
            assert_eq!(frame.rgb.len(), usize::from(width) * usize::from(height) * 3);
        }
    }
}
