//! The serial boot loader of LiteX's BIOS ("SFL"): loads RAM through the port that is the link.
//!
//! After reset the BIOS sends a request; who answers it in time may send frames, each of which it
//! acknowledges with one letter (LiteX, `litex/soc/software/bios/sfl.h` and `boot.c`):
//!
//! ```text
//! byte 0  u8      length of the payload, at most 255
//!      1  u16 BE  CRC-16/XMODEM of command and payload
//!      3  u8      command: 1 load, 2 jump
//!      4          payload: address (u32 BE), and for a load the bytes that go there
//! ```
//!
//! Frames go one by one, and again when they are not acknowledged: a load may be repeated.

use std::io;
use std::time::Duration;

use crate::transport::Transport;

/// What the BIOS sends, and what it wants to hear.
pub const REQUEST: &[u8] = b"sL5DdSMmkekro\n";
/// What it wants to hear within a quarter of a second.
pub const ANSWER: &[u8] = b"z6IHG7cYDID6o\n";
/// The command that loads bytes.
pub const LOAD: u8 = 0x01;
/// The command that jumps, which ends the BIOS.
pub const JUMP: u8 = 0x02;

/// The acknowledgement of a frame that was carried out; any other letter is a reason to repeat it:
/// `C` for its CRC, `E` for one whose end does not come, `U` for a command that is unknown.
pub const DONE: u8 = b'K';

/// Bytes that a load carries: whole words, and with their address at most 255.
const PIECE: usize = 248;
/// Times that a frame is sent. A jump may have been carried out though nothing was heard.
const ATTEMPTS_MAX: u32 = 10;
const JUMPS_MAX: u32 = 3;
/// Without a letter for so long the frame, or its acknowledgement, is lost. The BIOS waits 250 ms
/// for the rest of a frame; a USB adapter adds some ten milliseconds.
const ACKNOWLEDGED_WITHIN: Duration = Duration::from_millis(800);
/// A BIOS that says nothing for so long waits for a new frame: it waits 250 ms for the answer to
/// its request, and for the rest of a frame, and then says so.
const SETTLED_AFTER: Duration = Duration::from_millis(400);
/// Who says something all the time is no BIOS.
const SETTLED_WITHIN: Duration = Duration::from_secs(3);
/// Between two attempts to have a BIOS at its prompt boot.
const ASKED_EVERY: Duration = Duration::from_secs(2);
/// What is typed then: an empty line first, for one that somebody began.
const TYPED: &[u8] = b"\nserialboot\n";

/// Why an image was not loaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BootError {
    /// No request came.
    #[error("no LiteX BIOS asked for a program within {0:?}")]
    NoBios(Duration),
    /// A frame was never acknowledged.
    #[error(
        "the BIOS did not take {length} bytes for {address:#010x}, however often; its last answer \
         was {}", letter(*.last)
    )]
    NotTaken {
        /// Where they were to go.
        address: u32,
        /// How many; none for a jump.
        length: usize,
        /// What it answered last.
        last: Option<u8>,
    },
    /// The BIOS sends and sends.
    #[error("what is at the other end does not stop sending, so it is no LiteX BIOS")]
    Babble,
    /// Bytes would lie beyond the 32-bit addresses.
    #[error("{length} bytes at {address:#010x} go beyond the last address")]
    Beyond {
        /// Where the first would be.
        address: u32,
        /// How many.
        length: usize,
    },
    /// The port is gone.
    #[error("the port broke: {0}")]
    Port(#[from] io::Error),
}

impl BootError {
    /// What to do next.
    #[must_use]
    pub fn advice(&self) -> &'static str {
        match self {
            Self::NoBios(_) => {
                "reset the board while this command waits; check that the bitstream has a BIOS \
                 with serial boot, and that the baud rate is the SoC's (litex --uart-baudrate)"
            }
            Self::NotTaken { .. } => {
                "check cable and baud rate; if the answer is none or E, a deeper FIFO or a lower \
                 baud rate of the SoC's UART may help"
            }
            Self::Babble => "check that the port is the SoC's, and that its baud rate is right",
            Self::Beyond { .. } => "build the firmware for this SoC (QUINTET_LITEX_CSR)",
            Self::Port(_) => "the adapter was probably unplugged: plug it in and try again",
        }
    }
}

/// What the BIOS answered, for people.
fn letter(last: Option<u8>) -> String {
    last.map_or("none".into(), |byte| format!("{:?}", char::from(byte)))
}

/// Waits for the BIOS to ask, for `patience` at most, sends the bytes of each piece to its address,
/// and jumps to `entry`. `progress` hears of bytes taken, of how many.
///
/// Nothing is read back: each frame has a CRC, and what runs then has a build id.
///
/// # Errors
///
/// A [`BootError`]. A jump that is not acknowledged is none, since the BIOS may have jumped:
/// whether the program runs is found out by greeting it.
pub fn load(
    port: &mut dyn Transport,
    pieces: &[(u32, &[u8])],
    entry: u32,
    patience: Duration,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<(), BootError> {
    for (address, bytes) in pieces {
        let (address, length) = (*address, bytes.len());
        if u64::from(address) + length as u64 > 1 << 32 {
            return Err(BootError::Beyond { address, length });
        }
    }
    let total = pieces.iter().map(|(_, bytes)| bytes.len()).sum();
    let mut boot = Boot { port };
    boot.meet(patience)?;
    let mut done = 0;
    progress(done, total);
    for (address, bytes) in pieces {
        for (bytes, offset) in bytes.chunks(PIECE).zip((0..).step_by(PIECE)) {
            boot.deliver(LOAD, address + offset, bytes, ATTEMPTS_MAX)?;
            done += bytes.len();
            progress(done, total);
        }
    }
    match boot.deliver(JUMP, entry, &[], JUMPS_MAX) {
        Err(BootError::NotTaken { last: None, .. }) => Ok(()),
        other => other,
    }
}

/// A frame.
#[must_use]
pub fn frame(command: u8, address: u32, bytes: &[u8]) -> Vec<u8> {
    let mut checked = vec![command];
    checked.extend(address.to_be_bytes());
    checked.extend(bytes);
    let mut frame = vec![(checked.len() - 1) as u8];
    frame.extend(crc16(&checked).to_be_bytes());
    frame.extend(checked);
    frame
}

/// CRC-16/XMODEM: polynomial 0x1021, from zero, highest bit first.
#[must_use]
pub fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |crc, byte| {
        let mixed = crc ^ u16::from(*byte) << 8;
        (0..8).fold(mixed, |crc, _| crc << 1 ^ if crc & 0x8000 != 0 { 0x1021 } else { 0 })
    })
}

/// A conversation with a BIOS.
struct Boot<'p> {
    port: &'p mut dyn Transport,
}

impl Boot<'_> {
    /// Waits for the request, and answers it.
    fn meet(&mut self, patience: Duration) -> Result<(), BootError> {
        let start = self.port.now();
        let (give_up, mut ask_at) = (start + patience, start + ASKED_EVERY);
        let mut heard = 0;
        loop {
            let now = self.port.now();
            if now >= give_up {
                return Err(BootError::NoBios(patience));
            }
            if now >= ask_at {
                self.port.write(TYPED)?;
                ask_at = now + ASKED_EVERY;
            }
            let Some(byte) = self.byte(give_up.min(ask_at))? else { continue };
            // The request's first letter is nowhere else in it.
            heard = match byte {
                byte if byte == REQUEST[heard] => heard + 1,
                byte if byte == REQUEST[0] => 1,
                _ => 0,
            };
            if heard == REQUEST.len() {
                heard = 0;
                self.port.write(ANSWER)?;
                // Who has understood waits; who has not says so.
                if self.settle()? == 0 {
                    return Ok(());
                }
            }
        }
    }

    /// Sends a frame until it is acknowledged, `attempts` times at most.
    fn deliver(
        &mut self,
        command: u8,
        address: u32,
        bytes: &[u8],
        attempts: u32,
    ) -> Result<(), BootError> {
        let frame = frame(command, address, bytes);
        let mut last = None;
        for attempt in 0..attempts {
            self.port.write(&frame)?;
            let deadline = self.port.now() + ACKNOWLEDGED_WITHIN;
            last = self.byte(deadline)?;
            if attempt > 0 || last != Some(DONE) {
                // What is still on its way belongs to this frame and not to the next.
                self.settle()?;
            }
            if last == Some(DONE) {
                return Ok(());
            }
        }
        Err(BootError::NotTaken { address, length: bytes.len(), last })
    }

    /// Waits until the BIOS says nothing any more, so that the next byte begins a frame. Returns
    /// how many bytes it has said.
    fn settle(&mut self) -> Result<usize, BootError> {
        let give_up = self.port.now() + SETTLED_WITHIN;
        let mut said = 0;
        while self.byte(self.port.now() + SETTLED_AFTER)?.is_some() {
            said += 1;
            if self.port.now() >= give_up {
                return Err(BootError::Babble);
            }
        }
        Ok(said)
    }

    /// The next byte, unless none comes in time.
    fn byte(&mut self, deadline: Duration) -> Result<Option<u8>, BootError> {
        let mut byte = [0];
        loop {
            let now = self.port.now();
            match self.port.read(&mut byte, deadline.saturating_sub(now))? {
                0 if self.port.now() >= deadline => return Ok(None),
                0 => {}
                _ => return Ok(Some(byte[0])),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{JUMP, LOAD, crc16, frame};

    #[test]
    fn the_crc_is_xmodems() {
        // The check value of the catalogue of CRC algorithms.
        assert_eq!(crc16(b"123456789"), 0x31C3);
    }

    #[test]
    fn a_frame_is_as_the_bios_reads_it() {
        let crc = crc16(&[LOAD, 0x40, 0, 0, 8, 0xAA, 0xBB]).to_be_bytes();
        let load = [6, crc[0], crc[1], LOAD, 0x40, 0, 0, 8, 0xAA, 0xBB];
        assert_eq!(frame(LOAD, 0x4000_0008, &[0xAA, 0xBB]), load);
        assert_eq!(frame(JUMP, 0x4000_0000, &[])[3..], [JUMP, 0x40, 0, 0, 0]);
    }
}
