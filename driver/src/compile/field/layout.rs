//! Where the columns of nodes lie: those that are one layer's inputs side by side in one buffer, so
//! that nothing has to be copied.

/// Where a node's columns begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Number of the buffer of rows.
    pub buffer: usize,
    /// First column in its rows, even.
    pub first: usize,
}

/// Places of the nodes of a graph.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Layout {
    /// Of each node, unless it has no place.
    pub places: Vec<Option<Place>>,
    /// Columns of the rows of each buffer, even.
    pub strides: Vec<usize>,
}

/// Columns of a buffer that hold all inputs of a layer, and perhaps others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The buffer.
    pub buffer: usize,
    /// First column, even.
    pub first: usize,
    /// How many there are, a multiple of 4.
    pub columns: usize,
}

impl Layout {
    /// Places those nodes that are `wanted`, of so many `columns`; each of `joins` is a list of
    /// wanted nodes that some layer wants side by side.
    pub fn new(columns: &[usize], wanted: &[bool], joins: &[Vec<usize>]) -> Self {
        let mut blocks: Vec<Vec<usize>> =
            (0..columns.len()).filter(|&node| wanted[node]).map(|node| vec![node]).collect();
        // Short lists first, so that a list in a longer one stays together.
        let mut joins: Vec<&Vec<usize>> = joins.iter().collect();
        joins.sort_by_key(|join| join.len());
        for join in &joins {
            let (joined, others): (Vec<_>, Vec<_>) =
                blocks.into_iter().partition(|block| block.iter().any(|node| join.contains(node)));
            blocks = others;
            blocks.push(outwards_in(joined, join));
        }
        let mut layout = Self { places: vec![None; columns.len()], strides: Vec::new() };
        for (buffer, block) in blocks.iter().enumerate() {
            let mut next = 0;
            for &node in block {
                layout.places[node] = Some(Place { buffer, first: next });
                next += columns[node].next_multiple_of(2);
            }
            layout.strides.push(next);
        }
        for join in joins {
            if let Some(span) = layout.span(join, columns) {
                let stride = &mut layout.strides[span.buffer];
                *stride = (*stride).max(span.first + span.columns);
            }
        }
        layout
    }

    /// The columns that hold some nodes, which are in one buffer.
    pub fn span(&self, nodes: &[usize], columns: &[usize]) -> Option<Span> {
        let places = || nodes.iter().filter_map(|&node| Some((node, self.places[node]?)));
        let (_, Place { buffer, .. }) = places().next()?;
        let first = places().map(|(_, place)| place.first).min()?;
        let end = places().map(|(node, place)| place.first + columns[node]).max()?;
        Some(Span { buffer, first, columns: (end - first).next_multiple_of(4) })
    }
}

/// One block of several: a block that has more than the list's nodes has these towards the middle,
/// as far as it can be turned round.
fn outwards_in(blocks: Vec<Vec<usize>>, join: &[usize]) -> Vec<usize> {
    let (mut whole, mut partial): (Vec<_>, Vec<_>) =
        blocks.into_iter().partition(|block| block.iter().all(|node| join.contains(node)));
    whole.sort_by_key(|block| block.iter().map(|node| join.iter().position(|at| at == node)).min());
    let mut all = partial.pop().unwrap_or_default();
    if all.first().is_some_and(|node| join.contains(node)) {
        all.reverse();
    }
    all.extend(whole.into_iter().flatten());
    for mut block in partial {
        if block.last().is_some_and(|node| join.contains(node)) {
            block.reverse();
        }
        all.extend(block);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inputs_of_a_layer_lie_side_by_side() {
        // A NeRF with a skip: 0 waves, 1 hidden, 2 hidden, 3 of 2 and 0, 4 directions, 5 of 3 and
        // 4.
        let columns = [63, 128, 128, 128, 27, 64];
        let joins = [vec![0], vec![1], vec![2, 0], vec![3, 4]];
        let layout = Layout::new(&columns, &[true; 6], &joins);
        assert_eq!(layout.span(&[0], &columns).unwrap().columns, 64);
        assert_eq!(layout.span(&[2, 0], &columns).unwrap().columns, 192);
        assert_eq!(layout.span(&[3, 4], &columns).unwrap().columns, 156);
        let buffer = |node: usize| layout.places[node].unwrap().buffer;
        assert_eq!(buffer(0), buffer(2));
        assert_ne!(buffer(0), buffer(1));
    }

    #[test]
    fn no_two_nodes_of_a_buffer_overlap_and_spans_fit() {
        let columns = [5, 3, 16, 2, 7];
        let joins = [vec![0, 1], vec![1, 2], vec![2, 3], vec![3, 0], vec![4]];
        let layout = Layout::new(&columns, &[true; 5], &joins);
        let places: Vec<Place> = layout.places.iter().map(|place| place.unwrap()).collect();
        for (a, x) in places.iter().enumerate() {
            for (b, y) in places.iter().enumerate().take(a) {
                let apart = x.first + columns[a] <= y.first || y.first + columns[b] <= x.first;
                assert!(x.buffer != y.buffer || apart, "{a} {b}");
            }
        }
        for join in &joins {
            let span = layout.span(join, &columns).unwrap();
            assert!(span.first + span.columns <= layout.strides[span.buffer]);
            assert!(join.iter().all(|&node| places[node].buffer == span.buffer));
        }
    }
}
