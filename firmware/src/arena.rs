//! The arena: the one piece of memory that scenes, programs and buffers live in.

use core::ops::Range;
use quintet_protocol::message::Refusal;

/// The arena, as words for kernels and as bytes for the link.
pub struct Arena<'a> {
    words: &'a mut [u32],
}

impl<'a> Arena<'a> {
    /// Takes a board's memory; at most 4 GiB of it is used.
    pub fn new(words: &'a mut [u32]) -> Self {
        let most = words.len().min(u32::MAX as usize / 4);
        Self { words: &mut words[..most] }
    }

    /// Length in bytes.
    pub fn len(&self) -> u32 {
        (self.words.len() * 4) as u32
    }

    /// All of it, to look at.
    pub fn all(&self) -> &[u32] {
        self.words
    }

    /// All of it, for kernels.
    pub fn words(&mut self) -> &mut [u32] {
        self.words
    }

    /// The bytes of a range.
    ///
    /// # Errors
    /// [`Refusal::OutOfArena`].
    // Called in many places, none of which is in a hurry.
    #[inline(never)]
    pub fn bytes(&self, offset: u32, length: u32) -> Result<&[u8], Refusal> {
        let range = self.check(offset, length)?;
        Ok(bytemuck::cast_slice(self.words).get(range).unwrap_or_default())
    }

    /// The bytes of a range, to write.
    ///
    /// # Errors
    /// [`Refusal::OutOfArena`].
    #[inline(never)]
    pub fn bytes_mut(&mut self, offset: u32, length: u32) -> Result<&mut [u8], Refusal> {
        let range = self.check(offset, length)?;
        Ok(bytemuck::cast_slice_mut(self.words).get_mut(range).unwrap_or_default())
    }

    fn check(&self, offset: u32, length: u32) -> Result<Range<usize>, Refusal> {
        let outside = Refusal::OutOfArena { offset, length, arena: self.len() };
        let end = offset.checked_add(length).ok_or(outside)?;
        if end > self.len() { Err(outside) } else { Ok(offset as usize..end as usize) }
    }
}
