//! What skins and morph targets do to vertices at rest: no animation is played.

use super::accessor::Accessor;
use super::affine::Affine;
use super::array;
use super::buffers::Document;
use crate::import::error::Fault;
use crate::import::limits;
use serde_json::Value;

/// Most joints of a skin; a character has some dozens.
const MAX_JOINTS: usize = 1 << 12;

/// Where the joints of a skin take vertices that are bound to them (section 3.7.3).
pub(super) struct Skin(Vec<Affine>);

impl Skin {
    /// The skin with the number `index`, for nodes that lie so in the world.
    pub(super) fn read(
        document: &Document,
        index: usize,
        nodes: &[Option<Affine>],
    ) -> Result<Skin, Fault> {
        let wrong = |reason: &str| Fault::malformed(format!("skin {index}"), reason);
        let skin = document.item("skins", index as u64)?;
        let joints = array(&skin["joints"]);
        if joints.len() > MAX_JOINTS {
            return Err(wrong("has too many joints"));
        }
        let inverse = &skin["inverseBindMatrices"];
        let inverse = match inverse.is_null() {
            true => None,
            false => Some(Accessor::of(document, inverse, "inverseBindMatrices", 16)?),
        };
        if inverse.as_ref().is_some_and(|matrices| matrices.count < joints.len()) {
            return Err(wrong("has fewer matrices than joints"));
        }
        let place = |(number, joint): (usize, &Value)| {
            let node = joint.as_u64().and_then(|node| nodes.get(node as usize).copied().flatten());
            let node = node.ok_or_else(|| wrong("has a joint that is not in the scene"))?;
            let Some(matrices) = &inverse else { return Ok(node) };
            let matrix = matrices.get::<16>(number).map(f64::from);
            let bind = Affine::of_matrix(&matrix).ok_or_else(|| wrong("has a bad matrix"))?;
            Ok(node.then(&bind))
        };
        joints.iter().enumerate().map(place).collect::<Result<_, Fault>>().map(Skin)
    }

    /// The transformation of each vertex of a primitive that has joints and weights.
    pub(super) fn transforms(
        &self,
        document: &Document,
        attributes: &Value,
        count: usize,
    ) -> Result<Option<Vec<Affine>>, Fault> {
        if attributes["JOINTS_0"].is_null() {
            return Ok(None);
        }
        let joints = Accessor::of(document, &attributes["JOINTS_0"], "JOINTS_0", 4)?;
        let weights = Accessor::of(document, &attributes["WEIGHTS_0"], "WEIGHTS_0", 4)?;
        if [joints.count, weights.count] != [count; 2] {
            return Err(Fault::malformed("attributes", "joints and weights are not one a vertex"));
        }
        let of_vertex = |vertex: usize| {
            let bad = || Fault::malformed("attribute JOINTS_0", "names no joint of the skin");
            let numbers = joints.integers::<4>(vertex).ok_or_else(bad)?;
            let weights = weights.get::<4>(vertex).map(f64::from);
            let total: f64 = weights.iter().sum();
            let mut bound = Vec::with_capacity(4);
            for (number, weight) in numbers.into_iter().zip(weights) {
                if weight != 0.0 {
                    bound.push((weight / total, *self.0.get(number as usize).ok_or_else(bad)?));
                }
            }
            let is_bound = !bound.is_empty() && total.is_normal();
            Ok(if is_bound { Affine::blend(bound.into_iter()) } else { Affine::IDENTITY })
        };
        (0..count).map(of_vertex).collect::<Result<_, Fault>>().map(Some)
    }
}

/// Adds the morph targets of a primitive to one of its attributes, by their default weights
/// (section 3.7.2.2).
pub(super) fn morph(
    document: &Document,
    primitive: &Value,
    weights: &[f64],
    name: &str,
    values: &mut [[f32; 3]],
) -> Result<(), Fault> {
    for (target, &weight) in array(&primitive["targets"]).iter().zip(weights) {
        if weight == 0.0 || target[name].is_null() {
            continue;
        }
        let offsets = Accessor::of(document, &target[name], name, 3)?;
        if offsets.count != values.len() {
            return Err(Fault::malformed("morph target", "has not one offset a vertex"));
        }
        for (i, value) in values.iter_mut().enumerate() {
            let offset: [f32; 3] = offsets.get(i);
            *value = std::array::from_fn(|axis| value[axis] + weight as f32 * offset[axis]);
        }
    }
    Ok(())
}

/// Default weights of the morph targets of a mesh: the node's own, or else the mesh's.
pub(super) fn morph_weights(node: &Value, mesh: &Value) -> Vec<f64> {
    let of = |owner: &Value| -> Vec<f64> {
        let weights = array(&owner["weights"]).iter().take(limits::MAX_TARGETS);
        weights.map(|weight| weight.as_f64().unwrap_or(0.0)).collect()
    };
    let own = of(node);
    if own.is_empty() { of(mesh) } else { own }
}
