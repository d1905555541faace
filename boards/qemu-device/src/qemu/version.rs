//! Which QEMU this is: the signatures of its functions are known for one release only.

use std::ffi::c_char;
use std::ptr;

use super::Qemu;

/// The release that the functions are known of, major and minor.
const KNOWN: [i64; 2] = [7, 2];

/// `VersionTriple`: major, minor and micro.
type VersionTriple = [i64; 3];

/// `VersionInfo`, as QEMU's own schema makes it.
#[repr(C)]
pub struct VersionInfo {
    qemu: *const VersionTriple,
    package: *const c_char,
}

impl Qemu {
    /// QEMU's version.
    pub(super) fn version(&self) -> Result<VersionTriple, String> {
        // SAFETY: the function takes nothing, and gives a structure that is never freed, or null.
        let version = unsafe {
            let info = (self.functions.qmp_query_version)(ptr::null_mut());
            info.as_ref().and_then(|info| info.qemu.as_ref())
        };
        version.copied().ok_or_else(|| "this QEMU does not know its version".to_owned())
    }
}

/// Refuses a release whose functions may be others.
pub(super) fn check([major, minor, micro]: VersionTriple) -> Result<(), String> {
    let [known_major, known_minor] = KNOWN;
    if [major, minor] == KNOWN {
        return Ok(());
    }
    Err(format!(
        "this is QEMU {major}.{minor}.{micro}, and the device calls functions of QEMU \
         {known_major}.{known_minor} that others may have changed"
    ))
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn only_the_known_release_is_taken() {
        assert_eq!(check([7, 2, 0]), Ok(()));
        assert_eq!(check([7, 2, 22]), Ok(()));
        for other in [[7, 1, 0], [7, 20, 0], [8, 2, 0]] {
            let reason = check(other).unwrap_err();
            assert!(reason.contains("functions of QEMU 7.2"), "{reason}");
        }
        assert!(check([8, 2, 1]).unwrap_err().contains("QEMU 8.2.1"));
    }
}
