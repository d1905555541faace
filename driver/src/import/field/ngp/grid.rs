//! tiny-cuda-nn's `HashGrid` and `DenseGrid` (`encodings/grid.h`, `common_device.h`).
//!
//! Level `l` has `scale = 2^(l log2 b) N - 1`, and `ceil(scale) + 1` entries along each axis; a
//! point lies at `scale * x + 0.5`. A level is hashed if that many entries do not fit its table,
//! else the entry of a corner is `(x + y n + z n^2) mod entries`. Because of the half, corners
//! reach past the last entry and so wrap around; here such levels get the entries that they wrap
//! to.

use super::Params;
use super::msgpack::Value;
use crate::import::error::Fault;
use crate::scene::field::{Grid, Level};

/// Most levels, as in tiny-cuda-nn.
const LEVELS_MAX: usize = 128;
/// Most entries of a level, and of all of them.
const ENTRIES_MAX: usize = 1 << 24;
const TABLE_MAX: usize = 1 << 28;
/// Entries along each axis beyond which a level is hashed whatever its size.
const DENSE_MAX: usize = 0x659;
/// Cells of the finest level across a box of side 1.
const FINEST: f32 = 2048.0;

/// How a grid is made up.
pub(super) struct Shape {
    features: usize,
    levels: usize,
    table_bits: u32,
    base: usize,
    growth: f32,
    hashes: bool,
}

impl Shape {
    /// As the configuration has it; the growth that it leaves open follows from the box's side.
    pub(super) fn read(encoding: &Value, side: f64) -> Result<Self, Fault> {
        let refuse = |what: String| Err(Fault::unsupported(what, super::TRAIN));
        let kind = encoding.text("otype").unwrap_or_default();
        let kind_of_grid = encoding.text("type").unwrap_or(match kind.to_lowercase().as_str() {
            "densegrid" => "Dense",
            "grid" | "hashgrid" => "Hash",
            other => return refuse(format!("an Instant-NGP encoding of type {other:.40}")),
        });
        let hashes = match kind_of_grid.to_lowercase().as_str() {
            "hash" => true,
            "dense" => false,
            other => return refuse(format!("an Instant-NGP grid of type {other:.40}")),
        };
        if let Some(other) = encoding.text("interpolation").filter(|it| *it != "Linear") {
            return refuse(format!("an Instant-NGP grid with interpolation {other:.40}"));
        }
        let whole = |key: &str| encoding.number(key).filter(|it| *it >= 0.0).map(|it| it as usize);
        let features = whole("n_features_per_level").unwrap_or(2);
        let all = whole("n_features").and_then(|all| all.checked_div(features));
        let levels = all.or(whole("n_levels")).unwrap_or(16);
        let table_bits = whole("log2_hashmap_size").unwrap_or(19);
        let base = whole("base_resolution").filter(|&it| it > 0);
        let base = base.unwrap_or(1 << (table_bits.min(24) / 3));
        let in_range = (1..=LEVELS_MAX).contains(&levels) && base <= 1 << 16;
        if !in_range || ![1, 2, 4, 8].contains(&features) || !(3..=24).contains(&table_bits) {
            return Err(Fault::malformed("encoding", "its levels or features are out of range"));
        }
        let growth = encoding.number("per_level_scale").filter(|it| *it > 0.0);
        let growth = growth.map_or_else(
            || ((FINEST * side as f32 / base as f32).ln() / (levels.max(2) - 1) as f32).exp(),
            |growth| growth as f32,
        );
        Ok(Self { features, levels, table_bits: table_bits as u32, base, growth, hashes })
    }

    /// Columns of what comes out.
    pub(super) fn columns(&self) -> usize {
        self.features * self.levels
    }

    /// Takes the grid's numbers.
    pub(super) fn take(&self, params: &mut Params) -> Result<Grid, Fault> {
        let mut grid =
            Grid { features: self.features, levels: Vec::new(), simplex: false, table: Vec::new() };
        for number in 0..self.levels {
            self.take_level(number, params, &mut grid)?;
        }
        Ok(grid)
    }

    fn take_level(&self, number: usize, params: &mut Params, grid: &mut Grid) -> Result<(), Fault> {
        const PART: &str = "encoding";
        let scale = (number as f32 * self.growth.log2()).exp2() * self.base as f32 - 1.0;
        if !(0.0..16_777_216.0).contains(&scale) {
            return Err(Fault::malformed(PART, format!("level {number} has no usable size")));
        }
        let side = scale.ceil() as usize + 1;
        let all = side.checked_pow(3).map(|all| all.next_multiple_of(8));
        let stored = match self.hashes {
            true => all.unwrap_or(usize::MAX).min(1 << self.table_bits),
            false => all.unwrap_or(usize::MAX),
        };
        let hashed = self.hashes && (side > DENSE_MAX || side.pow(3) > stored);
        let entries = stored.min(ENTRIES_MAX + 1);
        if entries > ENTRIES_MAX || grid.table.len() + entries * self.features > TABLE_MAX {
            let size = stored as u64;
            return Err(Fault::TooLarge {
                what: "a level's size",
                size,
                limit: ENTRIES_MAX as u64,
            });
        }
        let table = params.take(entries, self.features)?;
        let first = grid.table.len() / self.features;
        let (resolution, entries) = match hashed {
            true => {
                grid.table.extend(&table);
                (side, entries)
            }
            // The last corner is one past the cell of the last point.
            false => {
                let reached = side.max((scale + 0.5).floor() as usize + 2);
                self.unwrap(&table, side, reached, &mut grid.table);
                (reached, reached.pow(3))
            }
        };
        grid.levels.push(Level {
            scale: [f64::from(scale); 3],
            offset: 0.5,
            resolution: [resolution; 3],
            first,
            entries,
            hashed,
            ceils: false,
        });
        Ok(())
    }

    /// Appends the entries of `reached` corners along each axis, of a table with `side`.
    fn unwrap(&self, table: &[f32], side: usize, reached: usize, into: &mut Vec<f32>) {
        let entries = table.len() / self.features;
        for corner in 0..reached.pow(3) {
            let [x, y, z] = [1, reached, reached * reached].map(|step| corner / step % reached);
            let entry = (x + side * (y + side * z)) % entries;
            into.extend(&table[entry * self.features..][..self.features]);
        }
    }
}
