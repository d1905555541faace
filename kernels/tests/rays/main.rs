//! Walking along rays and spending samples, against models in wide integers and floats.

mod focus;
mod march;
