//! The device's port on a serial port with `embedded-io`'s asynchronous traits, polled and never
//! awaited. Whoever reads must keep the bytes when a read is given up, as a ring does.

use embassy_futures::poll_once;
use embedded_io_async::{Read, ReadReady, Write};
use quintet_firmware::Port;

/// A receiver and a transmitter as one port.
#[derive(Debug)]
pub struct EmbassyPort<R, W> {
    receiver: R,
    transmitter: W,
    overruns: u32,
}

impl<R: Read + ReadReady, W: Write> EmbassyPort<R, W> {
    /// The port; ends whatever frame a failure before the reset cut off with a zero byte.
    pub fn new(receiver: R, transmitter: W) -> Self {
        let mut port = Self { receiver, transmitter, overruns: 0 };
        port.write(&[0]);
        port
    }

    /// Sleeps until the next interrupt, unless bytes came. One that arrives between the look and the
    /// sleep ends the sleep at once (Armv7-M, B1.5.19); its handler runs afterwards.
    pub fn wait(&mut self) {
        cortex_m::interrupt::free(|_| {
            if !self.has_received() {
                cortex_m::asm::wfi();
            }
        });
    }

    fn has_received(&mut self) -> bool {
        let ready = self.receiver.read_ready();
        self.count(ready).unwrap_or(true)
    }

    /// Counts an error. All that a receiver reports is lost bytes: the line was faster than the main
    /// loop, or disturbed.
    fn count<T, E>(&mut self, result: Result<T, E>) -> Option<T> {
        if result.is_err() {
            self.overruns = self.overruns.wrapping_add(1);
        }
        result.ok()
    }
}

impl<R: Read + ReadReady, W: Write> Port for EmbassyPort<R, W> {
    fn read(&mut self, buffer: &mut [u8]) -> usize {
        match poll_once(self.receiver.read(buffer)) {
            core::task::Poll::Ready(result) => self.count(result).unwrap_or(0),
            core::task::Poll::Pending => 0,
        }
    }

    fn write(&mut self, bytes: &[u8]) -> usize {
        match poll_once(self.transmitter.write(bytes)) {
            core::task::Poll::Ready(result) => result.unwrap_or(0),
            core::task::Poll::Pending => 0,
        }
    }

    fn overruns(&self) -> u32 {
        self.overruns
    }
}

#[cfg(test)]
mod tests {
    use core::convert::Infallible;
    use core::future::pending;

    use embedded_io_async::{Error, ErrorKind, ErrorType, Read, ReadReady, Write};
    use quintet_firmware::Port;

    use super::EmbassyPort;

    #[derive(Debug)]
    struct Lost;

    impl core::fmt::Display for Lost {
        fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
            formatter.write_str("lost")
        }
    }

    impl core::error::Error for Lost {}

    impl Error for Lost {
        fn kind(&self) -> ErrorKind {
            ErrorKind::Other
        }
    }

    /// Loses bytes once, then has two, then none.
    struct Receiver(u8);

    impl ErrorType for Receiver {
        type Error = Lost;
    }

    impl Read for Receiver {
        async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Lost> {
            self.0 += 1;
            match self.0 {
                1 => Err(Lost),
                2 => {
                    buffer[..2].copy_from_slice(b"ab");
                    Ok(2)
                }
                _ => pending().await,
            }
        }
    }

    impl ReadReady for Receiver {
        fn read_ready(&mut self) -> Result<bool, Lost> {
            if self.0 == 0 { Err(Lost) } else { Ok(self.0 == 1) }
        }
    }

    /// Takes three bytes at a time, seven in all.
    struct Transmitter([u8; 7], usize);

    impl ErrorType for Transmitter {
        type Error = Infallible;
    }

    impl Write for Transmitter {
        async fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
            let room = &mut self.0[self.1..];
            if room.is_empty() {
                return pending().await;
            }
            let count = bytes.len().min(room.len()).min(3);
            room[..count].copy_from_slice(&bytes[..count]);
            self.1 += count;
            Ok(count)
        }

        async fn flush(&mut self) -> Result<(), Infallible> {
            Ok(())
        }
    }

    fn port() -> EmbassyPort<Receiver, Transmitter> {
        EmbassyPort::new(Receiver(0), Transmitter([b'.'; 7], 0))
    }

    #[test]
    fn lost_bytes_are_counted_and_later_ones_read() {
        let mut port = port();
        let mut buffer = [0; 4];
        assert!(port.has_received());
        assert_eq!((port.read(&mut buffer), port.overruns()), (0, 2));
        assert!(port.has_received());
        assert_eq!((port.read(&mut buffer), &buffer[..2]), (2, &b"ab"[..]));
        assert!(!port.has_received());
        assert_eq!((port.read(&mut buffer), port.overruns()), (0, 2));
    }

    #[test]
    fn a_full_transmitter_takes_nothing_and_does_not_block() {
        let mut port = port();
        assert_eq!(port.write(b"abcde"), 3);
        assert_eq!(port.write(b"de"), 2);
        assert_eq!(port.write(b"fg"), 1);
        assert_eq!(port.write(b"g"), 0);
        assert_eq!(&port.transmitter.0, b"\0abcdef");
    }
}
