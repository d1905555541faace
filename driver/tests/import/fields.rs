//! Importers of radiance fields against evaluations of the same files by other code.
//!
//! The files in `checkpoints` and `scenes/grids` were written by scripts that follow each trainer's
//! own writer; `expected.json` has densities and colours at points, evaluated by the same scripts
//! from what they wrote, in the trainer's order of operations.

use quintet_driver::import::{field, field_from_bytes};
use quintet_driver::reference::field::{Places, Renderer, Rows, evaluate};
use quintet_driver::scene::Field;
use quintet_driver::scene::field::{ColorActivation, Node, Outside};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// What a field is at some points.
#[derive(Deserialize)]
struct Expected {
    points: Vec<[f64; 3]>,
    directions: Vec<[f64; 3]>,
    density: Vec<f32>,
    /// Colour, or what is composed in its place.
    color: Vec<Vec<f32>>,
    /// What the deferred network makes of `color`.
    #[serde(default)]
    specular: Vec<Vec<f32>>,
}

/// A file in `checkpoints`.
pub fn checkpoint(name: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/import/checkpoints")).join(name)
}

/// A file or a folder in `scenes`.
fn scene(name: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../scenes")).join(name)
}

fn expected(name: &str) -> Expected {
    let text = std::fs::read(checkpoint("expected.json")).unwrap();
    let mut all: BTreeMap<String, Expected> = serde_json::from_slice(&text).unwrap();
    all.remove(name).unwrap()
}

fn check(name: &str, what: &str, found: f32, expected: f32) {
    // Sums are in floats of 32 bits here, and of 64 there.
    let far = (found - expected).abs() > 2e-4 + 1e-3 * expected.abs();
    assert!(!far && found.is_finite(), "{name}, {what}: {found} in place of {expected}");
}

/// Imports, and compares densities and colours.
fn agree(path: PathBuf, name: &str) -> Field {
    let field = field(&path).unwrap_or_else(|error| panic!("{error}")).field;
    let expected = expected(name);
    let samples = Renderer::new(&field).sample(&expected.points, &expected.directions);
    assert_eq!(samples.len(), expected.points.len());
    for (number, sample) in samples.iter().enumerate() {
        check(name, &format!("density {number}"), sample.density, expected.density[number]);
        for channel in 0..3 {
            let what = format!("colour {number}");
            check(name, &what, sample.color[channel], expected.color[number][channel]);
        }
    }
    assert!(expected.density.iter().any(|&density| density > 0.5), "{name} is all empty");
    field
}

#[test]
fn grids_of_nerfstudio_are_what_they_were() {
    for kind in ["hash", "vm", "triplane"] {
        let name = format!("ball_{kind}");
        let folder = scene("grids").join(&name);
        let field = agree(folder.clone(), &name);
        assert_eq!(field.bounds, [[-1.0; 3], [1.0; 3]]);
        assert_eq!((field.views[0].0.as_str(), field.outside), ("front.png", Outside::Empty));
        for file in ["meta.json", "weights_f16.npz"] {
            assert_eq!(quintet_driver::import::field(&folder.join(file)).unwrap().field, field);
        }
    }
}

#[test]
fn a_snapshot_of_instant_ngp_is_what_it_was() {
    let field = agree(scene("grids/ball_ngp/ball.ingp"), "ball_ngp");
    assert_eq!(field.bounds, [[0.0; 3], [1.0; 3]]);
    // Two levels are dense, and wrap around past their last entry; two are hashed.
    let Node::Grid(grid) = &field.model.nodes[0] else { panic!("no grid comes first") };
    let hashed: Vec<bool> = grid.levels.iter().map(|level| level.hashed).collect();
    assert_eq!(hashed, [false, false, true, true]);
    // The cameras stand about the middle of the box, whose axes are turned, and look at it.
    let (name, camera) = &field.views[0];
    assert_eq!(name, "front.png");
    let middle = [0, 1, 2]
        .map(|row| camera.rotation[row].iter().sum::<f64>() * 0.5 + camera.translation[row]);
    assert!(middle[0].abs() < 1e-6 && middle[1].abs() < 1e-6, "{middle:?}");
    assert!((middle[2] - 1.5).abs() < 1e-6, "{middle:?}");
}

#[test]
fn a_grid_without_a_growth_reaches_2048_cells_of_the_unit_cube() {
    let field = agree(checkpoint("small.msgpack"), "small_ngp");
    assert_eq!(field.bounds, [[-1.5; 3], [2.5; 3]]);
    let Node::Grid(grid) = &field.model.nodes[0] else { panic!("no grid comes first") };
    assert!((grid.levels[1].scale[0] - (2048.0 * 4.0 - 1.0)).abs() < 0.01);
    assert_eq!((field.occupancy, grid.levels[1].entries), (None, 32));
}

#[test]
fn occupied_cells_of_instant_ngp_are_those_of_the_ball() {
    let field = field(&scene("grids/ball_ngp/ball.ingp")).unwrap().field;
    let occupancy = field.occupancy.unwrap();
    assert_eq!(occupancy.side, 128);
    for (number, &cell) in occupancy.cells.iter().enumerate() {
        let place = [1, 128, 128 * 128]
            .map(|step| (f64::from((number / step % 128) as u8) + 0.5) / 128.0 - 0.5);
        let distance = place.iter().map(|it| it * it).sum::<f64>().sqrt();
        assert_eq!(cell, distance < 0.36, "cell {number}");
    }
}

#[test]
fn checkpoints_of_both_formats_of_pytorch_are_one_nerf() {
    let field = agree(checkpoint("nerf.tar"), "nerf");
    let old = quintet_driver::import::field(&checkpoint("nerf_old.tar")).unwrap();
    assert_eq!(old.field, field);
    assert_eq!((old.format, field.outside), ("NeRF (nerf-pytorch)", Outside::Free));
    assert!(old.notes[0].contains("2 and 6"), "{:?}", old.notes);
    assert!(field.proposal.is_some());
}

#[test]
fn the_checkpoint_in_scenes_has_the_sizes_that_it_was_trained_with() {
    let imported = field(&scene("nerf/lego-lowres-199999.safetensors")).unwrap();
    let sampling = &imported.field.sampling;
    assert_eq!((sampling.range, sampling.coarse, sampling.fine), ([2.0, 6.0], 64, 64));
    assert_eq!((sampling.background, sampling.along_rays), ([1.0; 3], false));
    let dense = |node: &Node| match node {
        Node::Dense { weights, bias, relu, .. } => {
            Some((weights.len() / bias.len(), bias.len(), *relu))
        }
        _ => None,
    };
    for model in [&imported.field.model, imported.field.proposal.as_ref().unwrap()] {
        let layers: Vec<_> = model.nodes.iter().filter_map(dense).collect();
        let hidden = (128, 128, true);
        let ends = [(128, 1, false), hidden, (155, 64, true), (64, 3, false)];
        assert_eq!(layers[..4], [(63, 128, false), hidden, hidden, hidden]);
        assert_eq!(layers[4..], ends);
    }
}

#[test]
fn the_old_checkpoint_is_the_same_as_its_safetensors() {
    let (Some(new), Some(old)) = (
        super::reference("nerf_mlp/lego-lowres-199999.safetensors"),
        super::reference("nerf_mlp/lego-lowres-199999.ckpt"),
    ) else {
        return;
    };
    assert_eq!(field(&new).unwrap().field, field(&old).unwrap().field);
}

#[test]
fn checkpoints_of_tensorf_are_what_they_were() {
    let field = agree(checkpoint("tensorf_vm.th"), "tensorf_vm");
    let close = |found: f64, expected: f64| (found - expected).abs() < 1e-6;
    assert!(close(field.bounds[0][1], -1.2) && close(field.bounds[1][2], 1.1));
    // Steps of half a cell: 2 / 8, 2.2 / 7 and 1.9 / 6, in the mean.
    assert_eq!(
        field.sampling.coarse,
        (4.0_f64 / (0.5 * (0.25 + 2.2 / 7.0 + 1.9 / 6.0) / 3.0)).ceil() as usize
    );
    agree(checkpoint("tensorf_uneven.th"), "tensorf_uneven");
    agree(checkpoint("tensorf_cp.th"), "tensorf_cp");
}

#[test]
fn cells_about_the_points_of_a_mask_are_occupied() {
    let field = field(&checkpoint("tensorf_vm.th")).unwrap().field;
    let occupancy = field.occupancy.unwrap();
    // Points (5, 3, 2) and (5, 3, 3) of 8 x 7 x 6, over a box from -1.5 to 1.5.
    let mask = |at: f64, count: f64| -1.5 + 3.0 * at / (count - 1.0);
    let [least, greatest] = field.bounds;
    for (number, &cell) in occupancy.cells.iter().enumerate() {
        let place = |axis: usize, half: f64| {
            let at = number / 128usize.pow(axis as u32) % 128;
            least[axis] + (greatest[axis] - least[axis]) * (at as f64 + half) / 128.0
        };
        let within = |axis: usize, low: f64, high: f64, count: f64| {
            place(axis, 1.0) > mask(low, count) && place(axis, 0.0) < mask(high, count)
        };
        let reached = within(0, 4.0, 6.0, 8.0) && within(1, 2.0, 4.0, 7.0);
        assert_eq!(cell, reached && within(2, 1.0, 4.0, 6.0), "cell {number}");
    }
}

#[test]
fn a_baked_scene_of_merf_is_what_it_was() {
    let field = agree(checkpoint("merf"), "merf");
    let file = quintet_driver::import::field(&checkpoint("merf/scene_params.json")).unwrap();
    assert_eq!(file.field, field);
    let expected = expected("merf");
    let deferred = field.model.deferred.as_ref().unwrap();
    assert_eq!(deferred.channels, 7);

    let composed = expected.color.concat();
    let composed = Rows::from_shape_vec((expected.points.len(), 7), composed).unwrap();
    let places =
        Places { bounds: field.bounds, points: &expected.points, directions: &expected.directions };
    let last = deferred.nodes.len();
    let rows = evaluate(&deferred.nodes, &[last], &places, vec![composed]);
    let specular = rows[last].as_ref().unwrap();
    for (row, expected) in specular.rows().into_iter().zip(&expected.specular) {
        for (&found, &expected) in row.iter().zip(expected) {
            check("merf", "specular", ColorActivation::Sigmoid.of(found), expected);
        }
    }
}

#[test]
fn missing_blocks_of_merf_are_not_occupied() {
    let field = field(&checkpoint("merf")).unwrap().field;
    let occupancy = field.occupancy.unwrap();
    let occupied = |place: [f64; 3]| {
        let cell = [0, 1, 2].map(|axis| {
            let [least, greatest] = [field.bounds[0][axis], field.bounds[1][axis]];
            ((place[axis] - least) / (greatest - least) * 128.0) as usize
        });
        occupancy.cells[cell[0] + 128 * (cell[1] + 128 * cell[2])]
    };
    // Blocks (0, 1, 1) and (1, 0, 1) of the grid are missing, and cell (1, 1, 0) is empty; its axes
    // are x mirrored, z and y.
    assert!(!occupied([0.5, 0.5, 0.5]) && !occupied([-0.5, 0.5, -0.5]));
    assert!(!occupied([-0.5, -0.5, 0.5]));
    assert!(occupied([0.5, 0.5, -0.5]) && occupied([0.5, -0.5, 0.5]) && occupied([-0.5, 0.5, 0.5]));
}

#[test]
fn a_field_of_one_file_needs_no_path() {
    for name in ["nerf.tar", "nerf_old.tar", "tensorf_cp.th", "small.msgpack"] {
        let path = checkpoint(name);
        let imported = field_from_bytes(name, &std::fs::read(&path).unwrap()).unwrap();
        assert_eq!(imported, field(&path).unwrap());
    }
}
