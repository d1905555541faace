//! Copies without a panic for lengths that differ, whose text would cost flash on a device.

/// Copies bytes from the start of one slice to that of another, as many as both have.
pub fn copy(from: &[u8], to: &mut [u8]) {
    let count = from.len().min(to.len());
    if let (Some(from), Some(to)) = (from.get(..count), to.get_mut(..count)) {
        to.copy_from_slice(from);
    }
}
