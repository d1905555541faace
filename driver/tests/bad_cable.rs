//! Connections over a bad cable: the same pictures as over a good one.

use std::path::Path;

use quintet_driver::compile::Options;
use quintet_driver::device::Connection;
use quintet_driver::import;
use quintet_driver::render::{Frame, Renderer, framing_camera};
use quintet_driver::session::{Limits, Session};
use quintet_driver::virtual_device::VirtualDevice;
use quintet_protocol::fault::Faults;

/// PLAYBOT, 1 873 Gaussians, 100 KB once compiled.
fn draw(faults: Option<Faults>) -> Frame {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenes/playbot/playbot_lod6.ply");
    let cloud = import::gaussians(&path).unwrap().cloud;
    let uri = "virtual:?arena=1048576".parse().unwrap();
    let mut connection = Connection::open_with(&uri, Limits::default(), faults, None).unwrap();
    let options = Options { width: 64, height: 48, background: [9; 3], arena_bytes: 1 << 20 };
    let camera = framing_camera(&cloud, [64, 48]);
    let reach = camera.distance(&[0.0; 3]) + 10.0;
    let mut renderer =
        Renderer::new(&mut connection, &cloud, reach, &options, &mut |_, _| ()).unwrap();
    renderer.render(&camera).unwrap()
}

#[test]
fn a_frame_over_a_bad_cable_is_the_same() {
    let expected = draw(None);
    for faults in [
        "drop=3e-5,corrupt=3e-5,duplicate=3e-5,seed=1",
        "repeat=1e-5,reorder=1e-5,truncate=1e-5,stall=1e-5:20ms,seed=2",
        "reset=2e-5,seed=3",
        "drop=1e-5,stall=1e-5:20ms,reset=1e-5,seed=4",
    ] {
        let found = draw(Some(faults.parse().unwrap()));
        assert!(found.rgb == expected.rgb, "{faults}");
    }
}

#[test]
fn a_virtual_device_keeps_what_it_holds_from_one_pipe_to_the_next() {
    let device = VirtualDevice::start(1 << 16, None);
    let open = || Session::open(Box::new(device.connect()), Limits::default()).unwrap();
    let mut first = open();
    first.upload(0, &[7; 3000], &mut |_| ()).unwrap();
    // Plugged in over the first one, which hears no more.
    let mut second = open();
    assert_eq!(second.download(0, 3000).unwrap(), [7; 3000]);
    drop(second);
    assert_eq!(open().upload(0, &[7; 3000], &mut |_| ()).unwrap().found, 3000);
    assert!(first.status().is_err());
}
