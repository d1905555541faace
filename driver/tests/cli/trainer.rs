//! `quintet train`, which is a program of its own.

use std::fs;
use std::path::Path;

use super::{folder, quintet};

/// A copy of the command in a folder of its own, with no trainer in sight.
fn alone(folder: &Path) -> std::process::Command {
    let copy = folder.join("bin").join(format!("quintet{}", std::env::consts::EXE_SUFFIX));
    fs::create_dir_all(copy.parent().unwrap()).unwrap();
    fs::copy(env!("CARGO_BIN_EXE_quintet"), &copy).unwrap();
    let mut command = std::process::Command::new(copy);
    command.current_dir(folder).env("PATH", folder.join("elsewhere"));
    command
}

#[test]
fn a_trainer_that_is_not_installed_is_missed_with_the_way_to_get_it() {
    let folder = folder("no_trainer");
    let output = alone(&folder).args(["train", "net.toml"]).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.starts_with("error: the trainer is not installed"), "{said}");
    assert!(said.contains("cargo install --path trainer"), "{said}");
}

#[cfg(unix)]
#[test]
fn the_trainer_gets_all_arguments_and_its_exit_code_is_the_commands() {
    use std::os::unix::fs::PermissionsExt;
    let folder = folder("trainer");
    for place in ["bin", "elsewhere"] {
        let trainer = folder.join(place).join("quintet-train");
        fs::create_dir_all(trainer.parent().unwrap()).unwrap();
        fs::write(&trainer, format!("#!/bin/sh\necho {place} \"$@\"\nexit 130\n")).unwrap();
        fs::set_permissions(&trainer, fs::Permissions::from_mode(0o755)).unwrap();
    }
    for place in ["bin", "elsewhere"] {
        let arguments = ["train", "net.toml", "--resume", "--help", "-o", "a b"];
        let output = alone(&folder).args(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(130));
        let wanted = format!("{place} net.toml --resume --help -o a b\n");
        assert_eq!(String::from_utf8(output.stdout).unwrap(), wanted);
        // The one in PATH is taken where there is none beside the command.
        fs::remove_file(folder.join(place).join("quintet-train")).unwrap();
    }
}

#[test]
fn help_lists_training() {
    let output = quintet(&folder("help"), &["help"]).output().unwrap();
    assert!(String::from_utf8(output.stdout).unwrap().contains("\n  train "));
}
