//! `docs/accelerator.md` and this crate say the same about registers and commands.

use quintet_protocol::accelerator::registers::{REGISTERS, Writer};
use quintet_protocol::program::{COMMANDS, Operator};

const DOCUMENT: &str = include_str!("../../docs/accelerator.md");

/// The cells of each row of a table that begins so.
fn rows(start: &str) -> impl Iterator<Item = Vec<&str>> {
    let lines = DOCUMENT.lines().filter(move |line| line.starts_with(start));
    lines.map(|line| line.trim_matches('|').split(" | ").map(str::trim).collect())
}

#[test]
fn the_page_lists_every_register_with_its_offset_and_writer() {
    let said: Vec<_> = rows("| 0x")
        .map(|cells| {
            let offset = u32::from_str_radix(cells[0].trim_start_matches("0x"), 16).expect("hex");
            (cells[1].trim_matches('`').to_owned(), offset, cells[2].to_owned())
        })
        .collect();
    let is: Vec<_> = REGISTERS
        .iter()
        .map(|&(name, offset, writer)| {
            let writer = match writer {
                Writer::Accelerator => "accelerator",
                Writer::Core => "core",
            };
            (name.to_owned(), offset, writer.to_owned())
        })
        .collect();
    assert_eq!(said, is);
}

#[test]
fn the_page_lists_every_command_with_its_mode_and_its_encoding() {
    let sections: Vec<&str> = DOCUMENT.split("\n### Operator ").skip(1).collect();
    for &(name, operator, mode) in COMMANDS.iter().filter(|it| it.1 != Operator::Control) {
        let number = operator as usize;
        let section = sections[number];
        assert!(section.starts_with(&format!("{number}, ")), "operator {number}");
        let rows: Vec<&str> =
            section.lines().filter(|line| line.starts_with(&format!("| {mode} | "))).collect();
        assert_eq!(rows.len(), 2, "{name}: a row of meaning and a row of encoding");
        assert!(rows[0].contains(&format!("`{name}`")), "{name}");
    }
    let listed =
        sections.iter().flat_map(|it| it.lines()).filter(|line| line.starts_with("| ")).count();
    let headings = 2 * sections.len();
    assert_eq!(listed - headings, 2 * (COMMANDS.len() - 1), "rows of commands that are not there");
}
