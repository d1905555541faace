//! A graph of nodes at points.

use ndarray::{Array1, Array2, ArrayView2, Axis, concatenate};

use super::lookup;
use crate::scene::field::{Node, WavesOf, needed};

/// A row of numbers for each point.
pub type Rows = Array2<f32>;

/// Points, and the directions that they are seen along.
#[derive(Clone, Copy, Debug)]
pub struct Places<'a> {
    /// The field's box, world units.
    pub bounds: [[f64; 3]; 2],
    /// World units.
    pub points: &'a [[f64; 3]],
    /// Of length 1; as many.
    pub directions: &'a [[f64; 3]],
}

impl Places<'_> {
    /// Points as of the unit box.
    fn unit(&self) -> Vec<[f64; 3]> {
        let [least, greatest] = self.bounds;
        let unit =
            |point: &[f64; 3]| [0, 1, 2].map(|k| (point[k] - least[k]) / (greatest[k] - least[k]));
        self.points.iter().map(unit).collect()
    }
}

/// Rows of those nodes that the `roots` hang on; nothing in the place of others. The first nodes
/// are `given`, and `nodes` come after them.
pub fn evaluate(
    nodes: &[Node],
    roots: &[usize],
    places: &Places<'_>,
    given: Vec<Rows>,
) -> Vec<Option<Rows>> {
    let needed = needed(nodes, given.len(), roots);
    let mut rows: Vec<Option<Rows>> = given.into_iter().map(Some).collect();
    for node in nodes {
        let row = needed[rows.len()].then(|| of_node(node, places, &rows));
        rows.push(row);
    }
    rows
}

fn of_node(node: &Node, places: &Places<'_>, rows: &[Option<Rows>]) -> Rows {
    match node {
        Node::Waves { of, frequencies, includes_input } => {
            let vectors = |vectors: &[[f64; 3]]| {
                let flat = vectors.as_flattened().to_vec();
                Array2::from_shape_vec((vectors.len(), 3), flat).expect("three a vector")
            };
            let inputs = match *of {
                WavesOf::Position => vectors(places.points),
                WavesOf::Direction => vectors(places.directions),
                WavesOf::Node(_) => join(node, rows).mapv(f64::from),
            };
            waves(&inputs, frequencies, *includes_input)
        }
        Node::Harmonics { degree } => harmonics(*degree, places.directions),
        Node::Grid(grid) => lookup::grid(grid, &places.unit()),
        Node::Factors(factors) => lookup::factors(factors, &places.unit()),
        Node::Dense { weights, bias, relu, .. } => {
            let inputs = join(node, rows);
            let shape = (bias.len(), inputs.ncols());
            let weights = ArrayView2::from_shape(shape, weights).expect("checked by the importer");
            let mut sums = inputs.dot(&weights.t()) + Array1::from(bias.clone());
            if *relu {
                sums.mapv_inplace(|sum| sum.max(0.0));
            }
            sums
        }
    }
}

/// The inputs of a node side by side.
fn join(node: &Node, rows: &[Option<Rows>]) -> Rows {
    let inputs: Vec<ArrayView2<'_, f32>> = node
        .inputs()
        .iter()
        .filter_map(|&input| rows[input].as_ref())
        .map(|it| it.view())
        .collect();
    concatenate(Axis(1), &inputs).expect("as many rows each")
}

fn waves(inputs: &Array2<f64>, frequencies: &[f64], includes_input: bool) -> Rows {
    let width = inputs.ncols();
    let columns = width * (2 * frequencies.len() + usize::from(includes_input));
    let mut rows = Rows::zeros((inputs.nrows(), columns));
    for (input, mut row) in inputs.rows().into_iter().zip(rows.rows_mut()) {
        let mut column = 0;
        let mut put = |number: f64| {
            row[column] = number as f32;
            column += 1;
        };
        if includes_input {
            input.iter().for_each(|&x| put(x));
        }
        for frequency in frequencies {
            input.iter().for_each(|&x| put((frequency * x).sin()));
            input.iter().for_each(|&x| put((frequency * x).cos()));
        }
    }
    rows
}

/// Order, signs and factors are those of tiny-cuda-nn and nerfstudio.
fn harmonics(degree: u8, directions: &[[f64; 3]]) -> Rows {
    let count = (usize::from(degree) + 1).pow(2);
    let mut rows = Rows::zeros((directions.len(), count));
    for (&[x, y, z], mut row) in directions.iter().zip(rows.rows_mut()) {
        let (xx, yy, zz) = (x * x, y * y, z * z);
        let all = [
            0.282_094_791_773_878_14,
            0.488_602_511_902_919_9 * y,
            0.488_602_511_902_919_9 * z,
            0.488_602_511_902_919_9 * x,
            1.092_548_430_592_079_2 * x * y,
            1.092_548_430_592_079_2 * y * z,
            0.946_174_695_757_560_1 * zz - 0.315_391_565_252_52,
            1.092_548_430_592_079_2 * x * z,
            0.546_274_215_296_039_6 * (xx - yy),
            0.590_043_589_926_643_5 * y * (3.0 * xx - yy),
            2.890_611_442_640_554 * x * y * z,
            0.457_045_799_464_465_8 * y * (5.0 * zz - 1.0),
            0.373_176_332_590_115_4 * z * (5.0 * zz - 3.0),
            0.457_045_799_464_465_8 * x * (5.0 * zz - 1.0),
            1.445_305_721_320_277 * z * (xx - yy),
            0.590_043_589_926_643_5 * x * (xx - 3.0 * yy),
        ];
        for (column, number) in row.iter_mut().zip(all) {
            *column = number as f32;
        }
    }
    rows
}
