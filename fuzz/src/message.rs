//! The message decoder: any packet, in both directions; what decodes means what it says.

use quintet_protocol::message::{Call, ToDriver, decode};

/// The bytes as a packet to the device, and as one to the driver.
pub fn run(data: &[u8]) {
    if let Ok(call) = decode::<Call>(data) {
        let again = postcard::to_stdvec(&call).expect("a message that was decoded");
        assert_eq!(decode::<Call>(&again), Ok(call));
        // Postcard takes a number in more bytes than it needs; it never makes one so.
        assert!(again.len() <= data.len());
    }
    if let Ok(message) = decode::<ToDriver>(data) {
        let again = postcard::to_stdvec(&message).expect("a message that was decoded");
        assert_eq!(decode::<ToDriver>(&again), Ok(message));
        assert!(again.len() <= data.len());
    }
}
