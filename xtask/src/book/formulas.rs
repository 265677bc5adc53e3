//! `cargo xtask book-formulas`: a preprocessor of mdBook that turns formulas in LaTeX into MathML,
//! which browsers show without a script.
//!
//! mdBook writes `[context, book]` in JSON to the standard input and reads the book from the
//! standard output. Before, it asks with the arguments `supports RENDERER`.

use std::fmt::Write;
use std::io;

use clap::Args;
use math_core::{LatexToMathML, MathCoreConfig, MathDisplay};
use pulldown_cmark::{Event, Options, Parser};
use serde_json::Value;

use crate::command::Failure;

#[derive(Debug, Args)]
pub(crate) struct FormulasArguments {
    /// A question of mdBook's, `supports RENDERER`, in place of a book
    question: Vec<String>,
}

/// Reads a book, and prints it with its formulas in MathML.
pub(crate) fn run(arguments: &FormulasArguments) -> Result<(), Failure> {
    if !arguments.question.is_empty() {
        // Every renderer that there is takes HTML in Markdown.
        return Ok(());
    }
    let failed = |error: serde_json::Error| Failure::new(format!("the book of mdBook: {error}"));
    let (_, mut book): (Value, Value) = serde_json::from_reader(io::stdin()).map_err(failed)?;
    let converter = LatexToMathML::new(MathCoreConfig::default());
    let converter = converter.map_err(|_| Failure::new("the converter of formulas failed"))?;
    convert_chapters(&converter, &mut book["items"])?;
    serde_json::to_writer(io::stdout(), &book).map_err(failed)
}

/// Converts the formulas of chapters and of those below them.
fn convert_chapters(converter: &LatexToMathML, items: &mut Value) -> Result<(), Failure> {
    for item in items.as_array_mut().into_iter().flatten() {
        // Others are separators and titles of parts.
        let Some(chapter) = item.get_mut("Chapter") else {
            continue;
        };
        let text = chapter["content"].as_str().unwrap_or_default();
        let converted = convert(converter, text).map_err(|problem| {
            let name = chapter["name"].as_str().unwrap_or_default();
            Failure::new(format!("chapter \"{name}\": {problem}"))
        })?;
        chapter["content"] = converted.into();
        convert_chapters(converter, &mut chapter["sub_items"])?;
    }
    Ok(())
}

/// A chapter in Markdown with its formulas in MathML; else what is wrong with which formula.
fn convert(converter: &LatexToMathML, text: &str) -> Result<String, String> {
    let mut converted = String::with_capacity(text.len());
    let mut copied = 0;
    let options = Options::ENABLE_MATH
        | Options::ENABLE_TABLES
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_HEADING_ATTRIBUTES;
    for (event, place) in Parser::new_ext(text, options).into_offset_iter() {
        let (latex, display) = match &event {
            Event::InlineMath(latex) => (latex, MathDisplay::Inline),
            Event::DisplayMath(latex) => (latex, MathDisplay::Block),
            _ => continue,
        };
        let result = converter.convert_with_local_state(latex, display);
        let result =
            result.map_err(|error| format!("the formula `{latex}`: {}", error.error_message()))?;
        converted.push_str(&text[copied..place.start]);
        copied = place.end;
        let line = converted.rsplit('\n').next().unwrap_or_default();
        let stands_alone = line.trim().is_empty();
        if matches!(display, MathDisplay::Block) && stands_alone {
            // A block of HTML ends with an empty line.
            let block = format!("<div class=\"formula\">{}</div>\n", result.mathml);
            converted.push_str(&block);
        } else {
            converted.push_str(&without_markup(&result.mathml));
        }
    }
    converted.push_str(&text[copied..]);
    Ok(converted)
}

/// HTML within a paragraph of Markdown, in which nothing between the tags is markup of Markdown.
fn without_markup(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut in_tag = false;
    for character in html.chars() {
        match character {
            '<' => in_tag = true,
            '>' => in_tag = false,
            _ => {}
        }
        let is_markup = "*_[]\\`|~!'\".-$".contains(character);
        if is_markup && !in_tag {
            // Writing to a string does not fail.
            let _ = write!(text, "&#{};", u32::from(character));
        } else {
            text.push(character);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn converted(text: &str) -> Result<String, String> {
        let converter = LatexToMathML::new(MathCoreConfig::default());
        convert(&converter.map_err(|_| "no converter")?, text)
    }

    #[test]
    fn formulas_become_mathml_and_code_stays() {
        let text = converted("a $x_1$ b `$y$` c\n\n```sh\necho $HOME $x$\n```\n\n\\$5 and \\$6\n");
        let rest = " b `$y$` c\n\n```sh\necho $HOME $x$\n```\n\n\\$5 and \\$6\n";
        let formula = "<math><msub><mi>x</mi><mn>1</mn></msub></math>";
        assert_eq!(text, Ok(format!("a {formula}{rest}")));
    }

    #[test]
    fn a_formula_on_lines_of_its_own_is_a_block() {
        let text = converted("before\n$$\na\n$$\nafter").unwrap_or_default();
        assert!(
            text.starts_with("before\n<div class=\"formula\"><math"),
            "{text}"
        );
        assert!(text.ends_with("</math></div>\n\nafter"), "{text}");
    }

    #[test]
    fn markup_within_a_formula_is_none() {
        let text = converted("$a*b*c$ and $[x](y)$").unwrap_or_default();
        assert!(!text.contains('*') && !text.contains('['), "{text}");
    }

    #[test]
    fn a_wrong_formula_is_named() {
        let problem = converted("$\\nonsense{x}$");
        assert!(problem.is_err_and(|text| text.contains("\\nonsense{x}")));
    }
}
