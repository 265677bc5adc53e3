//! What a figure shows: panels, series and their styles.

use super::axis::{Axis, Scale};
use super::text::Text;

/// A figure: one panel or several that share both axes.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Figure {
    /// File name without extension, unique in a report: letters, digits and hyphens.
    pub(crate) name: String,
    /// What is plotted and under which conditions.
    pub(crate) caption: Text,
    /// The horizontal axis of every panel.
    pub(crate) x: Axis,
    /// The vertical axis of every panel.
    pub(crate) y: Axis,
    /// The panels, row by row.
    pub(crate) panels: Vec<Panel>,
}

/// One panel of a figure.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Panel {
    /// Heading of the panel.
    pub(crate) title: Text,
    /// What is drawn, from back to front.
    pub(crate) series: Vec<Series>,
}

/// Data drawn in one style under one name. Series of the same name share one entry of the legend.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Series {
    /// Name in the legend and the CSV.
    pub(crate) name: Text,
    /// Colour and marker.
    pub(crate) style: Style,
    /// What is drawn.
    pub(crate) data: Data,
    /// Whether the legend names it.
    pub(crate) in_legend: bool,
}

/// What a series draws.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Data {
    /// Markers, each with an error bar where it has an interval.
    Points(Vec<Point>),
    /// A line through the points `[x, y]`, in order.
    Line(Vec<[f64; 2]>),
    /// The area between two curves, given as `[x, low, high]`.
    Band(Vec<[f64; 3]>),
}

/// An interval, `[low, high]`: of the ordinate, or of the abscissa where the vertical axis holds
/// names.
pub(crate) type Interval = [f64; 2];

/// One marker.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Point {
    /// Abscissa.
    pub(crate) x: f64,
    /// Ordinate.
    pub(crate) y: f64,
    /// Error bar.
    pub(crate) interval: Option<Interval>,
    /// What hovering over the marker shows after the values.
    pub(crate) note: String,
}

/// Colour and marker. Both vary, so that neither colour vision nor a colour printer is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Style {
    /// Index into the palette, taken modulo its length.
    pub(crate) colour: usize,
    /// Shape of the marker.
    pub(crate) marker: Marker,
    /// Whether lines are dashed.
    pub(crate) dashed: bool,
}

/// Colours in the palette; the last one is neutral.
pub(super) const PALETTE: usize = 10;

impl Style {
    /// The `index`-th combination of colour and marker; the first nine differ in both.
    pub(crate) fn nth(index: usize) -> Self {
        let index = index % Marker::SERIES.len();
        Self::with_marker(index, Marker::SERIES[index])
    }

    /// A style with a marker of choice.
    pub(crate) fn with_marker(colour: usize, marker: Marker) -> Self {
        Self {
            colour,
            marker,
            dashed: false,
        }
    }

    /// The neutral colour, for fits and references.
    pub(crate) fn neutral(dashed: bool) -> Self {
        Self {
            dashed,
            ..Self::with_marker(PALETTE - 1, Marker::Circle)
        }
    }
}

/// Shape of a marker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the shapes explain themselves")]
pub(crate) enum Marker {
    Circle,
    Square,
    Triangle,
    Diamond,
    TriangleDown,
    Pentagon,
    Star,
    Hexagon,
    Plus,
    Cross,
    Ring,
    ArrowUp,
    ArrowDown,
    Bar,
}

impl Marker {
    /// The filled shapes that tell series apart.
    pub(crate) const SERIES: [Self; 9] = [
        Self::Circle,
        Self::Square,
        Self::Triangle,
        Self::Diamond,
        Self::TriangleDown,
        Self::Pentagon,
        Self::Star,
        Self::Hexagon,
        Self::Plus,
    ];
}

impl Series {
    /// A series that the legend names.
    pub(crate) fn new(name: &str, style: Style, data: Data) -> Self {
        Self {
            name: Text::markup(name),
            style,
            data,
            in_legend: true,
        }
    }

    /// Whether its markers are arrows, which point to where a value lies instead of marking it.
    /// They stay inside the panel whatever the value.
    pub(super) fn is_arrows(&self) -> bool {
        matches!(self.data, Data::Points(_))
            && matches!(self.style.marker, Marker::ArrowUp | Marker::ArrowDown)
    }

    /// Whether there is nothing to draw.
    pub(crate) fn is_empty(&self) -> bool {
        self.places().is_empty()
    }

    /// The places `[x, y]` of its markers, of the corners of its line, or around its band.
    pub(super) fn places(&self) -> Vec<[f64; 2]> {
        match &self.data {
            Data::Points(points) => points.iter().map(|point| [point.x, point.y]).collect(),
            Data::Line(points) => points.clone(),
            Data::Band(points) => {
                let upper = points.iter().map(|&[x, _, high]| [x, high]);
                let lower = points.iter().rev().map(|&[x, low, _]| [x, low]);
                upper.chain(lower).collect()
            }
        }
    }

    /// The ends of its error bars.
    fn interval_ends(&self) -> Vec<f64> {
        match &self.data {
            Data::Points(points) => points.iter().filter_map(|p| p.interval).flatten().collect(),
            Data::Line(_) | Data::Band(_) => Vec::new(),
        }
    }
}

impl Figure {
    /// Whether its vertical axis holds names, so that its intervals lie along the horizontal one.
    pub(super) fn has_rows(&self) -> bool {
        matches!(self.y.scale, Scale::Names(_))
    }

    /// Every plotted value of `x`, then the ends of horizontal error bars.
    pub(super) fn abscissae(&self) -> Vec<f64> {
        let series = || self.panels.iter().flat_map(|panel| &panel.series);
        let values = series().flat_map(Series::places).map(|[x, _]| x);
        let ends = series().filter(|_| self.has_rows());
        values.chain(ends.flat_map(Series::interval_ends)).collect()
    }

    /// Every plotted value of `y`, then the ends of vertical error bars. Arrows do not count beside
    /// other data: what is far out of range would leave no room for the rest.
    pub(super) fn ordinates(&self) -> Vec<f64> {
        let all = || self.panels.iter().flat_map(|panel| &panel.series);
        let only_arrows = all().all(|series| series.is_arrows() || series.is_empty());
        let series = || all().filter(|series| only_arrows || !series.is_arrows());
        let values = series().flat_map(Series::places).map(|[_, y]| y);
        let ends = series().filter(|_| !self.has_rows());
        values.chain(ends.flat_map(Series::interval_ends)).collect()
    }
}
