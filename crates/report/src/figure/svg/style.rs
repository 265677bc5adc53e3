//! Colours and fonts.

use std::fmt::Write;

/// The colours of one appearance.
struct Theme {
    paper: &'static str,
    ink: &'static str,
    soft: &'static str,
    frame: &'static str,
    grid: &'static str,
    faint: &'static str,
    palette: [&'static str; PALETTE],
}

const PALETTE: usize = 10;

/// The palette's neutral entry, for fits and references.
pub(in crate::figure) const NEUTRAL: usize = 9;

// Okabe and Ito's palette; its yellow is darkened on white and its black and
// blue are lightened on black, where they could not be seen.
const LIGHT: Theme = Theme {
    paper: "#ffffff",
    ink: "#1c1e21",
    soft: "#53585f",
    frame: "#8a9099",
    grid: "#dfe2e6",
    faint: "#eff1f3",
    palette: [
        "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#1c1e21", "#a39400",
        "#858b94", "#53585f",
    ],
};

const DARK: Theme = Theme {
    paper: "#16181c",
    ink: "#e8eaed",
    soft: "#b0b6be",
    frame: "#6c737d",
    grid: "#31353c",
    faint: "#24272d",
    palette: [
        "#4aa3e0", "#f07f2e", "#1fc296", "#e29bc3", "#f2b632", "#8fd0f5", "#f4f5f6", "#f0e442",
        "#9aa1ab", "#b0b6be",
    ],
};

/// Class of a palette entry.
pub(super) fn colour_class(colour: usize) -> String {
    format!("k{}", colour % PALETTE)
}

/// The style sheet of every figure. Dark colours are for dark screens only:
/// print is always on white.
pub fn stylesheet() -> String {
    let mut css = String::from(
        ".etastar-figure text{font-family:system-ui,-apple-system,'Segoe UI',Roboto,\
         'Helvetica Neue','Noto Sans','Liberation Sans',Arial,sans-serif;font-size:13px}\
         .etastar-figure .title{font-size:15px;font-weight:600}\
         .etastar-figure .axis{font-size:14px}\
         .etastar-figure .facet{font-weight:600}\
         .etastar-figure .note{font-size:11px}\
         .etastar-figure line,.etastar-figure .frame{fill:none;stroke-width:1}\
         .etastar-figure .curve{fill:none;stroke:currentColor;stroke-width:1.8;\
         stroke-linejoin:round;stroke-linecap:round}\
         .etastar-figure .dashed{stroke-dasharray:6 5}\
         .etastar-figure .band{fill:currentColor;fill-opacity:.16;stroke:none}\
         .etastar-figure .bar{fill:none;stroke:currentColor;stroke-width:1.4;stroke-opacity:.75}\
         .etastar-figure .filled{fill:currentColor;stroke-width:.8}\
         .etastar-figure .open{fill:none;stroke:currentColor;stroke-width:1.8;\
         stroke-linecap:round}",
    );
    css.push_str(&colours(&LIGHT));
    let _ = write!(
        css,
        "@media screen and (prefers-color-scheme:dark){{{}}}",
        colours(&DARK)
    );
    css
}

fn colours(theme: &Theme) -> String {
    let Theme {
        paper,
        ink,
        soft,
        frame,
        grid,
        faint,
        palette,
    } = theme;
    let mut css = format!(
        ".etastar-figure .paper{{fill:{paper}}}\
         .etastar-figure text{{fill:{ink}}}\
         .etastar-figure .tick,.etastar-figure .note{{fill:{soft}}}\
         .etastar-figure .frame,.etastar-figure .mark{{stroke:{frame}}}\
         .etastar-figure .grid{{stroke:{grid}}}\
         .etastar-figure .faint{{stroke:{faint}}}\
         .etastar-figure .filled{{stroke:{paper}}}",
    );
    for (index, colour) in palette.iter().enumerate() {
        let _ = write!(css, ".etastar-figure .k{index}{{color:{colour}}}");
    }
    css
}
