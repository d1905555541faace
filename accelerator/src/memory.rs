//! What an accelerator reaches by addresses.

/// The memory around an accelerator. Addresses are in bytes and multiples of 4; none is answered
/// for what is not there.
pub trait Memory {
    /// Reads a word.
    fn read(&mut self, address: u32) -> Option<u32>;

    /// Writes a word; false if there is none.
    fn write(&mut self, address: u32, value: u32) -> bool;

    /// All of a range that lies in one piece of memory.
    fn words(&mut self, address: u32, words: usize) -> Option<&mut [u32]>;

    /// Lets all writes before this be seen before any after it.
    fn barrier(&mut self) {}
}
