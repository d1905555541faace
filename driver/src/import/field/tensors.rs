//! Tensors by their names, whatever kind of file they lie in.

use crate::import::error::Fault;

/// Numbers with a shape, the last axis innermost.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Tensor {
    /// Length of each axis.
    pub shape: Vec<usize>,
    /// As many as the shape says.
    pub values: Vec<f32>,
}

impl Tensor {
    /// Its shape, if it has so many axes.
    pub(super) fn axes<const N: usize>(&self, name: &str) -> Result<[usize; N], Fault> {
        <[usize; N]>::try_from(self.shape.as_slice()).map_err(|_| {
            Fault::malformed(name, format!("its shape {:?} has not {N} axes", self.shape))
        })
    }
}

/// A file with named tensors; each is decoded when it is asked for.
pub(super) trait Source {
    /// Names of all tensors.
    fn names(&self) -> Vec<&str>;

    /// A tensor, or none if there is none of that name.
    fn read(&self, name: &str) -> Result<Option<Tensor>, Fault>;
}

/// Weights and bias of a dense layer.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Linear {
    pub inputs: usize,
    pub outputs: usize,
    /// Row-major, `[outputs][inputs]`.
    pub weights: Vec<f32>,
    /// One an output; zeros where the file has none.
    pub bias: Vec<f32>,
}

impl Linear {
    /// Leaves out all inputs but the first ones.
    pub(super) fn keep_inputs(&mut self, count: usize) {
        if count < self.inputs {
            let rows = self.weights.chunks_exact(self.inputs);
            self.weights = rows.flat_map(|row| &row[..count]).copied().collect();
            self.inputs = count;
        }
    }

    /// Puts the inputs into another order: first that of the number that comes first, and so on.
    pub(super) fn reorder(&mut self, name: &str, order: &[usize]) -> Result<(), Fault> {
        if order.len() != self.inputs {
            let reason = format!("takes {} numbers, but {} come to it", self.inputs, order.len());
            return Err(Fault::malformed(name, reason));
        }
        let rows = self.weights.chunks_exact(self.inputs);
        self.weights = rows.flat_map(|row| order.iter().map(|&at| row[at])).collect();
        Ok(())
    }

    /// Leaves out all outputs but the first ones.
    pub(super) fn keep_outputs(&mut self, count: usize) {
        if count < self.outputs {
            self.weights.truncate(count * self.inputs);
            self.bias.truncate(count);
            self.outputs = count;
        }
    }
}

impl dyn Source + '_ {
    pub(super) fn has(&self, name: &str) -> bool {
        self.names().contains(&name)
    }

    /// A tensor that must be there, of finite numbers.
    pub(super) fn tensor(&self, name: &str) -> Result<Tensor, Fault> {
        let tensor =
            self.read(name)?.ok_or_else(|| Fault::malformed(name, "there is no such tensor"))?;
        if let Some(at) = tensor.values.iter().position(|value| !value.is_finite()) {
            return Err(Fault::malformed(name, format!("number {at} is NaN or infinite")));
        }
        Ok(tensor)
    }

    /// The layer whose tensors are `name.weight` and, if it has one, `name.bias`.
    pub(super) fn linear(&self, name: &str) -> Result<Linear, Fault> {
        let part = format!("{name}.weight");
        let weight = self.tensor(&part)?;
        let [outputs, inputs] = weight.axes(&part)?;
        if weight.values.is_empty() {
            return Err(Fault::malformed(part, "has no numbers"));
        }
        let part = format!("{name}.bias");
        let bias = match self.has(&part) {
            true => self.tensor(&part)?.values,
            false => vec![0.0; outputs],
        };
        if bias.len() != outputs {
            let reason = format!("has {} numbers for {outputs} outputs", bias.len());
            return Err(Fault::malformed(part, reason));
        }
        Ok(Linear { inputs, outputs, weights: weight.values, bias })
    }
}
