//! `Geometry`: triangles before and after they are rasterised: to the screen, cut where they leave
//! it, and what is seen of them at each pixel. Layouts: [`quintet_protocol::mesh`].

mod bound;
mod clip;
mod fragment;
mod transform;
mod weights;

pub use bound::{Bound, Meshes};
pub use fragment::{Fragments, Kind, Output};
pub use transform::{Lens, Seen, Transform, nearness};
