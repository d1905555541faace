//! Where lanes have to meet: normalisations need the sums of the whole batch.

use std::ops::Range;

use crate::network::{Network, Operation};

/// Nodes that a lane runs by itself, then normalisations whose sums it takes.
#[derive(Clone, Debug, Default)]
pub struct Segment {
    /// In the order of execution, or from last to first.
    pub nodes: Range<usize>,
    /// Normalisations.
    pub sums: Vec<usize>,
}

/// The segments of both directions.
#[derive(Debug)]
pub struct Schedule {
    /// From the first node to the last.
    pub forward: Vec<Segment>,
    /// From the last node to the first.
    pub backward: Vec<Segment>,
}

impl Schedule {
    /// For a network.
    pub fn new(network: &Network) -> Self {
        let is_normalise =
            |node: &usize| matches!(network.nodes[*node].operation, Operation::Normalise { .. });
        let count = network.nodes.len();
        let mut forward = Vec::new();
        let mut first = 0;
        // Sums are taken as soon as their input is there, and needed where the normalisation is.
        for node in (0..count).filter(is_normalise) {
            forward.push(Segment { nodes: first..node, sums: vec![node] });
            first = node;
        }
        forward.push(Segment { nodes: first..count, sums: Vec::new() });
        let mut backward = Vec::new();
        let mut end = count;
        for node in (0..count).rev().filter(is_normalise) {
            backward.push(Segment { nodes: node + 1..end, sums: vec![node] });
            end = node + 1;
        }
        backward.push(Segment { nodes: 0..end, sums: Vec::new() });
        Self { forward, backward }
    }
}
