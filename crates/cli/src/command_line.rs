//! The command line as a shell reads it, and what ends a command early.

use std::time::Duration;

use etastar::Interrupt;

use crate::error::CliError;

/// The command line, quoted for a shell.
pub(crate) fn command_line() -> String {
    let mut words = vec!["etastar".to_owned()];
    let given = std::env::args_os().skip(1);
    words.extend(given.map(|word| quoted(&word.to_string_lossy())));
    words.join(" ")
}

/// A word as a shell reads it.
pub(crate) fn quoted(word: &str) -> String {
    let plain =
        |character: char| character.is_ascii_alphanumeric() || "-_./=:,+@".contains(character);
    match !word.is_empty() && word.chars().all(plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', r"'\''")),
    }
}

/// The first Ctrl-C (or SIGTERM) requests the interrupt; the second one ends the program at once.
/// Finished trials are kept in both cases.
pub(crate) fn listen_for_interrupts() -> Result<Interrupt, CliError> {
    let interrupt = Interrupt::default();
    let requested = interrupt.clone();
    ctrlc::set_handler(move || {
        if requested.is_requested() {
            std::process::exit(130);
        }
        requested.request();
    })?;
    Ok(interrupt)
}

/// Interrupts after some time. The result tells whether this has interrupted,
/// and not the user.
pub(crate) fn stop_after(time: Duration, interrupt: &Interrupt) -> Interrupt {
    let interrupt = interrupt.clone();
    let out_of_time = Interrupt::default();
    let told = out_of_time.clone();
    std::thread::spawn(move || {
        std::thread::sleep(time);
        if !interrupt.is_requested() {
            told.request();
            interrupt.request();
        }
    });
    out_of_time
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_for_a_shell() {
        assert_eq!(quoted("--width=64"), "--width=64");
        assert_eq!(quoted("a b"), "'a b'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
        assert_eq!(quoted(""), "''");
    }
}
