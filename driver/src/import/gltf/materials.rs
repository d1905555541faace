//! Materials, textures and samplers of a glTF file (sections 3.8 and 3.9), as far as they are
//! drawn: base colours, without any colour management.

use super::buffers::Document;
use super::nodes::numbers;
use crate::import::error::Fault;
use crate::import::limits;
use crate::import::mesh::{decoded, plain_material};
use crate::scene::mesh::{Material, Texture, Wrap};
use serde_json::Value;
use std::collections::HashMap;

/// OpenGL's numbers in samplers.
const NEAREST: u64 = 9728;
const CLAMP_TO_EDGE: u64 = 33071;
const MIRRORED_REPEAT: u64 = 33648;

/// The materials that are in use, read when they are first asked for.
pub(super) struct Materials<'a> {
    document: &'a Document<'a>,
    /// Materials read so far, and the pictures that they refer to.
    pub materials: Vec<Material>,
    pub textures: Vec<Texture>,
    /// What the user should know.
    pub notes: Vec<String>,
    /// By number in the file; none is that of primitives that name none.
    known: HashMap<Option<u64>, (u16, Mapping)>,
    images: HashMap<u64, usize>,
    texels_left: u64,
}

/// How a primitive's texture coordinates become those of its material (`KHR_texture_transform`).
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Mapping {
    /// Which set of the primitive's coordinates.
    pub set: u64,
    offset: [f64; 2],
    rotation: f64,
    scale: [f64; 2],
}

impl Mapping {
    const PLAIN: Mapping = Mapping { set: 0, offset: [0.0; 2], rotation: 0.0, scale: [1.0; 2] };

    fn of(info: &Value) -> Option<Mapping> {
        let transform = &info["extensions"]["KHR_texture_transform"];
        let set = transform["texCoord"].as_u64().or(info["texCoord"].as_u64());
        let rotation = if transform["rotation"].is_null() {
            Some(0.0)
        } else {
            transform["rotation"].as_f64()
        };
        Some(Mapping {
            set: set.unwrap_or(0),
            offset: numbers(transform, "offset", [0.0; 2])?,
            rotation: rotation?,
            scale: numbers(transform, "scale", [1.0; 2])?,
        })
    }

    /// Scaled, then turned, then moved.
    pub(super) fn apply(&self, [u, v]: [f32; 2]) -> [f32; 2] {
        if *self == (Mapping { set: self.set, ..Mapping::PLAIN }) {
            return [u, v];
        }
        let [u, v] = [f64::from(u) * self.scale[0], f64::from(v) * self.scale[1]];
        let (sin, cos) = self.rotation.sin_cos();
        let turned = [cos * u + sin * v, cos * v - sin * u];
        [0, 1].map(|axis| (turned[axis] + self.offset[axis]) as f32)
    }
}

impl<'a> Materials<'a> {
    pub(super) fn new(document: &'a Document<'a>) -> Self {
        Materials {
            document,
            materials: Vec::new(),
            textures: Vec::new(),
            notes: Vec::new(),
            known: HashMap::new(),
            images: HashMap::new(),
            texels_left: limits::MAX_TEXELS,
        }
    }

    /// Number and mapping of the material that a primitive names.
    pub(super) fn of(&mut self, primitive: &Value) -> Result<(u16, Mapping), Fault> {
        let name = primitive["material"].as_u64();
        if let Some(known) = self.known.get(&name) {
            return Ok(known.clone());
        }
        let (material, mapping) = match name {
            None => (plain_material("default"), Mapping::PLAIN),
            Some(index) => self.read(index)?,
        };
        let number = u16::try_from(self.materials.len())
            .map_err(|_| Fault::malformed("materials", "more than 65536 of them are in use"))?;
        self.materials.push(material);
        self.known.insert(name, (number, mapping.clone()));
        Ok((number, mapping))
    }

    fn read(&mut self, index: u64) -> Result<(Material, Mapping), Fault> {
        let wrong = |reason: &str| Fault::malformed(format!("material {index}"), reason);
        let source = self.document.item("materials", index)?;
        let name: String = source["name"].as_str().unwrap_or_default().chars().take(80).collect();
        let pbr = &source["pbrMetallicRoughness"];
        let color = numbers(pbr, "baseColorFactor", [1.0; 4]);
        let color = color.ok_or_else(|| wrong("has a bad baseColorFactor"))?;
        let mut material = Material {
            color: color.map(|part| part as f32),
            double_sided: source["doubleSided"] == true,
            unlit: !source["extensions"]["KHR_materials_unlit"].is_null(),
            ..plain_material(&name)
        };
        match source["alphaMode"].as_str() {
            Some("MASK") => {
                let cutoff = source["alphaCutoff"].as_f64().unwrap_or(0.5);
                material.cutoff = Some(cutoff as f32);
                let note = "what its texture cuts out is drawn, too.";
                self.notes.push(format!("Material {name:?} is a cut-out: {note}"));
            }
            Some("BLEND") => {
                self.notes.push(format!("Material {name:?} is translucent: it is drawn opaque."));
            }
            _ => {}
        }
        let info = &pbr["baseColorTexture"];
        let Some(texture) = info["index"].as_u64() else { return Ok((material, Mapping::PLAIN)) };
        let mapping = Mapping::of(info).ok_or_else(|| wrong("has a bad texture transform"))?;
        let texture = self.document.item("textures", texture)?;
        self.sampler(texture, &mut material)?;
        material.texture = Some(self.picture(texture)?);
        Ok((material, mapping))
    }

    fn sampler(&self, texture: &Value, material: &mut Material) -> Result<(), Fault> {
        let Some(sampler) = texture["sampler"].as_u64() else { return Ok(()) };
        let sampler = self.document.item("samplers", sampler)?;
        material.nearest = sampler["magFilter"].as_u64() == Some(NEAREST);
        material.wrap = ["wrapS", "wrapT"].map(|key| match sampler[key].as_u64() {
            Some(CLAMP_TO_EDGE) => Wrap::Clamp,
            Some(MIRRORED_REPEAT) => Wrap::Mirror,
            _ => Wrap::Repeat,
        });
        Ok(())
    }

    /// Number of the picture of a texture: of its forms the WebP one, if there is one.
    fn picture(&mut self, texture: &Value) -> Result<usize, Fault> {
        let extensions = &texture["extensions"];
        let webp = extensions["EXT_texture_webp"]["source"].as_u64();
        let Some(index) = webp.or(texture["source"].as_u64()) else {
            let name = extensions.as_object().and_then(|all| all.keys().next());
            let what = match name {
                Some(name) => format!("a glTF file with {name}"),
                None => return Err(Fault::malformed("textures", "one has no source")),
            };
            return Err(Fault::unsupported(what, "Export its textures as PNG, JPEG or WebP."));
        };
        if let Some(&known) = self.images.get(&index) {
            return Ok(known);
        }
        let image = self.document.item("images", index)?;
        let part = format!("image {index}");
        let picture = match (image["uri"].as_str(), image["bufferView"].as_u64()) {
            (Some(uri), _) => decoded(&part, &self.document.uri(uri)?, self.texels_left)?,
            (None, Some(view)) => decoded(&part, self.document.view(view)?.0, self.texels_left)?,
            (None, None) => return Err(Fault::malformed(part, "has neither uri nor bufferView")),
        };
        self.texels_left -= (picture.rgba.len() / 4) as u64;
        self.textures.push(picture);
        self.images.insert(index, self.textures.len() - 1);
        Ok(self.textures.len() - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn transforms_scale_then_turn_then_move() {
        let info = json!({"texCoord": 1, "extensions": {"KHR_texture_transform": {
            "offset": [0.5, 0.25], "rotation": std::f64::consts::FRAC_PI_2, "scale": [2.0, 3.0]}}});
        let mapping = Mapping::of(&info).unwrap();
        assert_eq!(mapping.set, 1);
        // (1, 1) becomes (2, 3), and by a quarter turn (3, -2).
        let [u, v] = mapping.apply([1.0, 1.0]);
        assert!((u - 3.5).abs() < 1e-6 && (v + 1.75).abs() < 1e-6, "{u} {v}");
        assert!(
            Mapping::of(&json!({"extensions": {"KHR_texture_transform": {"scale": 2}}})).is_none()
        );
    }
}
