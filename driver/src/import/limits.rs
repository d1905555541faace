//! How much a file may ask for, and why.
//!
//! A count in a file is a claim. Where the data lie uncompressed, the bytes that are there bound
//! it; where they are compressed, a few bytes can claim gigabytes, so these limits do.

use super::error::Fault;

/// Most Gaussians in a scene: 16 Mi. With harmonics of degree 3 that is 4 GiB of floats, and some
/// thousand times what a microcontroller shows; published captures have at most a few millions.
pub const MAX_GAUSSIANS: usize = 1 << 24;

/// Most bytes that a file, or one member of an archive, may occupy when decompressed: 4 GiB, the
/// size of the largest uncompressed `.ply` with [`MAX_GAUSSIANS`] (62 floats each).
pub const MAX_BYTES: u64 = 4 << 30;

/// Most bytes of a picture or `meta.json` of a SOG scene: 256 MiB. A picture of [`MAX_GAUSSIANS`]
/// texels has 64 MiB before it is compressed.
pub const MAX_MEMBER: u64 = 256 << 20;

/// Most bytes that deflate can make of one (RFC 1951: 258 bytes for 2 bits; zlib's technical notes
/// give 1032:1). A gzip file whose header promises more is refused before it is inflated.
pub const MAX_DEFLATE_RATIO: u64 = 1032;

/// Most texels per Gaussian in a SOG picture; writers pad to multiples of 4 texels or to powers of
/// two per side (factor 4), so 8 is generous. Small scenes may use up to [`MIN_TEXELS`] anyway.
pub const MAX_TEXELS_PER_GAUSSIAN: u64 = 8;

/// Texels that a SOG picture may have whatever the count: 256 x 256.
pub const MIN_TEXELS: u64 = 1 << 16;

/// Most bytes of a `.ply` header. With 62 properties it has about 1.3 kB.
pub const MAX_PLY_HEADER: usize = 1 << 16;

/// Most bytes of a network's file: 256 MiB, some hundred times what a microcontroller takes.
pub const MAX_NETWORK_BYTES: u64 = 256 << 20;

/// Most bytes of a file of a radiance field: 1 GiB; checkpoints with the state of an optimiser have
/// up to some hundred MiB.
pub const MAX_FIELD_BYTES: u64 = 1 << 30;

/// Most vertices, and most triangles, of a mesh: 16 Mi, far more than a microcontroller draws,
/// which bounds what nodes that show one mesh many times can ask for.
pub const MAX_TRIANGLES: usize = 1 << 24;

/// Most texels of all pictures of a mesh together: 64 Mi, four of 4096x4096.
pub const MAX_TEXELS: u64 = 1 << 26;

/// Most morph targets of a mesh whose weights are looked at; a face has about 50.
pub const MAX_TARGETS: usize = 1 << 10;

/// Refuses networks above [`MAX_NETWORK_BYTES`].
pub(super) fn check_network(size: u64) -> Result<(), Fault> {
    if size > MAX_NETWORK_BYTES {
        let what = format!("a network of {size} bytes, more than {MAX_NETWORK_BYTES},");
        return Err(Fault::unsupported(what, "Choose a smaller network."));
    }
    Ok(())
}

/// Refuses counts of zero and above [`MAX_GAUSSIANS`].
pub(super) fn check_count(count: u64) -> Result<usize, Fault> {
    if count == 0 {
        return Err(Fault::Empty);
    }
    check_limit("the number of Gaussians", count, MAX_GAUSSIANS as u64)?;
    Ok(count as usize)
}

/// Refuses more vertices than [`MAX_TRIANGLES`].
pub(super) fn check_vertices(count: u64) -> Result<(), Fault> {
    check_limit("the number of vertices", count, MAX_TRIANGLES as u64)
}

/// Refuses more triangles than [`MAX_TRIANGLES`].
pub(super) fn check_triangles(count: u64) -> Result<(), Fault> {
    check_limit("the number of triangles", count, MAX_TRIANGLES as u64)
}

fn check_limit(what: &'static str, size: u64, limit: u64) -> Result<(), Fault> {
    if size > limit { Err(Fault::TooLarge { what, size, limit }) } else { Ok(()) }
}

/// Refuses sizes above [`MAX_BYTES`].
pub(super) fn check_bytes(what: &'static str, size: u64) -> Result<(), Fault> {
    check_limit(what, size, MAX_BYTES)
}

/// Refuses files of a scene above [`MAX_MEMBER`].
pub(super) fn check_member(size: u64) -> Result<(), Fault> {
    check_limit("a file of the scene", size, MAX_MEMBER)
}

/// Refuses files of fields above [`MAX_FIELD_BYTES`].
pub(super) fn check_field(size: u64) -> Result<(), Fault> {
    check_limit("the file", size, MAX_FIELD_BYTES)
}
