//! One truth: a device's pixels are the virtual device's, bit by bit; and it counts what it does.

use std::path::PathBuf;

use quintet_driver::import;
use quintet_driver::render::{Frame, framing_camera, orbit};
use quintet_driver::scene::GaussianCloud;
use quintet_protocol::message::Phase;

use super::{Cause, LITTLE, Test, Verdict, check};
use crate::cases::scene_file;
use crate::device::Device;
use crate::target::{Ability, Needs};
use crate::{cloud, open, reference_variable, render, uri};

/// The tests of this file.
pub const TESTS: &[Test] = &[
    Test { name: "small_scenes_give_the_virtual_devices_pixels", needs: SMALL, body: small },
    Test { name: "made_up_scenes_give_the_virtual_devices_pixels", needs: ROOMY, body: made_up },
    Test { name: "playbot_gives_the_virtual_devices_pixels", needs: PLAYBOT, body: playbot },
    Test { name: "playbot_fits_a_small_arena", needs: CRAMPED, body: cramped },
    Test {
        name: "a_streamed_scene_gives_the_resident_ones_pixels",
        needs: STREAMED,
        body: streamed,
    },
    Test { name: "a_link_carries_pages_both_ways_without_a_standstill", needs: PAGES, body: pages },
    Test { name: "a_large_scene_gives_the_virtual_devices_pixels", needs: LARGE, body: large },
    Test { name: "a_large_scene_streams_through_512_kib", needs: LARGE, body: large_streamed },
    Test { name: "instruction_counts_repeat_exactly", needs: COUNTS, body: counts },
];

const SMALL: Needs = Needs { arena: 48 << 10, upload: 24 << 10, ..LITTLE };
const PAGES: Needs = Needs { arena: 120 << 10, upload: 100 << 10, ..LITTLE };
const PLAYBOT: Needs = Needs { arena: 1 << 20, upload: 150 << 10, ..LITTLE };
const CRAMPED: Needs = Needs { arena: 512 << 10, upload: 150 << 10, ..LITTLE };
const STREAMED: Needs = Needs { arena: 224 << 10, upload: 1 << 20, ..LITTLE };
const ROOMY: Needs = Needs { arena: 2 << 20, upload: 1 << 20, ..LITTLE };
const LARGE: Needs = Needs { arena: 12 << 20, upload: 8 << 20, references: true, ..LITTLE };
const COUNTS: Needs = Needs { can: &[Ability::CountInstructions, Ability::PowerCycle], ..CRAMPED };

/// PLAYBOT in the repository: 1 873 Gaussians with harmonics of degree 2.
fn playbot_lod6() -> Result<GaussianCloud, Cause> {
    gaussians(scene_file("playbot/playbot_lod6.ply"))
}

/// A capture of 90 854 Gaussians, which is not in the repository.
fn guitar() -> Result<GaussianCloud, Cause> {
    let folder = reference_variable().ok_or("QUINTET_REFERENCE_DIR is not set")?;
    gaussians(folder.join("scenes/splat/guitar.compressed.ply"))
}

fn gaussians(path: PathBuf) -> Result<GaussianCloud, Cause> {
    Ok(import::gaussians(&path).map_err(|error| format!("{}: {error}", path.display()))?.cloud)
}

/// Command, phase and work items of each cost.
fn items(frame: &Frame) -> Vec<(u16, Phase, u64)> {
    frame.costs.iter().map(|cost| (cost.command, cost.phase, cost.items)).collect()
}

/// Renders on the virtual device and on this one, in an arena of at most so many bytes here, and
/// compares.
fn compare(
    device: &Device,
    name: &str,
    cloud: &GaussianCloud,
    size: [u16; 2],
    views: usize,
    arena: Option<usize>,
) -> Result<Vec<Frame>, Cause> {
    device.step(format!("render {name} at {}x{}", size[0], size[1]));
    let cameras = orbit(cloud, size, views);
    let expected = render(&mut open(&uri("virtual:")), cloud, &cameras, None);
    let found = render(&mut device.open()?, cloud, &cameras, arena);
    for (number, (expected, found)) in expected.iter().zip(&found).enumerate() {
        check!(expected.rgb == found.rgb, "{name} {size:?}: pixels of view {number} differ");
        let differs = expected.rgb.windows(6).filter(|pair| pair[..3] != pair[3..]).count();
        check!(differs > 20, "{name}: nothing to see in view {number}");
        if found.pulled.pages == 0 {
            let [wanted, came] = [items(expected), items(found)];
            check!(wanted == came, "{name}: work items {came:?}, not {wanted:?}");
        }
    }
    Ok(found)
}

fn small(device: &Device) -> Verdict {
    for (count, degree, size) in [(5, 0, [16, 16]), (60, 0, [48, 32]), (40, 3, [9, 65])] {
        let name = format!("{count} Gaussians of degree {degree}");
        compare(device, &name, &cloud(count, degree, count as u32), size, 2, None)?;
    }
    Ok(())
}

fn made_up(device: &Device) -> Verdict {
    for (count, degree, size) in [
        (500, 0, [160, 120]),
        (500, 1, [61, 47]),
        (500, 2, [333, 9]),
        (500, 3, [9, 333]),
        (2000, 3, [128, 96]),
        // Wider than a tile: several columns of them, and the first is drawn by a kernel of its
        // own.
        (500, 1, [1000, 40]),
    ] {
        let name = format!("{count} Gaussians of degree {degree}");
        compare(device, &name, &cloud(count, degree, count as u32), size, 2, None)?;
    }
    Ok(())
}

fn playbot(device: &Device) -> Verdict {
    compare(device, "playbot_lod6", &playbot_lod6()?, [160, 120], 3, None).map(drop)
}

/// In an arena of 512 KiB on both, where it fits as a whole.
fn cramped(device: &Device) -> Verdict {
    const ARENA: usize = 512 << 10;
    let scene = match reference_variable() {
        Some(folder) => gaussians(folder.join("scenes/splat/playbot_lod5.ply"))?,
        None => playbot_lod6()?,
    };
    let cameras = [framing_camera(&scene, [160, 120])];
    let expected = render(&mut open(&uri("virtual:?arena=524288")), &scene, &cameras, None);
    let found = render(&mut device.open()?, &scene, &cameras, Some(ARENA));
    check!(found[0].rgb == expected[0].rgb, "pixels differ");
    Ok(())
}

fn streamed(device: &Device) -> Verdict {
    for (name, scene, size, arena) in [
        ("playbot_lod6", playbot_lod6()?, [160, 120], 160 << 10),
        ("2000 Gaussians", cloud(2000, 3, 9), [97, 61], 224 << 10),
    ] {
        let found = compare(device, name, &scene, size, 3, Some(arena))?;
        let is_streamed = found.iter().all(|frame| frame.pulled.pages > 0);
        check!(is_streamed, "{name} fits {arena} bytes");
    }
    Ok(())
}

fn pages(device: &Device) -> Verdict {
    let found =
        compare(device, "1500 Gaussians", &cloud(1500, 0, 77), [48, 32], 1, Some(120 << 10))?;
    check!(found[0].pulled.pages > 0, "it fits");
    Ok(())
}

fn large(device: &Device) -> Verdict {
    compare(device, "guitar", &guitar()?, [320, 240], 1, None).map(drop)
}

fn large_streamed(device: &Device) -> Verdict {
    let found = compare(device, "guitar", &guitar()?, [320, 240], 2, Some(512 << 10))?;
    check!(found.iter().all(|frame| frame.pulled.pages > 0), "it fits 512 KiB");
    Ok(())
}

/// Between two frames of a session, and between two boots.
fn counts(device: &Device) -> Verdict {
    let scene = cloud(300, 2, 5);
    let camera = framing_camera(&scene, [96, 72]);
    let cameras = [camera.clone(), camera];
    let first = render(&mut device.open()?, &scene, &cameras, None);
    device.power_cycle()?;
    let again = render(&mut device.open()?, &scene, &cameras, None);
    check!(first[0].costs == first[1].costs, "two frames of a session cost other instructions");
    check!(first[0].costs == again[0].costs, "two boots cost other instructions");
    let phases: Vec<_> = first[0].costs.iter().map(|cost| cost.phase).collect();
    use Phase::{Bin, Project, Rasterise, Resolve, Sort};
    check!(phases == [Project, Sort, Bin, Rasterise, Resolve], "the phases are {phases:?}");
    check!(first[0].costs.iter().all(|cost| cost.ticks > 1000), "{:?}", first[0].costs);
    Ok(())
}
