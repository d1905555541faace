//! The boards that Quintet knows, as each one's `board.toml` describes it.
//!
//! Whoever deals with boards reads them here: the build (`xtask`), the driver that flashes and
//! emulates them, the tests that run on them.

mod description;

pub use description::{
    Bootloader, Budget, Description, DescriptionError, Drive, Flash, Identity, Line, Link,
    LinkKind, Place, Qemu, Region, Small,
};

use std::sync::LazyLock;

/// Names of the folders under `boards/`, and the `board.toml` in each.
const FILES: [(&str, &str); 9] = [
    ("esp32c3-devkit", include_str!("../../esp32c3-devkit/board.toml")),
    ("litex-vexriscv", include_str!("../../litex-vexriscv/board.toml")),
    ("netduino-plus-2", include_str!("../../netduino-plus-2/board.toml")),
    ("nrf52840-dk", include_str!("../../nrf52840-dk/board.toml")),
    ("nucleo-h743zi2", include_str!("../../nucleo-h743zi2/board.toml")),
    ("pico2", include_str!("../../pico2/board.toml")),
    ("pico2-riscv", include_str!("../../pico2-riscv/board.toml")),
    ("qemu-mps2-an386", include_str!("../../qemu-mps2-an386/board.toml")),
    ("qemu-riscv-virt", include_str!("../../qemu-riscv-virt/board.toml")),
];

static BOARDS: LazyLock<Vec<Description>> = LazyLock::new(|| {
    // A test parses each of them.
    FILES.iter().filter_map(|(_, text)| Description::parse(text).ok()).collect()
});

/// All boards, by name.
#[must_use]
pub fn all() -> &'static [Description] {
    &BOARDS
}

/// The board of this name, or the emulated one that QEMU calls so.
#[must_use]
pub fn find(name: &str) -> Option<&'static Description> {
    let by_name = all().iter().find(|board| board.name == name);
    by_name.or_else(|| emulated().find(|(_, qemu)| qemu.name == name).map(|(board, _)| board))
}

/// The boards that QEMU can be.
pub fn emulated() -> impl Iterator<Item = (&'static Description, &'static Qemu)> {
    all().iter().filter_map(|board| Some((board, board.qemu.as_ref()?)))
}

/// Names of all boards, for messages.
#[must_use]
pub fn names() -> String {
    all().iter().map(|board| board.name.as_str()).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    use super::{Description, FILES, all};

    #[test]
    fn every_board_file_is_right_and_named_after_its_folder() {
        for (folder, text) in FILES {
            let board =
                Description::parse(text).unwrap_or_else(|error| panic!("{folder}: {error}"));
            assert_eq!(board.name, folder);
        }
        assert!(all().is_sorted_by_key(|board| &board.name));
    }

    /// `docs/boards.md` promises that a board takes fewer lines of code than this.
    #[test]
    fn the_smallest_board_takes_less_than_150_lines_of_code() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../netduino-plus-2/src");
        let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let text: String = files.map(|file| fs::read_to_string(file).unwrap()).collect();
        let lines = text.lines().map(str::trim);
        let code = lines.filter(|line| !line.is_empty() && !line.starts_with("//")).count();
        assert!((50..150).contains(&code), "{code} lines");
    }

    #[test]
    fn every_folder_with_a_board_file_is_known() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
        let boards = entries.filter(|entry| entry.path().join("board.toml").is_file());
        let there: BTreeSet<_> = boards.map(|entry| entry.file_name()).collect();
        assert_eq!(there, FILES.iter().map(|(name, _)| (*name).into()).collect());
    }
}
