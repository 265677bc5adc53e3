//! Files with `{{words}}` in them.

/// Puts values in the place of words.
///
/// # Errors
/// The first word that has no value.
pub(super) fn fill(template: &str, values: &[(&str, String)]) -> Result<String, String> {
    let mut text = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        let Some((word, after)) = after.split_once("}}") else {
            break;
        };
        text.push_str(before);
        let value = values.iter().find(|(name, _)| *name == word);
        let (_, value) = value.ok_or_else(|| word.to_owned())?;
        text.push_str(value);
        rest = after;
    }
    text.push_str(rest);
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_become_values_and_unknown_ones_are_named() {
        let values = [("name", "a".to_owned()), ("count", "6".to_owned())];
        assert_eq!(
            fill("{{name}}: 1-{{count}} ${x} {{", &values),
            Ok("a: 1-6 ${x} {{".into())
        );
        assert_eq!(fill("{{name}} {{nmae}}", &values), Err("nmae".into()));
    }
}
