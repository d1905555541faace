//! The ring of descriptors in every order in which two threads can see each other's writes, as long
//! as they interrupt each other no more than a few times: no descriptor is lost, doubled or torn.

use std::sync::atomic::AtomicU32 as PlainU32;

use loom::sync::Arc;
use loom::sync::atomic::{AtomicU32, Ordering};
use loom::thread;
use quintet_firmware::mmio::{DescriptorRing, Slot, Word};
use quintet_protocol::accelerator::descriptor::{DESCRIPTOR_WORDS, OWNED, Receipt, index};

/// Slots of the ring.
const SLOTS: usize = 2;
/// Commands that go through it.
const COMMANDS: u32 = 3;
/// Times that a thread is interrupted where it does not wait.
const INTERRUPTIONS: usize = 6;

/// A word of a slot. The checker follows the first, the second and the last; the others are alike,
/// and to follow them all would take for ever.
enum Cell {
    Followed(AtomicU32),
    Plain(PlainU32),
}

impl Cell {
    fn new(place: usize) -> Self {
        match place {
            0 | 1 | 15 => Self::Followed(AtomicU32::new(0)),
            _ => Self::Plain(PlainU32::new(0)),
        }
    }

    fn load_as(&self, order: Ordering) -> u32 {
        match self {
            Self::Followed(word) => word.load(order),
            Self::Plain(word) => word.load(order),
        }
    }

    fn store_as(&self, value: u32, order: Ordering) {
        match self {
            Self::Followed(word) => word.store(value, order),
            Self::Plain(word) => word.store(value, order),
        }
    }
}

impl Word for Cell {
    fn load_acquire(&self) -> u32 {
        self.load_as(Ordering::Acquire)
    }

    fn load(&self) -> u32 {
        self.load_as(Ordering::Relaxed)
    }

    fn store(&self, value: u32) {
        self.store_as(value, Ordering::Relaxed);
    }

    fn store_release(&self, value: u32) {
        self.store_as(value, Ordering::Release);
    }
}

/// What both sides see: the slots, and the doorbell, which carries no order of its own.
struct Seen {
    slots: [[Cell; DESCRIPTOR_WORDS]; SLOTS],
    tail: AtomicU32,
}

/// The words of a command.
fn command(number: u32) -> [u32; DESCRIPTOR_WORDS] {
    let mut words = [number * 100; DESCRIPTOR_WORDS];
    words[0] = 0x0705;
    words
}

/// What a command of those words costs: the accelerator has seen them all.
fn receipt(words: &[u32]) -> Receipt {
    let same = words[1..].iter().all(|word| *word == words[1]);
    Receipt { items: if same { words[1] + 1 } else { 0 }, ..Receipt::default() }
}

/// The accelerator's side: takes commands in their order and gives them back.
fn accelerate(seen: &Seen) {
    for number in 0..COMMANDS {
        while seen.tail.load(Ordering::Relaxed) == number {
            thread::yield_now();
        }
        let slot = &seen.slots[number as usize % SLOTS];
        let mut words = slot[0].load_acquire();
        while words & OWNED == 0 {
            // A doorbell without order may come before what it announces.
            thread::yield_now();
            words = slot[0].load_acquire();
        }
        assert_eq!(u32::from(index(words)), number, "lost or doubled");
        let command: Vec<_> = slot.iter().map(Word::load).collect();
        let back = receipt(&command).to_words(words);
        for (word, value) in slot.iter().zip(back).skip(1) {
            word.store(value);
        }
        slot[0].store_release(back[0]);
    }
}

/// The core's side: as the backend does, but with nothing else to do.
fn drive(seen: &Seen) {
    let mut ring = DescriptorRing::new(&seen.slots);
    let (mut next, mut back) = (0, 0);
    while back < COMMANDS {
        while next < COMMANDS && ring.write(&command(next), next as u16) {
            next += 1;
        }
        if let Some(tail) = ring.hand_over() {
            seen.tail.store(tail, Ordering::Relaxed);
        }
        match ring.take_back() {
            Slot::Owned => thread::yield_now(),
            Slot::Returned(receipt) => {
                assert_eq!(receipt.items, back * 100 + 1, "torn");
                back += 1;
            }
            Slot::Strange => panic!("another command came back"),
        }
    }
    assert!(ring.is_empty());
}

#[test]
fn descriptors_and_receipts_arrive_whole_and_once() {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(INTERRUPTIONS);
    model.check(|| {
        let seen = Arc::new(Seen {
            slots: std::array::from_fn(|_| std::array::from_fn(Cell::new)),
            tail: AtomicU32::new(0),
        });
        let accelerator = thread::spawn({
            let seen = seen.clone();
            move || accelerate(&seen)
        });
        drive(&seen);
        accelerator.join().unwrap();
    });
}
