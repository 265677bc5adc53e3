//! Commands as they are shown.

/// A command without the options that say where files are and how fast it
/// goes, on which no number depends. The whole command stands with its
/// session.
pub(super) fn without_places(command: &str) -> String {
    const WITH_VALUE: [&str; 6] = [
        "--output-dir",
        "--output",
        "-o",
        "--data-dir",
        "--jobs",
        "--time-limit",
    ];
    let mut words = command.split(' ');
    let mut kept = Vec::new();
    while let Some(word) = words.next() {
        if WITH_VALUE.contains(&word) {
            words.next();
        } else if word != "--skip-missing-data" && word != "--no-reuse" {
            kept.push(word);
        }
    }
    kept.join(" ")
}

#[cfg(test)]
mod tests {
    use super::without_places;

    #[test]
    fn a_command_keeps_what_numbers_depend_on() {
        let whole = "etastar sweep a.toml --profile full --output-dir results/full --jobs 2 \
                     --skip-missing-data";
        assert_eq!(without_places(whole), "etastar sweep a.toml --profile full");
    }
}
