//! The device from outside: everything goes through its port, as a driver's bytes do.

mod convolve;
mod frames;
mod hostile_link;
mod hostile_programs;
mod meshes;
mod mutation;
mod runs;
mod scene;
mod streamed;
mod vectors;
mod world;
