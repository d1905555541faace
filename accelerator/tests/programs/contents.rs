//! What lies in buffers before a run: likely things, and now and then anything.

use quintet_protocol::fault::Random;
use quintet_protocol::gaussian::{CHUNK_WORDS, Camera, Chunk, GAUSSIAN_WORDS, SPLAT_WORDS};
use quintet_protocol::grid::{FACTOR_WORDS, LEVEL_WORDS, Level, MULTIPLIER_ONE, Wrap};
use quintet_protocol::ray::RayCamera;
use quintet_protocol::tile::Cursor;
use quintet_protocol::window::{BOUNDS_WORDS, Bounds, LAST_KEY, Window};

/// Columns and rows of every frame, so that buffers that commands share fit.
pub const FRAME: [u16; 2] = [20, 14];
/// Largest tile.
pub const TILE: [u16; 2] = [9, 7];
/// Its pixels.
pub const PIXELS: u32 = TILE[0] as u32 * TILE[1] as u32;
/// Gaussians of a chunk, at most.
pub const MEMBERS: u64 = 12;
/// Most rows of anything that is counted.
pub const ROWS: u32 = 40;

/// A number in a range.
fn pick(random: &mut Random, least: i64, greatest: i64) -> i64 {
    least + random.below((greatest - least + 1) as u64) as i64
}

/// Anything, of one of several kinds.
pub fn noise(random: &mut Random, words: &mut [u32]) {
    let kind = random.below(6);
    for word in words {
        let any = random.next_u64() as u32;
        *word = match kind {
            0 => 0,
            1 => any & 0xF,
            2 => any & 0x0F0F_0F0F,
            3 => [0, u32::MAX, i32::MAX as u32, 1 << 31, 1, any][any as usize >> 8 & 3],
            _ => any,
        };
    }
}

/// Nothing.
pub fn zeros(_: &mut Random, _: &mut [u32]) {}

/// A count, at times a great one, and anything behind it.
pub fn count(random: &mut Random, words: &mut [u32]) {
    noise(random, words);
    if let Some(first) = words.first_mut() {
        *first = if random.chance(0.9) { random.below(ROWS.into()) as u32 } else { *first };
    }
}

/// Numbers below a small one.
pub fn numbers(random: &mut Random, words: &mut [u32]) {
    let most = words.len() as u64;
    words.iter_mut().for_each(|word| *word = random.below(most) as u32);
}

/// Points in the unit box, most of them.
pub fn points(random: &mut Random, words: &mut [u32]) {
    let far = random.chance(0.2);
    for word in words {
        let any = random.next_u64() as u32;
        *word = if far { any } else { any >> 4 };
    }
}

/// A cursor on some tile of the frame.
pub fn cursor(random: &mut Random, words: &mut [u32]) {
    if random.chance(0.1) {
        return noise(random, words);
    }
    let size = [0, 1].map(|axis| pick(random, 1, TILE[axis].into()) as u16);
    let corner = [0, 1].map(|axis| pick(random, 0, (FRAME[axis] - size[axis]).into()) as u16);
    let pixels = u32::from(size[0]) * u32::from(size[1]);
    let cursor = Cursor { next: 1, more: random.chance(0.5), corner, size, pixels };
    put(words, &cursor.to_words());
}

/// A camera that looks at what is around the origin.
pub fn camera(random: &mut Random, words: &mut [u32]) {
    if random.chance(0.1) {
        return noise(random, words);
    }
    let one = 1 << 30;
    let mut some = |limit: i64| pick(random, -limit, limit) as i32;
    let skew = 1 << 27;
    let mut row = |at: usize| {
        let mut row = [(); 3].map(|()| some(skew));
        row[at] += one - skew as i32;
        row
    };
    let matrix = [row(0), row(1), row(2)];
    let depth = 1 << 20;
    let camera = Camera {
        matrix,
        translation: [some(1 << 18), some(1 << 18), depth + some(1 << 18)],
        position: [some(1 << 18), some(1 << 18), -depth],
        center: FRAME.map(|side| i32::from(side) << 7),
        slope_limits: [-1 << 12, 1 << 12, -1 << 12, 1 << 12],
        near: 1 << 12,
        focal_shift: pick(random, 2, 6) as u32,
        key_shift: pick(random, 0, 12) as u32,
    };
    put(words, &camera.to_words());
}

/// Headers of chunks around the origin, of a few Gaussians each.
pub fn chunks(random: &mut Random, words: &mut [u32]) {
    for header in words.as_chunks_mut::<CHUNK_WORDS>().0 {
        let near = |random: &mut Random| pick(random, -1 << 18, 1 << 18) as i32;
        *header = Chunk {
            origin: [near(random), near(random), near(random)],
            radius: pick(random, 0, 1 << 20) as i32,
            count: pick(random, 0, MEMBERS as i64) as u16,
            position_shift: pick(random, 0, 6) as u8,
            harmonics_scale: random.next_u64() as u32 >> 12,
            exponent_bias: pick(random, -4, 8) as i32,
            deviation: pick(random, 0, 1 << 18) as u32,
        }
        .to_words();
    }
}

/// Gaussians with covariances that may or may not be ones.
pub fn gaussians(random: &mut Random, words: &mut [u32]) {
    for gaussian in words.as_chunks_mut::<GAUSSIAN_WORDS>().0 {
        let mut any = || random.next_u64() as u32;
        let variance = |word: u32| word & 0x1FFF;
        *gaussian = [any(), any() & 0xFFC1_FFFF, 0, 0, 0, any()];
        gaussian[2] = variance(any()) | (any() & 0xFF) << 16;
        gaussian[3] = any() & 0xFF | variance(any()) << 16;
        gaussian[4] = any() & 0xFF | variance(any()) << 16;
    }
}

/// Splats as they are projected: somewhere about the frame, of a few pixels.
pub fn splats(random: &mut Random, words: &mut [u32]) {
    if random.chance(0.1) {
        return noise(random, words);
    }
    for splat in words.as_chunks_mut::<SPLAT_WORDS>().0 {
        let mut below = |limit: u16| random.below(limit.into()) as u32;
        let [width, height] = FRAME;
        let [left, top] = [below(width), below(height)];
        let [columns, rows] = [1 + below(width), 1 + below(height)];
        let color = below(u16::MAX) & 0xFFF;
        *splat = [
            (left + columns / 2) << 8,
            (top + rows / 2) << 8,
            below(1 << 10),
            1 << 20 | below(u16::MAX) << 4,
            1 << 20 | below(u16::MAX) << 4,
            columns << 7,
            top | (top + rows).min(height.into()) << 16,
            left | (left + columns).min(width.into()) << 16,
            color | color << 16,
            color | below(1 << 8) << 16,
        ];
    }
}

/// Bounds of chunks, all over the frame.
pub fn bounds(random: &mut Random, words: &mut [u32]) {
    for words in words.as_chunks_mut::<BOUNDS_WORDS>().0 {
        let near = random.below(1 << 16) as u32;
        let keys = [near, near + random.below(1 << 12) as u32];
        let bounds = Bounds { rows: [0, FRAME[1]], columns: [0, FRAME[0]], keys, exact: false };
        *words = if random.chance(0.9) { bounds } else { Bounds::NOWHERE }.to_words();
    }
}

/// A window of a region: at its begin, or in the middle of it.
pub fn window(random: &mut Random, words: &mut [u32]) {
    if random.chance(0.05) {
        return noise(random, words);
    }
    let mut window = Window::of_region(random.below(4) as u32);
    if random.chance(0.5) {
        window.count = random.below(64) as u32;
        window.ready = if random.chance(0.5) { LAST_KEY } else { random.below(1 << 20) as u32 };
    }
    put(words, &window.to_words());
}

/// Vertices around the origin.
pub fn vertices(random: &mut Random, words: &mut [u32]) {
    for (place, word) in words.iter_mut().enumerate() {
        *word = match place % 8 {
            0..3 => pick(random, -1 << 20, 1 << 20) as u32,
            _ => random.next_u64() as u32 >> 4,
        };
    }
}

/// Triangles of a few vertices.
pub fn triangles(random: &mut Random, words: &mut [u32]) {
    for triangle in words.as_chunks_mut::<4>().0 {
        let vertices = [(); 3].map(|()| random.below(12) as u32);
        *triangle = [vertices[0], vertices[1], vertices[2], random.below(1 << 18) as u32];
    }
}

/// A camera of rays that looks at the unit box.
pub fn ray_camera(random: &mut Random, words: &mut [u32]) {
    if random.chance(0.1) {
        return noise(random, words);
    }
    let mut some = |least: i64, greatest: i64| pick(random, least, greatest);
    let one = 1i64 << 40;
    let camera = RayCamera {
        eye: [some(0, 1 << 28), some(0, 1 << 28), some(-1 << 28, 0)],
        corner: [some(-one / 2, 0), some(-one / 2, 0), one],
        column: [some(0, one / 16), 0, some(0, one / 64)],
        row: [0, some(0, one / 16), 0],
        near: [some(0, 1 << 22) as u32; 3],
        reach: [some(1, 1 << 25) as u32; 3],
        length: some(1, 1 << 20) as u32,
        along_rays: some(0, 1) == 1,
    };
    put(words, &camera.to_words());
}

/// Samples with their count.
pub fn samples(random: &mut Random, words: &mut [u32]) {
    let capacity = (words.len() as u64).saturating_sub(2) / 2;
    for (place, word) in words.iter_mut().enumerate() {
        *word = match place {
            0 => random.below(capacity + 1) as u32,
            1 => random.below(2) as u32,
            _ if place % 2 == 0 => random.below(PIXELS.into()) as u32 | (place as u32 & 3) << 16,
            _ => random.next_u64() as u32 >> 14,
        };
    }
}

/// Levels of a grid of some thousand entries.
pub fn levels(random: &mut Random, words: &mut [u32]) {
    for words in words.as_chunks_mut::<LEVEL_WORDS>().0 {
        let mut some = |least: i64, greatest: i64| pick(random, least, greatest);
        let wrap = |number| [Wrap::Clamp, Wrap::Repeat, Wrap::Mirror][number as usize];
        *words = Level {
            scale: [(); 3].map(|()| some(0, 6 << 17) as i32),
            offset: some(-1 << 17, 1 << 17) as i32,
            first: some(0, 16) as u32,
            entries: some(1, 64) as u32,
            resolution: [(); 3].map(|()| some(1, 4) as u16),
            wraps: [(); 3].map(|()| wrap(some(0, 2))),
            hashed: some(0, 1) == 1,
            nearest: some(0, 3) == 0,
            multiplier: some(-2 * i64::from(MULTIPLIER_ONE), 2 * i64::from(MULTIPLIER_ONE)) as i32,
        }
        .to_words();
    }
}

/// Factors: lines and planes.
pub fn factors(random: &mut Random, words: &mut [u32]) {
    for words in words.as_chunks_mut::<FACTOR_WORDS>().0 {
        let mut some = |least: i64, greatest: i64| pick(random, least, greatest) as u32;
        let axes = some(0, 2) | some(0, 2) << 8;
        *words = [axes, some(1, 5) | some(1, 5) << 16, some(0, 4), some(0, 1 << 18)];
    }
}

fn put(words: &mut [u32], what: &[u32]) {
    for (word, what) in words.iter_mut().zip(what) {
        *word = *what;
    }
}
