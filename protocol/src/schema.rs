//! A fingerprint of everything that both ends must agree on: the messages and the program's
//! records.
//!
//! Computed by the compiler from the types themselves, so that it changes when they do and nobody
//! has to remember it. The link compares it before it opens a session.

use postcard_schema::key::Key;

use crate::message::{Call, ToDriver};
use crate::program;

/// Fingerprint of this version: FNV-1a over names and types of all fields and variants of [`Call`]
/// and [`ToDriver`], with [`program::VERSION`], folded to 32 bits.
pub const FINGERPRINT: u32 = {
    let messages = mix(of::<Call<'_>>("to device"), of::<ToDriver<'_>>("to driver"));
    mix(messages, program::VERSION as u32)
};

/// Fingerprint of one message type.
const fn of<T: postcard_schema::Schema>(name: &str) -> u32 {
    let [a, b, c, d, e, f, g, h] = Key::for_path::<T>(name).to_bytes();
    u32::from_le_bytes([a, b, c, d]) ^ u32::from_le_bytes([e, f, g, h])
}

/// One fingerprint of two; their order counts.
const fn mix(first: u32, second: u32) -> u32 {
    // The 32-bit FNV prime.
    (first ^ second.rotate_left(16)).wrapping_mul(0x0100_0193)
}

#[cfg(test)]
mod tests {
    use super::*;
    use postcard_schema::Schema;

    /// A message with another one inside, as it is and after one change each.
    macro_rules! message {
        ($module:ident, $field:ident: $type:ty, $($variant:ident),*) => {
            mod $module {
                #[derive(postcard_schema::Schema)]
                #[expect(dead_code, reason = "only its shape counts")]
                pub enum Inner {
                    $($variant),*
                }

                #[derive(postcard_schema::Schema)]
                #[expect(dead_code, reason = "only its shape counts")]
                pub struct Message {
                    pub $field: $type,
                    pub inner: Option<Inner>,
                }
            }
        };
    }
    message!(before, offset: u32, Red, Green);
    message!(renamed, start: u32, Red, Green);
    message!(retyped, offset: u16, Red, Green);
    message!(extended, offset: u32, Red, Green, Blue);
    message!(swapped, offset: u32, Green, Red);

    fn fingerprint<T: Schema>() -> u32 {
        of::<T>("message")
    }

    #[test]
    fn every_change_of_a_message_is_another_fingerprint() {
        let before = fingerprint::<before::Message>();
        assert_ne!(fingerprint::<renamed::Message>(), before);
        assert_ne!(fingerprint::<retyped::Message>(), before);
        assert_ne!(fingerprint::<extended::Message>(), before);
        assert_ne!(fingerprint::<swapped::Message>(), before);
        assert_ne!(of::<before::Message>("another use"), before);
    }

    #[test]
    fn so_is_a_change_of_either_direction_or_of_the_records() {
        assert_ne!(mix(1, 2), mix(2, 1));
        assert_ne!(mix(FINGERPRINT, 1), mix(FINGERPRINT, 2));
    }
}
