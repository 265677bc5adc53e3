//! Sentences from experiment files, which are written in plain letters, with
//! the symbols of the page.

use crate::figure::Text;

/// How files write what the page sets in symbols.
const SYMBOLS: [(&str, &str); 8] = [
    ("eta*", "η*"),
    ("lambda_1", "λ_{1}"),
    ("mu n_0", "μ_{in}·n_{0}"),
    ("R^2", "R^{2}"),
    (" x ", " × "),
    (" >= ", " ≥ "),
    (" <= ", " ≤ "),
    ("log2 ", "log_{2} "),
];

/// A sentence of an experiment file.
pub(super) fn sentence(text: &str) -> Text {
    let mut text = text.to_owned();
    for (plain, symbol) in SYMBOLS {
        text = text.replace(plain, symbol);
    }
    Text::markup(&text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_letters_become_symbols() {
        let text = sentence("With depth x width >= 2, R^2 of eta* on lambda_1 is 1.");
        assert_eq!(
            text.flat(),
            "With depth × width ≥ 2, R^2 of η* on λ_1 is 1."
        );
        assert_eq!(sentence("the theta rate").flat(), "the theta rate");
    }
}
