//! The registers: little-endian words, read and written as aligned words.
//!
//! Each has one writer, the accelerator or the core, and reading changes nothing. Counters of 64
//! bits are two registers: read the upper one, the lower one, and the upper one again until it is
//! the same. What is not listed reads zero and is never written. After power-on all of the core's
//! are zero.

/// Who writes a register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writer {
    /// The accelerator.
    Accelerator,
    /// The core.
    Core,
}

/// Makes constants of the table of registers, and the table itself.
macro_rules! registers {
    ($($writer:ident { $($(#[doc = $text:literal])* $name:ident = $offset:literal,)* })*) => {
        $($($(#[doc = $text])* pub const $name: u32 = $offset;)*)*

        /// Every register: name, offset, who writes it.
        pub const REGISTERS: &[(&str, u32, Writer)] =
            &[$($((stringify!($name), $offset, Writer::$writer),)*)*];
    };
}

/// Bytes of address space that the registers take.
pub const SPAN_BYTES: u32 = 0x200;

registers! {
    Accelerator {
        /// [`super::MAGIC`].
        IDENTIFICATION = 0x000,
        /// [`super::VERSION`].
        VERSION = 0x004,
        /// Tells accelerators of one version apart; any number.
        INSTANCE = 0x008,
        /// Most slots of the queue, a power of two.
        QUEUE_MAX = 0x00c,
        /// Clock in kHz; zero where it is not known.
        CLOCK_KHZ = 0x010,
        /// What it is doing: see [`STATUS_READY`] and its kin.
        STATUS = 0x014,
        /// Commands completed since the last reset, wrapping: never ahead of [`TAIL`].
        HEAD = 0x018,
        /// While halted: code ([`super::Failure::of_code`]) in the low half, the index of the
        /// command in the high one. Else zero.
        ERROR = 0x01c,
        /// Events since power-on, wrapping: see [`EVENT_ACKNOWLEDGED`].
        EVENTS = 0x020,
        /// The number of the last reset carried out: see [`RESET`].
        RESET_DONE = 0x024,
        /// Counts up, wrapping, at least once in 2^20 clocks while the accelerator gets on with a
        /// command. Stands still when it waits for the core, or has come to grief.
        PROGRESS = 0x028,
        /// Yields since the last reset, wrapping: see [`super::descriptor::Yield`].
        YIELDS = 0x02c,
        /// What the last yield asks for, and four words about it.
        YIELD_REASON = 0x030,
        /// First word of the yield.
        YIELD_0 = 0x034,
        /// Second word of the yield.
        YIELD_1 = 0x038,
        /// Third word of the yield.
        YIELD_2 = 0x03c,
        /// Fourth word of the yield.
        YIELD_3 = 0x040,
        /// First of [`super::OPERATORS`] words: which commands are executed.
        CAPABILITIES = 0x060,
        /// Clocks since power-on, lower half.
        CLOCKS_LOW = 0x080,
        /// Clocks since power-on, upper half.
        CLOCKS_HIGH = 0x084,
        /// Clocks spent with commands, lower half.
        BUSY_LOW = 0x088,
        /// Clocks spent with commands, upper half.
        BUSY_HIGH = 0x08c,
    }
    Core {
        /// Which events are counted: [`EVENT_COMPLETED`] and its kin.
        EVENT_ENABLE = 0x100,
        /// The [`EVENTS`] that the core has seen. The interrupt line is high while they differ.
        EVENT_ACKNOWLEDGED = 0x104,
        /// A reset is asked for by a number other than [`RESET_DONE`].
        RESET = 0x108,
        /// Address of the queue, a multiple of [`super::ALIGNMENT`].
        QUEUE_BASE = 0x10c,
        /// Its slots, a power of two.
        QUEUE_SLOTS = 0x110,
        /// Descriptors handed over since the last reset, wrapping. Writing it is the doorbell.
        TAIL = 0x114,
        /// The [`YIELDS`] that the core has dealt with. Writing it lets the accelerator go on.
        RESUMED = 0x118,
        /// Address of the arena, a multiple of 4.
        ARENA_BASE = 0x11c,
        /// Its length in bytes, a multiple of 4.
        ARENA_BYTES = 0x120,
        /// Where in the arena the records of the program's buffers begin, in bytes, a multiple of
        /// 4.
        TABLE_OFFSET = 0x124,
        /// How many there are.
        TABLE_COUNT = 0x128,
        /// Address of the pixel buffer, a multiple of [`super::ALIGNMENT`].
        PIXELS_BASE = 0x12c,
        /// Its length in bytes, at least [`super::PIXELS_MIN`].
        PIXELS_BYTES = 0x130,
        /// Counts up when something may have changed that the accelerator waits for: a page has
        /// come.
        NUDGE = 0x134,
    }
}

/// In [`STATUS`]: takes descriptors.
pub const STATUS_READY: u32 = 1 << 0;
/// In [`STATUS`]: a command is under way.
pub const STATUS_BUSY: u32 = 1 << 1;
/// In [`STATUS`]: waits until the core has dealt with a yield.
pub const STATUS_YIELDED: u32 = 1 << 2;
/// In [`STATUS`]: waits for a page that it has asked for.
pub const STATUS_STARVED: u32 = 1 << 3;
/// In [`STATUS`]: stopped at an error; only a reset helps.
pub const STATUS_HALTED: u32 = 1 << 4;

/// In [`EVENT_ENABLE`]: a descriptor with [`super::descriptor::NOTIFY`] was completed.
pub const EVENT_COMPLETED: u32 = 1 << 0;
/// In [`EVENT_ENABLE`]: it has yielded.
pub const EVENT_YIELDED: u32 = 1 << 1;
/// In [`EVENT_ENABLE`]: it has halted.
pub const EVENT_HALTED: u32 = 1 << 2;
