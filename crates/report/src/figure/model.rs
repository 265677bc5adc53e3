use super::Text;

/// A figure: one panel or several that share both axes.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// File name without extension, unique in a report: letters, digits and
    /// hyphens.
    pub name: String,
    /// Heading inside the picture.
    pub title: Option<Text>,
    /// What is plotted and under which conditions.
    pub caption: Text,
    /// The horizontal axis of every panel.
    pub x: Axis,
    /// The vertical axis of every panel.
    pub y: Axis,
    /// The panels, row by row.
    pub panels: Vec<Panel>,
}

/// One axis.
#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    /// What is read along the axis.
    pub label: Text,
    /// Column name in the CSV.
    pub column: String,
    /// How values become positions.
    pub scale: Scale,
    /// Ends of the axis; from the data when absent.
    pub range: Option<[f64; 2]>,
}

impl Axis {
    /// An axis over the range of the data.
    pub fn new(label: &str, column: &str, scale: Scale) -> Self {
        Self {
            label: Text::markup(label),
            column: column.to_owned(),
            scale,
            range: None,
        }
    }
}

/// How values become positions on an axis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scale {
    /// In proportion.
    Linear,
    /// By logarithm, ticks at powers of two.
    Log2,
    /// By logarithm, ticks at powers of ten.
    Log10,
    /// Value `i` is the `i`-th name, from the top; values in between lie
    /// between the names. On the vertical axis only; the intervals of a
    /// figure that has it are then of the abscissae.
    Names(Vec<String>),
}

impl Scale {
    /// Whether only positive values have a position.
    pub fn is_logarithmic(&self) -> bool {
        matches!(self, Self::Log2 | Self::Log10)
    }

    /// The value in the units the axis is straight in.
    pub fn forward(&self, value: f64) -> f64 {
        match self {
            Self::Linear | Self::Names(_) => value,
            Self::Log2 => value.log2(),
            Self::Log10 => value.log10(),
        }
    }

    /// Inverse of [`Self::forward`].
    pub fn backward(&self, position: f64) -> f64 {
        match self {
            Self::Linear | Self::Names(_) => position,
            Self::Log2 => position.exp2(),
            Self::Log10 => 10f64.powf(position),
        }
    }
}

/// One panel of a figure.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Panel {
    /// Heading of the panel.
    pub title: Text,
    /// What is drawn, from back to front.
    pub series: Vec<Series>,
}

/// Data drawn in one style under one name. Series of the same name share one
/// entry of the legend.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// Name in the legend and the CSV.
    pub name: Text,
    /// Colour and marker.
    pub style: Style,
    /// What is drawn.
    pub data: Data,
    /// Whether the legend names it.
    pub in_legend: bool,
}

impl Series {
    /// A series that the legend names.
    pub fn new(name: &str, style: Style, data: Data) -> Self {
        Self {
            name: Text::markup(name),
            style,
            data,
            in_legend: true,
        }
    }

    /// Whether its markers are arrows, which point to where a value lies
    /// instead of marking it; they stay inside the panel whatever the value.
    pub fn is_arrows(&self) -> bool {
        matches!(self.data, Data::Points(_))
            && matches!(self.style.marker, Marker::ArrowUp | Marker::ArrowDown)
    }

    /// Whether there is nothing to draw.
    pub fn is_empty(&self) -> bool {
        match &self.data {
            Data::Points(points) => points.is_empty(),
            Data::Line(points) => points.is_empty(),
            Data::Band(points) => points.is_empty(),
        }
    }
}

/// Colour and marker. Both vary, so that neither colour vision nor a colour
/// printer is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// Index into the palette, taken modulo its length.
    pub colour: usize,
    /// Shape of the marker.
    pub marker: Marker,
    /// Whether lines are dashed.
    pub dashed: bool,
}

impl Style {
    /// The `index`-th combination of colour and marker; the first nine differ
    /// in both.
    pub fn nth(index: usize) -> Self {
        Self {
            colour: index % Marker::SERIES.len(),
            marker: Marker::SERIES[index % Marker::SERIES.len()],
            dashed: false,
        }
    }

    /// A style with a marker of choice.
    pub fn with_marker(colour: usize, marker: Marker) -> Self {
        Self {
            colour,
            marker,
            dashed: false,
        }
    }

    /// The neutral colour, for fits and references.
    pub fn neutral(dashed: bool) -> Self {
        Self {
            colour: super::svg::NEUTRAL,
            marker: Marker::Circle,
            dashed,
        }
    }
}

/// Shape of a marker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the shapes explain themselves")]
pub enum Marker {
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
    pub const SERIES: [Self; 9] = [
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

/// What a series draws.
#[derive(Debug, Clone, PartialEq)]
pub enum Data {
    /// Markers, each with an error bar where it has an interval.
    Points(Vec<Point>),
    /// A line through the points, in order.
    Line(Vec<[f64; 2]>),
    /// The area between two curves.
    Band(Vec<BandPoint>),
}

/// An interval, `[low, high]`: of the ordinate, or of the abscissa where the
/// vertical axis holds names.
pub type Interval = [f64; 2];

/// One marker.
#[derive(Debug, Clone, PartialEq)]
pub struct Point {
    /// Abscissa.
    pub x: f64,
    /// Ordinate.
    pub y: f64,
    /// Error bar.
    pub interval: Option<Interval>,
    /// What hovering over the marker tells, after the values.
    pub note: String,
}

/// Both curves of a band at one abscissa.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BandPoint {
    /// Abscissa.
    pub x: f64,
    /// Lower curve.
    pub low: f64,
    /// Upper curve.
    pub high: f64,
}

impl Figure {
    /// Whether its vertical axis holds names, so that its intervals lie along
    /// the horizontal one.
    pub(super) fn has_rows(&self) -> bool {
        matches!(self.y.scale, Scale::Names(_))
    }

    /// Every plotted value of `x`, ends of horizontal error bars included, in
    /// drawing order.
    pub(super) fn abscissae(&self) -> Vec<f64> {
        self.series()
            .flat_map(|series| match &series.data {
                Data::Points(points) => points
                    .iter()
                    .flat_map(|point| {
                        let ends = point.interval.filter(|_| self.has_rows());
                        std::iter::once(point.x).chain(ends.into_iter().flatten())
                    })
                    .collect::<Vec<_>>(),
                Data::Line(points) => points.iter().map(|point| point[0]).collect(),
                Data::Band(points) => points.iter().map(|point| point.x).collect(),
            })
            .collect()
    }

    /// Every plotted value of `y`, ends of vertical error bars included. Arrows do not
    /// count beside other data: what is far out of range would leave no room
    /// for the rest.
    pub(super) fn ordinates(&self) -> Vec<f64> {
        let only_arrows = !self.series().any(|s| !s.is_arrows() && !s.is_empty());
        self.series()
            .filter(|series| only_arrows || !series.is_arrows())
            .flat_map(|series| match &series.data {
                Data::Points(points) => points
                    .iter()
                    .flat_map(|point| {
                        let ends = point.interval.filter(|_| !self.has_rows());
                        std::iter::once(point.y).chain(ends.into_iter().flatten())
                    })
                    .collect::<Vec<_>>(),
                Data::Line(points) => points.iter().map(|point| point[1]).collect(),
                Data::Band(points) => points
                    .iter()
                    .flat_map(|point| [point.low, point.high])
                    .collect(),
            })
            .collect()
    }

    fn series(&self) -> impl Iterator<Item = &Series> {
        self.panels.iter().flat_map(|panel| &panel.series)
    }
}
