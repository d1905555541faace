//! Why a network cannot be executed: which operator, which tensor, what about it, and what would
//! do.

use std::fmt;

/// A network that cannot be executed; [`fmt::Display`] says where and what.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{}{problem}", Place { operator, tensor })]
pub struct NetworkError {
    /// Index in its file, and name; none if it is about the network as a whole.
    pub operator: Option<(usize, String)>,
    /// Name of the tensor, if it is about one.
    pub tensor: Option<String>,
    /// What is wrong there.
    pub problem: Problem,
}

/// What is wrong with an operator or tensor.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// Nothing executes this operator.
    #[error("this operator is not supported")]
    Operator {
        /// The operators that are, in words.
        supported: String,
    },
    /// The operator is used in a way that is left out.
    #[error("{what} is not supported")]
    Option {
        /// Which way.
        what: String,
        /// The ways that are supported, as a sentence.
        supported: &'static str,
    },
    /// Arithmetic on floats.
    #[error("it calculates in floats, and only integers are supported")]
    Float {
        /// Whether its weights are integers all the same.
        weights_quantised: bool,
    },
    /// Elements of another type.
    #[error("its elements are {found}, not {wanted}")]
    Element {
        /// Type of the elements.
        found: String,
        /// What would do.
        wanted: &'static str,
    },
    /// A shape that is left out, or does not fit the others.
    #[error("its shape is {found:?}, not {wanted}")]
    Shape {
        /// The tensor's.
        found: Vec<usize>,
        /// What would do.
        wanted: String,
    },
    /// Scales or zero points that are left out, or do not fit the others.
    #[error("it has {found}, not {wanted}")]
    Quantisation {
        /// What was found.
        found: String,
        /// What would do.
        wanted: &'static str,
    },
    /// A tensor must be constant and is not, or the other way round.
    #[error("it is {found}, not {wanted}")]
    Role {
        /// What it is.
        found: &'static str,
        /// What would do.
        wanted: &'static str,
    },
    /// The operator has inputs that it should not have, or lacks some.
    #[error("it has {found} inputs, not {wanted}")]
    Inputs {
        /// How many.
        found: usize,
        /// How many would do.
        wanted: &'static str,
    },
}

impl NetworkError {
    /// What the user can do next, as one sentence or two.
    pub fn help(&self) -> String {
        const FULL_INTEGERS: &str = "Quantise it fully after training: in TensorFlow's \
            TFLiteConverter set `optimizations = [tf.lite.Optimize.DEFAULT]`, a \
            `representative_dataset`, `target_spec.supported_ops = \
            [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]` and `inference_input_type = \
            inference_output_type = tf.int8`.";
        match &self.problem {
            Problem::Operator { supported } => format!("Supported operators: {supported}."),
            Problem::Option { supported, .. } => (*supported).into(),
            Problem::Float { weights_quantised: false } => FULL_INTEGERS.into(),
            Problem::Float { weights_quantised: true } => {
                format!("Its weights are integers, its activations are not. {FULL_INTEGERS}")
            }
            Problem::Element { .. } => {
                "Supported types: int8 (also the uint8 of older files) with \
                int32 biases; float32 only before the first QUANTIZE and after the last DEQUANTIZE."
                    .into()
            }
            Problem::Shape { .. } => {
                "Supported shapes: up to 8 axes of fixed length, the first of \
                a picture, [1, rows, columns, channels], being a batch of one."
                    .into()
            }
            Problem::Quantisation { .. } => {
                "Supported quantisations: a scale and a zero point for \
                a tensor; weights also with a scale for each output channel, and no zero point."
                    .into()
            }
            Problem::Role { .. } => {
                "Supported networks: operators in the order of execution, with \
                constant weights and options."
                    .into()
            }
            Problem::Inputs { .. } => "Convert the network again, with a current converter.".into(),
        }
    }
}

/// Where a problem is, with a colon if it is anywhere.
struct Place<'a> {
    operator: &'a Option<(usize, String)>,
    tensor: &'a Option<String>,
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        if let Some((index, name)) = self.operator {
            write!(to, "operator {index} ({name})")?;
            separator = ", ";
        }
        if let Some(tensor) = self.tensor {
            write!(to, "{separator}tensor {tensor:?}")?;
            separator = ", ";
        }
        if separator.is_empty() { Ok(()) } else { to.write_str(": ") }
    }
}
