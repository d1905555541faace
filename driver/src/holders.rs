//! Who has a device file open, as Linux tells it below `/proc`.

use std::fmt;
use std::fs;
use std::path::Path;

/// A process that has a file open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Its number.
    pub process: u32,
    /// The name of its program.
    pub name: String,
}

impl fmt::Display for Holder {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "{} ({})", self.name, self.process)
    }
}

/// The processes that have `file` open, by number; `proc` is `/proc`. Those of other users are
/// seen by root alone, and elsewhere than on Linux nobody is.
#[must_use]
pub fn holders(proc: &Path, file: &Path) -> Vec<Holder> {
    // A link such as /dev/serial/by-id/... is not what a process is said to have open.
    let file = fs::canonicalize(file).unwrap_or_else(|_| file.to_owned());
    let mut found = Vec::new();
    for entry in fs::read_dir(proc).into_iter().flatten().flatten() {
        let Some(process) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else {
            continue;
        };
        let open = fs::read_dir(entry.path().join("fd")).into_iter().flatten().flatten();
        if open.into_iter().any(|fd| fs::read_link(fd.path()).is_ok_and(|to| to == file)) {
            let name = fs::read_to_string(entry.path().join("comm")).unwrap_or_default();
            found.push(Holder { process, name: name.trim().to_owned() });
        }
    }
    found.sort_by_key(|holder| holder.process);
    found
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn this_process_holds_what_it_opened_and_no_more() {
        let path = std::env::temp_dir().join(format!("quintet-held-{}", std::process::id()));
        let file = File::create(&path).unwrap();
        let me = std::process::id();
        let mine = |holder: &Holder| holder.process == me && !holder.name.is_empty();
        assert!(holders(Path::new("/proc"), &path).iter().any(mine));
        drop(file);
        assert!(!holders(Path::new("/proc"), &path).iter().any(mine));
        fs::remove_file(path).unwrap();
    }

    #[test]
    fn all_holders_are_told_by_number_and_others_are_not() {
        let proc = std::env::temp_dir().join(format!("quintet-proc-{}", std::process::id()));
        let _ = fs::remove_dir_all(&proc);
        for (process, name, file) in
            [("70", "gdb\n", "/dev/bus/usb/001/007"), ("8", "openocd\n", "/dev/bus/usb/001/007")]
        {
            fs::create_dir_all(proc.join(process).join("fd")).unwrap();
            fs::write(proc.join(process).join("comm"), name).unwrap();
            symlink(file, proc.join(process).join("fd/3")).unwrap();
        }
        fs::create_dir_all(proc.join("self/fd")).unwrap();
        fs::create_dir_all(proc.join("9/fd")).unwrap();
        symlink("/dev/null", proc.join("9/fd/0")).unwrap();
        let found = holders(&proc, Path::new("/dev/bus/usb/001/007"));
        let text: Vec<_> = found.iter().map(Holder::to_string).collect();
        assert_eq!(text, ["openocd (8)", "gdb (70)"]);
        fs::remove_dir_all(proc).unwrap();
    }
}
