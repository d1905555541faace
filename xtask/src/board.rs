//! Which boards are meant.

use anyhow::{Result, bail};
pub use quintet_boards::Description as Board;

/// All boards that run here, or the one of this name, be it of flesh and blood (with or without
/// `qemu-`).
pub fn select(name: Option<&str>) -> Result<Vec<&'static Board>> {
    match name {
        None => Ok(emulated()),
        Some(name) => match quintet_boards::find(name) {
            Some(board) => Ok(vec![board]),
            None => bail!("no board {name:?}; there are: {}", quintet_boards::names()),
        },
    }
}

/// All boards that there are.
pub fn all() -> Vec<&'static Board> {
    quintet_boards::all().iter().collect()
}

fn emulated() -> Vec<&'static Board> {
    quintet_boards::emulated().map(|(board, _)| board).collect()
}
