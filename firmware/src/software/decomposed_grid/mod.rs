//! `DecomposedGrid`: one address for each factor, plane or line.

mod factors;

pub use factors::Factors;
