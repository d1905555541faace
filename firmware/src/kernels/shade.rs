//! `Vector`: colours of fragments in the light that their normals get (Lambert).

use quintet_protocol::mesh::{LIGHT_BITS, LIGHT_WORDS, Light, NORMAL_BITS, normal_from_words};

/// Most lights beside the ambient one.
pub const LIGHTS_MAX: usize = 8;

/// The light of a scene, the ambient one first.
pub struct Lights {
    ambient: Light,
    others: [Light; LIGHTS_MAX],
    /// How many others there are.
    count: usize,
}

impl Lights {
    /// Reads lights, as many as there can be.
    pub fn new(words: &[[u32; LIGHT_WORDS]]) -> Self {
        let mut lights = words.iter().map(Light::from_words);
        let ambient = lights.next().unwrap_or_default();
        let (mut others, mut count) = ([Light::default(); LIGHTS_MAX], 0);
        for (slot, light) in others.iter_mut().zip(lights) {
            *slot = light;
            count += 1;
        }
        Self { ambient, others, count }
    }

    /// Light on a surface of that normal, for each channel, Q12.
    #[inline(always)]
    fn on(&self, normal: [i16; 3]) -> [i32; 3] {
        let mut sum = self.ambient.color.map(i32::from);
        for light in self.others.get(..self.count).unwrap_or_default() {
            let dot = normal
                .iter()
                .zip(light.direction)
                .fold(0i32, |dot, (&n, d)| dot.wrapping_add(i32::from(n) * i32::from(d)));
            // Rounded to Q14; with one's length it is at most 1.
            let cosine = dot.wrapping_add(1 << (NORMAL_BITS - 1)) >> NORMAL_BITS;
            let cosine = if light.signed { cosine } else { cosine.max(0) };
            for (sum, color) in sum.iter_mut().zip(light.color) {
                let part = cosine.wrapping_mul(color.into());
                *sum = sum.wrapping_add(part.wrapping_add(1 << (NORMAL_BITS - 1)) >> NORMAL_BITS);
            }
        }
        sum
    }

    /// Lights one colour after another, `stride` halves from one to the next, which begin `first`
    /// halves into it. Those of a normal of zeros are left as they are.
    pub fn shade(&self, normals: &[[u32; 2]], colors: &mut [i16], stride: usize, first: usize) {
        for (&normal, row) in normals.iter().zip(colors.chunks_exact_mut(stride.max(1))) {
            let normal = normal_from_words(normal);
            let Some(color) = row.get_mut(first..first + 3) else { return };
            if normal == [0; 3] {
                continue;
            }
            for (channel, light) in color.iter_mut().zip(self.on(normal)) {
                let lit = i64::from(*channel) * i64::from(light) + (1 << (LIGHT_BITS - 1));
                let lit = lit >> LIGHT_BITS;
                *channel = lit.clamp(i16::MIN.into(), i16::MAX.into()) as i16;
            }
        }
    }
}
