//! The numbers of a figure.

use etastar_analysis::shortest;

use super::model::{Data, Figure, Series};
use super::text::visible;

impl Figure {
    /// Every plotted number as CSV: a row for each marker, each point of a line and each point of a
    /// band, under the columns `panel`, `series`, `kind`, the two axes' own, the ends of the
    /// interval or band, and `note`.
    pub(crate) fn csv(&self) -> String {
        let (x, y) = (&self.x.column, &self.y.column);
        let bar = if self.has_rows() { x } else { y };
        let header = [
            "panel",
            "series",
            "kind",
            x,
            y,
            &format!("{bar}_low"),
            &format!("{bar}_high"),
            "note",
        ];
        let mut lines = vec![header.map(str::to_owned)];
        for panel in &self.panels {
            for series in &panel.series {
                lines.extend(rows(&panel.title.flat(), series));
            }
        }
        to_csv(lines)
    }
}

/// The rows as CSV.
pub(crate) fn to_csv<R: IntoIterator<Item = String>>(rows: impl IntoIterator<Item = R>) -> String {
    let mut writer = csv::WriterBuilder::new()
        .flexible(true)
        .from_writer(Vec::new());
    for row in rows {
        // Writing to memory cannot fail.
        let _ = writer.write_record(row.into_iter().map(|cell| neutral(cell).into_bytes()));
    }
    String::from_utf8(writer.into_inner().unwrap_or_default()).unwrap_or_default()
}

fn rows(panel: &str, series: &Series) -> Vec<[String; 8]> {
    let name = series.name.flat();
    let row = |kind: &str, numbers: [Option<f64>; 4], note: &str| {
        let [x, y, low, high] = numbers.map(|number| number.map(shortest).unwrap_or_default());
        let [panel, kind, note] = [panel, kind, note].map(str::to_owned);
        [panel, name.clone(), kind, x, y, low, high, note]
    };
    match &series.data {
        Data::Points(points) => {
            let row = |point: &super::model::Point| {
                let [low, high] = point.interval.map_or([None; 2], |ends| ends.map(Some));
                row(
                    "point",
                    [Some(point.x), Some(point.y), low, high],
                    &point.note,
                )
            };
            points.iter().map(row).collect()
        }
        Data::Line(points) => {
            let row = |&[x, y]: &[f64; 2]| row("line", [Some(x), Some(y), None, None], "");
            points.iter().map(row).collect()
        }
        Data::Band(points) => {
            let row = |&[x, low, high]: &[f64; 3]| {
                row("band", [Some(x), None, Some(low), Some(high)], "")
            };
            points.iter().map(row).collect()
        }
    }
}

/// A text that no spreadsheet takes for a formula, and in which nothing is hidden.
pub(crate) fn neutral(text: String) -> String {
    let text = visible(text);
    let is_formula =
        text.starts_with(['=', '+', '-', '@', '\t', '\r']) && text.parse::<f64>().is_err();
    match is_formula {
        true => format!("'{text}"),
        false => text,
    }
}
