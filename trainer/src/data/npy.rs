//! Samples and labels as NumPy's `.npy`, version 1.0, for whoever runs the network elsewhere, such as
//! `quintet eval`.

use super::Dataset;

/// What a file begins with: magic, version, and the header's length in 16 bits.
const PREAMBLE: [u8; 8] = *b"\x93NUMPY\x01\x00";
/// Numbers begin at a multiple of it.
const ALIGNMENT: usize = 64;

/// All samples as int8: samples x height x width x channels.
#[must_use]
pub fn samples(data: &Dataset) -> Vec<u8> {
    let shape = data.shape;
    let extents = [data.len(), shape.height, shape.width, shape.channels];
    // `b - 128` as an int8 has the bits of `b` but for the first.
    file("|i1", &extents, data.bytes.iter().map(|byte| byte ^ 0x80))
}

/// All labels as 16-bit numbers.
#[must_use]
pub fn labels(data: &Dataset) -> Vec<u8> {
    file("<u2", &[data.len()], data.labels.iter().flat_map(|label| label.to_le_bytes()))
}

/// Outputs of int8: samples x numbers of an output.
#[must_use]
pub fn outputs(outputs: &[i8], samples: usize) -> Vec<u8> {
    let extents = [samples, outputs.len() / samples.max(1)];
    file("|i1", &extents, outputs.iter().map(|output| *output as u8))
}

fn file(kind: &str, extents: &[usize], body: impl Iterator<Item = u8>) -> Vec<u8> {
    let shape: String = extents.iter().map(|extent| format!("{extent},")).collect();
    let mut header = format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': ({shape}), }}");
    let before = PREAMBLE.len() + 2;
    // One more for the line break that ends the header.
    let length = (before + header.len() + 1).next_multiple_of(ALIGNMENT) - before;
    header.extend(std::iter::repeat_n(' ', length - 1 - header.len()));
    header.push('\n');
    let mut bytes = PREAMBLE.to_vec();
    bytes.extend((length as u16).to_le_bytes());
    bytes.extend(header.bytes());
    bytes.extend(body);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::Shape;

    #[test]
    fn samples_are_the_int8_numbers_that_a_device_is_given() {
        let data = Dataset {
            shape: Shape { height: 1, width: 2, channels: 1 },
            bytes: vec![0, 127, 128, 255],
            labels: vec![1, 300],
            classes: vec!["0".into(); 301],
        };
        let header = "{'descr': '|i1', 'fortran_order': False, 'shape': (2,1,2,1,), }";
        let wanted = [&b"\x93NUMPY\x01\x00\x76\x00"[..], header.as_bytes()].concat();
        let file = samples(&data);
        assert!(file.starts_with(&wanted), "{}", String::from_utf8_lossy(&file));
        assert_eq!((file.len(), file[127]), (128 + 4, b'\n'));
        assert_eq!(file[128..], [-128i8 as u8, -1i8 as u8, 0, 127]);
        let file = outputs(&[-1, 2, 3, 4], 2);
        assert!(String::from_utf8_lossy(&file).contains("'shape': (2,2,)"));
        assert_eq!(file[128..], [255, 2, 3, 4]);
        let file = labels(&data);
        assert_eq!(file[file.len() - 4..], [1, 0, 44, 1]);
    }
}
