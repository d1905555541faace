//! A board's log, decoded as it comes.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use quintet_driver::device::Connection;
use quintet_driver::log::{Decoder, Record, find_image};

/// Generous: the machine may be busy.
const TIMEOUT: Duration = Duration::from_secs(60);

/// What has been heard of a board's log.
#[derive(Clone, Default)]
pub struct Heard(Arc<Mutex<Vec<(u16, Record)>>>);

impl Heard {
    /// Has the board send its log.
    pub fn listen(connection: &mut Connection) -> Self {
        let build = connection.session().peer().unwrap().build;
        let decoder = Decoder::new(&find_image(build, None).unwrap()).unwrap();
        let heard = Self::default();
        let records = Arc::clone(&heard.0);
        let hear = move |packet: &[u8], lost| {
            let record = decoder.decode(packet).expect("a packet that is no message");
            records.lock().unwrap().push((lost, record));
        };
        assert!(connection.session().sends_log());
        connection.session().listen(hear).unwrap();
        heard
    }

    /// Waits for a message that begins so.
    pub fn wait_for(&self, connection: &mut Connection, beginning: &str) -> Record {
        let deadline = Instant::now() + TIMEOUT;
        loop {
            let records = self.records();
            let found = records.iter().find(|(_, record)| record.message.starts_with(beginning));
            if let Some((_, record)) = found {
                return record.clone();
            }
            assert!(Instant::now() < deadline, "no {beginning:?} in {records:?}");
            connection.session().wait(Duration::from_millis(5)).unwrap();
        }
    }

    /// All so far, each with the number of messages lost before it.
    pub fn records(&self) -> Vec<(u16, Record)> {
        self.0.lock().unwrap().clone()
    }

    /// Waits until the board has looked at its stack after what it did last, and checks that a
    /// quarter of the stack was never used; returns how it was, in words.
    pub fn check_stack(&self, connection: &mut Connection) -> String {
        // It looks four times a second while it is idle, and tells when it was deeper than ever.
        let until = Instant::now() + Duration::from_secs(2);
        while Instant::now() < until {
            connection.session().wait(Duration::from_millis(50)).unwrap();
        }
        let record = self.wait_for(connection, "stack: ");
        let records = self.records();
        let last = records.iter().rfind(|(_, it)| it.message.starts_with("stack: "));
        let message = last.map_or(record.message, |(_, it)| it.message.clone());
        let numbers = message.split(' ').filter_map(|word| word.parse::<usize>().ok());
        let [used, bytes] = numbers.collect::<Vec<_>>()[..] else { panic!("{message}") };
        let margin = 100 * (bytes - used) / bytes;
        assert!(margin >= 25, "{message}, which leaves {margin} %");
        format!("{message}, {margin} % never")
    }
}
