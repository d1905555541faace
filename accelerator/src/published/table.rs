//! Tables of comparisons.

use core::fmt;

/// A comparison: what is said, and what has to be said beside it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// What is compared, with the paper.
    pub title: String,
    /// Names of the columns.
    pub columns: Vec<&'static str>,
    /// Cells, as many a row as there are columns.
    pub rows: Vec<Vec<String>>,
    /// What differs, a sentence each.
    pub remarks: Vec<String>,
}

impl Table {
    /// Adds a row.
    pub(super) fn row<const N: usize>(&mut self, cells: [String; N]) {
        self.rows.push(cells.into());
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = |column: usize| {
            let cells =
                self.rows.iter().filter_map(|row| row.get(column)).map(|it| it.chars().count());
            let name = self.columns.get(column).map_or(0, |name| name.len());
            cells.fold(name, usize::max)
        };
        let widths: Vec<_> = (0..self.columns.len()).map(width).collect();
        let line = |cells: &[&str]| {
            let padded = cells.iter().zip(&widths).map(|(cell, &width)| format!("{cell:<width$}"));
            format!("  {}", padded.collect::<Vec<_>>().join("  ").trim_end())
        };
        writeln!(f, "{}", self.title)?;
        writeln!(f, "{}", line(&self.columns))?;
        for row in &self.rows {
            writeln!(f, "{}", line(&row.iter().map(String::as_str).collect::<Vec<_>>()))?;
        }
        self.remarks.iter().try_for_each(|remark| writeln!(f, "  * {remark}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_below_their_names() {
        let mut table =
            Table { title: "Of two".into(), columns: vec!["a", "name"], ..Table::default() };
        table.row(["long".into(), "x".into()]);
        table.remarks.push("They differ.".into());
        assert_eq!(table.to_string(), "Of two\n  a     name\n  long  x\n  * They differ.\n");
    }
}
