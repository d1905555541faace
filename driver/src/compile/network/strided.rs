//! Strided copies of any rank, as the runs that the device copies.

use quintet_protocol::program::{BufferId, Copy};

/// Strided axes of one command.
const AXES: usize = 3;
/// Most commands that one copy may take.
const COMMANDS_MAX: usize = 256;

/// Copies the elements of a box: that of index `(i, j, ...)` goes from byte
/// `from + i * from_strides[0] + ...` to the like byte.
#[derive(Clone, Debug)]
pub struct Strided {
    axes: Vec<Axis>,
    from: i64,
    to: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Axis {
    length: usize,
    from: i64,
    to: i64,
}

/// Bytes from one index to the next along each axis of a dense tensor.
pub fn strides(shape: &[usize]) -> Vec<i64> {
    let mut strides = vec![1; shape.len()];
    for axis in (1..shape.len()).rev() {
        strides[axis - 1] = strides[axis] * shape[axis] as i64;
    }
    strides
}

impl Strided {
    /// A copy of a box of that shape; there are as many strides as axes.
    pub fn new(
        shape: &[usize],
        (from, from_strides): (i64, &[i64]),
        (to, to_strides): (i64, &[i64]),
    ) -> Self {
        let mut axes: Vec<Axis> = Vec::new();
        for ((&length, &from), &to) in shape.iter().zip(from_strides).zip(to_strides) {
            let axis = Axis { length, from, to };
            match axes.last_mut() {
                _ if length == 1 => {}
                // Axes that continue one another are one.
                Some(outer) if outer.from == axis.spans(from) && outer.to == axis.spans(to) => {
                    *outer = Axis { length: outer.length * length, ..axis };
                }
                _ => axes.push(axis),
            }
        }
        Self { axes, from, to }
    }

    /// The commands that do it, or `None` if they are too many.
    pub fn commands(mut self, input: BufferId, output: BufferId) -> Option<Vec<Copy>> {
        let run = match self.axes.last() {
            Some(&Axis { length, from: 1, to: 1 }) => {
                self.axes.pop();
                length
            }
            _ => 1,
        };
        // The longest axes go into commands, in their order; there is a command for each index of
        // the others.
        let mut by_length: Vec<usize> = (0..self.axes.len()).collect();
        by_length.sort_by_key(|&axis| std::cmp::Reverse(self.axes[axis].length));
        let mut inner: Vec<usize> = by_length.iter().copied().take(AXES).collect();
        inner.sort_unstable();
        let inner: Vec<Axis> = inner.into_iter().map(|axis| self.axes[axis]).collect();
        let outer = by_length.iter().skip(AXES).map(|&axis| self.axes[axis]);
        let mut starts = vec![(self.from, self.to)];
        for axis in outer {
            let indices = 0..axis.length as i64;
            let along = |&(from, to): &(i64, i64)| {
                indices.clone().map(move |i| (from + i * axis.from, to + i * axis.to))
            };
            starts = starts.iter().flat_map(along).collect();
            if starts.len() > COMMANDS_MAX {
                return None;
            }
        }
        let mut commands = Vec::new();
        for (from, to) in starts {
            pieces(&inner, from, to, &mut |counts, axes, from, to| {
                commands.push(Copy {
                    input,
                    output,
                    counts,
                    run: run as u32,
                    from: from as u32,
                    from_strides: axes.map(|axis| axis.from as i32),
                    to: to as u32,
                    to_strides: axes.map(|axis| axis.to as i32),
                });
            });
            if commands.len() > COMMANDS_MAX {
                return None;
            }
        }
        Some(commands)
    }
}

impl Axis {
    /// How far all indices of this axis reach with that stride.
    fn spans(&self, stride: i64) -> i64 {
        self.length as i64 * stride
    }
}

/// Cuts axes that are longer than a command's counts.
fn pieces(
    axes: &[Axis],
    from: i64,
    to: i64,
    emit: &mut impl FnMut([u16; AXES], [Axis; AXES], i64, i64),
) {
    const LONGEST: usize = u16::MAX as usize;
    if let Some(long) = axes.iter().position(|axis| axis.length > LONGEST) {
        let axis = axes[long];
        for start in (0..axis.length).step_by(LONGEST) {
            let mut axes = axes.to_vec();
            axes[long].length = LONGEST.min(axis.length - start);
            let start = start as i64;
            pieces(&axes, from + start * axis.from, to + start * axis.to, emit);
        }
        return;
    }
    let mut all = [Axis { length: 1, from: 0, to: 0 }; AXES];
    all[AXES - axes.len()..].copy_from_slice(axes);
    emit(all.map(|axis| axis.length as u16), all, from, to);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn execute(commands: &[Copy], input: &[u8], output: &mut [u8]) {
        for c in commands {
            let [a, b, d] = c.counts.map(i64::from);
            for (i, j, k) in
                (0..a).flat_map(|i| (0..b).flat_map(move |j| (0..d).map(move |k| (i, j, k))))
            {
                let at = |start: u32, s: [i32; 3]| {
                    let [x, y, z] = s.map(i64::from);
                    (i64::from(start) + i * x + j * y + k * z) as usize
                };
                let (from, to) = (at(c.from, c.from_strides), at(c.to, c.to_strides));
                let run = c.run as usize;
                output[to..to + run].copy_from_slice(&input[from..from + run]);
            }
        }
    }

    proptest! {
        /// Against one element at a time.
        #[test]
        fn copies_every_element(
            shape in prop::collection::vec(1usize..5, 0..6),
            seed in prop::collection::vec(0usize..720, 6),
        ) {
            let count: usize = shape.iter().product();
            let input: Vec<u8> = (0..count).map(|i| i as u8).collect();
            // The input is a transposition of the output.
            let mut order: Vec<usize> = (0..shape.len()).collect();
            order.sort_by_key(|&axis| seed[axis]);
            let source: Vec<usize> = order.iter().map(|&axis| shape[axis]).collect();
            let source_strides = strides(&source);
            let mut from = vec![0; shape.len()];
            for (at, &axis) in order.iter().enumerate() {
                from[axis] = source_strides[at];
            }
            let to = strides(&shape);
            let ids = (BufferId(0), BufferId(1));
            let commands = Strided::new(&shape, (0, &from), (0, &to)).commands(ids.0, ids.1);
            let mut found = vec![0; count];
            execute(&commands.unwrap(), &input, &mut found);
            for (number, byte) in found.into_iter().enumerate() {
                let (mut rest, mut at) = (number as i64, 0);
                for (axis, stride) in to.iter().enumerate() {
                    at += rest / stride * from[axis];
                    rest %= stride;
                }
                prop_assert_eq!(byte, input[at as usize]);
            }
        }
    }

    #[test]
    fn dense_axes_become_one_run() {
        let dense = strides(&[2, 3, 4]);
        let copy = Strided::new(&[2, 3, 4], (0, &dense), (8, &dense));
        let commands = copy.commands(BufferId(0), BufferId(1)).unwrap();
        assert_eq!(commands.len(), 1);
        assert_eq!((commands[0].counts, commands[0].run, commands[0].to), ([1; 3], 24, 8));
    }

    #[test]
    fn long_axes_are_cut() {
        let copy = Strided::new(&[100_000], (0, &[2]), (0, &[1]));
        let commands = copy.commands(BufferId(0), BufferId(1)).unwrap();
        assert_eq!(commands.len(), 2);
        assert_eq!(commands[1].counts, [1, 1, 34_465]);
        assert_eq!((commands[1].from, commands[1].to), (131_070, 65_535));
    }

    #[test]
    fn endless_copies_are_refused() {
        let shape = [7; 7];
        let (from, to) = (strides(&shape), strides(&shape));
        let reversed: Vec<i64> = from.into_iter().rev().collect();
        assert!(
            Strided::new(&shape, (0, &reversed), (0, &to))
                .commands(BufferId(0), BufferId(1))
                .is_none()
        );
    }
}
