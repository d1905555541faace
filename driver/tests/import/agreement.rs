//! All versions of a scene agree, within what each format can represent.

use super::hostile::small_spz;
use super::writers::{PICTURES, gzip, zip};
use super::{read, reference, scene};
use quintet_driver::import::{gaussians, gaussians_from_bytes};
use quintet_driver::scene::GaussianCloud;
use serde_json::{Value, json};

/// What a format may change, derived from its steps. A writer that truncates errs by a step, one
/// that rounds by half.
#[derive(Clone, Copy)]
struct Loss {
    file: &'static str,
    /// World units; the scene is 2 wide.
    position: f32,
    ln_scale: f32,
    /// Lower end of the range of logarithms of scales.
    least_ln_scale: f32,
    /// Radians.
    turn: f64,
    opacity: f32,
    color: f32,
    /// Colours outside are clamped.
    colors: (f32, f32),
    /// Of degree 1, and above; nothing for a format without harmonics.
    harmonics: Option<(f32, f32)>,
    /// Harmonics outside are clamped.
    harmonic_range: (f32, f32),
    /// For palettes: the bounds on harmonics hold for the mean, not for each.
    mean: bool,
}

const EXACT: Loss = Loss {
    file: "",
    position: 1e-6,
    ln_scale: 1e-6,
    least_ln_scale: f32::MIN,
    turn: 1e-3, // what rounding a unit quaternion to f32 amounts to
    opacity: 1e-6,
    color: 1e-6,
    colors: (f32::MIN, f32::MAX),
    harmonics: Some((1e-6, 1e-6)),
    harmonic_range: (f32::MIN, f32::MAX),
    mean: false,
};

/// Half a step of 10 bits over a chunk; a chunk is at most as wide as the scene.
const COMPRESSED: Loss = Loss {
    file: "playbot_lod4.compressed.ply",
    position: 2.1 / 1023.0 / 2.0,
    ln_scale: 14.0 / 1023.0 / 2.0,
    turn: 6e-3, // 4 components, half a step of sqrt(2) / 1023, twice for the angle
    opacity: 0.5 / 255.0,
    color: 3.0 / 255.0 / 2.0,
    harmonics: Some((4.01 / 256.0, 4.01 / 256.0)), // half a step of 8 / 256
    ..EXACT
};

/// Steps of 1/16 in ln s, 9 bits in rotations, 5 and 4 bits in harmonics.
const SPZ: Loss = Loss {
    file: "playbot_lod4.v4.spz",
    position: 0.501 / 4096.0,
    ln_scale: 0.501 / 16.0,
    least_ln_scale: -10.0,
    turn: 6e-3,
    opacity: 0.501 / 255.0,
    color: 0.282_094_8 * 0.501 / 255.0 / 0.15,
    colors: (0.5 - 0.282_094_8 / 0.3, 0.5 + 0.282_094_8 / 0.3),
    harmonics: Some((4.51 / 128.0, 8.51 / 128.0)),
    harmonic_range: (-1.0, 127.0 / 128.0),
    mean: false,
};

const SPLAT: Loss = Loss {
    file: "playbot_lod4.splat",
    turn: 2.0 / 64.0, // 4 components truncated by 1/128
    opacity: 1.01 / 255.0,
    color: 1.01 / 255.0,
    colors: (0.0, 1.0),
    harmonics: None,
    ..EXACT
};

const KSPLAT: Loss = Loss {
    file: "playbot_lod4.level2.ksplat",
    position: 0.51 * 5.0 / 2.0 / 32767.0,
    ln_scale: 1.1e-3, // halves, truncated; a few are subnormal
    turn: 2e-3,
    harmonics: Some((0.016, 0.016)), // a step of its range of 4.05, truncated to 8 bits
    ..SPLAT
};

/// Codebooks of 256 values found by clustering, a palette for harmonics.
const SOG: Loss = Loss {
    file: "playbot_lod4.sog",
    position: 4.5e-5, // a step of 1.42 / 65535 at e^0.71
    ln_scale: 0.02,
    turn: 0.04,
    opacity: 1.01 / 255.0,
    color: 0.01,
    harmonics: Some((5e-3, 4e-3)),
    mean: true,
    ..EXACT
};

const LOSSES: [Loss; 5] = [SPZ, SPLAT, KSPLAT, SOG, COMPRESSED];

fn cloud(path: &std::path::Path) -> GaussianCloud {
    gaussians(path).unwrap().cloud
}

/// For each Gaussian of `cloud`, the one of `truth` at the same place, and at each place once:
/// converters change the order.
fn matched(cloud: &GaussianCloud, truth: &GaussianCloud, reach: f32) -> Vec<usize> {
    assert_eq!(cloud.len(), truth.len());
    let mut by_x: Vec<usize> = (0..truth.len()).collect();
    by_x.sort_by(|&a, &b| truth.positions[a][0].total_cmp(&truth.positions[b][0]));
    let mut used = vec![false; truth.len()];
    let ln = |scale: f32| scale.max(1e-5).ln();
    let distance = |a: usize, b: usize| -> f32 {
        (0..3)
            .map(|axis| {
                let apart = (cloud.positions[a][axis] - truth.positions[b][axis]) / reach;
                let larger = ln(cloud.scales[a][axis]) - ln(truth.scales[b][axis]);
                apart * apart + larger * larger
            })
            .sum()
    };
    (0..cloud.len())
        .map(|a| {
            let x = cloud.positions[a][0];
            let first = by_x.partition_point(|&b| truth.positions[b][0] < x - reach);
            let near = by_x[first..].iter().copied();
            let near = near.take_while(|&b| truth.positions[b][0] <= x + reach);
            let b = near.min_by(|&b, &c| distance(a, b).total_cmp(&distance(a, c)));
            let b = b.unwrap_or_else(|| panic!("Gaussian {a} is nowhere in the source"));
            assert!(!std::mem::replace(&mut used[b], true), "two Gaussians match number {b}");
            b
        })
        .collect()
}

/// The angle between two rotations.
fn turn_between(a: [f32; 4], b: [f32; 4]) -> f64 {
    let dot: f64 = a.iter().zip(b).map(|(&a, b)| f64::from(a) * f64::from(b)).sum();
    2.0 * dot.abs().min(1.0).acos()
}

/// Asserts that `cloud` differs from `truth` by no more than `loss` and what `truth` itself lost.
fn check(cloud: &GaussianCloud, truth: &GaussianCloud, loss: Loss, also: Loss) {
    let file = loss.file;
    let close = |what: &str, a: f32, b: f32, bound: f32| {
        assert!((a - b).abs() <= bound, "{file}: {what} {a}, not {b} +- {bound}");
    };
    let pairs = matched(cloud, truth, loss.position + also.position);
    for (a, &b) in pairs.iter().enumerate() {
        let turn = turn_between(cloud.rotations[a], truth.rotations[b]);
        assert!(turn <= loss.turn + also.turn, "{file}: Gaussian {a} is turned by {turn}");
        close("opacity", cloud.opacities[a], truth.opacities[b], loss.opacity + also.opacity);
        for c in 0..3 {
            let bound = loss.position + also.position;
            close("position", cloud.positions[a][c], truth.positions[b][c], bound);
            let least = loss.least_ln_scale;
            let ln = |cloud: &GaussianCloud, i: usize| cloud.scales[i][c].ln().max(least);
            close("ln scale", ln(cloud, a), ln(truth, b), loss.ln_scale + also.ln_scale);
            let color = |cloud: &GaussianCloud, i: usize| {
                cloud.colors[i][c].clamp(loss.colors.0, loss.colors.1)
            };
            close("color", color(cloud, a), color(truth, b), loss.color + also.color);
        }
    }
    check_harmonics(cloud, truth, &pairs, loss, also);
}

fn check_harmonics(
    cloud: &GaussianCloud,
    truth: &GaussianCloud,
    pairs: &[usize],
    loss: Loss,
    also: Loss,
) {
    let (Some((first, rest)), Some((also_first, also_rest))) = (loss.harmonics, also.harmonics)
    else {
        assert_eq!(cloud.degree, 0);
        return;
    };
    assert_eq!(cloud.degree, truth.degree);
    let count = truth.harmonics_per_gaussian();
    let mut sums = [0.0f64; 2];
    for (a, &b) in pairs.iter().enumerate() {
        for k in 0..count {
            let [x, y] = [cloud.harmonics[a * count + k], truth.harmonics[b * count + k]];
            let clamped = |value: f32| value.clamp(loss.harmonic_range.0, loss.harmonic_range.1);
            let apart = (clamped(x) - clamped(y)).abs();
            let bound = if k < 9 { first + also_first } else { rest + also_rest };
            assert!(
                loss.mean || apart <= bound,
                "{}: harmonic {k} of {a}: {x}, not {y}",
                loss.file
            );
            sums[usize::from(k >= 9)] += f64::from(apart);
        }
    }
    let [mean_first, mean_rest] =
        [sums[0] / (9 * pairs.len()) as f64, sums[1] / ((count - 9) * pairs.len()) as f64];
    assert!(mean_first <= f64::from(first + also_first), "{}: {mean_first}", loss.file);
    assert!(mean_rest <= f64::from(rest + also_rest), "{}: {mean_rest}", loss.file);
}

#[test]
fn all_versions_agree_with_each_other() {
    let truth = cloud(&scene(COMPRESSED.file));
    assert_eq!((truth.len(), truth.degree), (8406, 2));
    for loss in LOSSES {
        check(&cloud(&scene(loss.file)), &truth, loss, COMPRESSED);
    }
}

#[test]
fn all_versions_agree_with_the_source() {
    const FOLDER: &str = "splat/playbot_lod4_formats/playbot_lod4";
    let Some(source) = reference(&format!("{FOLDER}.ply")) else { return };
    let truth = cloud(&source);
    for loss in LOSSES {
        check(&cloud(&scene(loss.file)), &truth, loss, EXACT);
    }
    let exact_floats = Loss { position: 1e-7, harmonics: Some((0.0, 0.0)), ..KSPLAT };
    let halves = Loss { harmonics: Some((1e-3, 1e-3)), ..KSPLAT };
    for (ending, loss) in [
        ("khr.glb", Loss { harmonics: Some((0.0, 0.0)), color: 0.0, ..EXACT }),
        ("level0.ksplat", exact_floats),
        ("level1.ksplat", halves),
    ] {
        let file = reference(&format!("{FOLDER}.{ending}")).unwrap();
        check(&cloud(&file), &truth, Loss { file: "reference", ..loss }, EXACT);
    }
}

#[test]
fn both_forms_of_spz_hold_the_same() {
    let [v3, v4] =
        ["playbot_lod4.v3.spz", "playbot_lod4.v4.spz"].map(|name| gaussians(&scene(name)));
    let [v3, v4] = [v3.unwrap(), v4.unwrap()];
    assert_eq!([v3.format, v4.format], ["SPZ v3", "SPZ v4"]);
    assert_eq!(v3.cloud, v4.cloud);
}

#[test]
fn a_sog_folder_agrees_with_the_ply_made_from_it() {
    let ply = gaussians(&scene("playbot_lod6.ply")).unwrap();
    assert_eq!((ply.format, ply.antialiased, ply.dropped), ("INRIA 3DGS .ply", false, 0));
    for path in ["lod6", "lod6/meta.json"] {
        let sog = gaussians(&scene(path)).unwrap();
        assert_eq!(sog.format, "SOG v2");
        check(&sog.cloud, &ply.cloud, EXACT, EXACT);
    }
}

/// Version 2 differs from 3 in its rotations only: the vector part of the quaternion, in bytes.
#[test]
fn spz_version_2_agrees_with_version_3() {
    const COUNT: usize = 300;
    let v3 = small_spz(COUNT);
    let third = gaussians_from_bytes("x", &gzip(&v3)).unwrap().cloud;
    let (head, tail) = v3.split_at(16 + 16 * COUNT);
    let mut v2 = head.to_vec();
    v2[4] = 2;
    for &[w, x, y, z] in &third.rotations {
        let sign = if w < 0.0 { -127.5 } else { 127.5 };
        v2.extend([x, -y, -z].map(|part| (part * sign + 127.5).round() as u8));
    }
    v2.extend(&tail[4 * COUNT..]);
    let second = gaussians_from_bytes("x", &gzip(&v2)).unwrap();
    assert_eq!(second.format, "SPZ v2");
    for (&a, &b) in second.cloud.rotations.iter().zip(&third.rotations) {
        // Where w is small, errors of half a step become errors of their square root.
        assert!(turn_between(a, b) < 0.25, "{a:?} {b:?}");
    }
    assert_eq!(GaussianCloud { rotations: third.rotations.clone(), ..second.cloud }, third);
}

/// Version 1 interpolates between bounds where version 2 looks up a codebook, and stores logits.
#[test]
fn sog_version_1_agrees_with_version_2() {
    let line = |min: f64, max: f64| -> Vec<f64> {
        (0..256).map(|byte| min + (max - min) * f64::from(byte) / 255.0).collect()
    };
    let import = |meta: &Value| {
        let members = PICTURES.map(|name| match name {
            "meta.json" => (name, meta.to_string().into_bytes()),
            _ => (name, read(&format!("lod6/{name}"))),
        });
        gaussians_from_bytes("x.sog", &zip(&members)).unwrap()
    };
    let mut v2: Value = serde_json::from_slice(&read("lod6/meta.json")).unwrap();
    v2["scales"]["codebook"] = line(-10.0, -2.0).into();
    v2["sh0"]["codebook"] = line(-3.0, 3.0).into();
    v2["shN"]["codebook"] = line(-1.0, 1.0).into();
    let mut v1 = v2.clone();
    v1.as_object_mut().unwrap().retain(|key, _| key != "version" && key != "count");
    v1["means"]["shape"] = json!([1873, 3]);
    let files = |key: &str| v2[key]["files"].clone();
    v1["scales"] = json!({"mins": [-10, -10, -10], "maxs": [-2, -2, -2], "files": files("scales")});
    v1["sh0"] = json!({"mins": [-3, -3, -3, -5], "maxs": [3, 3, 3, 5], "files": files("sh0")});
    v1["shN"] = json!({"mins": -1, "maxs": 1, "files": files("shN")});

    let [first, second] = [&v1, &v2].map(import);
    assert_eq!([first.format, second.format], ["SOG v1", "SOG v2"]);
    let (first, second) = (first.cloud, second.cloud);
    assert_eq!((first.positions, first.rotations), (second.positions, second.rotations));
    let close = |a: f32, b: f32| assert!((a - b).abs() < 1e-5, "{a} {b}");
    let flat = |values: &[[f32; 3]]| values.concat();
    flat(&first.scales).into_iter().zip(flat(&second.scales)).for_each(|(a, b)| close(a, b));
    flat(&first.colors).into_iter().zip(flat(&second.colors)).for_each(|(a, b)| close(a, b));
    first.harmonics.iter().zip(&second.harmonics).for_each(|(&a, &b)| close(a, b));
    for (&a, &b) in first.opacities.iter().zip(&second.opacities) {
        close(a, 1.0 / (1.0 + (5.0 - 10.0 * b).exp()));
    }
}
