//! `CombinedGrid`: one joint address, in a texture, a dense grid or a hash grid.

mod interpolate;
mod march;

pub use interpolate::Interpolate;
pub use march::March;
