//! `Geometry`: primitives to pixels.

mod blend_gaussians;
mod blend_surface;
mod bound;
mod cast_rays;
mod cursor;
mod grid;
mod project;
mod project_window;
mod rasterise;
mod rasterise_triangles;
mod rasterise_window;
mod resolve;
mod resolve_tile;
mod scene;
mod transform;

pub use blend_gaussians::BlendGaussians;
pub use blend_surface::BlendSurface;
pub use bound::Bound;
pub use cast_rays::CastRays;
pub use cursor::NextTile;
pub use project::Project;
pub use project_window::ProjectWindow;
pub use rasterise::Rasterise;
pub use rasterise_triangles::RasteriseTriangles;
pub use rasterise_window::RasteriseWindow;
pub use resolve_tile::ResolveTile;
pub use transform::TransformVertices;
