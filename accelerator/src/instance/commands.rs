//! The names of commands, as descriptions and options have them.

use quintet_protocol::accelerator::Capabilities;
use quintet_protocol::program::{COMMANDS, Operator};

use super::{InstanceError, Selection};

/// The commands of a selection.
///
/// # Errors
/// [`InstanceError::UnknownCommand`].
pub fn selected(selection: &Selection) -> Result<Capabilities, InstanceError> {
    let mut capabilities = Capabilities::default();
    let everything = COMMANDS.iter().filter(|(_, operator, _)| *operator != Operator::Control);
    if selection.only.is_empty() {
        capabilities =
            everything.fold(capabilities, |all, &(_, operator, mode)| all.with((operator, mode)));
    }
    for name in &selection.only {
        capabilities = named(name)?.into_iter().fold(capabilities, Capabilities::with);
    }
    for name in &selection.without {
        capabilities = named(name)?.into_iter().fold(capabilities, Capabilities::without);
    }
    Ok(capabilities)
}

/// The codes of a command, or of all commands of an operator.
fn named(name: &str) -> Result<Vec<(Operator, u8)>, InstanceError> {
    let is_meant = |command: &str, operator: Operator| {
        let operator = format!("{operator:?}");
        operator != "Control" && (name == operator || name == format!("{operator}.{command}"))
    };
    let meant = COMMANDS.iter().filter(|(command, operator, _)| is_meant(command, *operator));
    let codes: Vec<_> = meant.map(|&(_, operator, mode)| (operator, mode)).collect();
    match codes.is_empty() {
        true => Err(InstanceError::UnknownCommand { name: name.to_owned(), known: known() }),
        false => Ok(codes),
    }
}

fn known() -> String {
    let commands = COMMANDS.iter().filter(|(_, operator, _)| *operator != Operator::Control);
    commands
        .map(|(command, operator, _)| format!("{operator:?}.{command}"))
        .collect::<Vec<_>>()
        .join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selection(only: &[&str], without: &[&str]) -> Selection {
        let owned = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        Selection { only: owned(only), without: owned(without) }
    }

    #[test]
    fn everything_but_control_is_executed_unless_it_is_said() {
        let all = selected(&Selection::default()).unwrap();
        for &(name, operator, mode) in COMMANDS {
            assert_eq!(all.has((operator, mode)), operator != Operator::Control, "{name}");
        }
    }

    #[test]
    fn an_operator_is_all_of_its_commands() {
        let some = selected(&selection(&["Gemm", "Sort"], &["Gemm.Convolve"])).unwrap();
        assert_eq!(some.0, [0, 0, 0, 1, 0b1110, 0, 0, 0]);
        let rest = selected(&selection(&[], &["Geometry", "Sort.Sort"])).unwrap();
        assert!(!rest.has((Operator::Geometry, 1)) && !rest.has((Operator::Sort, 0)));
        assert!(rest.has((Operator::Gemm, 0)));
    }

    #[test]
    fn names_that_there_are_not_are_refused_with_those_that_there_are() {
        for name in ["", "gemm", "Gemm.Sort", "Control", "Control.Repeat", "Gemm."] {
            let error = selected(&selection(&[], &[name])).unwrap_err();
            assert!(error.to_string().contains("Gemm.ConvolveDepthwise"), "{error}");
        }
    }
}
