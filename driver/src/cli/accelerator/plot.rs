//! Panels of numbers along a row of named places, as SVG.

use std::error::Error;

use plotters::coord::Shift;
use plotters::prelude::*;

/// Columns and rows of a panel, in units of the picture.
const PANEL: (u32, u32) = (640, 360);
/// Colours that differ in lightness as well as in hue: Okabe and Ito's, for all eyes.
const COLORS: [RGBColor; 7] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(230, 159, 0),
    RGBColor(86, 180, 233),
    RGBColor(0, 0, 0),
];
/// Rows of a panel between its heading and its axis.
const ROWS: f64 = 270.0;
/// Rows of the legend: of itself, and of each series.
const LEGEND: [f64; 2] = [25.0, 16.0];
/// Largest share of a panel that is left to the legend.
const LEGEND_MAX: f64 = 0.6;
/// Half the width of a bar, of the distance between two places.
const HALF_BAR: f64 = 0.3;

/// Numbers at places along a row.
pub struct Panel {
    /// Its heading.
    pub title: String,
    /// What the places are.
    pub x_name: String,
    /// Their names.
    pub places: Vec<String>,
    /// What the numbers are, with their unit.
    pub y_name: String,
    /// The numbers.
    pub series: Vec<Series>,
    /// How they are drawn.
    pub marks: Marks,
}

/// A number for each place, or none.
pub struct Series {
    /// What it is.
    pub name: String,
    /// The numbers, none below zero.
    pub values: Vec<Option<f64>>,
}

/// How numbers are drawn.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Marks {
    /// A line for each series.
    Lines,
    /// A bar at each place, on which the series are stacked.
    Stacks,
}

/// Draws rows of panels, as many in each as in the first.
pub fn svg(rows: &[Vec<Panel>]) -> Result<String, Box<dyn Error>> {
    let mut text = String::new();
    let columns = rows.first().map_or(1, Vec::len).max(1);
    let size = (PANEL.0 * columns as u32, PANEL.1 * rows.len().max(1) as u32);
    {
        let root = SVGBackend::with_string(&mut text, size).into_drawing_area();
        root.fill(&WHITE).map_err(owned)?;
        let areas = root.split_evenly((rows.len().max(1), columns));
        for (panel, area) in rows.iter().flatten().zip(&areas) {
            panel.draw(area).map_err(owned)?;
        }
        root.present().map_err(owned)?;
    }
    Ok(text)
}

fn owned(error: impl Error) -> Box<dyn Error> {
    error.to_string().into()
}

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Drawn<'a> = Result<(), DrawingAreaErrorKind<<SVGBackend<'a> as DrawingBackend>::ErrorType>>;

impl Panel {
    fn draw<'a>(&self, area: &Area<'a>) -> Drawn<'a> {
        let last = self.places.len().saturating_sub(1) as f64;
        let mut chart = ChartBuilder::on(area)
            .caption(&self.title, ("sans-serif", 16))
            .margin(12)
            .x_label_area_size(40)
            .y_label_area_size(72)
            .build_cartesian_2d(-0.5..last + 0.5, 0.0..self.top())?;
        chart
            .configure_mesh()
            .disable_x_mesh()
            .light_line_style(TRANSPARENT)
            // Odd, so that labels can fall on the places themselves.
            .x_labels(2 * self.places.len() + 1)
            .x_label_formatter(&|x| self.place(*x))
            .x_desc(&self.x_name)
            .y_label_formatter(&|y| short(*y))
            .y_desc(&self.y_name)
            .draw()?;
        let mut below = vec![0.0; self.places.len()];
        for (number, series) in self.series.iter().enumerate() {
            let color = COLORS[number % COLORS.len()];
            let drawn = match self.marks {
                Marks::Lines => {
                    let line = LineSeries::new(series.points(), color.stroke_width(2));
                    chart.draw_series(line.point_size(3))?
                }
                Marks::Stacks => chart.draw_series(series.bars(&mut below, color))?,
            };
            drawn.label(&series.name).legend(move |(x, y)| {
                Rectangle::new([(x, y - 4), (x + 12, y + 4)], color.filled())
            });
        }
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::UpperRight)
            .background_style(WHITE.mix(0.8))
            .draw()
    }

    /// The name of a place; nothing between two.
    fn place(&self, x: f64) -> String {
        let near = x.round();
        let is_place = (x - near).abs() < 1e-6 && near >= 0.0;
        is_place.then(|| self.places.get(near as usize).cloned()).flatten().unwrap_or_default()
    }

    /// Where the axis ends: the greatest number is below the legend.
    fn top(&self) -> f64 {
        let legend = (LEGEND[0] + LEGEND[1] * self.series.len() as f64) / ROWS;
        self.highest() / (1.0 - legend.min(LEGEND_MAX))
    }

    /// The greatest number that is drawn, or one if there is none above zero.
    fn highest(&self) -> f64 {
        let at = |place: usize, it: &Series| it.values.get(place).copied().flatten().unwrap_or(0.0);
        let heights = (0..self.places.len()).map(|place| {
            let its = self.series.iter().map(|series| at(place, series));
            match self.marks {
                Marks::Lines => its.fold(0.0, f64::max),
                Marks::Stacks => its.sum(),
            }
        });
        let highest = heights.fold(0.0, f64::max);
        if highest > 0.0 { highest } else { 1.0 }
    }
}

impl Series {
    fn points(&self) -> impl Iterator<Item = (f64, f64)> {
        self.values.iter().enumerate().filter_map(|(place, value)| Some((place as f64, (*value)?)))
    }

    /// A bar at each place on top of what is `below` it, which grows by that.
    fn bars(&self, below: &mut [f64], color: RGBColor) -> Vec<Rectangle<(f64, f64)>> {
        let bar = |((place, value), below): ((f64, f64), &mut f64)| {
            let foot = *below;
            *below += value;
            Rectangle::new([(place - HALF_BAR, foot), (place + HALF_BAR, *below)], color.filled())
        };
        let values = (0..).map(f64::from).zip(self.values.iter().map(|it| it.unwrap_or(0.0)));
        values.zip(below).map(bar).collect()
    }
}

/// A number in few characters: `12.5 M`.
fn short(number: f64) -> String {
    let (scaled, suffix) = match number {
        1e9.. => (number / 1e9, " G"),
        1e6.. => (number / 1e6, " M"),
        1e3.. => (number / 1e3, " k"),
        _ => (number, ""),
    };
    let digits = format!("{scaled:.3}");
    format!("{}{suffix}", digits.trim_end_matches('0').trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn panel(marks: Marks, values: &[&[Option<f64>]]) -> Panel {
        let series = values.iter().zip(["<one>", "two"]);
        Panel {
            title: "A & B".into(),
            x_name: "rows".into(),
            places: vec!["4".into(), "8".into(), "many".into()],
            y_name: "time, ms".into(),
            series: series
                .map(|(values, name)| Series { name: name.into(), values: values.to_vec() })
                .collect(),
            marks,
        }
    }

    #[test]
    fn a_picture_names_its_axes_places_and_series() {
        let values: &[&[_]] = &[&[Some(1.0), Some(2.0), None], &[None, Some(4e6), Some(3.0)]];
        let rows = vec![vec![panel(Marks::Lines, values), panel(Marks::Stacks, values)]];
        let text = svg(&rows).unwrap();
        for word in ["A &amp; B", "rows", "many", "time, ms", "&lt;one&gt;", "two", "4 M"] {
            assert!(text.contains(word), "{word} is not in {text}");
        }
        assert!(text.starts_with("<svg") && text.trim_end().ends_with("</svg>"));
    }

    #[test]
    fn a_picture_of_nothing_is_a_picture() {
        assert!(svg(&[]).unwrap().contains("<svg"));
        let empty = Panel { places: Vec::new(), ..panel(Marks::Stacks, &[]) };
        assert!(svg(&[vec![empty]]).unwrap().contains("time, ms"));
    }

    #[test]
    fn stacks_reach_as_high_as_their_sum() {
        let values: &[&[_]] = &[&[Some(1.0), Some(2.0), Some(0.5)], &[Some(5.0), None, None]];
        assert_eq!(panel(Marks::Stacks, values).highest(), 6.0);
        assert_eq!(panel(Marks::Lines, values).highest(), 5.0);
    }

    #[test]
    fn numbers_are_short() {
        let all = [0.0, 0.25, 12.0, 1500.0, 4e6, 2.5e9].map(short);
        assert_eq!(all.join("|"), "0|0.25|12|1.5 k|4 M|2.5 G");
    }
}
