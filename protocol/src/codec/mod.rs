//! The encoding of messages: [postcard's](https://postcard.jamesmunns.com/wire-format), byte for
//! byte, of the types that messages are made of, in a third of its code.
//!
//! ```text
//! u8                as it is
//! u16, u32, u64     varint: 7 bits a byte, the lowest first, the top bit set where more follow
//! bool, Option      0 or 1, and what there is
//! &[u8], &str       length as varint, the bytes
//! enum              position as varint, what the variant has
//! struct, array     its fields, one after another
//! ```
//!
//! What makes it small: neither end stops at the first error. The encoder counts on past the end of
//! its buffer, the decoder reads zeros past the end of the packet, and one look at the end tells.
//! So the code that serde derives has no error to look for after each field.

mod decode;
mod encode;

pub use decode::decode;
pub use encode::{bytes, encode};

use core::fmt;

/// Not one value of the type expected, from the first byte to the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a message of this protocol version")]
pub struct Undecodable;

/// Not a type that messages are made of: a float, a signed number, a map, a list of other things
/// than bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a type of messages")]
pub struct Unsupported;

// The texts would cost flash, and no message can have such an error.
impl serde::ser::Error for Unsupported {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}

impl serde::de::Error for Undecodable {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }

    fn invalid_value(_: serde::de::Unexpected<'_>, _: &dyn serde::de::Expected) -> Self {
        Self
    }

    fn invalid_length(_: usize, _: &dyn serde::de::Expected) -> Self {
        Self
    }

    fn unknown_variant(_: &str, _: &'static [&'static str]) -> Self {
        Self
    }
}

#[cfg(test)]
mod tests {
    use super::{Undecodable, decode, encode};
    use proptest::prelude::*;
    use serde::{Deserialize, Serialize};

    /// Everything that a message may be made of.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
    enum Sample<'a> {
        Unit,
        Newtype(u16),
        Tuple(u8, u64),
        Struct {
            flag: bool,
            maybe: Option<u32>,
            array: [u32; 3],
            nested: Nested,
        },
        #[serde(borrow)]
        Bytes(#[serde(serialize_with = "super::bytes")] &'a [u8]),
        Text(&'a str),
    }

    #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
    struct Nested(u64, ());

    fn samples<'a>(number: u64, flag: bool, bytes: &'a [u8], text: &'a str) -> [Sample<'a>; 7] {
        let small = number as u32;
        [
            Sample::Unit,
            Sample::Newtype(number as u16),
            Sample::Tuple(number as u8, number),
            Sample::Struct {
                flag,
                maybe: flag.then_some(small),
                array: [small, 0, !small],
                nested: Nested(number, ()),
            },
            Sample::Struct { flag, maybe: None, array: [1; 3], nested: Nested(!number, ()) },
            Sample::Bytes(bytes),
            Sample::Text(text),
        ]
    }

    proptest! {
        #[test]
        fn values_are_encoded_as_postcard_does(
            number: u64,
            shift in 0u32..64,
            flag: bool,
            bytes in prop::collection::vec(any::<u8>(), 0..300),
            text in ".{0,40}",
            room in 0usize..320,
        ) {
            let (mut ours, mut theirs) = ([0; 320], [0; 320]);
            for sample in samples(number >> shift, flag, &bytes, &text) {
                let expected = postcard::to_slice(&sample, &mut theirs[..room]).ok();
                let used = encode(&sample, &mut ours[..room]);
                prop_assert_eq!(used, expected.as_ref().map(|bytes| bytes.len()));
                if let (Some(used), Some(expected)) = (used, expected) {
                    prop_assert_eq!(&ours[..used], &*expected);
                    prop_assert_eq!(decode::<Sample<'_>>(expected), Ok(sample));
                }
            }
        }

        #[test]
        fn bytes_decode_as_postcard_has_it(
            bytes in prop::collection::vec(
                prop_oneof![any::<u8>(), 0u8..6, Just(0x80), Just(0xFF)],
                0..40,
            ),
        ) {
            let expected = match postcard::take_from_bytes::<Sample<'_>>(&bytes) {
                Ok((sample, [])) => Ok(sample),
                _ => Err(Undecodable),
            };
            prop_assert_eq!(decode::<Sample<'_>>(&bytes), expected);
        }
    }

    #[test]
    fn a_number_too_large_for_its_type_is_refused() {
        assert_eq!(decode::<u16>(&[0xFF, 0xFF, 0x03]), Ok(0xFFFF));
        assert_eq!(decode::<u16>(&[0xFF, 0xFF, 0x04]), Err(Undecodable));
        assert_eq!(decode::<u16>(&[0xFF, 0xFF, 0x83, 0x00]), Err(Undecodable));
        assert_eq!(decode::<u32>(&[0xFF, 0xFF, 0xFF, 0xFF, 0x0F]), Ok(u32::MAX));
        assert_eq!(decode::<u32>(&[0xFF, 0xFF, 0xFF, 0xFF, 0x10]), Err(Undecodable));
        let mut most = [0xFF; 10];
        most[9] = 1;
        assert_eq!(decode::<u64>(&most), Ok(u64::MAX));
        most[9] = 2;
        assert_eq!(decode::<u64>(&most), Err(Undecodable));
    }

    #[test]
    fn what_no_message_has_is_refused_both_ways() {
        let mut out = [0; 16];
        assert_eq!(encode(&1.0_f32, &mut out), None);
        assert_eq!(encode(&-1_i8, &mut out), None);
        assert_eq!(encode(&'a', &mut out), None);
        assert_eq!(decode::<f32>(&[0; 4]), Err(Undecodable));
        assert_eq!(decode::<char>(&[1, 0x61]), Err(Undecodable));
    }
}
