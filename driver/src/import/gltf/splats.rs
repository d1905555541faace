//! Gaussians of a glTF file: `KHR_gaussian_splatting` (Khronos, ratified).
//!
//! Each primitive of mode POINTS with the extension is a set of Gaussians; its node places it.
//!
//! | attribute | type | means |
//! |---|---|---|
//! | `POSITION` | VEC3 | centre |
//! | `KHR_gaussian_splatting:ROTATION` | VEC4 | quaternion x, y, z, w |
//! | `KHR_gaussian_splatting:SCALE` | VEC3 | standard deviations, linear (drafts: logarithms) |
//! | `KHR_gaussian_splatting:OPACITY` | SCALAR | 0..=1 |
//! | `KHR_gaussian_splatting:SH_DEGREE_l_COEF_n` | VEC3 | harmonic n of degree l |
//!
//! Axes are left, up, forward (section 3.4). Numbers may be floats or integers, normalised or not.

use super::accessor::Accessor;
use super::buffers::Document;
use super::nodes::Placed;
use super::placement::Placement;
use super::{REEXPORT, array};
use crate::import::axes::HalfTurn;
use crate::import::draft::{Draft, Gaussian, color_of_dc};
use crate::import::error::Fault;
use crate::import::{Imported, limits};
use serde_json::Value;

/// The extension that makes Gaussians of points.
pub(super) const EXTENSION: &str = "KHR_gaussian_splatting";
/// The half turn from glTF's axes to INRIA's.
pub(super) const AXES: HalfTurn = HalfTurn(2);

/// Whether a primitive is a set of Gaussians.
pub(super) fn is_gaussians(primitive: &Value) -> bool {
    !primitive["extensions"][EXTENSION].is_null()
}

/// Imports all sets of Gaussians of a scene.
pub(super) fn import(
    document: &Document,
    placed: &[Placed],
    format: &'static str,
) -> Result<Imported, Fault> {
    let mut sets = Vec::new();
    for Placed { mesh, node, transform, .. } in placed {
        for primitive in array(&document.json["meshes"][mesh]["primitives"]) {
            if is_gaussians(primitive) {
                let placement = Placement::of(transform, *node)?;
                sets.push((Primitive::read(document, primitive)?, placement));
            }
        }
    }
    if sets.is_empty() {
        let advice = "`quintet render` draws its triangles; for Gaussians train a scene first.";
        return Err(Fault::unsupported("a glTF scene without Gaussians (meshes only)", advice));
    }
    let count: u64 = sets.iter().map(|(set, _)| set.position.count as u64).sum();
    let degree = sets.iter().map(|(set, _)| set.degree).max().unwrap_or(0);
    let mut draft = Draft::new(limits::check_count(count)?, degree);
    for (set, placement) in &sets {
        set.decode(placement, &mut draft);
    }
    let mut imported = Imported::new(format, draft)?;
    if sets.iter().any(|(set, _)| set.linear_light) {
        let note = "Colours are in linear light; they are kept so, and look dark without a tone \
                    curve.";
        imported.notes.push(note.into());
    }
    Ok(imported)
}

/// A set of Gaussians.
struct Primitive<'a> {
    position: Accessor<'a>,
    rotation: Accessor<'a>,
    scale: Accessor<'a>,
    opacity: Accessor<'a>,
    dc: Accessor<'a>,
    degree: u8,
    rest: Vec<Accessor<'a>>,
    linear_light: bool,
}

impl<'a> Primitive<'a> {
    fn read(document: &'a Document, primitive: &Value) -> Result<Primitive<'a>, Fault> {
        let extension = &primitive["extensions"][EXTENSION];
        check_kind(primitive, extension)?;
        let attributes = &primitive["attributes"];
        let own = |name: &str, width: usize| -> Result<Accessor<'a>, Fault> {
            let name = format!("{EXTENSION}:{name}");
            Accessor::of(document, &attributes[&name], &name, width)
        };
        let position = Accessor::of(document, &attributes["POSITION"], "POSITION", 3)?;
        let mut degree = 0;
        let mut rest = Vec::new();
        while degree < 3 && has_degree(attributes, degree + 1) {
            degree += 1;
            for n in 0..=2 * degree {
                rest.push(own(&format!("SH_DEGREE_{degree}_COEF_{n}"), 3)?);
            }
        }
        let set = Primitive {
            rotation: own("ROTATION", 4)?,
            scale: own("SCALE", 3)?,
            opacity: own("OPACITY", 1)?,
            dc: own("SH_DEGREE_0_COEF_0", 3)?,
            position,
            degree,
            rest,
            linear_light: extension["colorSpace"] == "lin_rec709_display",
        };
        set.check_counts()?;
        Ok(set)
    }

    fn check_counts(&self) -> Result<(), Fault> {
        let count = self.position.count;
        let others = [&self.rotation, &self.scale, &self.opacity, &self.dc];
        match others.into_iter().chain(&self.rest).find(|other| other.count != count) {
            None => Ok(()),
            Some(other) => {
                let reason = format!("accessors of {count} and {} elements", other.count);
                Err(Fault::malformed("attributes", reason))
            }
        }
    }

    fn decode(&self, placement: &Placement, draft: &mut Draft) {
        let axes = AXES;
        let mut harmonics = vec![0.0; 3 * self.rest.len()];
        for i in 0..self.position.count {
            let [x, y, z, w] = self.rotation.get(i);
            let [opacity] = self.opacity.get(i);
            let dc: [f32; 3] = self.dc.get(i);
            let mut gaussian = Gaussian {
                position: self.position.get(i),
                scale: self.scale.get(i),
                rotation: [w, x, y, z],
                opacity,
                color: dc.map(color_of_dc),
            };
            for (values, accessor) in harmonics.chunks_exact_mut(3).zip(&self.rest) {
                values.copy_from_slice(&accessor.get::<3>(i));
            }
            placement.apply(&mut gaussian, &mut harmonics);
            gaussian.position = axes.vector(gaussian.position);
            gaussian.rotation = axes.world(gaussian.rotation);
            axes.harmonics(&mut harmonics);
            draft.push(&gaussian, &harmonics);
        }
    }
}

fn has_degree(attributes: &Value, degree: u8) -> bool {
    attributes.get(format!("{EXTENSION}:SH_DEGREE_{degree}_COEF_0")).is_some()
}

/// Refuses, by name, primitives whose values mean something else.
fn check_kind(primitive: &Value, extension: &Value) -> Result<(), Fault> {
    if let Some(name) = extension["extensions"].as_object().and_then(|all| all.keys().next()) {
        return Err(Fault::unsupported(format!("a glTF file with {name}"), REEXPORT));
    }
    if primitive["mode"].as_u64() != Some(0) {
        return Err(Fault::malformed("primitive", "Gaussians in a mode other than 0 (POINTS)"));
    }
    let kernel = extension["kernel"].as_str().unwrap_or("ellipse");
    if kernel != "ellipse" {
        let shown: String = kernel.chars().take(40).collect();
        return Err(Fault::unsupported(format!("a glTF file with kernel {shown:?}"), REEXPORT));
    }
    if primitive["attributes"].get("_ROTATION").is_some() {
        let what = "a glTF file of an early draft of KHR_gaussian_splatting (attribute _ROTATION)";
        return Err(Fault::unsupported(what, "Export it again with a current exporter."));
    }
    Ok(())
}
