//! Serial ports, whether they may be opened, and who has them.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use quintet_boards::Description;

use super::probes::in_use;
use super::{Environment, Finding};
use crate::flash::{Port, is_of};
use crate::holders::holders;

/// Group of serial ports where a port does not say its own (Debian).
const GROUP: &str = "dialout";

/// Checks the ports that are there, and says which board each may be.
pub(super) fn check(
    environment: &Environment,
    boards: &[&Description],
    chosen: bool,
) -> Vec<Finding> {
    if boards.iter().all(|board| board.link.is_none()) {
        return Vec::new();
    }
    if environment.ports.is_empty() {
        let says = "none is there; boards are reached through one";
        return vec![Finding::bad(false, "serial port", says, "quintet devices")];
    }
    environment.ports.iter().map(|port| check_one(environment, port, boards, chosen)).collect()
}

fn check_one(
    environment: &Environment,
    port: &Port,
    boards: &[&Description],
    chosen: bool,
) -> Finding {
    let is_boards = |board: &&&Description| board.link.as_ref().is_some_and(|it| is_of(port, it));
    let fitting: Vec<_> = boards.iter().filter(is_boards).map(|it| it.name.as_str()).collect();
    // Of ports that are not the board's nothing is needed.
    let needed = chosen && !fitting.is_empty();
    let thing = format!("serial port {port}");
    let file = file(environment, port);
    let users = holders(&environment.root.join("proc"), &file);
    if !users.is_empty() {
        return in_use(needed, thing, &users);
    }
    match (environment.open)(&file) {
        Ok(()) if fitting.is_empty() => Finding::fine(thing, "it may be opened"),
        Ok(()) => Finding::fine(thing, format!("the link of {}", fitting.join(" or "))),
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            let group = group(environment, &file).unwrap_or_else(|| GROUP.into());
            let says = format!("permission denied; it belongs to group {group}");
            Finding::bad(needed, thing, says, format!("sudo usermod -aG {group} $USER"))
        }
        Err(error) => Finding::bad(needed, thing, error, "quintet devices"),
    }
}

/// A port's device file, below the root that is looked at.
fn file(environment: &Environment, port: &Port) -> PathBuf {
    let path = Path::new(&port.path);
    environment.root.join(path.strip_prefix("/").unwrap_or(path))
}

/// The name of the group that a file belongs to.
fn group(environment: &Environment, file: &Path) -> Option<String> {
    let number = fs::metadata(file).ok()?.gid().to_string();
    let groups = fs::read_to_string(environment.root.join("etc/group")).ok()?;
    let line = groups.lines().find(|line| line.split(':').nth(2) == Some(&number))?;
    line.split(':').next().map(str::to_owned)
}
