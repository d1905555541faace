//! What NetBooster and NetDistiller promise.

use quintet_trainer::boost::{Boost, Shortcut, contract, expand};
use quintet_trainer::data::Dataset;
use quintet_trainer::distil::{Distil, Share, Surgery, Uncertainty, distil, operate};
use quintet_trainer::engine::{Engine, Pass};
use quintet_trainer::models::autoencoder::Autoencoder;
use quintet_trainer::models::mobilenet_v2::{MobileNetV2, Stage};
use quintet_trainer::network::{Network, Operation, Shape, State};
use quintet_trainer::quantise::aware;
use quintet_trainer::random::Random;
use quintet_trainer::train::accuracy;
use quintet_trainer::train::error::TrainingError;
use quintet_trainer::train::recipe::{Int8, Recipe, Tune};
use quintet_trainer::train::training::Training;

const INPUT: Shape = Shape { height: 12, width: 12, channels: 3 };
const CLASSES: usize = 4;

fn tiny(width: f32) -> Network {
    let stage = |expansion, channels, stride| Stage { expansion, channels, blocks: 2, stride };
    let stages = vec![stage(1, 8, 1), stage(3, 16, 2)];
    let model = MobileNetV2 { width: 1.0, stem: 8, stem_stride: 2, stages, head: 24, round_to: 8 };
    model.build(INPUT, CLASSES, width)
}

fn autoencoder(width: f32) -> Network {
    let model = Autoencoder { width: 1.0, layers: vec![64, 32, 64], round_to: 8 };
    model.build(INPUT, CLASSES, width)
}

/// A state as training leaves one: scales, shifts and statistics of all sizes.
fn trained(network: &Network, seed: u64) -> State {
    let mut state = network.initialise(seed);
    let mut random = Random::new(&[seed, 1]);
    for value in &mut state.parameters {
        *value += 0.3 * random.normal();
    }
    for node in &network.nodes {
        if let Operation::Normalise { statistics, .. } = node.operation {
            let channels = node.shape.channels;
            let (means, variances) =
                state.statistics[statistics..statistics + 2 * channels].split_at_mut(channels);
            means.iter_mut().for_each(|mean| *mean = random.normal());
            variances.iter_mut().for_each(|variance| *variance = 0.2 + 2.0 * random.uniform());
        }
    }
    state
}

fn outputs(network: &Network, state: &State, slope: f32) -> Vec<f32> {
    let mut engine = Engine::new(network);
    engine.load(network, 40, |sample, input| {
        let mut random = Random::new(&[sample as u64]);
        input.iter_mut().for_each(|value| *value = random.normal());
    });
    engine.forward(network, state, Pass { batch_statistics: false, slope });
    engine.outputs()
}

/// The largest difference, in parts of the largest output.
fn deviation(one: &[f32], other: &[f32]) -> f32 {
    let largest = one.iter().fold(0.0f32, |most, value| most.max(value.abs()));
    let pairs = one.iter().zip(other);
    pairs.fold(0.0f32, |most, (one, other)| most.max((one - other).abs())) / largest
}

#[test]
fn a_linear_giant_is_contracted_exactly() {
    for network in [tiny(1.0), autoencoder(1.0)] {
        for shortcut in [Shortcut::None, Shortcut::Linear] {
            for (share, ratio) in [(0.5, 6), (1.0, 2), (0.3, 6)] {
                is_contracted(&network, &Boost { share, ratio, shortcut, ..Boost::default() });
            }
        }
    }
}

fn is_contracted(network: &Network, boost: &Boost) {
    let giant = expand(network, boost);
    assert!(giant.parameters() > network.parameters());
    let state = trained(&giant, 5);
    let contracted = contract(network, &giant, &state);
    let expected = outputs(&giant, &state, 1.0);
    let found = deviation(&expected, &outputs(network, &contracted, 0.0));
    assert!(found < 1e-4, "{boost:?}: off by {found}");
    // Only then: a giant that is not linear yet is another function.
    let early = deviation(&outputs(&giant, &state, 0.9), &outputs(network, &contracted, 0.0));
    assert!(early > 1e-3, "{boost:?}: at slope 0.9 already the same ({early})");
}

#[test]
fn expansion_is_uniform_and_of_the_share_that_was_asked_for() {
    let network = tiny(1.0);
    let giant = expand(&network, &Boost { share: 0.5, ..Boost::default() });
    let candidates: Vec<&str> = network
        .nodes
        .iter()
        .filter(|node| match &node.operation {
            Operation::Convolve { window, .. } => window.is_pointwise(),
            _ => false,
        })
        .map(|node| node.name.as_str())
        .collect();
    let is_expanded =
        |name: &&&str| giant.tensor(&format!("{name}/boost/project/weight")).is_some();
    let places: Vec<usize> = candidates
        .iter()
        .enumerate()
        .filter(|(_, name)| is_expanded(name))
        .map(|(place, _)| place)
        .collect();
    assert_eq!(places.len(), candidates.len().div_ceil(2));
    let gaps: Vec<usize> = places.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(gaps.iter().all(|gap| (1..=3).contains(gap)), "{places:?} of {}", candidates.len());
}

#[test]
fn a_teacher_holds_the_network_as_its_leading_channels() {
    let (student, teacher) = (tiny(1.0), tiny(2.0));
    let share = Share::new(&student, &teacher).unwrap();
    let wide: Vec<f32> = (0..teacher.parameters()).map(|number| number as f32).collect();
    let own = share.gather(&wide);
    let (small, large) =
        (student.tensor("block3/expand/weight"), teacher.tensor("block3/expand/weight"));
    let (small, large) = (small.unwrap(), large.unwrap());
    let [rows, columns] = [small.shape[2], small.shape[3]];
    for row in 0..rows {
        for column in 0..columns {
            let expected = wide[large.offset + row * large.shape[3] + column];
            assert_eq!(own[small.offset + row * columns + column], expected);
        }
    }
    let mut back = vec![0.0; wide.len()];
    share.scatter(&own, &mut back);
    let touched = back.iter().zip(&wide).filter(|(back, _)| **back != 0.0);
    assert!(touched.clone().all(|(back, wide)| back == wide), "each number goes back to its place");
    assert_eq!(touched.count(), own.iter().filter(|value| **value != 0.0).count());
    assert_eq!(Share::new(&teacher, &student).unwrap_err(), "stem/weight");
}

/// Gradients of the shared weights with a conflict in the stem only.
fn conflict(student: &Network, teacher: &Network, share: &Share) -> (Vec<f32>, Vec<f32>) {
    let own = vec![1.0; student.parameters()];
    let mut wide = vec![0.5; teacher.parameters()];
    for parameter in student.tensors[0].range() {
        wide[share.place(parameter)] = -2.0;
    }
    (own, wide)
}

fn product(student: &Network, tensor: usize, share: &Share, own: &[f32], wide: &[f32]) -> f32 {
    student.tensors[tensor].range().map(|place| own[place] * wide[share.place(place)]).sum()
}

#[test]
fn surgery_takes_conflicts_away_and_nothing_else() {
    let (student, teacher) = (tiny(1.0), tiny(2.0));
    let share = Share::new(&student, &teacher).unwrap();
    let (own, before) = conflict(&student, &teacher, &share);
    let mut wide = before.clone();
    let conflicts = operate(Surgery::Tensor, &student, &share, &own, &mut wide);
    assert_eq!(conflicts, [1, student.tensors.len()]);
    assert!(product(&student, 0, &share, &own, &before) < 0.0);
    assert!(product(&student, 0, &share, &own, &wide).abs() < 1e-4);
    assert_eq!(
        product(&student, 1, &share, &own, &wide),
        product(&student, 1, &share, &own, &before)
    );
    // What is not shared is not touched.
    let shared: Vec<usize> = (0..own.len()).map(|place| share.place(place)).collect();
    let others = (0..wide.len()).filter(|place| !shared.contains(place));
    assert!(others.into_iter().all(|place| wide[place] == before[place]));
    // As one vector there is no conflict: the agreement of the others outweighs it.
    let mut wide = before.clone();
    assert_eq!(operate(Surgery::Whole, &student, &share, &own, &mut wide), [0, 1]);
    assert_eq!(wide, before);
    let mut wide = before.clone();
    assert_eq!(operate(Surgery::None, &student, &share, &own, &mut wide), [0, 0]);
    assert_eq!(wide, before);
}

#[test]
fn surgery_of_the_whole_makes_the_gradients_orthogonal() {
    let (student, teacher) = (tiny(1.0), tiny(2.0));
    let share = Share::new(&student, &teacher).unwrap();
    let mut random = Random::new(&[9]);
    let own: Vec<f32> = (0..student.parameters()).map(|_| random.normal()).collect();
    let mut wide: Vec<f32> = (0..teacher.parameters()).map(|_| random.normal()).collect();
    for (place, value) in own.iter().enumerate() {
        wide[share.place(place)] -= 0.5 * value;
    }
    assert_eq!(operate(Surgery::Whole, &student, &share, &own, &mut wide), [1, 1]);
    let all = |place: usize| f64::from(own[place]) * f64::from(wide[share.place(place)]);
    assert!((0..own.len()).map(all).sum::<f64>().abs() < 1e-2);
}

#[test]
fn distillation_has_the_gradient_of_its_loss() {
    let mut random = Random::new(&[2]);
    let mut draw = || (0..3 * CLASSES).map(|_| 2.0 * random.normal()).collect::<Vec<f32>>();
    let (mut own, teacher) = (draw(), draw());
    for how in [(1.0, Uncertainty::Ignore), (3.0, Uncertainty::Ignore), (2.0, Uncertainty::Entropy)]
    {
        let mut gradient = vec![0.0; own.len()];
        distil(&own, &teacher, CLASSES, how, 0.7, &mut gradient);
        for place in 0..own.len() {
            let mut loss = |by: f32| {
                let kept = own[place];
                own[place] = kept + by;
                let loss = distil(&own, &teacher, CLASSES, how, 1.0, &mut vec![0.0; own.len()]);
                own[place] = kept;
                loss
            };
            let difference = 0.7 * (loss(1e-2) - loss(-1e-2)) / 2e-2;
            assert!(
                (difference - gradient[place]).abs() < 1e-3,
                "{difference} {}",
                gradient[place]
            );
        }
    }
}

#[test]
fn an_uncertain_teacher_does_not_count() {
    let own = [3.0, 0.0, 0.0, 0.0];
    let of = |teacher: &[f32], uncertainty| {
        distil(&own, teacher, CLASSES, (1.0, uncertainty), 1.0, &mut [0.0; 4])
    };
    let (unsure, sure) = ([0.0; 4], [0.0, 30.0, 0.0, 0.0]);
    assert!(of(&unsure, Uncertainty::Ignore) > 0.5);
    assert!(of(&unsure, Uncertainty::Entropy).abs() < 1e-5);
    let whole = of(&sure, Uncertainty::Ignore);
    assert!((of(&sure, Uncertainty::Entropy) - whole).abs() < 1e-4 * whole);
}

/// Pictures of stripes, whose distance is the label.
fn stripes(count: usize) -> Dataset {
    let mut bytes = Vec::new();
    let labels: Vec<u16> = (0..count).map(|sample| (sample % CLASSES) as u16).collect();
    for (sample, label) in labels.iter().enumerate() {
        let mut random = Random::new(&[sample as u64, 77]);
        let phase = random.below(12);
        for pixel in 0..INPUT.height * INPUT.width {
            let stripe = (pixel / INPUT.width + phase) / (usize::from(*label) + 1) % 2;
            for _ in 0..INPUT.channels {
                bytes.push((80 + 90 * stripe + random.below(60)) as u8);
            }
        }
    }
    let classes = (0..CLASSES).map(|class| class.to_string()).collect();
    Dataset { shape: INPUT, bytes, labels, classes }
}

fn recipes() -> Vec<Recipe> {
    let boost = Boost { linearise: 0.5, ..Boost::default() };
    let distil = Distil::default();
    let tune = Tune { epochs: 2, rate: 0.02 };
    let plain = Recipe { epochs: 3, batch: 32, rate: 0.1, seed: 4, ..Recipe::default() };
    vec![
        plain.clone(),
        Recipe { boost: Some(boost), tune, ..plain.clone() },
        Recipe { distil: Some(distil), ..plain.clone() },
        Recipe { distil: Some(distil), tune, ..plain.clone() },
        Recipe { boost: Some(boost), distil: Some(distil), tune, ..plain },
    ]
}

#[test]
fn all_methods_learn_and_end_with_the_network_that_was_asked_for() {
    let (data, test) = (stripes(320), stripes(200));
    for recipe in recipes() {
        let mut training = Training::new(recipe.clone(), &data, &tiny).unwrap();
        while !training.is_over() {
            training.step().unwrap();
        }
        let before = training.accuracy(&test);
        let (network, state) = training.network();
        assert_eq!(network, tiny(1.0));
        let found = accuracy(&network, &state, &test);
        assert!(found > 0.8, "{recipe:?}: {found} (running statistics: {before})");
    }
}

#[test]
fn an_autoencoder_learns_to_reproduce_its_input_by_all_methods() {
    let data = stripes(320);
    for recipe in recipes() {
        let recipe = Recipe { epochs: 10, rate: 1.0, ..recipe };
        let mut training = Training::new(recipe.clone(), &data, &autoencoder).unwrap();
        let before = training.accuracy(&data);
        while !training.is_over() {
            training.step().unwrap();
        }
        let (network, state) = training.network();
        let after = accuracy(&network, &state, &data);
        assert!(after > before.max(0.0) + 0.3, "{recipe:?}: {before} and then {after}");
    }
}

#[test]
fn data_that_a_network_cannot_learn_are_refused() {
    let data = stripes(320);
    let build = |_: f32| tiny(1.0);
    let refused = |recipe: Recipe, data: &Dataset| {
        Training::new(recipe, data, &build).expect_err("this cannot be learnt")
    };
    let five = Dataset { classes: vec![String::new(); 5], ..data.clone() };
    let error = refused(Recipe::default(), &five);
    assert_eq!(error, TrainingError::Outputs { outputs: 4, classes: 5, elements: 432 });
    let flat = Dataset { shape: Shape { height: 24, width: 6, channels: 3 }, ..data.clone() };
    let error = refused(Recipe::default(), &flat);
    assert_eq!(error, TrainingError::Shape { network: INPUT, data: flat.shape });
    let boost = Some(Boost { share: 0.01, ..Boost::default() });
    assert_eq!(refused(Recipe { boost, ..Recipe::default() }, &data), TrainingError::Boost);
    let boost = Some(Boost::default());
    assert_eq!(refused(Recipe { boost, ..Recipe::default() }, &data), TrainingError::Tuning);
    let error = refused(Recipe { batch: 1000, ..Recipe::default() }, &data);
    assert_eq!(error, TrainingError::Batch { samples: 320, batch: 1000 });
}

#[test]
fn training_that_diverges_says_so() {
    let data = stripes(320);
    let recipe = Recipe { rate: 1e30, warm_up: 0.0, batch: 32, ..Recipe::default() };
    let mut training = Training::new(recipe, &data, &tiny).unwrap();
    let mut steps = (0..50).map(|_| training.step());
    let error = steps.find_map(Result::err).expect("no loss survives such a rate");
    assert!(matches!(error, TrainingError::Diverged { .. }), "{error:?}");
}

#[test]
fn quantisation_aware_training_ends_with_a_network_that_is_as_good_rounded() {
    let (data, test) = (stripes(320), stripes(200));
    for recipe in recipes() {
        let int8 = Int8 { aware_epochs: 2, ..Int8::default() };
        let mut training = Training::new(Recipe { int8, ..recipe.clone() }, &data, &tiny).unwrap();
        while !training.is_over() {
            training.step().unwrap();
        }
        let found = training.accuracy(&test);
        let (network, state) = training.quantised().unwrap();
        let rounded = aware::rounded(&network, &state).unwrap();
        assert_eq!(accuracy(&network, &rounded, &test), found);
        assert!(found > 0.8, "{recipe:?}: {found}");
    }
}

#[test]
fn training_goes_on_from_any_step_as_if_it_had_never_stopped() {
    let data = stripes(160);
    let int8 = Int8 { aware_epochs: 1, ..Int8::default() };
    for recipe in recipes().into_iter().map(|recipe| Recipe { int8, ..recipe }) {
        let mut whole = Training::new(recipe.clone(), &data, &tiny).unwrap();
        let mut kept = Vec::new();
        while !whole.is_over() {
            if whole.step_number().is_multiple_of(4) {
                kept.push(whole.snapshot().clone());
            }
            whole.step().unwrap();
        }
        let expected = whole.network();
        for snapshot in kept {
            let step = snapshot.step;
            let mut resumed = Training::new(recipe.clone(), &data, &tiny).unwrap();
            resumed.restore(snapshot).unwrap();
            while !resumed.is_over() {
                resumed.step().unwrap();
            }
            assert_eq!(resumed.snapshot(), whole.snapshot(), "{recipe:?}, resumed at {step}");
            assert_eq!(resumed.network(), expected, "{recipe:?}, resumed at {step}");
        }
    }
}
