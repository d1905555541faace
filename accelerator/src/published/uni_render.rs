//! Uni-Render (Li et al. 2025, arXiv 2503.23644): five pipelines on one array, in real time.

use super::Table;

/// Frames a second that all five pipelines pass, at about 5 W (abstract).
const FRAMES_A_SECOND: f64 = 30.0;
/// Columns and rows that frames are scaled to. Theirs we have not read.
const SIZE: [u32; 2] = [1280, 720];

/// Pixels of such a frame.
const PIXELS: u64 = SIZE[0] as u64 * SIZE[1] as u64;

/// A frame of a pipeline, as the model was charged for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    /// Pipeline and scene.
    pub name: String,
    /// The accelerator's description, in a few words.
    pub accelerator: String,
    /// Its clock, in Hz.
    pub clock_hz: u64,
    /// Pixels of the frame.
    pub pixels: u64,
    /// Clocks of the accelerator.
    pub clocks: u64,
    /// Nanoseconds of the core beside it, as the description assumes it.
    pub core_ns: u64,
}

/// Clocks of frames of our pipelines, scaled to 1280x720 by their pixels, beside what their rate
/// allows. Samples of one pipeline on one accelerator that follow each other are of several sizes:
/// then the line through the smallest and the largest is followed, in place of proportion.
pub fn uni_render(samples: &[Sample]) -> Table {
    let mut table = Table {
        title: format!(
            "Uni-Render (arXiv 2503.23644): five pipelines on one array; ours at {}x{}",
            SIZE[0], SIZE[1]
        ),
        columns: vec![
            "frame",
            "kind",
            "pixels charged",
            "clocks a frame",
            "allowed",
            "frames a second",
            "with the core",
            "30",
        ],
        ..Table::default()
    };
    let unknown = || "-".to_owned();
    table.row([
        "five pipelines, about 5 W".into(),
        "theirs".into(),
        unknown(),
        unknown(),
        unknown(),
        format!("more than {FRAMES_A_SECOND}"),
        unknown(),
        "yes".into(),
    ]);
    let of_one = |a: &Sample, b: &Sample| (&a.name, &a.accelerator) == (&b.name, &b.accelerator);
    for sizes in samples.chunk_by(of_one) {
        let small = sizes.iter().min_by_key(|sample| sample.pixels);
        let large = sizes.iter().max_by_key(|sample| sample.pixels);
        let (Some(small), Some(large)) = (small, large) else { continue };
        let at_size =
            |cost: fn(&Sample) -> u64| scaled([small, large].map(|it| (it.pixels, cost(it))));
        let (clocks, hertz) = (at_size(|it| it.clocks), large.clock_hz as f64);
        let alone = hertz / clocks.max(1.0);
        let both = alone.min(1e9 / at_size(|it| it.core_ns).max(1.0));
        let about = if large.pixels == PIXELS { "" } else { "about " };
        table.row([
            large.name.clone(),
            format!("model, {}", large.accelerator),
            match small.pixels == large.pixels {
                true => large.pixels.to_string(),
                false => format!("{} and {}", small.pixels, large.pixels),
            },
            format!("{:.1} M", clocks / 1e6),
            format!("{:.1} M", hertz / FRAMES_A_SECOND / 1e6),
            format!("{about}{alone:.1}"),
            format!("{about}{both:.1}"),
            match (alone >= FRAMES_A_SECOND, both >= FRAMES_A_SECOND) {
                (_, true) => "yes",
                (true, false) => "not its core",
                (false, false) => "no",
            }
            .into(),
        ]);
    }
    table.remarks = [
        "Theirs is a device at a clock, with elements and memories that we have not read; ours is a \
         description of our own at its clock.",
        "Clocks are the accelerator's alone. The core hands out commands and takes pixels meanwhile, at the \
         clocks for an instruction that the description assumes; of theirs we know none.",
        "Scenes and their sizes are not theirs, nor is how many samples a ray takes. What is said to be about \
         so much was charged for smaller frames and scaled by their pixels, which can be far off.",
    ]
    .map(str::to_owned)
    .into();
    table
}

/// What a frame costs, on the line through two frames of so many pixels and such costs.
fn scaled([(few, small), (many, large)]: [(u64, u64); 2]) -> f64 {
    let [pixels, x, y] = [PIXELS, many, large].map(|it| it as f64);
    if few == many {
        return y * pixels / x.max(1.0);
    }
    let slope = (y - small as f64) / (x - few as f64);
    (y + slope * (pixels - x)).max(y)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(name: &str, clock_hz: u64, pixels: u64, clocks: u64) -> Sample {
        let accelerator = format!("at {clock_hz} Hz");
        Sample { name: name.into(), accelerator, clock_hz, pixels, clocks, core_ns: 1000 }
    }

    const GHZ: u64 = 1_000_000_000;

    #[test]
    fn a_frame_is_scaled_by_its_pixels_and_held_against_a_thirtieth_of_a_second() {
        let samples = [sample("fast", GHZ, 9216, 300_000), sample("slow", GHZ, 9216, 400_000)];
        let table = uni_render(&samples);
        let cells = |row: usize| table.rows[row][3..].join(" ");
        assert_eq!(cells(1), "30.0 M 33.3 M about 33.3 about 33.3 yes");
        assert_eq!(cells(2), "40.0 M 33.3 M about 25.0 about 25.0 no");
    }

    #[test]
    fn of_two_sizes_only_what_grows_with_pixels_is_scaled() {
        let samples = [sample("a", GHZ, 10_000, 1_100_000), sample("a", GHZ, 20_000, 1_200_000)];
        let table = uni_render(&samples);
        assert_eq!((table.rows.len(), table.rows[1][3].as_str()), (2, "10.2 M"));
    }

    #[test]
    fn an_accelerator_is_held_against_its_own_clock() {
        let samples = [sample("a", GHZ, 9216, 300_000), sample("a", GHZ / 10, 9216, 300_000)];
        let reached: Vec<_> = uni_render(&samples).rows.iter().map(|row| row[7].clone()).collect();
        assert_eq!(reached, ["yes", "yes", "no"]);
    }

    #[test]
    fn a_core_that_does_not_keep_up_is_told() {
        let slow = Sample { core_ns: 40_000_000, ..sample("a", GHZ, PIXELS, 30_000_000) };
        let table = uni_render(&[slow]);
        assert_eq!(table.rows[1][5..], ["33.3", "25.0", "not its core"]);
    }
}
