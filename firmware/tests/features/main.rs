//! Commands over rows of features on the host, against their definitions in wide integers or
//! floats.

mod dense;
mod execute;
mod gather;
mod perceptron;
mod waves;
