//! Flags made from the description of a setting: its name, help, default and range.

use std::fmt::{Debug, Display};
use std::str::FromStr;

use clap::{Arg, ArgMatches, Args, Command, Error, FromArgMatches, error::ErrorKind};
use etastar_model::{Activation, Block, Method, Norm, Parametrisation, Residual};
use etastar_search::settings::Setting;

/// The value of a setting that has a flag: the default where the flag is not given.
pub(crate) struct Flag<S: Setting>(pub(crate) S::Value);

impl<S: Setting> Debug for Flag<S> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(formatter)
    }
}

/// A number or a name that can be a flag's value.
pub(crate) trait FlagValue:
    FromStr<Err: Display> + Display + Clone + Send + Sync + 'static
{
    /// What a text that is none of them is not; where there is nothing better to say, the error says it.
    const KIND: Option<&'static str> = None;
}

impl FlagValue for f64 {
    const KIND: Option<&'static str> = Some("a number");
}

impl FlagValue for usize {
    const KIND: Option<&'static str> = Some("a whole number");
}

impl FlagValue for u64 {
    const KIND: Option<&'static str> = Some("a whole number");
}

impl FlagValue for Activation {}
impl FlagValue for Residual {}
impl FlagValue for Block {}
impl FlagValue for Norm {}
impl FlagValue for Parametrisation {}
impl FlagValue for Method {}

/// Parses a value of a setting, within its limits.
pub(crate) fn parse<S: Setting<Value: FlagValue>>(text: &str) -> Result<S::Value, String> {
    let value: S::Value = text.parse().map_err(|error| match S::Value::KIND {
        Some(kind) => format!("`{text}` is not {kind}"),
        None => format!("{error}"),
    })?;
    S::check(&value)?;
    Ok(value)
}

impl<S: Setting<Value: FlagValue>> Args for Flag<S> {
    fn augment_args(command: Command) -> Command {
        let (flag, value_name) = S::FLAG.split_once(' ').unwrap_or((S::FLAG, "VALUE"));
        let argument = Arg::new(S::name())
            .long(flag)
            .value_name(value_name)
            .help(S::HELP)
            .allow_negative_numbers(true)
            .value_parser(parse::<S>);
        command.arg(match S::default_value() {
            Some(default) => argument.default_value(default.to_string()),
            None => argument.required(true),
        })
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl<S: Setting<Value: FlagValue>> FromArgMatches for Flag<S> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let value = matches.get_one::<S::Value>(S::name()).cloned();
        let missing = || Error::raw(ErrorKind::MissingRequiredArgument, S::FLAG);
        value.map(Self).ok_or_else(missing)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}
