//! The `.ply` container, and the INRIA 3DGS scene in it (Kerbl et al., SIGGRAPH 2023).
//!
//! ```text
//! ply
//! format binary_little_endian 1.0
//! comment ...
//! element vertex N
//! property float x            any scalar type, any order; found by name
//! ...
//! end_header
//! N rows of the properties in header order
//! ```
//!
//! | property | means | becomes |
//! |---|---|---|
//! | `x y z` | centre | the same |
//! | `scale_0..2` | ln of the standard deviations | exp |
//! | `rot_0..3` | quaternion w, x, y, z of any length | normalised |
//! | `opacity` | logit | sigmoid |
//! | `f_dc_0..2` | constant harmonic | 0.5 + C0 x |
//! | `f_rest_0..{8,23,44}` | harmonics, channel-major | coefficient-major |
//!
//! Header comments tell the kernel: `SplatRenderMode: mip` (Brush), `antialiased 1` (Postshot).

mod compressed;
mod header;

use super::Imported;
use super::bytes::Bytes;
use super::draft::{Draft, Gaussian, color_of_dc, degree_of, sigmoid};
use super::error::Fault;
use header::{Column, Element, Header, element_rows, parse_header};

/// Imports a binary little-endian `.ply` with Gaussians, plain or compressed.
pub(super) fn import(data: &[u8]) -> Result<Imported, Fault> {
    let mut bytes = Bytes::new(data);
    let header = parse_header(&mut bytes)?;
    let mut imported = if header.element("chunk").is_some() {
        compressed::import(&header, bytes)?
    } else {
        import_plain(&header, bytes)?
    };
    imported.antialiased = header.antialiased;
    Ok(imported)
}

fn import_plain(header: &Header, body: Bytes) -> Result<Imported, Fault> {
    let vertex = header.element("vertex").ok_or_else(|| {
        Fault::unsupported("a PLY without an element vertex", "Export the scene as a 3DGS .ply.")
    })?;
    let layout = Layout::of(header, vertex)?;
    let rows = element_rows(header, "vertex", body)?;
    let degree = degree_of(layout.rest.len()).expect("rest() checks the number");
    let mut draft = Draft::new(rows.len() / vertex.stride, degree);
    let mut harmonics = vec![0.0; layout.rest.len()];
    for row in rows.chunks_exact(vertex.stride) {
        let gaussian = layout.read(row, &mut harmonics);
        draft.push(&gaussian, &harmonics);
    }
    Imported::new("INRIA 3DGS .ply", draft)
}

/// Where the properties of an INRIA scene lie.
struct Layout {
    position: [Column; 3],
    scale: [Column; 3],
    rotation: [Column; 4],
    opacity: Column,
    dc: [Column; 3],
    rest: Vec<Column>,
}

impl Layout {
    fn of(header: &Header, vertex: &Element) -> Result<Layout, Fault> {
        refuse_other_scenes(header, vertex)?;
        Ok(Layout {
            position: vertex.columns(["x", "y", "z"])?,
            scale: vertex.columns(["scale_0", "scale_1", "scale_2"])?,
            rotation: vertex.columns(["rot_0", "rot_1", "rot_2", "rot_3"])?,
            opacity: vertex.column("opacity")?,
            dc: vertex.columns(["f_dc_0", "f_dc_1", "f_dc_2"])?,
            rest: vertex.rest()?,
        })
    }

    /// Reads a row; the harmonics are transposed to coefficient-major order.
    fn read(&self, row: &[u8], harmonics: &mut [f32]) -> Gaussian {
        let coefficients = self.rest.len() / 3;
        for (i, column) in self.rest.iter().enumerate() {
            harmonics[i % coefficients * 3 + i / coefficients] = column.read(row);
        }
        Gaussian {
            position: self.position.map(|column| column.read(row)),
            scale: self.scale.map(|column| column.read(row).exp()),
            rotation: self.rotation.map(|column| column.read(row)),
            opacity: sigmoid(self.opacity.read(row)),
            color: self.dc.map(|column| color_of_dc(column.read(row))),
        }
    }
}

/// Refuses, by name, what shares the container but is no scene of 3D Gaussians.
fn refuse_other_scenes(header: &Header, vertex: &Element) -> Result<(), Fault> {
    const TRAIN: &str = "Train or export a 3D Gaussian scene from it first.";
    if vertex.find("scale_0").is_some() && vertex.find("f_dc_0").is_some() {
        if vertex.find("scale_2").is_none() {
            return Err(two_d_gaussians());
        }
        return Ok(());
    }
    if vertex.find("opacity").is_some() || vertex.find("f_dc_0").is_some() {
        return Ok(()); // Gaussians with something missing: the missing property will be named.
    }
    let faces = header.elements.iter().any(|e| ["face", "tristrips"].contains(&e.name.as_str()));
    Err(Fault::unsupported(if faces { "a PLY triangle mesh" } else { "a PLY point cloud" }, TRAIN))
}

fn two_d_gaussians() -> Fault {
    Fault::unsupported(
        "a scene of 2D Gaussians (2DGS: no scale_2)",
        "Its discs need another kernel: train with a 3D Gaussian method.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(header: &str) -> String {
        import(header.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn other_scenes_are_refused_by_name() {
        let head = "ply\nformat binary_little_endian 1.0\nelement vertex 1\nproperty float x\n";
        assert_eq!(fault("ply\nformat ascii 1.0\n"), "an ASCII PLY cannot be imported");
        assert!(fault("ply\nformat binary_big_endian 1.0\n").contains("big-endian"));
        assert!(fault(&format!("{head}end_header\n")).contains("point cloud"));
        assert!(
            fault(&format!("{head}element face 1\nproperty list uchar int i\nend_header\n"))
                .contains("triangle mesh")
        );
        let flat = "property float f_dc_0\nproperty float scale_0\nproperty float scale_1\n";
        assert!(fault(&format!("{head}{flat}end_header\n")).contains("2DGS"));
        let partial = "property float f_dc_0\nproperty float opacity\n";
        assert!(fault(&format!("{head}{partial}end_header\n")).contains("no property y"));
    }

    #[test]
    fn a_header_without_end_is_refused() {
        assert!(fault("ply\nformat binary_little_endian 1.0\n").contains("header"));
        let endless = format!("ply\n{}", "comment x\n".repeat(10_000));
        assert!(fault(&endless).contains("header"));
        assert!(fault("ply\nelement vertex -1\n").contains("element vertex -1"));
        assert!(fault("ply\nend_header\n").contains("no format line"));
    }
}
