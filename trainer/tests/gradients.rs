//! Every layer's gradient against finite differences.

use quintet_trainer::engine::{Engine, Pass};
use quintet_trainer::network::{Activation, Builder, Network, Padding, Shape, State};
use quintet_trainer::random::Random;

const SAMPLES: usize = 19;

/// The sum of all outputs, each times a number of its own, which is a smooth loss.
struct Probe<'a> {
    network: &'a Network,
    inputs: Vec<f32>,
    factors: Vec<f32>,
    pass: Pass,
}

impl<'a> Probe<'a> {
    fn new(network: &'a Network, pass: Pass) -> Self {
        let mut random = Random::new(&[7]);
        let mut draw = |count| (0..count).map(|_| random.normal()).collect::<Vec<f32>>();
        let inputs = draw(SAMPLES * network.input().elements());
        let factors = draw(SAMPLES * network.output().elements());
        Self { network, inputs, factors, pass }
    }

    fn engine(&self, state: &State) -> Engine {
        let elements = self.network.input().elements();
        let mut engine = Engine::new(self.network);
        engine.load(self.network, SAMPLES, |sample, input| {
            input.copy_from_slice(&self.inputs[sample * elements..(sample + 1) * elements]);
        });
        engine.forward(self.network, state, self.pass);
        engine
    }

    fn loss(&self, state: &State) -> f64 {
        let outputs = self.engine(state).outputs();
        outputs.iter().zip(&self.factors).map(|(y, f)| f64::from(*y) * f64::from(*f)).sum()
    }

    fn gradient(&self, state: &State) -> Vec<f32> {
        let mut gradient = vec![0.0; self.network.parameters()];
        self.engine(state).backward(self.network, state, &self.factors, &mut gradient);
        gradient
    }

    /// Holds the gradient of the first, the last and some of the other numbers of each tensor
    /// against differences, which f32 gives to some three digits.
    fn check(&self, what: &str) {
        let mut state = self.network.initialise(3);
        let mut random = Random::new(&[11]);
        for tensor in &self.network.tensors {
            for value in &mut state.parameters[tensor.range()] {
                *value += 0.2 * random.normal();
            }
        }
        let gradient = self.gradient(&state);
        for tensor in &self.network.tensors {
            let range = tensor.range();
            let largest =
                gradient[range.clone()].iter().fold(0.0f32, |most, it| most.max(it.abs()));
            assert!(largest > 0.0, "{what}: {} has no gradient", tensor.name);
            let mut places = vec![range.start, range.end - 1];
            places.extend((0..12).map(|_| range.start + random.below(range.len())));
            for place in places {
                // A wide step crosses the kinks of activations, a narrow one loses digits: one of
                // them has to agree.
                let differences = [2e-3, 5e-4, 1e-4].map(|step| {
                    let mut loss = |by: f32| {
                        let kept = std::mem::replace(&mut state.parameters[place], 0.0);
                        state.parameters[place] = kept + by;
                        let loss = self.loss(&state);
                        state.parameters[place] = kept;
                        loss
                    };
                    (loss(step) - loss(-step)) / f64::from(2.0 * step)
                });
                let agrees = |difference: &f64| {
                    let error = (difference - f64::from(gradient[place])).abs();
                    error < 0.02 * f64::from(largest) + 0.02 * difference.abs() + 2e-3
                };
                assert!(
                    differences.iter().any(agrees),
                    "{what}: {}[{}]: {differences:?} by differences, {} by the gradient",
                    tensor.name,
                    place - range.start,
                    gradient[place]
                );
            }
        }
    }
}

fn input(size: usize, channels: usize) -> Shape {
    Shape { height: size, width: size + 1, channels }
}

#[test]
fn convolutions_of_all_shapes() {
    for (kernel, stride) in [([3, 3], [1, 1]), ([3, 3], [2, 2]), ([1, 1], [2, 1]), ([4, 2], [1, 2])]
    {
        for padding in [Padding::Same, Padding::Valid] {
            for (inputs, outputs) in [(3, 5), (8, 24), (17, 33)] {
                let mut builder = Builder::new(input(6, inputs));
                let first = builder.convolve("first", 0, inputs, ([1, 1], [1, 1], padding), true);
                builder.convolve("second", first, outputs, (kernel, stride, padding), true);
                let network = builder.finish();
                let what = format!("{kernel:?} {stride:?} {padding:?} {inputs} -> {outputs}");
                Probe::new(&network, Pass::TRAIN).check(&what);
            }
        }
    }
}

#[test]
fn depthwise_convolutions_of_all_shapes() {
    for (kernel, stride) in [([3, 3], [1, 1]), ([3, 3], [2, 2]), ([1, 1], [1, 1]), ([4, 5], [2, 1])]
    {
        for padding in [Padding::Same, Padding::Valid] {
            for channels in [3, 8, 16, 27] {
                let mut builder = Builder::new(input(7, 2));
                let pointwise = ([1, 1], [1, 1], padding);
                let first = builder.convolve("first", 0, channels, pointwise, false);
                builder.depthwise("second", first, (kernel, stride, padding), true);
                let network = builder.finish();
                let what = format!("{kernel:?} {stride:?} {padding:?} {channels}");
                Probe::new(&network, Pass::TRAIN).check(&what);
            }
        }
    }
}

#[test]
fn dense_layers_pools_and_sums() {
    let mut builder = Builder::new(input(5, 4));
    let one = builder.convolve("one", 0, 11, ([3, 3], [1, 1], Padding::Same), false);
    let other = builder.convolve("other", 0, 11, ([1, 1], [1, 1], Padding::Same), true);
    let sum = builder.add("sum", one, other);
    let twice = builder.add("twice", sum, one);
    builder.average("mean", twice);
    builder.dense("last", twice, 7, true);
    let network = builder.finish();
    Probe::new(&network, Pass::TRAIN).check("dense");
    let mut builder = Builder::new(input(5, 4));
    let one = builder.convolve("one", 0, 11, ([3, 3], [1, 1], Padding::Same), false);
    let mean = builder.average("mean", one);
    builder.dense("last", mean, 7, true);
    Probe::new(&builder.finish(), Pass::TRAIN).check("average");
}

#[test]
fn normalisations_by_the_batch_and_by_running_statistics() {
    for activation in [Activation::Linear, Activation::Relu, Activation::Relu6] {
        for (batch_statistics, slope) in [(true, 0.0), (true, 0.4), (true, 1.0), (false, 0.0)] {
            let mut builder = Builder::new(input(4, 5));
            let first = builder.convolve("first", 0, 19, ([1, 1], [1, 1], Padding::Same), false);
            let middle = builder.normalise("middle", first, activation, true);
            let third =
                builder.convolve("third", middle, 9, ([3, 3], [1, 1], Padding::Same), false);
            builder.normalise("last", third, Activation::Linear, false);
            let network = builder.finish();
            let pass = Pass { batch_statistics, slope };
            Probe::new(&network, pass).check(&format!("{activation:?}, {pass:?}"));
        }
    }
}

#[test]
fn results_do_not_depend_on_the_number_of_threads() {
    let mut builder = Builder::new(input(8, 3));
    let first = builder.convolve("first", 0, 16, ([3, 3], [2, 2], Padding::Same), false);
    let middle = builder.normalise("middle", first, Activation::Relu6, false);
    let third = builder.depthwise("third", middle, ([3, 3], [1, 1], Padding::Same), false);
    builder.normalise("last", third, Activation::Linear, false);
    let network = builder.finish();
    let state = network.initialise(1);
    let probe = Probe::new(&network, Pass::TRAIN);
    let with = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| probe.gradient(&state))
    };
    assert_eq!(with(1), with(3));
}
