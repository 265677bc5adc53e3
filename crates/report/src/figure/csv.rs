//! The numbers of a figure.

use super::{Data, Figure, Series};

impl Figure {
    /// Every plotted number as CSV: a row for each marker, each point of a
    /// line and each point of a band, under the columns `panel`, `series`,
    /// `kind`, the two axes' own, the ends of the interval or band, and `note`.
    pub fn csv(&self) -> String {
        let mut writer = ::csv::Writer::from_writer(Vec::new());
        let y = &self.y.column;
        let of_interval = if self.has_rows() { &self.x.column } else { y };
        let header = [
            "panel".to_owned(),
            "series".to_owned(),
            "kind".to_owned(),
            self.x.column.clone(),
            y.clone(),
            format!("{of_interval}_low"),
            format!("{of_interval}_high"),
            "note".to_owned(),
        ];
        let rows = self.panels.iter().flat_map(|panel| {
            let title = panel.title.flat();
            panel
                .series
                .iter()
                .flat_map(move |series| rows(&title, series))
        });
        for row in std::iter::once(header).chain(rows) {
            // Writing to memory cannot fail, and every row has eight fields.
            let _ = writer.write_record(&row);
        }
        let bytes = writer.into_inner().unwrap_or_default();
        String::from_utf8(bytes).unwrap_or_default()
    }
}

type Row = [String; 8];

fn rows(panel: &str, series: &Series) -> Vec<Row> {
    let name = series.name.flat();
    let row = |kind: &str, numbers: [Option<f64>; 4], note: &str| {
        let [x, y, low, high] = numbers.map(|number| number.map(written).unwrap_or_default());
        let own = |text: &str| text.to_owned();
        [
            own(panel),
            own(&name),
            own(kind),
            x,
            y,
            low,
            high,
            own(note),
        ]
    };
    match &series.data {
        Data::Points(points) => points
            .iter()
            .map(|point| {
                let [low, high] = match point.interval {
                    Some([low, high]) => [Some(low), Some(high)],
                    None => [None, None],
                };
                let numbers = [Some(point.x), Some(point.y), low, high];
                row("point", numbers, &point.note)
            })
            .collect(),
        Data::Line(points) => points
            .iter()
            .map(|&[x, y]| row("line", [Some(x), Some(y), None, None], ""))
            .collect(),
        Data::Band(points) => points
            .iter()
            .map(|point| {
                let numbers = [Some(point.x), None, Some(point.low), Some(point.high)];
                row("band", numbers, "")
            })
            .collect(),
    }
}

/// The shortest text that reads back as the same number.
fn written(number: f64) -> String {
    let size = number.abs();
    if size != 0.0 && !(1e-5..1e15).contains(&size) {
        format!("{number:e}")
    } else {
        format!("{number}")
    }
}
