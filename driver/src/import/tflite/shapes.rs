//! Operators that compute shapes: converters add them where the number of samples is left open.
//!
//! They read the shape of a tensor, take it apart and put another one together, mostly for `RESHAPE`.
//! None of that is executed: the file states the shapes of all tensors for a single sample, and
//! [`Network::check`](crate::network::Network::check) proves that they fit together.

/// Those that do nothing but that where they give integers.
const OPERATORS: [&str; 14] = [
    "ADD",
    "CAST",
    "CONCATENATION",
    "EXPAND_DIMS",
    "FLOOR_DIV",
    "GATHER",
    "MUL",
    "PACK",
    "REDUCE_PROD",
    "RESHAPE",
    "SHAPE",
    "SLICE",
    "STRIDED_SLICE",
    "SUB",
];

/// Whether an operator that gives elements of these types computes a shape.
pub(super) fn computes_shape(operator: &str, elements: &[&str]) -> bool {
    OPERATORS.contains(&operator) && elements.iter().all(|it| ["int32", "int64"].contains(it))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_shapes_and_bytes_are_not() {
        assert!(computes_shape("SHAPE", &["int32"]));
        assert!(computes_shape("STRIDED_SLICE", &["int64"]));
        assert!(!computes_shape("STRIDED_SLICE", &["int8"]));
        assert!(!computes_shape("ARG_MAX", &["int32"]));
    }
}
