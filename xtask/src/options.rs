//! Options of subcommands that are long tests, which read them as environment variables.

use std::process::Command;

use anyhow::{Result, bail, ensure};

/// Sets the variable of each option to the number behind it. `known` names options and variables.
pub fn numbers(command: &mut Command, options: &[&str], known: &[(&str, &str)]) -> Result<()> {
    for option in options.chunks(2) {
        let variable = known.iter().find(|(name, _)| *name == option[0]);
        let (Some((_, variable)), [_, number]) = (variable, option) else {
            bail!("{}: not an option, or without its value", option.join(" "));
        };
        ensure!(number.parse::<u64>().is_ok(), "{}: not a number", option.join(" "));
        command.env(variable, number);
    }
    Ok(())
}

/// Takes an option out of the others; returns the value behind it, if the option is there.
pub fn take<'a>(options: &mut Vec<&'a str>, name: &str) -> Result<Option<&'a str>> {
    let Some(place) = options.iter().position(|it| *it == name) else { return Ok(None) };
    ensure!(place + 1 < options.len(), "{name}: without its value");
    Ok(options.drain(place..place + 2).nth(1))
}
