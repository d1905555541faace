//! Uni-Render (Li et al. 2025, arXiv 2503.23644): five pipelines on one array, in real time.

use super::Table;
use crate::instance::Instance;

/// Frames a second that all five pipelines pass, at about 5 W (abstract).
const FRAMES_A_SECOND: f64 = 30.0;
/// Columns and rows that frames are scaled to. Theirs we have not read.
const SIZE: [u32; 2] = [1280, 720];

/// A frame of a pipeline, as the model was charged for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    /// Pipeline and scene.
    pub name: String,
    /// Pixels of the frame.
    pub pixels: u64,
    /// Clocks of the accelerator.
    pub clocks: u64,
}

/// Clocks of frames of our pipelines, scaled to 1280x720 by their pixels, beside what their rate allows.
/// Samples of one name are of one pipeline at several sizes: then the line through the smallest and the
/// largest is followed, in place of proportion.
pub fn uni_render(samples: &[Sample], instance: &Instance) -> Table {
    let allowed = instance.clock_hz as f64 / FRAMES_A_SECOND;
    let pixels = f64::from(SIZE[0]) * f64::from(SIZE[1]);
    let mut table = Table {
        title: format!(
            "Uni-Render (arXiv 2503.23644): more than {FRAMES_A_SECOND} frames a second of five pipelines; \
             ours on {} at {}x{}",
            instance.name, SIZE[0], SIZE[1]
        ),
        columns: vec![
            "pipeline",
            "pixels charged",
            "clocks a frame",
            "allowed",
            "frames a second",
            "30",
        ],
        ..Table::default()
    };
    let mut names: Vec<&str> = samples.iter().map(|sample| sample.name.as_str()).collect();
    names.dedup();
    for name in names {
        let of_name = || samples.iter().filter(|sample| sample.name == name);
        let bounds = (
            of_name().min_by_key(|sample| sample.pixels),
            of_name().max_by_key(|sample| sample.pixels),
        );
        let (Some(small), Some(large)) = bounds else { continue };
        let clocks = scaled(small, large, pixels);
        table.row([
            name.into(),
            match small.pixels == large.pixels {
                true => large.pixels.to_string(),
                false => format!("{} and {}", small.pixels, large.pixels),
            },
            format!("{:.1} M", clocks / 1e6),
            format!("{:.1} M", allowed / 1e6),
            format!("{:.1}", instance.clock_hz as f64 / clocks),
            if clocks <= allowed { "yes" } else { "no" }.into(),
        ]);
    }
    table.remarks = [
        "Theirs is a device at a clock, with elements and memories that we have not read; ours is a \
         description of our own at its clock.",
        "Clocks are the accelerator's alone: a core that overlaps is taken to keep up, and to hand out \
         pixels.",
        "Scenes and their sizes are not theirs. Frames are scaled by their pixels, and so is what does not \
         grow with them, unless two sizes were charged.",
    ]
    .map(str::to_owned)
    .into();
    table
}

/// Clocks at so many pixels.
fn scaled(small: &Sample, large: &Sample, pixels: f64) -> f64 {
    let [x, y] = [large.pixels as f64, large.clocks as f64];
    if small.pixels == large.pixels {
        return y * pixels / x.max(1.0);
    }
    let slope = (y - small.clocks as f64) / (x - small.pixels as f64);
    (y + slope * (pixels - x)).max(y)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(name: &str, pixels: u64, clocks: u64) -> Sample {
        Sample { name: name.into(), pixels, clocks }
    }

    #[test]
    fn a_frame_is_scaled_by_its_pixels_and_held_against_a_thirtieth_of_a_second() {
        let samples = [sample("fast", 9216, 300_000), sample("slow", 9216, 400_000)];
        let table = uni_render(&samples, &Instance::preset("edge").unwrap());
        let cells = |row: usize| table.rows[row][2..].join(" ");
        assert_eq!(cells(0), "30.0 M 33.3 M 33.3 yes");
        assert_eq!(cells(1), "40.0 M 33.3 M 25.0 no");
    }

    #[test]
    fn of_two_sizes_only_what_grows_with_pixels_is_scaled() {
        let samples = [sample("both", 10_000, 1_100_000), sample("both", 20_000, 1_200_000)];
        let table = uni_render(&samples, &Instance::preset("edge").unwrap());
        assert_eq!(table.rows.len(), 1);
        assert_eq!(table.rows[0][2], "10.2 M");
    }
}
