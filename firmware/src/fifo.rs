//! A short queue of fixed room: what came first leaves first.
//!
//! `first` is below `N`; that the compiler sees it too spares panics.

/// A queue of up to `N` things.
#[derive(Clone, Copy, Debug)]
pub struct Fifo<T, const N: usize> {
    things: [Option<T>; N],
    first: usize,
    count: usize,
}

impl<T: Copy, const N: usize> Fifo<T, N> {
    /// An empty one.
    pub const fn new() -> Self {
        Self { things: [None; N], first: 0, count: 0 }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Whether there is no room for another.
    pub fn is_full(&self) -> bool {
        self.count == N
    }

    /// Puts a thing behind all others; it is lost where there is no room.
    pub fn push(&mut self, thing: T) {
        if !self.is_full() {
            self.things[(self.first + self.count) % N] = Some(thing);
            self.count += 1;
        }
    }

    /// Takes the first.
    pub fn pop(&mut self) -> Option<T> {
        let thing = self.things[self.first % N].take()?;
        self.first = (self.first + 1) % N;
        self.count -= 1;
        Some(thing)
    }

    /// The first.
    pub fn first(&self) -> Option<&T> {
        self.things[self.first % N].as_ref()
    }

    /// The first, to change.
    pub fn first_mut(&mut self) -> Option<&mut T> {
        self.things[self.first % N].as_mut()
    }

    /// All of them, the first first.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        let (behind, front) = self.things.split_at(self.first.min(N));
        front.iter().chain(behind).flatten()
    }

    /// All of them, the first first, to change.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        let (behind, front) = self.things.split_at_mut(self.first.min(N));
        front.iter_mut().chain(behind).flatten()
    }
}
