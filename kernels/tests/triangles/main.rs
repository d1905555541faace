//! Triangles against their definition in wide integers and in floats.

mod coverage;
mod fragments;
