//! Short texts with subscripts, superscripts, code and links, which figures, HTML and Markdown set
//! in their own way.

/// A piece of a [`Text`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Span {
    /// Ordinary text.
    Plain(String),
    /// A subscript.
    Sub(String),
    /// A superscript.
    Sup(String),
    /// Literal text: a command, a file name, a hash.
    Code(String),
    /// A judgement, set apart by a mark and a word as well as by colour.
    Badge {
        /// What is read, with its mark.
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
    pub(crate) fn as_str(&self) -> &str {
        match self {
            Self::Plain(text) | Self::Sub(text) | Self::Sup(text) | Self::Code(text) => text,
            Self::Badge { text, .. } | Self::Link { text, .. } => text,
        }
    }
}

/// Colour of a judgement. It never says more than the words do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the tones explain themselves")]
pub(crate) enum Tone {
    Positive,
    Negative,
    Neutral,
    Absent,
}

impl Tone {
    /// The class of the tone in style sheets.
    pub(crate) fn class(self) -> &'static str {
        match self {
            Self::Positive => "positive",
            Self::Negative => "negative",
            Self::Neutral => "neutral",
            Self::Absent => "absent",
        }
    }
}

/// A run of text. [`Text::markup`] reads `_{..}` as a subscript, `^{..}` as a superscript and
/// `` `..` `` as code. [`Text::plain`] takes its argument literally, which text of unknown origin
/// needs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Text {
    spans: Vec<Span>,
}

impl Text {
    /// Literal text.
    pub(crate) fn plain(text: impl Into<String>) -> Self {
        Self::default().and_plain(text)
    }

    /// Literal code.
    pub(crate) fn code(text: impl Into<String>) -> Self {
        Self::default().and_code(text)
    }

    /// Text with `_{..}`, `^{..}` and `` `..` `` marked up. A mark that is never closed is ordinary
    /// text.
    pub(crate) fn markup(text: &str) -> Self {
        let mut result = Self::default();
        let mut rest = text;
        while let Some((before, span, after)) = next_mark(rest) {
            if !before.is_empty() {
                result.spans.push(Span::Plain(before.to_owned()));
            }
            result.spans.push(span);
            rest = after;
        }
        result.and_plain(rest)
    }

    /// This text followed by a span.
    #[must_use]
    pub(crate) fn and(mut self, span: Span) -> Self {
        if !span.as_str().is_empty() {
            self.spans.push(span);
        }
        self
    }

    /// This text followed by literal text.
    #[must_use]
    pub(crate) fn and_plain(self, text: impl Into<String>) -> Self {
        self.and(Span::Plain(text.into()))
    }

    /// This text followed by literal code.
    #[must_use]
    pub(crate) fn and_code(self, text: impl Into<String>) -> Self {
        self.and(Span::Code(text.into()))
    }

    /// This text followed by marked-up text.
    #[must_use]
    pub(crate) fn and_markup(self, text: &str) -> Self {
        self.and_text(Self::markup(text))
    }

    /// This text followed by another.
    #[must_use]
    pub(crate) fn and_text(mut self, text: Self) -> Self {
        self.spans.extend(text.spans);
        self
    }

    /// This text followed by a judgement.
    #[must_use]
    pub(crate) fn and_badge(self, text: impl Into<String>, tone: Tone) -> Self {
        let text = text.into();
        self.and(Span::Badge { text, tone })
    }

    /// This text followed by a link.
    #[must_use]
    pub(crate) fn and_link(self, text: impl Into<String>, href: impl Into<String>) -> Self {
        let (text, href) = (text.into(), href.into());
        self.and(Span::Link { text, href })
    }

    /// The pieces, in order.
    pub(crate) fn spans(&self) -> &[Span] {
        &self.spans
    }

    /// Whether the text has no pieces.
    pub(crate) fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// The text without markup: subscripts after `_`, superscripts after `^`.
    pub(crate) fn flat(&self) -> String {
        let flat = |span: &Span| match span {
            Span::Sub(text) => format!("_{text}"),
            Span::Sup(text) => format!("^{text}"),
            other => other.as_str().to_owned(),
        };
        self.spans.iter().map(flat).collect()
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self::markup(text)
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self::markup(&text)
    }
}

/// The first mark of `text`: the text before it, its span and the text after it.
fn next_mark(text: &str) -> Option<(&str, Span, &str)> {
    let marks = [("_{", '}'), ("^{", '}'), ("`", '`')];
    let found = marks.into_iter().filter_map(|(open, close)| {
        let (before, tail) = text.split_once(open)?;
        let (inner, after) = tail.split_once(close)?;
        let inner = inner.to_owned();
        let span = match open {
            "_{" => Span::Sub(inner),
            "^{" => Span::Sup(inner),
            _ => Span::Code(inner),
        };
        Some((before, span, after))
    });
    found.min_by_key(|(before, ..)| before.len())
}

/// Whether a character shows nothing and yet alters how others are shown: control characters and
/// those that set the direction of writing.
pub fn is_hidden(c: char) -> bool {
    let sets_direction = matches!(
        c,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
    );
    c.is_control() || sets_direction || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}')
}

/// A finished page or picture in which nothing stored is hidden: such characters become marks.
pub(crate) fn visible(text: String) -> String {
    let hidden = |c: char| is_hidden(c) && !matches!(c, '\n' | '\t' | '\r');
    match text.contains(hidden) {
        true => text.replace(hidden, "\u{fffd}"),
        false => text,
    }
}
