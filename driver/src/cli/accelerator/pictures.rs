//! The plot of a sweep: of each workload the time of a frame, and the clocks of its phases.

use std::error::Error;

use quintet_protocol::accelerator::descriptor::Receipt;

use super::grid::{Configuration, Vary};
use super::plot::{Marks, Panel, Series, svg};
use super::rows::Row;
use super::workload::Workload;

/// A phase's name, and its clocks in a receipt.
type Phase = (&'static str, fn(&Receipt) -> u32);

/// The phases of a command.
const PHASES: [Phase; 5] = [
    ("index", |it| it.index),
    ("reduce", |it| it.reduce),
    ("load", |it| it.load),
    ("store", |it| it.store),
    ("stall", |it| it.stall),
];

/// A sweep, as far as it has come.
pub struct Swept<'s> {
    /// What is varied.
    pub varied: &'s [Vary],
    /// All combinations.
    pub configurations: &'s [Configuration],
    /// What runs.
    pub workloads: &'s [Workload],
    /// Runs that are done.
    pub rows: &'s [Row],
}

impl Swept<'_> {
    /// The plot, as SVG: a row for each workload.
    pub fn svg(&self) -> Result<String, Box<dyn Error>> {
        let panels = (0..self.workloads.len()).map(|it| vec![self.times(it), self.phases(it)]);
        svg(&panels.collect::<Vec<_>>())
    }

    /// The first key's name and values, along which everything is drawn.
    fn along(&self) -> (String, Vec<String>) {
        match self.varied.first() {
            Some(Vary { key, values }) => (key.clone(), values.clone()),
            None => ("accelerator".into(), vec!["as described".into()]),
        }
    }

    /// Configurations that differ in the first key alone, one for each of its values; the name says
    /// what the other keys are. They are `lines` apart.
    fn lines(&self) -> Vec<String> {
        let (_, places) = self.along();
        let count = self.configurations.len() / places.len().max(1);
        let others = self.varied.get(1..).unwrap_or_default();
        let name = |configuration: &Configuration| {
            let values = configuration.values.iter().skip(1);
            let pairs = others.iter().zip(values).map(|(vary, it)| format!("{}={it}", vary.key));
            pairs.collect::<Vec<_>>().join(", ")
        };
        self.configurations.iter().take(count).map(name).collect()
    }

    fn row(&self, workload: usize, configuration: usize) -> Option<&Row> {
        let its = |row: &&Row| (row.workload, row.configuration) == (workload, configuration);
        self.rows.iter().find(its)
    }

    /// The time of a frame along the first key, a line for each combination of the others.
    fn times(&self, workload: usize) -> Panel {
        let (x_name, places) = self.along();
        let lines = self.lines();
        let of = |(number, name): (usize, &String)| {
            let values = (0..places.len()).map(|place| {
                let row = self.row(workload, place * lines.len() + number)?;
                Some(row.frame.overlapped_ns as f64 / 1e6)
            });
            let name = if name.is_empty() { "frame".into() } else { name.clone() };
            Series { name, values: values.collect() }
        };
        let series = lines.iter().enumerate().map(of).collect();
        let counted = self.rows.iter().all(|row| row.core_instructions.is_some());
        let who = if counted { "core and accelerator at a time" } else { "the accelerator alone" };
        Panel {
            title: format!("{}: a frame, {who}", self.workloads[workload].name),
            x_name,
            places,
            y_name: "time, ms (modelled)".into(),
            series,
            marks: Marks::Lines,
        }
    }

    /// The clocks of each phase along the first key, under the first combination of the others.
    fn phases(&self, workload: usize) -> Panel {
        let (x_name, places) = self.along();
        let lines = self.lines();
        let series = PHASES.map(|(name, clocks)| {
            let values = (0..places.len()).map(|place| {
                let row = self.row(workload, place * lines.len())?;
                Some(f64::from(clocks(&row.receipt)))
            });
            Series { name: name.into(), values: values.collect() }
        });
        let others = lines.first().filter(|name| !name.is_empty());
        let others = others.map(|name| format!(", {name}")).unwrap_or_default();
        Panel {
            title: format!("phases, which may overlap{others}"),
            x_name,
            places,
            y_name: "clocks of the accelerator".into(),
            series: series.into(),
            marks: Marks::Stacks,
        }
    }
}
