//! The device from outside: everything goes through its port, as a driver's bytes do.

mod convolve;
mod features;
mod frames;
mod grids;
mod hostile_link;
mod hostile_programs;
mod meshes;
mod mutation;
mod rays;
mod runs;
mod scene;
mod streamed;
mod vectors;
mod windows;
mod world;
