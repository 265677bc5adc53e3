//! Figures as SVG: real text, hover values, one style sheet for light and
//! dark screens and for paper.

mod canvas;
mod layout;
mod legend;
mod marker;
mod panel;
mod style;

use canvas::{Anchor, Canvas};
use layout::Layout;

use super::Figure;

pub(super) use style::NEUTRAL;
pub use style::stylesheet;

impl Figure {
    /// The picture as a document of its own: style sheet and background
    /// included.
    pub fn svg(&self) -> String {
        self.render(true)
    }

    /// The picture for a page that holds [`stylesheet`] already. Its ids
    /// begin with the figure's name.
    pub fn inline_svg(&self) -> String {
        self.render(false)
    }

    fn render(&self, standalone: bool) -> String {
        let layout = Layout::of(self);
        let [width, height] = layout.size;
        let mut canvas = Canvas::default();
        let label = self.title.as_ref().unwrap_or(&self.caption).flat();
        canvas.open(&format!(
            "svg xmlns=\"http://www.w3.org/2000/svg\" class=\"etastar-figure\" \
             viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{}\"",
            canvas::number(width),
            canvas::number(height),
            canvas::escaped(&label),
        ));
        if standalone {
            canvas.raw(&format!("<style>{}</style>\n", stylesheet()));
            canvas.empty(&format!(
                "rect class=\"paper\" width=\"{}\" height=\"{}\"",
                canvas::number(width),
                canvas::number(height)
            ));
        }
        if let Some(title) = &self.title {
            canvas.text("title", [layout.left, 22.0], Anchor::Start, title);
        }
        legend::draw(&mut canvas, &layout);
        for (index, panel) in self.panels.iter().enumerate() {
            panel::draw(&mut canvas, self, panel, &layout, index);
        }
        layout::draw_axis_titles(&mut canvas, self, &layout);
        canvas.close("svg");
        canvas.finish()
    }
}
