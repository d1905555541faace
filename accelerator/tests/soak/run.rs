//! A program on two devices: a core alone, and one with an accelerator.

use crate::programs::commands::{self, MAKERS, NEXT_TILE, RESOLVE_TILE};
use crate::programs::device::execute;
use crate::programs::draft::{Draft, Drafted};
use crate::programs::world::Told;
use quintet_accelerator::{InProcess, Instance, Pace};
use quintet_firmware::mmio::{Mmio, Shared};
use quintet_firmware::software::Software;
use quintet_protocol::fault::Random;
use quintet_protocol::message::Outcome;
use quintet_protocol::program::{BufferKind, COMMANDS, Command, Operator, ProgramError, Repeat};
use quintet_protocol::tile::MORE_TILES_WORD;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, LazyLock};

/// Most commands of a program, those of a loop apart.
const COMMANDS_MAX: u8 = 6;
/// How often a program is a loop over tiles.
const LOOPS: f64 = 0.3;
/// How often an accelerator executes a command, by program.
const EXECUTED: [f64; 4] = [1.0, 0.9, 0.5, 0.1];

/// Every preset, in either pace.
static INSTANCES: LazyLock<Vec<Instance>> = LazyLock::new(|| {
    let presets = Instance::PRESETS.iter().map(|preset| Instance::preset(preset.name).unwrap());
    presets.flat_map(|it| [Pace::Instant, Pace::Clock].map(|pace| with(&it, pace))).collect()
});

fn with(instance: &Instance, pace: Pace) -> Instance {
    let mut instance = instance.clone();
    instance.pace = pace;
    instance
}

/// What came of a program.
#[derive(Default)]
pub struct Tally {
    /// By name: how many commands were in programs that ran to their end; how many of them had
    /// anything to do; and how many the accelerator executed.
    pub commands: BTreeMap<&'static str, [u64; 3]>,
    /// Programs that were refused, by why.
    pub refused: BTreeMap<String, u64>,
    pub programs: u64,
    /// Programs that were aborted, which are not compared.
    pub unfinished: u64,
    pub pages: u64,
    pub pixels: u64,
}

impl Tally {
    /// Counts a program that a device does not accept.
    fn refuse(&mut self, drafted: &Drafted, error: ProgramError) {
        let what = match error {
            ProgramError::BadCommand { command, fault } => {
                format!("{}: {fault}", name(&drafted.commands[usize::from(command)]))
            }
            error => error.to_string(),
        };
        *self.refused.entry(what).or_default() += 1;
    }

    pub fn add(&mut self, other: &Self) {
        for (name, counts) in &other.commands {
            let sums = self.commands.entry(name).or_default();
            sums.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
        }
        for (why, count) in &other.refused {
            *self.refused.entry(why.clone()).or_default() += count;
        }
        self.programs += other.programs;
        self.unfinished += other.unfinished;
        self.pages += other.pages;
        self.pixels += other.pixels;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:20} {:>9} {:>9} {:>12}", "command", "ran", "worked", "accelerated")?;
        for (name, [ran, worked, accelerated]) in &self.commands {
            writeln!(f, "{name:20} {ran:>9} {worked:>9} {accelerated:>12}")?;
        }
        let Self { programs, unfinished, pages, pixels, .. } = self;
        writeln!(f, "{programs} programs, {unfinished} of them aborted, none different")?;
        writeln!(f, "{pages} pages, {pixels} pixels; refused: {:?}", self.refused)
    }
}

/// Runs the program of this seed on both devices, and panics where they differ.
pub fn both(seed: u64) -> Tally {
    let drafted = draft(seed);
    let mut tally = Tally { programs: 1, ..Tally::default() };
    let alone = match execute(&drafted, Software::default()) {
        Ok(made) => made,
        Err(error) => {
            tally.refuse(&drafted, error);
            return tally;
        }
    };
    let shared = Arc::new(Shared::new());
    let accelerator = InProcess::new(instance(seed), Arc::clone(&shared));
    let with = execute(&drafted, Mmio::new(Some(accelerator), &shared));
    let with = with.expect("one device accepts what the other does");
    if [&alone, &with].iter().any(|it| it.told.outcome == Some(Outcome::Aborted)) {
        tally.unfinished = 1;
        return tally;
    }
    assert_eq!(with.told.outcome, Some(Outcome::Completed), "seed {seed}");
    if let Some(word) = difference(&drafted, &alone.arena, &with.arena) {
        panic!("seed {seed}: word {word} differs\n{:#?}", drafted.commands);
    }
    let pixels = self::pixels(&alone.told);
    assert!(
        pixels == self::pixels(&with.told),
        "seed {seed}: pixels differ\n{:#?}",
        drafted.commands
    );
    (tally.pixels, tally.pages) = (pixels.len() as u64, with.pages.len() as u64);
    for (index, command) in (0..).zip(&drafted.commands) {
        // A cursor that goes on is no item.
        let is_counted = !matches!(command, Command::NextTile(_));
        let mut costs = alone.told.costs.iter().filter(|&&(its, ..)| its == index);
        let worked = costs.any(|&(.., items)| items > 0 || !is_counted);
        let accelerated = with.told.receipts.iter().any(|&(its, _)| its == index);
        let counts = tally.commands.entry(name(command)).or_default();
        let these = [true, worked, accelerated].map(u64::from);
        counts.iter_mut().zip(these).for_each(|(sum, count)| *sum += count);
    }
    tally
}

fn name(command: &Command) -> &'static str {
    let is_its = |it: &&(_, _, _)| command.code() == (it.1, it.2);
    COMMANDS.iter().find(is_its).map_or("", |&(name, ..)| name)
}

/// A program: some commands, or a loop over tiles around them.
fn draft(seed: u64) -> Drafted {
    let mut draft = Draft::new(seed);
    let mut first = None;
    if draft.chance(LOOPS) {
        first = draft.add(NEXT_TILE);
        draft.share_cursor();
    }
    for _ in 0..draft.number(1..=COMMANDS_MAX) {
        let one = draft.one_of(&MAKERS);
        commands::add(&mut draft, one);
    }
    if let Some((from, condition)) = first.zip(draft.cursor()) {
        draft.add(RESOLVE_TILE);
        draft.repeat(Repeat { from, condition, word: MORE_TILES_WORD });
    }
    draft.finish()
}

/// An accelerator that leaves some commands to the core.
pub fn instance(seed: u64) -> Instance {
    let mut random = Random::new(!seed);
    let mut instance = INSTANCES[random.below(INSTANCES.len() as u64) as usize].clone();
    let share = EXECUTED[random.below(EXECUTED.len() as u64) as usize];
    let left = COMMANDS.iter().filter(|(_, operator, _)| *operator != Operator::Control);
    instance.capabilities.without = left
        .filter(|_| !random.chance(share))
        .map(|(name, operator, _)| format!("{operator:?}.{name}"))
        .collect();
    instance
}

/// The first word that differs, but for pages: which slot a page is in is a matter of time.
fn difference(drafted: &Drafted, alone: &[u32], with: &[u32]) -> Option<usize> {
    if alone == with {
        return None;
    }
    let streamed = |word: usize| {
        drafted.buffers.iter().any(|buffer| {
            let first = buffer.offset as usize / 4;
            matches!(buffer.kind, BufferKind::Streamed { .. })
                && (first..first + buffer.length as usize / 4).contains(&word)
        })
    };
    (0..alone.len()).find(|&word| alone[word] != with[word] && !streamed(word))
}

/// Every pixel that a run gave: frame, row, column, colour; those of one place in their order.
fn pixels(told: &Told) -> Vec<([u16; 3], [u8; 3])> {
    let mut all = Vec::new();
    for (frame, x, y, width, bytes) in &told.pixels {
        for (number, color) in (0..).zip(bytes.as_chunks::<3>().0) {
            all.push(([*frame, y + number / width, x + number % width], *color));
        }
    }
    all.sort_by_key(|(place, _)| *place);
    all
}
