//! What a link to a device does, and what limits it.

use std::fmt;
use std::time::Duration;

use quintet_protocol::link::LinkStats;

use crate::device::Connection;
use crate::session::{Pumped, SessionError};
use crate::transport::DeviceUri;

/// Small requests whose round trip is measured.
const ROUND_TRIPS: usize = 32;
/// Share of a limit, in parts of a hundred, from which on it is said to be reached.
const REACHED_PERCENT: f64 = 85.0;
/// As the last, for the window: its round trip is longer under load than when idle.
const WINDOW_PERCENT: f64 = 60.0;
/// Frames of a hundred that are damaged, or sent again, from which on that is the limit.
const LOSSES_PERCENT: f64 = 1.0;

/// One direction.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Direction {
    /// What was moved.
    pub pumped: Pumped,
    /// Bytes on the wire that way meanwhile, frames and repetitions and all.
    pub wire_bytes: u64,
    /// Bytes that may be on the way without an acknowledgement.
    pub window: u32,
    /// Frames that had to be sent again.
    pub resent: u32,
    /// Frames that arrived damaged.
    pub damaged: u32,
    /// Frames that arrived whole.
    pub good: u32,
    /// What the device has spent meanwhile, in the unit of its description.
    pub ticks: u64,
}

/// A link as measured.
#[derive(Clone, Debug, PartialEq)]
pub struct Measurement {
    /// Round trips of small requests, the shortest first. Never empty.
    pub round_trips: Vec<Duration>,
    /// Towards the device.
    pub down: Direction,
    /// From the device.
    pub up: Direction,
    /// Bytes a second that the line carries; `None` where that is not known.
    pub line: Option<f64>,
    /// Times that the device's port had no room, since it started, as far as it can tell.
    pub overruns: u32,
}

/// What limits a direction.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Limit {
    /// The line is full.
    Line {
        /// Bytes a second that it carries.
        rate: f64,
    },
    /// The sender waits for acknowledgements.
    Window {
        /// Bytes that may be on the way.
        window: u32,
        /// How long an acknowledgement takes.
        round_trip: Duration,
    },
    /// Much arrives damaged.
    Losses {
        /// Frames of a hundred that were damaged.
        percent: f64,
    },
    /// Much arrives whole when the receiver has no room for it, and is sent again.
    Room {
        /// Frames of a hundred that were sent again.
        percent: f64,
    },
    /// One of the ends, or whatever carries the bytes between them.
    Ends,
}

impl Measurement {
    /// Measures the link of a connection, for `time` in each direction. Overwrites the start of the
    /// arena and makes the device forget its program.
    ///
    /// # Errors
    ///
    /// A [`SessionError`].
    pub fn take(
        connection: &mut Connection,
        uri: &DeviceUri,
        time: Duration,
    ) -> Result<Self, SessionError> {
        connection.session().clear()?;
        let round_trips = round_trips(connection)?;
        let window = connection.session().peer().map_or(0, |peer| peer.window);
        let down =
            direction(connection, window, |connection| connection.session().pump_writes(time))?;
        let up = direction(connection, crate::session::WINDOW, |connection| {
            connection.session().pump_reads(time)
        })?;
        let overruns = connection.session().device_link()?.stats.overruns;
        // Start bit, eight bits, stop bit.
        let line = match uri {
            DeviceUri::Serial { baud, .. } => Some(f64::from(*baud) / 10.0),
            _ => None,
        };
        Ok(Self { round_trips, down: down[0], up: up[1], line, overruns })
    }

    /// The median round trip.
    pub fn round_trip(&self) -> Duration {
        self.round_trips.get(self.round_trips.len() / 2).copied().unwrap_or_default()
    }

    /// What limits a direction of this link.
    pub fn limit(&self, way: &Direction) -> Limit {
        let round_trip = self.round_trip();
        let window_rate = f64::from(way.window) / round_trip.as_secs_f64().max(1e-6);
        let frames = f64::from(way.good.saturating_add(way.damaged).max(1));
        let [damaged, resent] = [way.damaged, way.resent].map(|n| f64::from(n) * 100.0 / frames);
        let share_of = |rate: f64| way.wire_rate() * 100.0 / rate;
        match self.line {
            _ if damaged >= LOSSES_PERCENT => Limit::Losses { percent: damaged },
            Some(rate) if share_of(rate) >= REACHED_PERCENT => Limit::Line { rate },
            _ if share_of(window_rate) >= WINDOW_PERCENT => {
                Limit::Window { window: way.window, round_trip }
            }
            _ if resent >= LOSSES_PERCENT => Limit::Room { percent: resent },
            _ => Limit::Ends,
        }
    }
}

impl Direction {
    /// Bytes moved in a second, without framing.
    pub fn rate(&self) -> f64 {
        self.pumped.bytes as f64 / self.pumped.time.as_secs_f64().max(1e-6)
    }

    /// What a KiB of those moved has cost the device, in the unit of its description.
    pub fn ticks_per_kib(&self) -> u64 {
        self.ticks.saturating_mul(1024) / self.pumped.bytes.max(1)
    }

    /// Bytes a second on the wire.
    pub fn wire_rate(&self) -> f64 {
        self.wire_bytes as f64 / self.pumped.time.as_secs_f64().max(1e-6)
    }
}

impl Limit {
    /// What the user can do about it.
    pub fn advice(&self) -> &'static str {
        match self {
            Self::Line { .. } => "a higher ?baud=RATE, if the board has one, or USB",
            Self::Window { .. } => {
                "a larger receive buffer in the board's firmware; with a USB adapter, a shorter \
                 latency timer"
            }
            Self::Losses { .. } => "a shorter or better cable, common ground, or a lower rate",
            Self::Room { .. } => "a larger store for packets in the board's firmware",
            Self::Ends => "a faster processor, or a faster way to the emulator",
        }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kib = |bytes: f64| bytes / 1024.0;
        match self {
            Self::Line { rate } => write!(to, "the line, which carries {:.1} KiB/s", kib(*rate)),
            Self::Window { window, round_trip } => {
                let rate = f64::from(*window) / round_trip.as_secs_f64().max(1e-6);
                write!(
                    to,
                    "the window: {:.1} KiB in a round trip of {:.1} ms are {:.1} KiB/s",
                    kib((*window).into()),
                    round_trip.as_secs_f64() * 1e3,
                    kib(rate)
                )
            }
            Self::Losses { percent } => {
                write!(to, "losses: {percent:.1} % of the frames were damaged")
            }
            Self::Room { percent } => write!(
                to,
                "the receiver: {percent:.1} % of the frames came when it had no room for them"
            ),
            Self::Ends => write!(to, "the ends: the device, this computer or what is between"),
        }
    }
}

fn round_trips(connection: &mut Connection) -> Result<Vec<Duration>, SessionError> {
    let mut all = Vec::with_capacity(ROUND_TRIPS);
    for _ in 0..ROUND_TRIPS {
        let session = connection.session();
        let started = session.now();
        session.status()?;
        all.push(session.now().saturating_sub(started));
    }
    all.sort();
    Ok(all)
}

/// Pumps, and tells what went towards the device and what came back, in this order.
fn direction(
    connection: &mut Connection,
    window: u32,
    pump: impl FnOnce(&mut Connection) -> Result<Pumped, SessionError>,
) -> Result<[Direction; 2], SessionError> {
    let device_before = connection.session().device_link()?;
    let (driver_before, bytes_before) =
        (connection.session().link_stats(), connection.link_bytes());
    let pumped = pump(connection)?;
    let (driver, bytes) = (connection.session().link_stats(), connection.link_bytes());
    let device = connection.session().device_link()?;
    let ticks = device.ticks.saturating_sub(device_before.ticks);
    let way = |number: usize, sent: [LinkStats; 2], received: [LinkStats; 2]| Direction {
        pumped,
        wire_bytes: bytes[number] - bytes_before[number],
        window,
        resent: sent[1].resent.saturating_sub(sent[0].resent),
        // Two frames whose border is lost are too long as one.
        damaged: received[1].damaged.saturating_sub(received[0].damaged)
            + received[1].oversize.saturating_sub(received[0].oversize),
        good: received[1].good.saturating_sub(received[0].good),
        ticks,
    };
    let (driver, device) = ([driver_before, driver], [device_before.stats, device.stats]);
    Ok([way(0, driver, device), way(1, device, driver)])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(line: Option<f64>, wire_bytes: u64, damaged: u32) -> Limit {
        let pumped = Pumped { bytes: wire_bytes / 2, time: Duration::from_secs(1) };
        let way = Direction {
            pumped,
            wire_bytes,
            window: 8192,
            resent: 0,
            damaged,
            good: 1000 - damaged,
            ticks: 0,
        };
        let round_trips = vec![Duration::from_millis(50); 3];
        Measurement { round_trips, down: way, up: way, line, overruns: 0 }.limit(&way)
    }

    #[test]
    fn a_full_line_a_small_window_and_losses_are_told_apart() {
        let line = measured(Some(11_520.0), 11_000, 0);
        assert_eq!(line, Limit::Line { rate: 11_520.0 });
        let window = measured(Some(300_000.0), 150_000, 0);
        assert!(window.to_string().contains("8.0 KiB in a round trip of 50.0 ms are 160.0 KiB/s"));
        assert!(measured(None, 150_000, 0).advice().contains("receive buffer"));
        let losses = measured(Some(300_000.0), 150_000, 30);
        assert_eq!(losses.to_string(), "losses: 3.0 % of the frames were damaged");
        assert_eq!(measured(Some(300_000.0), 30_000, 0), Limit::Ends);
    }
}
