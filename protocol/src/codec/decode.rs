//! Bytes to values.

use serde::Deserialize;
use serde::de::value::U32Deserializer;
use serde::de::{self, DeserializeSeed, Visitor};

use super::Undecodable;

/// Reads the value that a packet holds, borrowing its bytes.
///
/// # Errors
/// [`Undecodable`] unless the packet is one value from its first byte to its last.
pub fn decode<'a, T: Deserialize<'a>>(packet: &'a [u8]) -> Result<T, Undecodable> {
    let mut decoder = Decoder { rest: packet, is_bad: false };
    let value = T::deserialize(&mut decoder)?;
    if decoder.is_bad || !decoder.rest.is_empty() { Err(Undecodable) } else { Ok(value) }
}

struct Decoder<'a> {
    rest: &'a [u8],
    /// Something was read that is no value: what came of it is not to be used.
    is_bad: bool,
}

impl<'a> Decoder<'a> {
    #[inline(never)]
    fn byte(&mut self) -> u8 {
        match self.rest.split_first() {
            Some((&byte, rest)) => {
                self.rest = rest;
                byte
            }
            None => {
                self.is_bad = true;
                0
            }
        }
    }

    /// A zero or a one.
    fn flag(&mut self) -> bool {
        let byte = self.byte();
        self.is_bad |= byte > 1;
        byte != 0
    }

    /// A number of up to `bits` bits. Leading zeros are taken, as far as the longest number of so
    /// many bits goes.
    #[inline(never)]
    fn number(&mut self, bits: u32) -> u64 {
        let (mut number, mut shift) = (0, 0);
        loop {
            let byte = self.byte();
            number |= u64::from(byte & 0x7F) << shift;
            // What the last byte may have: the bits that are left.
            let left = bits - shift;
            if left < 7 && byte >> left != 0 {
                self.is_bad = true;
                return 0;
            }
            if byte < 0x80 {
                return number;
            }
            shift += 7;
        }
    }

    #[inline(never)]
    fn short(&mut self, bits: u32) -> u32 {
        self.number(bits) as u32
    }

    #[inline(never)]
    fn run(&mut self) -> &'a [u8] {
        let length = self.short(32) as usize;
        match self.rest.split_at_checked(length) {
            Some((bytes, rest)) => {
                self.rest = rest;
                bytes
            }
            None => {
                self.is_bad = true;
                &[]
            }
        }
    }
}

/// Types that no message has, or that cannot be told from the bytes alone.
macro_rules! unsupported {
    ($($method:ident)*) => {
        $(fn $method<V: Visitor<'a>>(self, _: V) -> Result<V::Value, Undecodable> {
            Err(Undecodable)
        })*
    };
}

impl<'a> de::Deserializer<'a> for &mut Decoder<'a> {
    type Error = Undecodable;

    unsupported! {
        deserialize_any
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
        deserialize_f32 deserialize_f64
        deserialize_char
        deserialize_string deserialize_byte_buf
        deserialize_seq deserialize_map
        deserialize_identifier deserialize_ignored_any
    }

    fn is_human_readable(&self) -> bool {
        false
    }

    fn deserialize_bool<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Undecodable> {
        visitor.visit_bool(self.flag())
    }

    fn deserialize_u8<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Undecodable> {
        visitor.visit_u8(self.byte())
    }

    fn deserialize_u16<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Undecodable> {
        visitor.visit_u16(self.short(16) as u16)
    }

    fn deserialize_u32<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Undecodable> {
        visitor.visit_u32(self.short(32))
    }

    fn deserialize_u64<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Undecodable> {
        visitor.visit_u64(self.number(64))
    }

    fn deserialize_str<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Undecodable> {
        let text = core::str::from_utf8(self.run()).map_err(|_| Undecodable)?;
        visitor.visit_borrowed_str(text)
    }

    fn deserialize_bytes<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Undecodable> {
        visitor.visit_borrowed_bytes(self.run())
    }

    fn deserialize_option<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Undecodable> {
        if self.flag() { visitor.visit_some(self) } else { visitor.visit_none() }
    }

    fn deserialize_unit<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Undecodable> {
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'a>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Undecodable> {
        visitor.visit_unit()
    }

    fn deserialize_newtype_struct<V: Visitor<'a>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Undecodable> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_tuple<V: Visitor<'a>>(
        self,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Undecodable> {
        visitor.visit_seq(self)
    }

    fn deserialize_tuple_struct<V: Visitor<'a>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Undecodable> {
        visitor.visit_seq(self)
    }

    fn deserialize_struct<V: Visitor<'a>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Undecodable> {
        visitor.visit_seq(self)
    }

    fn deserialize_enum<V: Visitor<'a>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Undecodable> {
        visitor.visit_enum(self)
    }
}

/// Fields: whoever asks knows how many there are.
impl<'a> de::SeqAccess<'a> for &mut Decoder<'a> {
    type Error = Undecodable;

    fn next_element_seed<T: DeserializeSeed<'a>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Undecodable> {
        seed.deserialize(&mut **self).map(Some)
    }
}

impl<'a> de::EnumAccess<'a> for &mut Decoder<'a> {
    type Error = Undecodable;
    type Variant = Self;

    fn variant_seed<T: DeserializeSeed<'a>>(
        self,
        seed: T,
    ) -> Result<(T::Value, Self), Undecodable> {
        let position = U32Deserializer::<Undecodable>::new(self.short(32));
        Ok((seed.deserialize(position)?, self))
    }
}

impl<'a> de::VariantAccess<'a> for &mut Decoder<'a> {
    type Error = Undecodable;

    fn unit_variant(self) -> Result<(), Undecodable> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'a>>(
        self,
        seed: T,
    ) -> Result<T::Value, Undecodable> {
        seed.deserialize(self)
    }

    fn tuple_variant<V: Visitor<'a>>(self, _: usize, visitor: V) -> Result<V::Value, Undecodable> {
        visitor.visit_seq(self)
    }

    fn struct_variant<V: Visitor<'a>>(
        self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Undecodable> {
        visitor.visit_seq(self)
    }
}
