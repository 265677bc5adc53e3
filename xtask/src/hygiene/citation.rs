//! That the same release stands in Cargo.toml, CITATION.cff and CHANGELOG.md.

use super::Tools;
use crate::command::{Failure, root};
use crate::files::read_text;
use crate::metadata::version;

/// What stands in CHANGELOG.md in place of a date.
const UNRELEASED: &str = "unreleased";

pub(super) fn check(tools: &Tools) -> Result<String, Failure> {
    let citation = read_text(&root().join("CITATION.cff"))?;
    let changelog = read_text(&root().join("CHANGELOG.md"))?;
    let tag = tools.arguments.tag.as_deref();
    compare(version(), &citation, &changelog, tag).map_err(Failure::new)
}

/// The version and its date.
fn compare(
    version: &str,
    citation: &str,
    changelog: &str,
    tag: Option<&str>,
) -> Result<String, String> {
    let cited = value(citation, "version: ").unwrap_or("no version");
    if cited != version {
        return Err(format!("Cargo.toml has {version}, CITATION.cff {cited}"));
    }
    let entry = value(changelog, "## [").and_then(|entry| entry.split_once("] - "));
    let (logged, date) = entry.unwrap_or(("no version", UNRELEASED));
    if logged != version {
        return Err(format!(
            "Cargo.toml has {version}, the first entry of CHANGELOG.md {logged}"
        ));
    }
    match (value(citation, "date-released: "), date) {
        (None, UNRELEASED) => {}
        (Some(cited), date) if cited == date => {}
        (None, date) => {
            return Err(format!(
                "CHANGELOG.md has {date}; write `date-released: {date}` into CITATION.cff"
            ));
        }
        (Some(cited), date) => {
            return Err(format!(
                "CHANGELOG.md has {date}, CITATION.cff `date-released: {cited}`; what is not \
                 released has no date in CITATION.cff"
            ));
        }
    }
    match tag {
        Some(tag) if tag.strip_prefix('v') != Some(version) => {
            Err(format!("the tag is {tag}, the version {version}"))
        }
        Some(tag) if date == UNRELEASED => Err(format!(
            "the tag is {tag}, and CHANGELOG.md says that {version} is not released"
        )),
        _ => Ok(format!("{version}, {date}")),
    }
}

/// The rest of the first line with this beginning, without quotes.
fn value<'a>(text: &'a str, beginning: &str) -> Option<&'a str> {
    let rest = text.lines().find_map(|line| line.strip_prefix(beginning))?;
    Some(rest.trim().trim_matches('"'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const RELEASED: &str = "# Changelog\n\n## [1.2.0] - 2026-05-04\n\n## [1.1.0] - 2026-01-01\n";
    const COMING: &str = "## [1.2.0] - unreleased\n";

    #[test]
    fn one_release_stands_everywhere() {
        let dated = "version: 1.2.0\ndate-released: 2026-05-04\n";
        let undated = "version: \"1.2.0\"\n";
        assert!(compare("1.2.0", dated, RELEASED, Some("v1.2.0")).is_ok());
        assert!(compare("1.2.0", undated, COMING, None).is_ok());
        for (version, citation, changelog, tag, part) in [
            ("1.3.0", dated, RELEASED, None, "CITATION.cff 1.2.0"),
            ("1.2.0", dated, "## [1.1.0] - 2026-01-01", None, "1.1.0"),
            (
                "1.2.0",
                undated,
                RELEASED,
                None,
                "`date-released: 2026-05-04`",
            ),
            ("1.2.0", dated, COMING, None, "has no date"),
            (
                "1.2.0",
                dated,
                RELEASED,
                Some("v1.1.0"),
                "the tag is v1.1.0",
            ),
            ("1.2.0", undated, COMING, Some("v1.2.0"), "not released"),
        ] {
            let error = compare(version, citation, changelog, tag).unwrap_err();
            assert!(error.contains(part), "no `{part}` in {error}");
        }
    }
}
