//! SOG of PlayCanvas: pictures of quantised values, in a zip (`.sog`) or a folder
//! (developer.playcanvas.com, "The SOG format"; splat-transform `read-sog.ts`, `read-sog-v1.ts`).
//!
//! `meta.json` names lossless WebP pictures; Gaussian `i` is texel `i`, row by row.
//!
//! | entry | picture | version 2 | version 1 (no `version`) |
//! |---|---|---|---|
//! | `means` | low, high byte of xyz | t between mins and maxs, then sign(t)(e^abs(t) - 1) | same |
//! | `scales` | rgb | codebook of ln s | between mins and maxs |
//! | `quats` | rgb, alpha - 252 = largest | (u / 255 2 - 1) / sqrt 2, of w, x, y, z | same |
//! | `sh0` | rgb, alpha | codebook of dc; opacity u / 255 | dc, logit between mins and maxs |
//! | `shN` | centroids; labels u16 | codebook; `bands` | between mins and maxs; bands by width |
//!
//! The centroids' picture has 64 entries a row, each of 3, 8 or 15 texels (a coefficient each).

mod harmonics;
mod picture;

use super::draft::{Draft, Gaussian, color_of_dc, sigmoid, smallest_three};
use super::error::Fault;
use super::zip::Zip;
use super::{Imported, detect, limits};
use harmonics::Harmonics;
use picture::Picture;
use serde::Deserialize;
use std::f32::consts::FRAC_1_SQRT_2;
use std::path::Path;

/// Where the members of a scene come from.
type ReadMember<'a> = &'a dyn Fn(&str) -> Result<Vec<u8>, Fault>;

#[derive(Deserialize)]
struct Meta {
    version: Option<u32>,
    count: Option<u64>,
    /// How the scene was trained: `default`, `antialiased` or `2dgs`.
    model: Option<String>,
    means: Values,
    scales: Values,
    quats: Values,
    sh0: Values,
    #[serde(rename = "shN")]
    sh_n: Option<Palette>,
}

#[derive(Deserialize)]
struct Values {
    shape: Option<Vec<u64>>,
    #[serde(default)]
    mins: Vec<f32>,
    #[serde(default)]
    maxs: Vec<f32>,
    #[serde(default)]
    codebook: Vec<f32>,
    files: Vec<String>,
}

#[derive(Deserialize)]
struct Palette {
    count: Option<usize>,
    bands: Option<u8>,
    mins: Option<f32>,
    maxs: Option<f32>,
    #[serde(default)]
    codebook: Vec<f32>,
    files: Vec<String>,
}

/// Imports a folder with `meta.json`.
pub(super) fn import_folder(folder: &Path) -> Result<Imported, Fault> {
    for name in ["meta.json", "lod-meta.json"] {
        if folder.join(name).is_file() {
            let text = read_file(folder, name)?;
            return detect::import(name, &text, Some(folder));
        }
    }
    Err(Fault::no_gaussians("a folder without meta.json"))
}

/// Imports a scene from its `meta.json` and the folder that it lies in.
pub(super) fn import_meta(text: &[u8], folder: Option<&Path>) -> Result<Imported, Fault> {
    let Some(folder) = folder else {
        return Err(Fault::unsupported(
            "the meta.json of a SOG scene without its pictures",
            "Import it by its path, or as one .sog file.",
        ));
    };
    import(text, &|name| read_file(folder, name))
}

/// Imports a zip archive, if it is a `.sog`.
pub(super) fn import_zip(data: &[u8]) -> Result<Imported, Fault> {
    let zip = Zip::open(data)?;
    let Some(meta) = zip.names().find(|name| base_name(name) == "meta.json") else {
        return Err(Fault::no_gaussians(detect::zip_kind(zip.names())));
    };
    let folder = meta.strip_suffix("meta.json").unwrap_or_default();
    import(&zip.read(meta)?, &|name| zip.read(&format!("{folder}{name}")))
}

/// Refuses a scene of several levels of detail, saying which there are.
pub(super) fn refuse_levels(lod_meta: &serde_json::Value) -> Fault {
    let mut names: Vec<&str> = lod_meta["filenames"]
        .as_array()
        .map(|names| names.iter().filter_map(|name| name.as_str()).collect())
        .unwrap_or_default();
    names.sort_unstable();
    names.truncate(32);
    let what = format!("a scene of several levels of detail ({})", names.join(", "));
    Fault::unsupported(what, "Choose a level's meta.json; higher numbers are usually coarser.")
}

fn base_name(name: &str) -> &str {
    name.rsplit(['/', '\\']).next().unwrap_or(name)
}

/// Reads a file that a scene names: in its folder, not elsewhere.
fn read_file(folder: &Path, name: &str) -> Result<Vec<u8>, Fault> {
    if base_name(name) != name || name == ".." {
        return Err(Fault::malformed("meta.json", format!("names a file elsewhere: {name:?}")));
    }
    let path = folder.join(name);
    let at_file = |error: std::io::Error| {
        Fault::Io(std::io::Error::new(error.kind(), format!("{name}: {error}")))
    };
    let size = std::fs::metadata(&path).map_err(at_file)?.len();
    limits::check_member(size)?;
    std::fs::read(&path).map_err(at_file)
}

fn import(text: &[u8], read: ReadMember) -> Result<Imported, Fault> {
    let meta: Meta = serde_json::from_slice(text)
        .map_err(|error| Fault::malformed("meta.json", error.to_string()))?;
    let format = match meta.version {
        None => "SOG v1",
        Some(2) => "SOG v2",
        Some(other) => {
            let advice = "Export it as SOG version 2.";
            return Err(Fault::unsupported(format!("SOG version {other}"), advice));
        }
    };
    if meta.model.as_deref() == Some("2dgs") {
        let advice = "Its discs need another kernel: train with a 3D Gaussian method.";
        return Err(Fault::unsupported("a scene of 2D Gaussians (2DGS)", advice));
    }
    let shape = meta.means.shape.as_ref().and_then(|shape| shape.first().copied());
    let count = meta.count.or(shape);
    let count = count.ok_or_else(|| Fault::malformed("meta.json", "has no count"))?;
    let scene = Scene::load(&meta, limits::check_count(count)?, read)?;
    let mut imported = Imported::new(format, scene.decode())?;
    imported.antialiased = meta.model.as_deref() == Some("antialiased");
    Ok(imported)
}

/// The pictures and tables of a scene, checked to hold all Gaussians.
struct Scene {
    count: usize,
    means: [Vec<u8>; 2],
    mean_bounds: [[f32; 2]; 3],
    quats: Vec<u8>,
    scales: Vec<u8>,
    scale_of: [Table; 3],
    sh0: Vec<u8>,
    dc_of: [Table; 3],
    opacity_of: Table,
    harmonics: Option<Harmonics>,
}

/// What each of the 256 byte values means.
type Table = Box<[f32; 256]>;

impl Scene {
    fn load(meta: &Meta, count: usize, read: ReadMember) -> Result<Scene, Fault> {
        let picture = |values: &Values, i: usize, part: &str| {
            let name = file(&values.files, i, part)?;
            Ok::<_, Fault>(Picture::read(name, &read(name)?, count)?.texels)
        };
        let opacity_of = if meta.version.is_none() {
            let logit = table(&meta.sh0, 3, "sh0")?;
            Box::new(logit.map(sigmoid))
        } else {
            linear(0.0, 1.0)
        };
        let tables = |values: &Values, part: &str| {
            Ok::<_, Fault>([
                table(values, 0, part)?,
                table(values, 1, part)?,
                table(values, 2, part)?,
            ])
        };
        Ok(Scene {
            count,
            means: [picture(&meta.means, 0, "means")?, picture(&meta.means, 1, "means")?],
            mean_bounds: [
                bounds(&meta.means, 0, "means")?,
                bounds(&meta.means, 1, "means")?,
                bounds(&meta.means, 2, "means")?,
            ],
            quats: picture(&meta.quats, 0, "quats")?,
            scales: picture(&meta.scales, 0, "scales")?,
            scale_of: tables(&meta.scales, "scales")?.map(|table| Box::new(table.map(f32::exp))),
            sh0: picture(&meta.sh0, 0, "sh0")?,
            dc_of: tables(&meta.sh0, "sh0")?.map(|table| Box::new(table.map(color_of_dc))),
            opacity_of,
            harmonics: Harmonics::load(meta, count, read)?,
        })
    }

    fn decode(&self) -> Draft {
        let degree = self.harmonics.as_ref().map_or(0, |harmonics| harmonics.degree);
        let mut draft = Draft::new(self.count, degree);
        let mut values = Vec::new();
        for i in 0..self.count {
            if let Some(harmonics) = &self.harmonics {
                harmonics.read(i, &mut values);
            }
            draft.push(&self.gaussian(i), &values);
        }
        draft
    }

    fn gaussian(&self, i: usize) -> Gaussian {
        let of = |picture: &[u8], c: usize| usize::from(picture[4 * i + c]);
        Gaussian {
            position: std::array::from_fn(|c| {
                let word = of(&self.means[1], c) << 8 | of(&self.means[0], c);
                let [min, max] = self.mean_bounds[c];
                let t = min + (max - min) * (word as f32 / 65535.0);
                t.abs().exp_m1().copysign(t)
            }),
            scale: std::array::from_fn(|c| self.scale_of[c][of(&self.scales, c)]),
            rotation: unpack_rotation(&self.quats[4 * i..]),
            opacity: self.opacity_of[of(&self.sh0, 3)],
            color: std::array::from_fn(|c| self.dc_of[c][of(&self.sh0, c)]),
        }
    }
}

/// A unit quaternion (w, x, y, z); texels that name no largest component get zero, which the
/// draft replaces.
fn unpack_rotation(texel: &[u8]) -> [f32; 4] {
    let Some(largest) = texel[3].checked_sub(252) else { return [0.0; 4] };
    let part = |byte: u8| (f32::from(byte) / 255.0 * 2.0 - 1.0) * FRAC_1_SQRT_2;
    smallest_three([part(texel[0]), part(texel[1]), part(texel[2])], usize::from(largest))
}

fn file<'a>(files: &'a [String], i: usize, part: &str) -> Result<&'a str, Fault> {
    let file = files.get(i);
    Ok(file.ok_or_else(|| Fault::malformed(part, format!("names only {i} files")))?)
}

/// Least and most value of a component; least must come first or the two be equal.
fn bounds(values: &Values, c: usize, part: &str) -> Result<[f32; 2], Fault> {
    match (values.mins.get(c), values.maxs.get(c)) {
        (Some(&min), Some(&max)) => Ok([min, max]),
        _ => Err(Fault::malformed(part, format!("has no mins and maxs of component {c}"))),
    }
}

/// The meaning of a component's bytes: a codebook (version 2) or between bounds (version 1).
fn table(values: &Values, c: usize, part: &str) -> Result<Table, Fault> {
    if !values.codebook.is_empty() {
        return codebook(&values.codebook, part);
    }
    let [min, max] = bounds(values, c, part)?;
    Ok(linear(min, max))
}

fn codebook(values: &[f32], part: &str) -> Result<Table, Fault> {
    let table: Result<Box<[f32; 256]>, _> = values.to_vec().into_boxed_slice().try_into();
    table.map_err(|_| Fault::malformed(part, format!("a codebook of {} values", values.len())))
}

fn linear(min: f32, max: f32) -> Table {
    Box::new(std::array::from_fn(|byte| min + (max - min) * (byte as f32 / 255.0)))
}
