//! Runs every command that the README shows, so that it shows none that fails.

use anyhow::{Context, Result, ensure};

use crate::process::{command, root, run as run_command};

/// What this is called from: it would go round and round.
const ITSELF: &str = "cargo xtask test";

/// Runs the lines of the README's shell blocks, in order, in the workspace's root.
pub fn run() -> Result<()> {
    let path = root().join("README.md");
    let text =
        std::fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))?;
    let lines = commands(&text);
    ensure!(!lines.is_empty(), "{} shows no commands", path.display());
    for line in lines.into_iter().filter(|line| line != ITSELF) {
        println!("$ {line}");
        // The lines name `target/`, so cargo must build there.
        run_command(command("sh").args(["-c", &line]).env_remove("CARGO_TARGET_DIR"))?;
    }
    Ok(())
}

/// The lines of a page's `sh` blocks, without comments.
fn commands(text: &str) -> Vec<String> {
    let mut inside = false;
    let mut commands = Vec::new();
    for line in text.lines() {
        match (inside, line.trim()) {
            (false, "```sh") => inside = true,
            (true, "```") => inside = false,
            (true, line) => {
                let line = line.split(" #").next().unwrap_or_default().trim();
                if !line.is_empty() {
                    commands.push(line.to_owned());
                }
            }
            (false, _) => {}
        }
    }
    commands
}

#[cfg(test)]
mod tests {
    #[test]
    fn commands_are_the_lines_of_shell_blocks() {
        let page = "a\n```sh\none --two   # three\n\nfour\n```\n```text\nfive\n```\n";
        assert_eq!(super::commands(page), ["one --two", "four"]);
    }
}
