//! A trained network's numbers as safetensors: {u64 length of the header, JSON of names, types,
//! shapes and places, numbers}, little-endian (Hugging Face's `safetensors` 0.4 and later).
//!
//! Tensors have the names and the order of extents that [`Network`] has; a normalisation's running
//! statistics are `NODE/mean` and `NODE/variance`.

use serde_json::{Map, Value, json};

use crate::network::{Network, Operation, State};

/// The file's bytes.
#[must_use]
pub fn safetensors(network: &Network, state: &State) -> Vec<u8> {
    let mut header = Map::new();
    let mut numbers = Vec::new();
    let mut tensor = |name: String, shape: &[usize], values: &[f32]| {
        let begin = numbers.len();
        numbers.extend(values.iter().flat_map(|value| value.to_le_bytes()));
        let place =
            json!({ "dtype": "F32", "shape": shape, "data_offsets": [begin, numbers.len()] });
        header.insert(name, place);
    };
    for it in &network.tensors {
        tensor(it.name.clone(), &it.shape, &state.parameters[it.range()]);
    }
    for node in &network.nodes {
        if let Operation::Normalise { statistics: at, .. } = node.operation {
            let channels = node.shape.channels;
            let [mean, variance] =
                [at, at + channels].map(|first| &state.statistics[first..first + channels]);
            tensor(format!("{}/mean", node.name), &[channels], mean);
            tensor(format!("{}/variance", node.name), &[channels], variance);
        }
    }
    let mut header = Value::Object(header).to_string();
    // Numbers begin at a multiple of eight bytes.
    header.extend(std::iter::repeat_n(' ', header.len().next_multiple_of(8) - header.len()));
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header.bytes());
    bytes.extend(numbers);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::{Activation, Builder, Shape};

    #[test]
    fn a_file_names_all_numbers_and_where_they_are() {
        let mut builder = Builder::new(Shape { height: 1, width: 1, channels: 2 });
        let dense = builder.dense("dense", 0, 3, true);
        builder.normalise("norm", dense, Activation::Relu, false);
        let network = builder.finish();
        let mut state = network.initialise(1);
        state.statistics = vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
        let bytes = safetensors(&network, &state);
        let (length, rest) = bytes.split_first_chunk().unwrap();
        let (header, numbers) = rest.split_at(u64::from_le_bytes(*length) as usize);
        assert_eq!((header.len() % 8, numbers.len()), (0, (6 + 3 + 3 + 3 + 6) * 4));
        let header: Value = serde_json::from_slice(header).unwrap();
        assert_eq!(header["dense/weight"]["shape"], json!([2, 3]));
        let place = |name: &str, end: usize| header[name]["data_offsets"][end].as_u64().unwrap();
        let variance = &numbers[place("norm/variance", 0) as usize..];
        assert_eq!(variance[..4], 4.0f32.to_le_bytes());
        assert_eq!(place("norm/variance", 1), numbers.len() as u64);
    }
}
