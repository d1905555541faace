//! Room on the disk for a build.

use super::program::ask;
use super::{Environment, Finding};

/// What a build of everything takes, in KiB: the workspace in three profiles and the boards.
const NEEDED_KIB: u64 = 6 << 20;

/// Checks the disk that the checkout is on.
pub(super) fn check(environment: &Environment) -> Option<Finding> {
    environment.repository.as_ref()?;
    // POSIX, df, "-P": two lines; the fourth field of the second is what is left, in KiB with -k.
    let answer = ask(environment, "df", &["-Pk", "."])?.ok()?;
    let line = answer.output.lines().nth(1)?;
    let left: u64 = line.split_whitespace().nth(3)?.parse().ok()?;
    let says = format!("{:.1} GiB are left", left as f64 / f64::from(1 << 20));
    Some(match left >= NEEDED_KIB {
        true => Finding::fine("disk", says),
        false => {
            let says = format!("{says}, a build of everything takes {} GiB", NEEDED_KIB >> 20);
            Finding::bad(false, "disk", says, "cargo clean")
        }
    })
}
