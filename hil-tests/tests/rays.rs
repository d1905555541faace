//! Rays, their samples and what is composed of these are the same bits on every board as on the
//! virtual device. With `--nocapture` it prints what they cost there.

use quintet_driver::camera::Camera;
use quintet_driver::device::Connection;
use quintet_driver::quantise::rays::{QuantisedOccupancy, RayFrame, activations, occupancy};
use quintet_driver::scene::field::{ColorActivation, DensityActivation, Occupancy};
use quintet_hil_tests::convolution::Random;
use quintet_hil_tests::one_command::{Operand, run};
use quintet_hil_tests::{boards, open, uri};
use quintet_protocol::feature::Matrix;
use quintet_protocol::program::{BufferId, CastRays, Command, Composite, Focus, March};
use quintet_protocol::ray::{RAY_WORDS, SAMPLE_WORDS, Spacing};
use quintet_protocol::tile::{Cursor, POINT_WORDS, TRANSMITTANCE_ONE};

/// Columns and rows of the tile.
const SIDE: u16 = 16;
const PIXELS: u32 = SIDE as u32 * SIDE as u32;
const PER_RAY: u32 = 64;
const FINE: u16 = 64;
/// Enough for all samples of all rays.
const CAPACITY: u32 = PIXELS * PER_RAY;
const CHANNELS: u8 = 3;
const RANGE: [f64; 2] = [2.0, 6.0];
const OPAQUE: u16 = 64;

fn b(number: u16) -> BufferId {
    BufferId(number)
}

fn words(bytes: &[i8]) -> Vec<u32> {
    bytes.as_chunks().0.iter().map(|bytes| u32::from_le_bytes(bytes.map(|it| it as u8))).collect()
}

/// What a command wrote, and what it cost.
struct Done {
    name: String,
    outputs: Vec<Vec<u32>>,
    ticks: u64,
    /// What the cost is divided by.
    each: u64,
}

/// Everything that is done with the rays of a tile.
struct Device<'a> {
    connection: &'a mut Connection,
    done: Vec<Done>,
}

impl Device<'_> {
    fn run(&mut self, name: &str, operands: &[Operand<'_>], command: Command) -> Vec<Vec<u32>> {
        let done = run(self.connection, operands, command).unwrap();
        let outputs: Vec<_> = done.outputs.iter().map(|bytes| words(bytes)).collect();
        let [ticks, each] = done.cost;
        self.done.push(Done { name: name.into(), outputs: outputs.clone(), ticks, each });
        outputs
    }

    fn cast(&mut self, along_rays: bool) -> Vec<u32> {
        let frame = RayFrame::new([[-1.5; 3], [1.5; 3]], RANGE, along_rays);
        let eye = [3.0, 1.5, -2.0];
        let camera = Camera::look_at([SIDE; 2], 40.0, eye, [0.0; 3], [0.0, 1.0, 0.0]);
        let camera = camera.rays(&frame).unwrap().to_words();
        let operands = [
            Operand::Constant(&cursor()),
            Operand::Constant(&camera),
            Operand::Output(PIXELS as usize * RAY_WORDS * 4),
            Operand::Output(PIXELS as usize * 4),
        ];
        let command =
            CastRays { cursor: b(0), camera: b(1), rays: b(2), marks: b(3), capacity: PIXELS };
        let name = if along_rays { "cast, along rays" } else { "cast, along the axis" };
        self.run(name, &operands, Command::CastRays(command)).remove(0)
    }

    /// Samples with their count, at even shares or listed ones.
    fn march(
        &mut self,
        name: &str,
        rays: &[u32],
        shares: Option<(&[u32], u32)>,
        occupied: Option<&QuantisedOccupancy>,
    ) -> Vec<u32> {
        let (cursor, marks, accumulators) = (cursor(), [0; PIXELS as usize], clear());
        let mut operands = vec![
            Operand::Constant(&cursor),
            Operand::Constant(rays),
            Operand::Changed(&marks),
            Operand::Constant(&accumulators),
            Operand::Output((2 + CAPACITY as usize * SAMPLE_WORDS) * 4),
            Operand::Output(CAPACITY as usize * POINT_WORDS * 4),
        ];
        operands.extend(shares.map(|(shares, _)| Operand::Constant(shares)));
        operands.extend(occupied.map(|occupied| Operand::Constant(&occupied.words)));
        let [listed, last] = [6, operands.len() as u16 - 1].map(b);
        let command = March {
            cursor: b(0),
            rays: b(1),
            marks: b(2),
            accumulators: b(3),
            samples: b(4),
            points: b(5),
            shares: shares.map(|_| listed),
            occupancy: occupied.map(|_| last),
            per_ray: shares.map_or(PER_RAY, |(_, per_ray)| per_ray),
            capacity: CAPACITY,
            pixels: PIXELS,
            opaque: OPAQUE,
            grid_bits: occupied.map_or(0, |occupied| occupied.bits),
            spacing: Spacing::Points,
            channels: CHANNELS,
            clips: occupied.is_some(),
        };
        let samples = self.run(name, &operands, Command::March(command)).remove(1);
        if samples[0] == 0 {
            // What it cost to pass all of them.
            self.done.last_mut().unwrap().each = u64::from(PIXELS * PER_RAY);
        }
        samples
    }

    /// Colours of the samples, of random densities and colours, or else their weights.
    fn compose(
        &mut self,
        name: &str,
        samples: &[u32],
        density: DensityActivation,
        is_colored: bool,
    ) -> Vec<u32> {
        let mut random = Random::new(7);
        let rows: Vec<u32> = (0..CAPACITY * 2).map(|_| random.word() & 0x0FFF_0FFF).collect();
        let unit = RayFrame::new([[0.0; 3], [1.0; 3]], RANGE, true).density_unit;
        let activations = activations(density, 10, ColorActivation::Sigmoid, 9, unit);
        let (accumulators, weights) = (clear(), vec![0; CAPACITY as usize]);
        let operands = [
            Operand::Constant(samples),
            Operand::Constant(&rows),
            Operand::Constant(&activations),
            Operand::Changed(&accumulators),
            Operand::Changed(&weights),
        ];
        let command = Composite {
            samples: b(0),
            densities: b(1),
            activations: b(2),
            accumulators: b(3),
            colors: is_colored.then_some(b(1)),
            weights: (!is_colored).then_some(b(4)),
            capacity: CAPACITY,
            pixels: PIXELS,
            per_ray: PER_RAY,
            density: Matrix { stride: 4, first: 3 },
            color: Matrix { stride: 4, first: 0 },
            channels: CHANNELS,
            opaque: OPAQUE,
        };
        self.run(name, &operands, Command::Composite(command)).remove(1)
    }

    /// Shares of focused samples.
    fn focus(&mut self, name: &str, weights: &[u32], spacing: Spacing) -> (Vec<u32>, u32) {
        let per_ray = match spacing {
            Spacing::Middles => FINE.into(),
            Spacing::Points => u32::from(FINE) + PER_RAY,
        };
        let (cursor, accumulators, marks) = (cursor(), clear(), [7; PIXELS as usize]);
        let operands = [
            Operand::Constant(&cursor),
            Operand::Changed(weights),
            Operand::Output((PIXELS * per_ray * 4) as usize),
            Operand::Changed(&marks),
            Operand::Changed(&accumulators),
        ];
        let command = Focus {
            cursor: b(0),
            weights: b(1),
            shares: b(2),
            marks: b(3),
            accumulators: b(4),
            coarse: PER_RAY as u16,
            fine: FINE,
            pixels: PIXELS,
            padding: 10_737,
            channels: CHANNELS,
            spacing,
        };
        (self.run(name, &operands, Command::Focus(command)).remove(1), per_ray)
    }
}

fn cursor() -> Vec<u32> {
    let size = [SIDE; 2];
    Cursor { next: 1, more: false, corner: [0; 2], size, pixels: PIXELS }.to_words().to_vec()
}

/// Accumulators of which nothing is in front.
fn clear() -> Vec<u32> {
    [TRANSMITTANCE_ONE, 0, 0, 0].repeat(PIXELS as usize)
}

/// A ball in the middle of the box, of that share of its side.
fn ball(radius: f64) -> QuantisedOccupancy {
    let side = 64;
    let at = |number: usize, step: usize| (number / step % side) as f64 / side as f64 - 0.5;
    let cells = (0..side * side * side).map(|number| {
        let squares = [1, side, side * side].map(|step| at(number, step).powi(2));
        squares.iter().sum::<f64>() < radius * radius
    });
    occupancy(&Occupancy { side, cells: cells.collect() })
}

fn run_all(connection: &mut Connection) -> Vec<Done> {
    let mut device = Device { connection, done: Vec::new() };
    device.cast(true);
    let rays = device.cast(false);
    let samples = device.march("march", &rays, None, None);
    device.march("march, all occupied", &rays, None, Some(&ball(1.0)));
    device.march("march, nothing occupied", &rays, None, Some(&ball(0.0)));
    device.march("march, a ball occupied", &rays, None, Some(&ball(0.3)));
    let exp = DensityActivation::Exp { shift: -1.0 };
    device.compose("compose, exponential", &samples, exp, true);
    device.compose("compose, linear", &samples, DensityActivation::Relu, true);
    let weights = device.compose("weigh, linear", &samples, DensityActivation::Relu, false);
    device.focus("focus, middles", &weights, Spacing::Middles);
    let (shares, per_ray) = device.focus("focus, points", &weights, Spacing::Points);
    let listed = Some((&shares[..], per_ray));
    device.march("march, listed", &rays, listed, None);
    device.march("march, listed, a ball occupied", &rays, listed, Some(&ball(0.3)));
    device.done
}

#[test]
fn boards_write_the_words_of_the_virtual_device() {
    let expected = run_all(&mut open(&uri("virtual:")));
    for board in boards() {
        println!("\n{board}");
        for (found, expected) in run_all(&mut open(&board)).iter().zip(&expected) {
            let Done { name, outputs, ticks, each } = found;
            println!("{name:<32} {ticks:>9} {:>8.2} an item", *ticks as f64 / *each as f64);
            assert!(*outputs == expected.outputs, "{name} on {board}");
        }
    }
}
