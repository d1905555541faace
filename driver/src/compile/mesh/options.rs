//! How a mesh is to look, and the lights on it.

use crate::camera::Camera;
use quintet_protocol::mesh::{LIGHT_BITS, Light, NORMAL_BITS};

/// Most lights beside the ambient one.
pub const LIGHTS_MAX: usize = 8;
/// Words of the lights that show normals: an ambient one and one along each axis.
pub const NORMAL_LIGHTS: usize = 4;
/// Lights brighter than this are held to it: the range of a half.
const BRIGHTEST: f64 = 7.99;

/// How a mesh is to look.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MeshOptions {
    /// How colours come about.
    pub shading: Shading,
    /// How texels do.
    pub filter: Filter,
    /// What light falls on it, for [`Shading::Lambert`].
    pub lights: Lights,
}

/// How the colour of a surface comes about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Shading {
    /// Its texture's, as it is.
    #[default]
    Unlit,
    /// Its texture's times the light that falls on it; materials that say that they are unlit are.
    Lambert,
    /// Its normal, x right, y up, z towards the camera, as red, green and blue from -1 to 1.
    Normals,
}

/// Which texels make a colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Filter {
    /// What the material says.
    #[default]
    File,
    /// The nearest one.
    Nearest,
    /// The four around, bilinear.
    Bilinear,
}

/// Light that falls on a mesh, from directions in world axes.
#[derive(Clone, Debug, PartialEq)]
pub struct Lights {
    /// Red, green and blue from everywhere, 1 leaving a colour as it is.
    pub ambient: [f64; 3],
    /// Directions towards lights, of any length but zero, and their colours; at most
    /// [`LIGHTS_MAX`].
    pub directional: Vec<([f64; 3], [f64; 3])>,
}

impl Default for Lights {
    /// From above, a little from the right and the front, for meshes whose y points up.
    fn default() -> Self {
        Self { ambient: [0.3; 3], directional: vec![([0.4, 0.8, 0.45], [0.7; 3])] }
    }
}

impl Lights {
    /// The lights as the device takes them.
    pub(super) fn words(&self) -> Vec<u32> {
        let ambient = light([0.0; 3], self.ambient, false);
        let others = self.directional.iter().map(|&(at, color)| light(at, color, false));
        std::iter::once(ambient).chain(others).flat_map(|light| light.to_words()).collect()
    }
}

/// Lights that show normals to a camera, as the device takes them.
pub(in crate::compile) fn normal_lights(camera: &Camera) -> Vec<u32> {
    let [x, y, z] = camera.rotation;
    let axes = [x, y.map(|part| -part), z.map(|part| -part)];
    let along = |axis: usize| {
        let mut color = [0.0; 3];
        color[axis] = 0.5;
        light(axes[axis], color, true)
    };
    let ambient = light([0.0; 3], [0.5; 3], false);
    [ambient, along(0), along(1), along(2)].iter().flat_map(Light::to_words).collect()
}

fn light(towards: [f64; 3], color: [f64; 3], signed: bool) -> Light {
    let length = towards.iter().map(|part| part * part).sum::<f64>().sqrt();
    let fixed = |value: f64, bits: u32| (value * f64::from(1 << bits)).round() as i16;
    let direction = match length > 0.0 {
        true => towards.map(|part| fixed(part / length, NORMAL_BITS)),
        false => [0; 3],
    };
    let color = color.map(|part| fixed(part.clamp(0.0, BRIGHTEST), LIGHT_BITS));
    Light { direction, signed, color }
}
