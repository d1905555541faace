//! `Vector`: colours of fragments in the light that their normals get (Lambert).

use quintet_protocol::mesh::{LIGHT_BITS, LIGHT_WORDS, Light, NORMAL_BITS, normal_from_words};

/// Most lights beside the ambient one.
pub const LIGHTS_MAX: usize = 8;
/// Light is held to sixteen times white, so that its product with a colour has 32 bits.
const LIGHT_MAX: i32 = (16 << LIGHT_BITS) - 1;
const LIGHT_MIN: i32 = -(16 << LIGHT_BITS);

/// The light of a scene.
pub struct Lights {
    /// Colour of the ambient one.
    ambient: [i32; 3],
    others: [Directional; LIGHTS_MAX],
    /// How many others there are.
    count: usize,
}

/// A light as the inner loop takes it.
#[derive(Clone, Copy, Default)]
struct Directional {
    direction: [i32; 3],
    color: [i32; 3],
    /// The least cosine that counts, Q14.
    least: i32,
}

impl Lights {
    /// Reads lights, the ambient one first, as many as there can be.
    #[inline(never)]
    pub fn new(words: &[[u32; LIGHT_WORDS]]) -> Self {
        let mut lights = words.iter().map(Light::from_words);
        let ambient = lights.next().unwrap_or_default().color.map(i32::from);
        let (mut others, mut count) = ([Directional::default(); LIGHTS_MAX], 0);
        for (slot, light) in others.iter_mut().zip(lights) {
            *slot = Directional {
                direction: light.direction.map(i32::from),
                color: light.color.map(i32::from),
                least: if light.signed { i32::MIN } else { 0 },
            };
            count += 1;
        }
        Self { ambient, others, count }
    }

    /// Light on a surface of that normal, for each channel, Q12.
    #[inline(always)]
    fn on(&self, [x, y, z]: [i32; 3]) -> [i32; 3] {
        let mut sum = self.ambient;
        for light in self.others.get(..self.count).unwrap_or_default() {
            let [along_x, along_y, along_z] = light.direction;
            let dot = x.wrapping_mul(along_x).wrapping_add(y.wrapping_mul(along_y));
            let dot = dot.wrapping_add(z.wrapping_mul(along_z));
            // Of vectors of length 1 at most 1.
            let cosine = rounded::<NORMAL_BITS>(dot).max(light.least);
            let [red, green, blue] =
                light.color.map(|color| rounded::<NORMAL_BITS>(cosine.wrapping_mul(color)));
            sum = [sum[0].wrapping_add(red), sum[1].wrapping_add(green), sum[2].wrapping_add(blue)];
        }
        sum
    }

    /// Lights one colour after another, `stride` halves from one to the next, which begin `first`
    /// halves into it. Those of a normal of zeros are left as they are.
    #[inline(never)]
    pub fn shade(&self, normals: &[[u32; 2]], colors: &mut [i16], stride: usize, first: usize) {
        for (&words, row) in normals.iter().zip(colors.chunks_mut(stride.max(1))) {
            let Some(color) = row.get_mut(first..).and_then(<[i16]>::first_chunk_mut) else {
                return;
            };
            if words == [0; 2] {
                continue;
            }
            let [red, green, blue]: [i16; 3] = *color;
            let light = self.on(normal_from_words(words).map(i32::from));
            *color = [lit(red, light[0]), lit(green, light[1]), lit(blue, light[2])];
        }
    }
}

/// A channel in that light.
#[inline(always)]
fn lit(channel: i16, light: i32) -> i16 {
    let light = light.clamp(LIGHT_MIN, LIGHT_MAX);
    let lit = rounded::<LIGHT_BITS>(i32::from(channel).wrapping_mul(light));
    lit.clamp(i16::MIN.into(), i16::MAX.into()) as i16
}

/// `value / 2^BITS`, rounded.
#[inline(always)]
fn rounded<const BITS: u32>(value: i32) -> i32 {
    value.wrapping_add(1 << (BITS - 1)) >> BITS
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    extern crate std;
    use std::vec::Vec;

    fn unit() -> impl Strategy<Value = [i16; 3]> {
        (0.0..6.3f64, -1.0..1.0f64).prop_map(|(around, z)| {
            let flat = (1.0 - z * z).sqrt();
            [flat * around.cos(), flat * around.sin(), z].map(|x| (x * 16384.0).round() as i16)
        })
    }

    prop_compose! {
        fn light()(
            direction in unit(),
            signed: bool,
            color in [-2000i16..2000, -2000i16..2000, -2000i16..2000],
        ) -> Light {
            Light { direction, signed, color }
        }
    }

    proptest! {
        #[test]
        fn surfaces_are_lit_as_lambert_has_it(
            lights in prop::collection::vec(light(), 1..=1 + LIGHTS_MAX),
            normal in unit(),
            color in [0i16..16384, 0i16..16384, 0i16..16384],
        ) {
            let words: Vec<_> = lights.iter().map(Light::to_words).collect();
            let mut row = [1, color[0], color[1], color[2], 2];
            let normals = [quintet_protocol::mesh::normal_to_words(normal)];
            Lights::new(&words).shade(&normals, &mut row, 5, 1);
            prop_assert_eq!([row[0], row[4]], [1, 2]);
            for k in 0..3 {
                let of = |light: &Light| {
                    let dot = |k: usize| f64::from(normal[k]) * f64::from(light.direction[k]);
                    let cosine = (dot(0) + dot(1) + dot(2)) / f64::from(1 << 28);
                    let cosine = if light.signed { cosine } else { cosine.max(0.0) };
                    cosine * f64::from(light.color[k]) / 4096.0
                };
                let (ambient, others) = lights.split_first().unwrap();
                let light = f64::from(ambient.color[k]) / 4096.0 + others.iter().map(of).sum::<f64>();
                let exact = (light * f64::from(color[k])).clamp(-32768.0, 32767.0);
                // Half a step for each light, and half a step of the result.
                prop_assert!((f64::from(row[1 + k]) - exact).abs() < 24.0, "{} {exact}", row[1 + k]);
            }
        }

        #[test]
        fn what_has_no_normal_keeps_its_colour(color: [i16; 3]) {
            let light = Light { color: [9; 3], ..Light::default() };
            let mut row = color;
            Lights::new(&[light.to_words()]).shade(&[[0; 2]], &mut row, 3, 0);
            prop_assert_eq!(row, color);
        }
    }
}
