//! Learning curves as SVG: loss and accuracy over the epochs.

use std::error::Error;
use std::ops::Range;

use plotters::coord::Shift;
use plotters::prelude::*;

use super::log::Row;

/// Columns and rows of a panel, in units of the picture.
const PANEL: (u32, u32) = (640, 400);
/// Colours that differ in lightness as well as in hue: three of Okabe and Ito's, for all eyes.
const COLORS: [RGBColor; 3] = [RGBColor(0, 114, 178), RGBColor(213, 94, 0), RGBColor(0, 158, 115)];

/// A quantity over the epochs.
struct Curve<'a> {
    name: &'static str,
    of: &'a dyn Fn(&Row) -> Option<f64>,
}

/// Why there is no picture: a sentence.
#[derive(Debug, thiserror::Error)]
#[error("the learning curve cannot be drawn: {0}")]
pub struct CurveError(String);

/// Draws a log's rows.
///
/// # Errors
/// A [`CurveError`], which no numbers cause.
pub fn svg(rows: &[Row]) -> Result<String, CurveError> {
    let mut text = String::new();
    draw(rows, &mut text).map_err(|error| CurveError(error.to_string()))?;
    Ok(text)
}

fn draw<'a>(rows: &[Row], text: &'a mut String) -> Result<(), Box<dyn Error + 'a>> {
    let root = SVGBackend::with_string(text, (2 * PANEL.0, PANEL.1)).into_drawing_area();
    root.fill(&WHITE)?;
    let (left, right) = root.split_horizontally(PANEL.0);
    let losses = [
        Curve { name: "network, training", of: &|row| Some(row.loss) },
        Curve { name: "teacher, training", of: &|row| row.teacher_loss },
    ];
    let falling = SeriesLabelPosition::UpperRight;
    panel(&left, "loss", rows, &losses, |highest| 0.0..highest * 1.1, falling)?;
    let percent = |share: Option<f32>| share.map(|share| 100.0 * f64::from(share));
    let accuracies = [
        Curve { name: "network, test", of: &|row| percent(row.test_accuracy) },
        Curve { name: "teacher, test", of: &|row| percent(row.teacher_accuracy) },
        Curve {
            name: "network, training",
            of: &|row| row.train_accuracy.map(|share| 100.0 * share),
        },
    ];
    let rising = SeriesLabelPosition::LowerRight;
    panel(&right, "accuracy, %", rows, &accuracies, |_| 0.0..100.0, rising)?;
    root.present()?;
    Ok(())
}

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Drawn<'a> = Result<(), DrawingAreaErrorKind<<SVGBackend<'a> as DrawingBackend>::ErrorType>>;

/// Draws some curves into one panel, whose axis `range` makes of the greatest number. The legend is
/// where the curves are not.
fn panel<'a>(
    area: &Area<'a>,
    y_name: &str,
    rows: &[Row],
    curves: &[Curve],
    range: fn(f64) -> Range<f64>,
    legend: SeriesLabelPosition,
) -> Drawn<'a> {
    let last = rows.last().map_or(1, |row| row.epoch).max(2) as f64;
    let all = curves.iter().flat_map(|curve| points(rows, curve)).map(|(_, value)| value);
    let highest = all.fold(0.0, f64::max);
    let range = range(if highest > 0.0 { highest } else { 1.0 });
    let mut chart = ChartBuilder::on(area)
        .margin(14)
        .x_label_area_size(40)
        .y_label_area_size(64)
        .build_cartesian_2d(1.0..last, range)?;
    chart
        .configure_mesh()
        .light_line_style(TRANSPARENT)
        .x_desc("epoch")
        .x_labels((last as usize).min(10))
        .x_label_formatter(&|epoch| format!("{epoch:.0}"))
        .y_desc(y_name)
        .draw()?;
    for (curve, color) in curves.iter().zip(COLORS) {
        let points: Vec<_> = points(rows, curve).collect();
        // A curve that there is not has no place in the legend.
        if points.is_empty() {
            continue;
        }
        let line = LineSeries::new(points, color.stroke_width(2));
        chart
            .draw_series(line)?
            .label(curve.name)
            .legend(move |(x, y)| Rectangle::new([(x, y - 4), (x + 12, y + 4)], color.filled()));
    }
    chart.configure_series_labels().position(legend).background_style(WHITE.mix(0.8)).draw()
}

/// Epochs and values, where there are any.
fn points<'a>(rows: &'a [Row], curve: &'a Curve) -> impl Iterator<Item = (f64, f64)> + 'a {
    let value = |row: &Row| (curve.of)(row).filter(|value| value.is_finite());
    rows.iter().filter_map(move |row| Some((row.epoch as f64, value(row)?)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::training::Stage;

    fn row(epoch: usize, loss: f64, teacher_accuracy: Option<f32>) -> Row {
        Row {
            epoch,
            step: 10 * epoch,
            stage: Stage::Main,
            rate: 0.1,
            loss,
            train_accuracy: Some(0.5),
            test_accuracy: Some(0.4),
            teacher_loss: None,
            teacher_accuracy,
            distance: None,
            conflicts: [0, 0],
            slope: 0.0,
            seconds: 1.0,
        }
    }

    #[test]
    fn a_picture_shows_the_curves_that_there_are() {
        let rows = [row(1, 2.0, Some(0.5)), row(2, 1.5, Some(0.6)), row(3, 1.2, None)];
        let text = svg(&rows).unwrap();
        for word in ["epoch", "loss", "accuracy, %", "network, test", "teacher, test"] {
            assert!(text.contains(word), "{word} is not in {text}");
        }
        assert!(!text.contains("teacher, training"), "a teacher without a loss is shown");
        assert!(text.starts_with("<svg") && text.trim_end().ends_with("</svg>"));
    }

    #[test]
    fn nothing_one_epoch_and_numbers_out_of_all_bounds_are_drawn() {
        for rows in [vec![], vec![row(1, 2.0, None)], vec![row(1, f64::NAN, None); 3]] {
            assert!(svg(&rows).unwrap().contains("</svg>"));
        }
    }
}
