//! Figures as data: what is plotted is one structure, [`Figure`], from which
//! the picture ([`Figure::svg`]) and the numbers ([`Figure::csv`]) are both
//! made, so that they cannot disagree.

mod csv;
mod domain;
mod model;
mod svg;
mod text;
mod tick_label;
mod ticks;

pub use domain::Domain;
pub use model::{
    Axis, BandPoint, Data, Figure, Interval, Marker, Panel, Point, Scale, Series, Style,
};
pub use svg::stylesheet;
pub use text::{Span, Text, Tone};
pub use ticks::{Ticks, ticks};

#[cfg(test)]
mod tests;
