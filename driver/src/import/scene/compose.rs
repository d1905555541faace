//! Puts what was imported together to one scene.

use super::{Fault, Imported, ImportedField, ImportedMesh, ImportedScene};
use crate::import::gltf::{Affine, Placement};
use crate::import::mesh::join_meshes;
use crate::quantise::Bounds;
use crate::scene::field::Outside;
use crate::scene::{Content, Field, GaussianCloud, Mesh};
use serde::Deserialize;
use std::fmt;

/// From the axes of glTF and OBJ to those of Gaussians: a half turn about z.
const TO_GAUSSIANS: Affine =
    Affine([[-1.0, 0.0, 0.0], [0.0, -1.0, 0.0], [0.0, 0.0, 1.0], [0.0; 3]]);
/// How far outside a field's box triangles may lie, as a share of it, without a note.
const SLACK: f64 = 1e-3;

/// What an importer gave.
pub(super) enum Piece {
    Gaussians(Imported),
    Mesh(ImportedMesh),
    Field(Box<ImportedField>),
}

/// Kinds of pieces.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Kind {
    Gaussians,
    Mesh,
    Field,
}

/// A file's pieces, which share their axes, and where they are.
pub(super) struct Part {
    /// What it is called in messages.
    pub label: String,
    pub pieces: Vec<Piece>,
    pub transform: Option<Affine>,
}

impl fmt::Display for Kind {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(match self {
            Self::Gaussians => "Gaussians",
            Self::Mesh => "triangles",
            Self::Field => "a radiance field",
        })
    }
}

impl Piece {
    fn kind(&self) -> Kind {
        match self {
            Self::Gaussians(_) => Kind::Gaussians,
            Self::Mesh(_) => Kind::Mesh,
            Self::Field(_) => Kind::Field,
        }
    }

    fn format(&self) -> &'static str {
        match self {
            Self::Gaussians(it) => it.format,
            Self::Mesh(it) => it.format,
            Self::Field(it) => it.format,
        }
    }
}

impl Part {
    /// What is where its file has it.
    pub(super) fn new(label: String, pieces: Vec<Piece>) -> Self {
        Self { label, pieces, transform: None }
    }

    fn has(&self, kind: Kind) -> bool {
        self.pieces.iter().any(|piece| piece.kind() == kind)
    }

    /// Refuses a part that is not what its record says.
    pub(super) fn check(&self, kind: Option<Kind>, has_texture: bool) -> Result<(), Fault> {
        let found = self.pieces[0].kind();
        match kind {
            Some(wanted) if !self.has(wanted) => {
                let reason = format!("is said to be {wanted}, and its file holds {found}");
                Err(Fault::malformed(self.label.as_str(), reason))
            }
            _ if has_texture && !self.has(Kind::Mesh) => {
                let reason = format!("has a texture, and its file holds {found}");
                Err(Fault::malformed(self.label.as_str(), reason))
            }
            _ => Ok(()),
        }
    }
}

/// What is gathered of all parts.
#[derive(Default)]
struct Gathered {
    meshes: Vec<Mesh>,
    clouds: Vec<GaussianCloud>,
    fields: Vec<Field>,
    formats: Vec<&'static str>,
    antialiased: bool,
    dropped: usize,
    notes: Vec<String>,
}

/// A frame of all parts.
pub(super) fn compose(parts: Vec<Part>) -> Result<ImportedScene, Fault> {
    let has_gaussians = parts.iter().any(|part| part.has(Kind::Gaussians));
    let mut all = Gathered::default();
    for part in parts {
        all.add(part, has_gaussians)?;
    }
    let views = all.fields.first().map(|field| field.views.clone()).unwrap_or_default();
    let (meshes, clouds) = (std::mem::take(&mut all.meshes), std::mem::take(&mut all.clouds));
    let content = match (meshes.is_empty(), clouds.is_empty(), all.fields.pop()) {
        (true, true, Some(field)) if all.fields.is_empty() => Content::Field(field),
        (false, true, None) => Content::Mesh(joined(meshes)?),
        (true, false, None) => Content::Gaussians(merged(clouds)),
        (false, false, None) => Content::Mixed(joined(meshes)?, merged(clouds)),
        _ => {
            return Err(Fault::unsupported(
                "a radiance field together with another scene in one frame",
                "Draw the field alone; for triangles with colours of a field, write a scene file \
                 with \"mesh\" and \"field\".",
            ));
        }
    };
    Ok(all.into_scene(content, views))
}

/// Triangles coloured by a field.
pub(super) fn hybrid(mesh: Part, field: Part) -> Result<ImportedScene, Fault> {
    mesh.check(Some(Kind::Mesh), false)?;
    field.check(Some(Kind::Field), false)?;
    let mut all = Gathered::default();
    all.add(mesh, false)?;
    all.add(field, false)?;
    let (meshes, field) = (std::mem::take(&mut all.meshes), all.fields.pop());
    let (true, Some(field)) = (all.clouds.is_empty(), field) else {
        let reason = "has Gaussians as well: a hybrid is of triangles only";
        return Err(Fault::malformed("mesh", reason));
    };
    let mesh = joined(meshes)?;
    if field.outside != Outside::Free && !inside(&mesh, &field) {
        all.notes.push(
            "Some triangles are outside the field's box: they get the colours of its faces.".into(),
        );
    }
    let views = field.views.clone();
    Ok(all.into_scene(Content::Hybrid(mesh, field), views))
}

/// Whether all triangles are in the box of a field.
fn inside(mesh: &Mesh, field: &Field) -> bool {
    let Bounds { min, max } = Bounds::of(&mesh.positions);
    let [low, high] = field.bounds;
    (0..3).all(|axis| {
        let slack = SLACK * (high[axis] - low[axis]);
        min[axis] >= low[axis] - slack && max[axis] <= high[axis] + slack
    })
}

impl Gathered {
    /// Adds a part; triangles are turned if there are Gaussians in other parts.
    fn add(&mut self, part: Part, has_gaussians: bool) -> Result<(), Fault> {
        // Those of one file have the same axes already.
        let turns = has_gaussians && !part.has(Kind::Gaussians);
        let Part { label, pieces, transform } = part;
        for piece in pieces {
            if !self.formats.contains(&piece.format()) {
                self.formats.push(piece.format());
            }
            match piece {
                Piece::Gaussians(mut imported) => {
                    if let Some(transform) = &transform {
                        place_gaussians(&mut imported.cloud, transform, &label)?;
                    }
                    self.clouds.push(imported.cloud);
                    self.antialiased |= imported.antialiased;
                    self.dropped += imported.dropped;
                    self.notes.extend(imported.notes);
                }
                Piece::Mesh(mut imported) => {
                    let own = if turns { TO_GAUSSIANS } else { Affine::IDENTITY };
                    let placed = transform.map_or(own, |transform| transform.then(&own));
                    place_triangles(&mut imported.mesh, &placed);
                    self.meshes.push(imported.mesh);
                    self.notes.extend(imported.notes);
                }
                Piece::Field(_) if transform.is_some() => {
                    let reason = "has a transform, and fields are not placed";
                    return Err(Fault::malformed(label, reason));
                }
                Piece::Field(imported) => {
                    self.fields.push(imported.field);
                    self.notes.extend(imported.notes);
                }
            }
        }
        Ok(())
    }

    fn into_scene(
        self,
        content: Content,
        views: Vec<(String, crate::camera::Camera)>,
    ) -> ImportedScene {
        let Self { antialiased, dropped, notes, .. } = self;
        ImportedScene {
            format: self.formats.join(" and "),
            content,
            views,
            antialiased,
            dropped,
            notes,
        }
    }
}

fn place_triangles(mesh: &mut Mesh, transform: &Affine) {
    for position in &mut mesh.positions {
        *position = transform.point(position.map(f64::from)).map(|v| v as f32);
    }
    for normal in &mut mesh.normals {
        let turned = transform.normal(normal.map(f64::from));
        let length = turned.iter().map(|v| v * v).sum::<f64>().sqrt();
        if length > 0.0 {
            *normal = turned.map(|v| (v / length) as f32);
        }
    }
    if transform.mirrors() {
        mesh.triangles.iter_mut().for_each(|corners| corners.swap(1, 2));
    }
}

fn place_gaussians(cloud: &mut GaussianCloud, transform: &Affine, part: &str) -> Result<(), Fault> {
    let placement = Placement::of(transform).ok_or_else(|| {
        let reason = "mirrors, shears or scales Gaussians unevenly, which cannot be drawn";
        Fault::malformed(format!("{part}, transform"), reason)
    })?;
    placement.apply_to_all(cloud);
    Ok(())
}

/// Clouds as one, of the greatest degree.
fn merged(clouds: Vec<GaussianCloud>) -> GaussianCloud {
    let degree = clouds.iter().map(|cloud| cloud.degree).max().unwrap_or(0);
    let mut all = GaussianCloud { degree, ..GaussianCloud::default() };
    let wanted = all.harmonics_per_gaussian();
    for mut cloud in clouds {
        let own = cloud.harmonics_per_gaussian();
        for gaussian in 0..cloud.len() {
            all.harmonics.extend_from_slice(&cloud.harmonics[gaussian * own..(gaussian + 1) * own]);
            all.harmonics.resize(all.harmonics.len() + wanted - own, 0.0);
        }
        all.positions.append(&mut cloud.positions);
        all.scales.append(&mut cloud.scales);
        all.rotations.append(&mut cloud.rotations);
        all.opacities.append(&mut cloud.opacities);
        all.colors.append(&mut cloud.colors);
    }
    all
}

/// Meshes as one, with the materials and pictures of all.
fn joined(mut meshes: Vec<Mesh>) -> Result<Mesh, Fault> {
    if meshes.len() == 1 {
        return Ok(meshes.remove(0));
    }
    let (mut materials, mut textures) = (Vec::new(), Vec::new());
    for mesh in &mut meshes {
        let (first_material, first_texture) = (materials.len(), textures.len());
        let last = first_material + mesh.materials.len();
        if last > usize::from(u16::MAX) {
            let limit = u16::MAX.into();
            return Err(Fault::TooLarge {
                what: "the number of materials",
                size: last as u64,
                limit,
            });
        }
        mesh.material_of.iter_mut().for_each(|number| *number += first_material as u16);
        for mut material in mesh.materials.drain(..) {
            material.texture = material.texture.map(|number| number + first_texture);
            materials.push(material);
        }
        textures.append(&mut mesh.textures);
    }
    join_meshes(meshes, materials, textures)
}
