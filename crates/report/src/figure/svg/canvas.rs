//! Writing SVG elements.

use std::fmt::Write;

use crate::figure::{Span, Text};

/// Where a text is held.
#[derive(Debug, Clone, Copy)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// Size of ordinary text, in units of the view box.
pub(super) const FONT: f64 = 13.0;

/// Size of subscripts and superscripts, relative to their text.
const SMALL: f64 = 0.75;

/// An SVG document being written.
#[derive(Debug, Default)]
pub(super) struct Canvas {
    svg: String,
}

impl Canvas {
    /// Writes `<tag>`; `tag` carries its attributes.
    pub(super) fn open(&mut self, tag: &str) {
        let _ = writeln!(self.svg, "<{tag}>");
    }

    /// Writes `</tag>`.
    pub(super) fn close(&mut self, tag: &str) {
        let _ = writeln!(self.svg, "</{tag}>");
    }

    /// Writes `<tag/>`.
    pub(super) fn empty(&mut self, tag: &str) {
        let _ = writeln!(self.svg, "<{tag}/>");
    }

    /// Writes what is SVG already.
    pub(super) fn raw(&mut self, svg: &str) {
        self.svg.push_str(svg);
    }

    /// Writes what hovering over the enclosing element tells.
    pub(super) fn hover(&mut self, text: &str) {
        let _ = writeln!(self.svg, "<title>{}</title>", escaped(text));
    }

    /// Writes a straight line.
    pub(super) fn line(&mut self, class: &str, [x1, y1]: [f64; 2], [x2, y2]: [f64; 2]) {
        self.empty(&format!(
            "line class=\"{class}\" x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\"",
            number(x1),
            number(y1),
            number(x2),
            number(y2),
        ));
    }

    /// Writes a text with its subscripts and superscripts.
    pub(super) fn text(&mut self, class: &str, at: [f64; 2], anchor: Anchor, text: &Text) {
        let place = format!("x=\"{}\" y=\"{}\"", number(at[0]), number(at[1]));
        self.placed_text(class, &place, anchor, text);
    }

    /// Writes a text read from bottom to top.
    pub(super) fn upward_text(&mut self, class: &str, at: [f64; 2], text: &Text) {
        let place = format!(
            "transform=\"translate({} {}) rotate(-90)\"",
            number(at[0]),
            number(at[1])
        );
        self.placed_text(class, &place, Anchor::Middle, text);
    }

    fn placed_text(&mut self, class: &str, place: &str, anchor: Anchor, text: &Text) {
        let anchor = match anchor {
            Anchor::Start => "",
            Anchor::Middle => " text-anchor=\"middle\"",
            Anchor::End => " text-anchor=\"end\"",
        };
        let _ = write!(self.svg, "<text class=\"{class}\" {place}{anchor}>");
        let mut level = 0.0;
        for span in text.spans() {
            let (wanted, size) = match span {
                Span::Sub(_) => (3.5, " font-size=\"75%\""),
                Span::Sup(_) => (-5.0, " font-size=\"75%\""),
                _ => (0.0, ""),
            };
            let shift = wanted - level;
            level = wanted;
            let content = escaped(span.as_str());
            let _ = if shift == 0.0 && size.is_empty() {
                write!(self.svg, "{content}")
            } else {
                write!(
                    self.svg,
                    "<tspan dy=\"{}\"{size}>{content}</tspan>",
                    number(shift)
                )
            };
        }
        let _ = writeln!(self.svg, "</text>");
    }

    /// The document.
    pub(super) fn finish(self) -> String {
        self.svg
    }
}

/// About how wide `text` is drawn, in units of the view box. There is no
/// telling which font a reader has; this is for common sans-serif ones.
pub(super) fn width(text: &Text) -> f64 {
    text.spans()
        .iter()
        .map(|span| {
            let size = match span {
                Span::Sub(_) | Span::Sup(_) => SMALL * FONT,
                _ => FONT,
            };
            let em: f64 = span.as_str().chars().map(character_width).sum();
            em * size
        })
        .sum()
}

fn character_width(character: char) -> f64 {
    match character {
        'i' | 'j' | 'l' | '.' | ',' | ':' | ';' | '|' | '\'' => 0.29,
        ' ' | 'f' | 't' | 'r' | '(' | ')' | '[' | ']' | '·' | '-' => 0.36,
        'm' | 'w' | 'M' | 'W' => 0.86,
        '×' | '−' | '=' | '≥' | '≤' | '<' | '>' | '+' => 0.62,
        'A'..='Z' => 0.68,
        _ => 0.57,
    }
}

/// A coordinate, to a hundredth.
pub(super) fn number(value: f64) -> String {
    let rounded = (value * 100.0).round() / 100.0 + 0.0;
    format!("{rounded}")
}

/// `text` as content of an element or an attribute. Characters that XML has
/// no place for become the replacement character.
pub(super) fn escaped(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => result.push_str("&amp;"),
            '<' => result.push_str("&lt;"),
            '>' => result.push_str("&gt;"),
            '"' => result.push_str("&quot;"),
            '\n' | '\t' => result.push(' '),
            '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => result.push('\u{fffd}'),
            other => result.push(other),
        }
    }
    result
}
