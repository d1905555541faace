//! How long training takes: seconds for 10 000 pictures, of the wall clock and of all processors.
//!
//! `cargo bench --bench epoch -- [STEPS]`; `RAYON_NUM_THREADS` sets the threads. `compare.sh` does
//! the same with PyTorch.

use std::collections::BTreeMap;
use std::time::Instant;

use quintet_trainer::engine::{Engine, Pass};
use quintet_trainer::models::Model;
use quintet_trainer::network::{Network, Shape};
use quintet_trainer::random::Random;
use quintet_trainer::train::{loss, optimise};

const BATCH: usize = 128;
const CLASSES: usize = 10;
/// Steps before the clock starts.
const WARM_UP: usize = 2;
const INPUT: Shape = Shape { height: 32, width: 32, channels: 3 };

fn main() {
    // What cargo itself adds is no number.
    let steps = std::env::args().find_map(|it| it.parse().ok()).unwrap_or(20);
    let models: BTreeMap<String, Model> =
        toml::from_str(include_str!("networks.toml")).expect("the networks are well described");
    for (name, model) in models {
        let network = model.build(INPUT, CLASSES, 1.0);
        let [wall, processors] = time(&network, steps);
        println!(
            "trainer  {name:8} {} parameters, {} thread(s): {wall:.2} s per 10 000 pictures, \
             {processors:.2} s of processors",
            network.parameters(),
            rayon::current_num_threads(),
        );
    }
}

/// Seconds for 10 000 pictures, of the wall clock and of all processors.
fn time(network: &Network, steps: usize) -> [f64; 2] {
    let mut random = Random::new(&[1]);
    let pictures: Vec<f32> = (0..BATCH * INPUT.elements()).map(|_| random.normal()).collect();
    let labels: Vec<u16> = (0..BATCH).map(|_| random.below(CLASSES) as u16).collect();
    let mut state = network.initialise(0);
    let mut engine = Engine::new(network);
    let mut optimiser = optimise::Optimiser::default();
    let mut start = (Instant::now(), processor_seconds());
    for step in 0..WARM_UP + steps {
        if step == WARM_UP {
            start = (Instant::now(), processor_seconds());
        }
        engine.load(network, BATCH, |sample, input| {
            let first = sample * INPUT.elements();
            input.copy_from_slice(&pictures[first..first + INPUT.elements()]);
        });
        engine.forward(network, &state, Pass::TRAIN);
        let probabilities = loss::softmax(&engine.outputs(), CLASSES);
        let mut outputs = vec![0.0; probabilities.len()];
        loss::cross_entropy(&probabilities, &labels, 0.0, 1.0, &mut outputs);
        let mut gradient = vec![0.0; network.parameters()];
        engine.backward(network, &state, &outputs, &mut gradient);
        engine.update_statistics(network, 0.1, &mut state.statistics);
        let step = optimise::Step { rate: 0.05, momentum: 0.9, decay: 4e-5 };
        optimiser.step(network, step, &gradient, &mut state.parameters);
    }
    let share = 10_000.0 / (steps * BATCH) as f64;
    [start.0.elapsed().as_secs_f64() * share, (processor_seconds() - start.1) * share]
}

/// What this process has used of processors (user and system, in ticks of 10 ms, proc(5)); not a
/// number where the system does not tell.
fn processor_seconds() -> f64 {
    let Ok(status) = std::fs::read_to_string("/proc/self/stat") else { return f64::NAN };
    let after_name = status.rsplit(')').next().unwrap_or_default();
    let fields = after_name.split_whitespace().skip(11).take(2);
    fields.map(|ticks| ticks.parse::<f64>().map_or(f64::NAN, |ticks| ticks / 100.0)).sum()
}
