//! Wavefront OBJ: triangles and polygons, with the materials of `.mtl` files (`obj::materials`).
//!
//! | statement | becomes |
//! |---|---|
//! | `v x y z [w] [r g b]` | a position, and a colour if it has one |
//! | `vt u v`, `vn x y z` | texture coordinates, v upwards; a normal |
//! | `f v[/[vt][/vn]]...` | a fan of triangles; numbers count from 1, negative ones from the last |
//! | `usemtl`, `mtllib` | the material, and the files that they are in |
//!
//! Faces without normals are flat, as three.js's OBJLoader has them. Smoothing groups, names of
//! groups, lines, points and curves are passed over.

mod materials;

use super::beside::Folder;
use super::error::Fault;
use super::limits;
use super::mesh::{ImportedMesh, Part, join, plain_material};
use materials::Library;
use std::collections::HashMap;
use std::path::Path;

/// Most notes about one file.
const MAX_NOTES: usize = 16;

/// Imports an `.obj`; files that it names lie in the folder.
pub(super) fn import(data: &[u8], folder: Option<&Path>) -> Result<ImportedMesh, Fault> {
    let mut reader = Reader { folder: Folder(folder), ..Reader::default() };
    for (number, line) in statements(data) {
        reader.statement(&line).map_err(|reason| match reason {
            Wrong::Line(reason) => Fault::malformed(format!("line {number}"), reason),
            Wrong::Fault(fault) => fault,
        })?;
    }
    reader.finish()
}

/// What is wrong with a statement.
enum Wrong {
    /// The line, for this reason.
    Line(String),
    Fault(Fault),
}

impl From<Fault> for Wrong {
    fn from(fault: Fault) -> Self {
        Wrong::Fault(fault)
    }
}

/// The lines with their numbers, from 1, without comments; lines that end in a backslash are joined
/// with the next.
fn statements(data: &[u8]) -> impl Iterator<Item = (usize, String)> {
    let mut lines = data.split(|&byte| byte == b'\n').enumerate();
    std::iter::from_fn(move || {
        let (number, line) = lines.next()?;
        let mut text = String::from_utf8_lossy(line.trim_ascii_end()).into_owned();
        while text.ends_with('\\') {
            text.pop();
            text.push(' ');
            let Some((_, more)) = lines.next() else { break };
            text += &String::from_utf8_lossy(more.trim_ascii_end());
        }
        text.truncate(text.find('#').unwrap_or(text.len()));
        Some((number + 1, text))
    })
}

/// Numbers of a face's corner: position, texture coordinates and normal, from 0.
type Corner = (u32, Option<u32>, Option<u32>);

/// What has been read.
#[derive(Default)]
struct Reader<'a> {
    folder: Folder<'a>,
    positions: Vec<[f32; 3]>,
    colors: Vec<[f32; 4]>,
    coordinates: Vec<[f32; 2]>,
    normals: Vec<[f32; 3]>,
    library: Library,
    /// The material in use, and whether the face at hand has normals: what tells parts apart.
    material: String,
    /// By material and whether it has normals, with the vertices that its corners became.
    parts: HashMap<(String, bool), usize>,
    drafts: Vec<(Part, HashMap<Corner, u32>)>,
    materials_in_use: Vec<String>,
    triangles: u64,
    notes: Vec<String>,
}

impl Reader<'_> {
    fn statement(&mut self, line: &str) -> Result<(), Wrong> {
        let line = line.trim();
        let (keyword, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        match keyword {
            "v" => self.vertex(rest)?,
            "vt" => {
                let [u, v, _] = numbers(rest, 1)?;
                self.coordinates.push([u, 1.0 - v]);
            }
            "vn" => self.normals.push(numbers(rest, 3)?),
            "f" => self.face(rest)?,
            "usemtl" => self.material = rest.trim().to_owned(),
            "mtllib" => {
                let notes = self.library.read(&self.folder, rest.trim())?;
                self.notes.extend(notes);
                self.notes.truncate(MAX_NOTES);
            }
            _ => {}
        }
        Ok(())
    }

    fn vertex(&mut self, rest: &str) -> Result<(), Wrong> {
        let values: [f32; 6] = numbers(rest, 3)?;
        self.positions.push([values[0], values[1], values[2]]);
        if rest.split_whitespace().nth(5).is_some() {
            self.colors.resize(self.positions.len() - 1, [1.0; 4]);
            self.colors.push([values[3], values[4], values[5], 1.0]);
        }
        Ok(())
    }

    /// Adds a polygon as a fan around its first corner.
    fn face(&mut self, rest: &str) -> Result<(), Wrong> {
        let mut corners = rest.split_whitespace().map(|text| self.corner(text));
        let (Some(first), Some(second)) = (corners.next(), corners.next()) else {
            return Err(Wrong::Line("a face of fewer than three corners".into()));
        };
        let corners: Vec<Corner> =
            [first, second].into_iter().chain(corners).collect::<Result<_, Wrong>>()?;
        let has_normals = corners.iter().all(|corner| corner.2.is_some());
        let at = self.part(has_normals)?;
        let vertices: Vec<u32> =
            corners.into_iter().map(|corner| self.vertex_of(at, corner, has_normals)).collect();
        let triangles = vertices.windows(2).skip(1).map(|w| [vertices[0], w[0], w[1]]);
        self.drafts[at].0.triangles.extend(triangles);
        self.triangles += vertices.len().saturating_sub(2) as u64;
        limits::check_triangles(self.triangles)?;
        Ok(())
    }

    /// A corner such as `3`, `3/1`, `3//2` or `-1/-1/-1`.
    fn corner(&self, text: &str) -> Result<Corner, Wrong> {
        let mut numbers = text.split('/');
        let mut next = |count: usize, what: &str| match numbers.next() {
            None | Some("") => Ok(None),
            Some(number) => index(number, count)
                .ok_or_else(|| Wrong::Line(format!("{number:.40} names no {what} so far")))
                .map(Some),
        };
        let position = next(self.positions.len(), "vertex")?;
        let coordinates = next(self.coordinates.len(), "texture coordinates")?;
        let normal = next(self.normals.len(), "normal")?;
        let position = position.ok_or_else(|| Wrong::Line("a corner without a vertex".into()))?;
        Ok((position, coordinates, normal))
    }

    /// Number of the part that faces of the material in use go to.
    fn part(&mut self, has_normals: bool) -> Result<usize, Fault> {
        let key = (self.material.clone(), has_normals);
        if let Some(&known) = self.parts.get(&key) {
            return Ok(known);
        }
        let in_use = self.materials_in_use.iter().position(|name| *name == self.material);
        let material = in_use.unwrap_or(self.materials_in_use.len());
        if in_use.is_none() {
            self.materials_in_use.push(self.material.clone());
        }
        let material = u16::try_from(material)
            .map_err(|_| Fault::malformed("materials", "more than 65536 of them are in use"))?;
        self.drafts.push((Part { material, ..Part::default() }, HashMap::new()));
        self.parts.insert(key, self.drafts.len() - 1);
        Ok(self.drafts.len() - 1)
    }

    /// The vertex that a corner is, in a part: a new one if no corner before was the same.
    fn vertex_of(&mut self, part: usize, corner: Corner, has_normals: bool) -> u32 {
        let (part, known) = &mut self.drafts[part];
        *known.entry(corner).or_insert_with(|| {
            let (position, coordinates, normal) = corner;
            part.positions.push(self.positions[position as usize]);
            if let Some(at) = coordinates {
                part.coordinates.resize(part.positions.len() - 1, [0.0; 2]);
                part.coordinates.push(self.coordinates[at as usize]);
            }
            if let (true, Some(at)) = (has_normals, normal) {
                part.normals.push(self.normals[at as usize]);
            }
            if !self.colors.is_empty() {
                let color = self.colors.get(position as usize).copied().unwrap_or([1.0; 4]);
                part.colors.resize(part.positions.len() - 1, [1.0; 4]);
                part.colors.push(color);
            }
            (part.positions.len() - 1) as u32
        })
    }

    fn finish(mut self) -> Result<ImportedMesh, Fault> {
        if self.triangles == 0 {
            return Err(Fault::unsupported("an OBJ file without faces", "Check the export."));
        }
        let mut textures = Vec::new();
        let mut materials = Vec::new();
        for name in &self.materials_in_use {
            materials.push(match self.library.material(name, &self.folder, &mut textures)? {
                Some((material, notes)) => {
                    self.notes.extend(notes);
                    material
                }
                None => plain_material(name),
            });
        }
        let parts = self.drafts.into_iter().map(|(mut part, _)| {
            if !part.coordinates.is_empty() {
                part.coordinates.resize(part.positions.len(), [0.0; 2]);
            }
            part
        });
        let mesh = join(parts.collect(), materials, textures)?;
        self.notes.truncate(MAX_NOTES);
        Ok(ImportedMesh { format: "Wavefront OBJ", mesh, notes: self.notes })
    }
}

/// The numbers of a statement, of which the first `least` must be there; the others are 0.
fn numbers<const N: usize>(text: &str, least: usize) -> Result<[f32; N], Wrong> {
    let mut values = [0.0; N];
    let mut words = text.split_whitespace();
    for (i, value) in values.iter_mut().enumerate() {
        match words.next().map(str::parse) {
            Some(Ok(number)) => *value = number,
            None if i >= least => break,
            _ => return Err(Wrong::Line(format!("number {} is missing, or is none", i + 1))),
        }
    }
    Ok(values)
}

/// A number that counts from 1, or if negative from the last of `count`, from 0.
fn index(text: &str, count: usize) -> Option<u32> {
    let number: i64 = text.parse().ok()?;
    let count = count as i64;
    let at = if number < 0 { count.checked_add(number)? } else { number - 1 };
    (0..count).contains(&at).then_some(at as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn imported(text: &str) -> ImportedMesh {
        import(text.as_bytes(), None).unwrap()
    }

    #[test]
    fn polygons_become_fans_and_corners_are_shared() {
        let mesh =
            imported("v 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0 # four\nf 1 2 3 4\nf -4 -3 -2").mesh;
        assert_eq!(mesh.triangles, [[0, 1, 2], [0, 2, 3], [0, 1, 2]]);
        assert_eq!((mesh.positions.len(), mesh.normals.len()), (4, 0));
    }

    #[test]
    fn coordinates_grow_downwards_and_corners_may_lack_them() {
        let mesh = imported("v 0 0 0\nv 1 0 0\nv 1 1 0\nvt 0.25 0.25\nf 1/1 2 3/1 \\\n 1").mesh;
        assert_eq!(mesh.coordinates, [[0.25, 0.75], [0.0, 0.0], [0.25, 0.75], [0.0, 0.0]]);
    }

    #[test]
    fn faces_without_normals_among_others_are_flat() {
        let mesh = imported(
            "v 0 0 0\nv 1 0 0\nv 0 1 0\nvn 0 1 0\nf 1//1 2//1 3//1\nusemtl other\nf 1 3 2",
        );
        assert_eq!(mesh.mesh.normals[..3], [[0.0, 1.0, 0.0]; 3]);
        assert_eq!(mesh.mesh.normals[3..], [[0.0, 0.0, -1.0]; 3]);
        assert_eq!(mesh.mesh.material_of, [0, 1]);
        assert_eq!(mesh.mesh.materials[1].name, "other");
    }

    #[test]
    fn vertices_may_have_colors() {
        let mesh = imported("v 0 0 0\nv 1 0 0 1 0.5 0\nv 0 1 0\nf 1 2 3").mesh;
        assert_eq!(mesh.colors, [[1.0; 4], [1.0, 0.5, 0.0, 1.0], [1.0; 4]]);
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        for (text, says) in [
            ("v 0 0", "line 1: number 3"),
            ("v 0 0 0\n\nf 1 1 2", "line 3: 2 names no vertex"),
            ("v 0 0 0\nf 1 1 0", "0 names no vertex"),
            ("v 0 0 0\nf 1 -2 1", "-2 names no vertex"),
            ("v 0 0 0\nf 1/1 1 1", "texture coordinates"),
            ("v 0 0 0\nf 1 1 /", "without a vertex"),
            ("v 0 0 nan\nf 1 1 1", "NaN"),
            ("v 0 0 0", "without faces"),
        ] {
            let said = import(text.as_bytes(), None).unwrap_err().to_string();
            assert!(said.contains(says), "{said}");
        }
    }
}
