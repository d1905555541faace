//! The ranges of a configuration's numbers.

use std::fmt::Display;
use std::ops::RangeInclusive;

use super::Config;
use crate::boost::Boost;
use crate::data::Split;
use crate::data::augment::Augment;
use crate::distil::Distil;
use crate::models::Model;
use crate::models::autoencoder::Autoencoder;
use crate::models::ds_cnn::DsCnn;
use crate::models::mobilenet_v2::MobileNetV2;
use crate::models::resnet8::ResNet8;
use crate::quantise::Choice;
use crate::train::recipe::{Int8, Recipe, Tune};
use crate::train::task::Task;

/// More than any network or training has, and far below where products of sizes overflow.
const MOST: usize = 1 << 20;
/// Channels of a layer.
const CHANNELS: usize = 1 << 14;

/// A key and what is wrong with its value.
#[derive(Debug, PartialEq, Eq)]
pub struct Invalid {
    pub key: String,
    pub reason: String,
}

type Checked = Result<(), Invalid>;

/// What can be checked without data.
pub fn config(config: &Config) -> Checked {
    recipe(&config.recipe)?;
    match &config.network {
        Model::MobileNetV2(model) => mobilenet_v2(model),
        Model::DsCnn(model) => ds_cnn(model),
        Model::ResNet8(model) => resnet8(model),
        Model::Autoencoder(model) => autoencoder(model),
    }
}

/// What data and the rest have to agree on.
pub fn data(config: &Config, data: &Split) -> Checked {
    let (samples, batch) = (data.train.len(), config.recipe.batch);
    if batch > samples {
        let reason = format!("is {batch}, but there are {samples} training samples");
        return Err(Invalid { key: "recipe.batch".into(), reason });
    }
    if data.test.is_empty() {
        return Err(Invalid { key: "data".into(), reason: "has no test samples".into() });
    }
    let network = config.network.build(data.train.shape, data.train.classes.len(), 1.0);
    if let Err(error) = Task::of(&network, &data.train) {
        let reason = format!("does not fit the data: {error}");
        return Err(Invalid { key: "network.kind".into(), reason });
    }
    let size = data.train.shape.height.min(data.train.shape.width);
    let shift = config.recipe.augment.shift;
    if shift >= size {
        let reason = format!("is {shift}, which shifts pictures of {size} pixels out of sight");
        return Err(Invalid { key: "recipe.augment.shift".into(), reason });
    }
    Ok(())
}

fn recipe(recipe: &Recipe) -> Checked {
    number("recipe.epochs", recipe.epochs, 1..=MOST)?;
    number("recipe.batch", recipe.batch, 2..=MOST)?;
    number("recipe.rate", recipe.rate, f32::MIN_POSITIVE..=100.0)?;
    number("recipe.momentum", recipe.momentum, 0.0..=0.9999)?;
    number("recipe.decay", recipe.decay, 0.0..=1.0)?;
    number("recipe.warm_up", recipe.warm_up, 0.0..=recipe.epochs as f32)?;
    number("recipe.smoothing", recipe.smoothing, 0.0..=0.9)?;
    augment(&recipe.augment)?;
    recipe.boost.as_ref().map_or(Ok(()), boost)?;
    recipe.distil.as_ref().map_or(Ok(()), distil)?;
    tune(recipe)?;
    int8(&recipe.int8)
}

fn augment(augment: &Augment) -> Checked {
    number("recipe.augment.contrast", augment.contrast, 0.0..=1.0)?;
    number("recipe.augment.brightness", augment.brightness, 0.0..=1.0)
}

fn boost(boost: &Boost) -> Checked {
    number("recipe.boost.ratio", boost.ratio, 1..=64)?;
    number("recipe.boost.share", boost.share, f32::MIN_POSITIVE..=1.0)?;
    number("recipe.boost.linearise", boost.linearise, 0.0..=1.0)
}

fn tune(recipe: &Recipe) -> Checked {
    let Tune { epochs, rate } = recipe.tune;
    let key = "recipe.tune.epochs";
    number("recipe.tune.rate", rate, f32::MIN_POSITIVE..=100.0)?;
    if recipe.boost.is_some() && epochs == 0 {
        let reason = "is 0, and [recipe.boost] needs some in which its giant becomes linear";
        return Err(Invalid { key: key.into(), reason: reason.into() });
    }
    number(key, epochs, 0..=MOST)
}

fn distil(distil: &Distil) -> Checked {
    number("recipe.distil.width", distil.width, 1.0..=16.0)?;
    number("recipe.distil.weight", distil.weight, 0.0..=1e3)?;
    number("recipe.distil.label_weight", distil.label_weight, 0.0..=1e3)?;
    number("recipe.distil.temperature", distil.temperature, 0.1..=100.0)
}

fn int8(int8: &Int8) -> Checked {
    number("recipe.int8.calibration.samples", int8.calibration.samples, 1..=MOST)?;
    if let Choice::Quantile(share) = int8.calibration.choice {
        // Half of the values at each end would leave no range.
        number("recipe.int8.calibration.choice.quantile", share, 0.0..=0.49)?;
    }
    number("recipe.int8.aware_epochs", int8.aware_epochs, 0..=MOST)?;
    number("recipe.int8.aware_rate", int8.aware_rate, f32::MIN_POSITIVE..=100.0)
}

fn mobilenet_v2(model: &MobileNetV2) -> Checked {
    widths(model.width, model.round_to)?;
    number("network.stem", model.stem, 1..=CHANNELS)?;
    number("network.stem_stride", model.stem_stride, 1..=8)?;
    number("network.head", model.head, 0..=CHANNELS)?;
    for stage in &model.stages {
        number("network.stages.expansion", stage.expansion, 1..=64)?;
        number("network.stages.channels", stage.channels, 1..=CHANNELS)?;
        number("network.stages.blocks", stage.blocks, 1..=256)?;
        number("network.stages.stride", stage.stride, 1..=8)?;
    }
    Ok(())
}

fn ds_cnn(model: &DsCnn) -> Checked {
    widths(model.width, model.round_to)?;
    number("network.channels", model.channels, 1..=CHANNELS)?;
    number("network.blocks", model.blocks, 0..=256)?;
    for side in 0..2 {
        number("network.kernel", model.kernel[side], 1..=64)?;
        number("network.stride", model.stride[side], 1..=64)?;
    }
    Ok(())
}

fn resnet8(model: &ResNet8) -> Checked {
    widths(model.width, model.round_to)?;
    model.stacks.iter().try_for_each(|it| number("network.stacks", *it, 1..=CHANNELS))
}

fn autoencoder(model: &Autoencoder) -> Checked {
    widths(model.width, model.round_to)?;
    model.layers.iter().try_for_each(|it| number("network.layers", *it, 1..=CHANNELS))
}

fn widths(width: f32, round_to: usize) -> Checked {
    number("network.width", width, 0.01..=64.0)?;
    number("network.round_to", round_to, 1..=CHANNELS)
}

/// Refuses what is outside of a range, and what is no number.
fn number<T: PartialOrd + Display>(key: &str, value: T, range: RangeInclusive<T>) -> Checked {
    if range.contains(&value) {
        return Ok(());
    }
    let (least, most) = range.into_inner();
    let reason = format!("is {value}, and has to be in {least}..{most}");
    Err(Invalid { key: key.into(), reason })
}
