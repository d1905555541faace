//! Sizes of tiles, by the room for their pixels.

/// Most columns and rows of a tile that devices take.
const TILE_SIDE_MAX: usize = 2048;
/// Rows of a tile below which narrower tiles are tried instead of lower ones.
const TILE_ROWS_MIN: usize = 8;

/// Columns and rows of the largest tile of at most so many pixels, or `None` for none.
pub fn tile_of(width: u16, height: u16, pixels: usize) -> Option<[u16; 2]> {
    let rows_wanted = TILE_ROWS_MIN.min(usize::from(height));
    let columns = usize::from(width).min((pixels / rows_wanted).max(1)).min(TILE_SIDE_MAX);
    let rows = (pixels / columns).min(usize::from(height)).min(TILE_SIDE_MAX);
    (rows > 0).then_some([columns as u16, rows as u16])
}

/// Columns and rows of the least tile that plans may come down to.
pub fn smallest_tile(width: u16, height: u16) -> [u16; 2] {
    [width.min(32), height.min(8)]
}
