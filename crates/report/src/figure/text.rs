//! Short texts with subscripts and superscripts, written the same way in
//! figures, HTML and Markdown.

/// A piece of a [`Text`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Span {
    /// Ordinary text.
    Plain(String),
    /// Lowered.
    Sub(String),
    /// Raised.
    Sup(String),
    /// Literal: a command, a file name, a hash.
    Code(String),
    /// A judgement, set apart by a mark and a word as well as by colour.
    Badge {
        /// What is read, its mark included.
        text: String,
        /// How it is coloured.
        tone: Tone,
    },
    /// A link to another document, or to an anchor of this one (`#..`).
    Link {
        /// What is read.
        text: String,
        /// Where it leads.
        href: String,
    },
}

impl Span {
    /// The characters of the span.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Plain(text) | Self::Sub(text) | Self::Sup(text) | Self::Code(text) => text,
            Self::Badge { text, .. } | Self::Link { text, .. } => text,
        }
    }
}

/// Colour of a judgement. It never says more than the words do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the tones explain themselves")]
pub enum Tone {
    Positive,
    Negative,
    Neutral,
    Absent,
}

impl Tone {
    /// Its class in style sheets.
    pub fn class(self) -> &'static str {
        match self {
            Self::Positive => "positive",
            Self::Negative => "negative",
            Self::Neutral => "neutral",
            Self::Absent => "absent",
        }
    }
}

/// A run of text. [`Text::markup`] reads `_{..}` as a subscript, `^{..}` as a
/// superscript and `` `..` `` as code; [`Text::plain`] takes its argument as
/// it is, which is what text of unknown origin needs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Text {
    spans: Vec<Span>,
}

impl Text {
    /// Text taken literally.
    pub fn plain(text: impl Into<String>) -> Self {
        Self::default().and_plain(text)
    }

    /// Literal code.
    pub fn code(text: impl Into<String>) -> Self {
        Self::default().and(Span::Code(text.into()))
    }

    /// Text with `_{..}`, `^{..}` and `` `..` `` marked up. A mark that is
    /// never closed is ordinary text.
    pub fn markup(text: &str) -> Self {
        let mut result = Self::default();
        let mut rest = text;
        while let Some((before, mark, inner, after)) = next_mark(rest) {
            if !before.is_empty() {
                result.spans.push(Span::Plain(before.to_owned()));
            }
            let inner = inner.to_owned();
            result.spans.push(match mark {
                Mark::Sub => Span::Sub(inner),
                Mark::Sup => Span::Sup(inner),
                Mark::Code => Span::Code(inner),
            });
            rest = after;
        }
        if !rest.is_empty() {
            result.spans.push(Span::Plain(rest.to_owned()));
        }
        result
    }

    /// This text followed by a span.
    #[must_use]
    pub fn and(mut self, span: Span) -> Self {
        if !span.as_str().is_empty() {
            self.spans.push(span);
        }
        self
    }

    /// This text followed by literal text.
    #[must_use]
    pub fn and_plain(self, text: impl Into<String>) -> Self {
        self.and(Span::Plain(text.into()))
    }

    /// This text followed by literal code.
    #[must_use]
    pub fn and_code(self, text: impl Into<String>) -> Self {
        self.and(Span::Code(text.into()))
    }

    /// This text followed by marked-up text.
    #[must_use]
    pub fn and_markup(mut self, text: &str) -> Self {
        self.spans.extend(Self::markup(text).spans);
        self
    }

    /// This text followed by another.
    #[must_use]
    pub fn and_text(mut self, text: Self) -> Self {
        self.spans.extend(text.spans);
        self
    }

    /// This text followed by a judgement.
    #[must_use]
    pub fn and_badge(self, text: impl Into<String>, tone: Tone) -> Self {
        self.and(Span::Badge {
            text: text.into(),
            tone,
        })
    }

    /// This text followed by a link.
    #[must_use]
    pub fn and_link(self, text: impl Into<String>, href: impl Into<String>) -> Self {
        self.and(Span::Link {
            text: text.into(),
            href: href.into(),
        })
    }

    /// The pieces, in order.
    pub fn spans(&self) -> &[Span] {
        &self.spans
    }

    /// Whether there is nothing to read.
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// The text on one level: subscripts after `_`, superscripts after `^`.
    pub fn flat(&self) -> String {
        self.spans
            .iter()
            .map(|span| match span {
                Span::Sub(text) => format!("_{text}"),
                Span::Sup(text) => format!("^{text}"),
                other => other.as_str().to_owned(),
            })
            .collect()
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self::markup(text)
    }
}

enum Mark {
    Sub,
    Sup,
    Code,
}

/// The first mark of `text`: what precedes it, its kind, what it encloses and
/// what follows.
fn next_mark(text: &str) -> Option<(&str, Mark, &str, &str)> {
    let mut best: Option<(&str, Mark, &str, &str)> = None;
    for (open, close, mark) in [
        ("_{", '}', Mark::Sub),
        ("^{", '}', Mark::Sup),
        ("`", '`', Mark::Code),
    ] {
        let Some((before, tail)) = text.split_once(open) else {
            continue;
        };
        let Some((inner, after)) = tail.split_once(close) else {
            continue;
        };
        if best
            .as_ref()
            .is_none_or(|(shortest, ..)| before.len() < shortest.len())
        {
            best = Some((before, mark, inner, after));
        }
    }
    best
}
