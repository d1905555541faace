//! A model of the registers, as LiteX's cores have them, for tests.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::vec::Vec;

use crate::csr::{Bus, Csr};
use crate::{Soc, TimerRegisters, UartRegisters};

const RXTX: u32 = 0xF000_1000;
const TXFULL: u32 = 0xF000_1004;
const RXEMPTY: u32 = 0xF000_1008;
const PENDING: u32 = 0xF000_1010;
const ENABLE: u32 = 0xF000_1014;
const LOAD: u32 = 0xF000_2000;
const RELOAD: u32 = 0xF000_2004;
const EN: u32 = 0xF000_2008;
const UPDATE: u32 = 0xF000_200C;
const VALUE: u32 = 0xF000_2010;
/// Latch, and the first of two words.
pub const UPTIME: [u32; 2] = [0xF000_2020, 0xF000_2024];
/// Control and cycles.
pub const WATCHDOG: [u32; 2] = [0xF000_3000, 0xF000_3004];
const RX: u32 = 2;

/// A SoC with nothing that may be missing.
pub const SOC: Soc = Soc {
    clock_hz: 100_000_000,
    uart: UartRegisters {
        rxtx: Csr::at(RXTX),
        txfull: Csr::at(TXFULL),
        rxempty: Csr::at(RXEMPTY),
        ev_pending: Csr::at(PENDING),
        ev_enable: Csr::at(ENABLE),
    },
    uart_interrupt: 0,
    timer: TimerRegisters {
        load: Csr::at(LOAD),
        reload: Csr::at(RELOAD),
        en: Csr::at(EN),
        update_value: Csr::at(UPDATE),
        value: Csr::at(VALUE),
    },
    uptime: None,
    reset: None,
    watchdog: None,
};

#[derive(Default)]
struct State {
    /// Bytes that each FIFO holds.
    depth: usize,
    received: VecDeque<u8>,
    sent: Vec<u8>,
    pending: u32,
    enabled: u32,
    /// A byte that arrives after so many accesses.
    later: Option<(u32, u8)>,
    clocks: u64,
    /// What the timer counted down from, and since when.
    loaded: u32,
    since: u64,
    held: u32,
    held_clocks: u64,
    written: Vec<(u32, u32)>,
}

impl State {
    fn arrive(&mut self, byte: u8) {
        if self.received.is_empty() {
            self.pending |= RX;
        }
        if self.received.len() < self.depth {
            self.received.push_back(byte);
        }
    }

    /// An access to a register.
    fn step(&mut self) {
        self.later = match self.later {
            Some((0, byte)) => {
                self.arrive(byte);
                None
            }
            other => other.map(|(accesses, byte)| (accesses - 1, byte)),
        };
    }

    fn count(&self) -> u32 {
        self.loaded.wrapping_sub((self.clocks - self.since) as u32)
    }
}

/// The registers of [`SOC`], and of what it may have beside.
pub struct Model(RefCell<State>);

impl Model {
    /// With FIFOs of so many bytes.
    pub fn new(depth: usize) -> Self {
        Self(RefCell::new(State { depth, ..State::default() }))
    }

    /// A byte arrives.
    pub fn arrive(&self, byte: u8) {
        self.0.borrow_mut().arrive(byte);
    }

    /// A byte arrives after so many accesses.
    pub fn arrive_later(&self, accesses: u32, byte: u8) {
        self.0.borrow_mut().later = Some((accesses, byte));
    }

    /// What was to arrive later arrives now.
    pub fn run_out(&self) {
        let mut state = self.0.borrow_mut();
        if let Some((_, byte)) = state.later.take() {
            state.arrive(byte);
        }
    }

    /// Whether the UART interrupts.
    pub fn interrupts(&self) -> bool {
        let state = self.0.borrow();
        state.pending & state.enabled != 0
    }

    /// What was sent since this was asked last.
    pub fn sent(&self) -> Vec<u8> {
        std::mem::take(&mut self.0.borrow_mut().sent)
    }

    /// Clocks pass.
    pub fn pass(&self, clocks: u32) {
        self.0.borrow_mut().clocks += u64::from(clocks);
    }

    /// What was written to other registers than those of UART and timer.
    pub fn written(&self) -> Vec<(u32, u32)> {
        self.0.borrow().written.clone()
    }
}

impl Bus for &Model {
    fn read(&self, address: u32) -> u32 {
        let mut state = self.0.borrow_mut();
        let value = match address {
            RXTX => state.received.front().copied().unwrap_or_default().into(),
            TXFULL => (state.sent.len() >= state.depth).into(),
            RXEMPTY => state.received.is_empty().into(),
            PENDING => state.pending,
            ENABLE => state.enabled,
            VALUE => state.held,
            _ if address == UPTIME[1] => (state.held_clocks >> 32) as u32,
            _ if address == UPTIME[1] + 4 => state.held_clocks as u32,
            other => panic!("{other:#x} is not read"),
        };
        state.step();
        value
    }

    fn write(&self, address: u32, value: u32) {
        let mut state = self.0.borrow_mut();
        match address {
            RXTX => state.sent.push(value as u8),
            PENDING => {
                state.pending &= !value;
                if value & RX != 0 {
                    state.received.pop_front();
                }
            }
            ENABLE => state.enabled = value,
            LOAD => state.loaded = value,
            EN => state.since = state.clocks,
            UPDATE => state.held = state.count(),
            RELOAD => assert_eq!(value, u32::MAX, "it goes on as it began"),
            _ if address == UPTIME[0] => state.held_clocks = state.clocks,
            _ => state.written.push((address, value)),
        }
        state.step();
    }
}
