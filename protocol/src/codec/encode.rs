//! Values to bytes.

use serde::Serialize;
use serde::ser::{self, Impossible};

use super::Unsupported;
use crate::copy;

/// Writes a value to the start of `out`; returns its length in bytes, or `None` if it does not fit.
pub fn encode(value: &impl Serialize, out: &mut [u8]) -> Option<usize> {
    let mut encoder = Encoder { out, at: 0 };
    value.serialize(&mut encoder).ok()?;
    (encoder.at <= encoder.out.len()).then_some(encoder.at)
}

/// For serde's `serialize_with`: bytes go in one piece and not one by one. They look the same.
///
/// # Errors
/// None of its own.
pub fn bytes<S: ser::Serializer>(bytes: &&[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_bytes(bytes)
}

struct Encoder<'b> {
    out: &'b mut [u8],
    /// Bytes so far, those that found no room included.
    at: usize,
}

impl Encoder<'_> {
    #[inline(never)]
    fn byte(&mut self, byte: u8) {
        if let Some(place) = self.out.get_mut(self.at) {
            *place = byte;
        }
        self.at += 1;
    }

    #[inline(never)]
    fn number(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.byte(number as u8 | 0x80);
            number >>= 7;
        }
        self.byte(number as u8);
    }

    /// As [`Encoder::number`]; most are short, and a half of the registers does.
    #[inline(never)]
    fn short(&mut self, number: u32) {
        self.number(number.into());
    }

    #[inline(never)]
    fn run(&mut self, bytes: &[u8]) {
        self.short(bytes.len() as u32);
        // What does not fit is not read by anybody: `encode` notices.
        copy(bytes, self.out.get_mut(self.at..).unwrap_or_default());
        self.at = self.at.saturating_add(bytes.len());
    }
}

/// Types that no message has.
macro_rules! unsupported {
    ($($method:ident: $type:ty,)*) => {
        $(fn $method(self, _: $type) -> Result<(), Unsupported> {
            Err(Unsupported)
        })*
    };
}

impl<'e, 'b> ser::Serializer for &'e mut Encoder<'b> {
    type Ok = ();
    type Error = Unsupported;
    type SerializeSeq = Impossible<(), Unsupported>;
    type SerializeTuple = Self;
    type SerializeTupleStruct = Self;
    type SerializeTupleVariant = Self;
    type SerializeMap = Impossible<(), Unsupported>;
    type SerializeStruct = Self;
    type SerializeStructVariant = Self;

    unsupported! {
        serialize_i8: i8,
        serialize_i16: i16,
        serialize_i32: i32,
        serialize_i64: i64,
        serialize_f32: f32,
        serialize_f64: f64,
        serialize_char: char,
    }

    fn is_human_readable(&self) -> bool {
        false
    }

    fn serialize_bool(self, flag: bool) -> Result<(), Unsupported> {
        self.byte(flag.into());
        Ok(())
    }

    fn serialize_u8(self, number: u8) -> Result<(), Unsupported> {
        self.byte(number);
        Ok(())
    }

    fn serialize_u16(self, number: u16) -> Result<(), Unsupported> {
        self.short(number.into());
        Ok(())
    }

    fn serialize_u32(self, number: u32) -> Result<(), Unsupported> {
        self.short(number);
        Ok(())
    }

    fn serialize_u64(self, number: u64) -> Result<(), Unsupported> {
        self.number(number);
        Ok(())
    }

    fn serialize_str(self, text: &str) -> Result<(), Unsupported> {
        self.run(text.as_bytes());
        Ok(())
    }

    fn serialize_bytes(self, bytes: &[u8]) -> Result<(), Unsupported> {
        self.run(bytes);
        Ok(())
    }

    fn serialize_none(self) -> Result<(), Unsupported> {
        self.byte(0);
        Ok(())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Unsupported> {
        self.byte(1);
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), Unsupported> {
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Unsupported> {
        Ok(())
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        variant: u32,
        _: &'static str,
    ) -> Result<(), Unsupported> {
        self.short(variant);
        Ok(())
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), Unsupported> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        variant: u32,
        _: &'static str,
        value: &T,
    ) -> Result<(), Unsupported> {
        self.short(variant);
        value.serialize(self)
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Self::SerializeSeq, Unsupported> {
        Err(Unsupported)
    }

    fn serialize_tuple(self, _: usize) -> Result<Self, Unsupported> {
        Ok(self)
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Self, Unsupported> {
        Ok(self)
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        variant: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self, Unsupported> {
        self.short(variant);
        Ok(self)
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Self::SerializeMap, Unsupported> {
        Err(Unsupported)
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Self, Unsupported> {
        Ok(self)
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        variant: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self, Unsupported> {
        self.short(variant);
        Ok(self)
    }

    fn collect_str<T: core::fmt::Display + ?Sized>(self, _: &T) -> Result<(), Unsupported> {
        Err(Unsupported)
    }
}

/// What is made of others is those, one after another, whether they have names or not.
macro_rules! compound {
    ($($kind:ident: $method:ident($($name:ty)?),)*) => {
        $(impl ser::$kind for &mut Encoder<'_> {
            type Ok = ();
            type Error = Unsupported;

            fn $method<T: Serialize + ?Sized>(
                &mut self,
                $(_: $name,)?
                value: &T,
            ) -> Result<(), Unsupported> {
                value.serialize(&mut **self)
            }

            fn end(self) -> Result<(), Unsupported> {
                Ok(())
            }
        })*
    };
}

compound! {
    SerializeTuple: serialize_element(),
    SerializeTupleStruct: serialize_field(),
    SerializeTupleVariant: serialize_field(),
    SerializeStruct: serialize_field(&'static str),
    SerializeStructVariant: serialize_field(&'static str),
}
