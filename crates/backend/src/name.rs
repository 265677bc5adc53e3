use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// A backend the workspace knows, compiled in or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BackendName {
    /// burn-flex, f32.
    Flex,
    /// burn-ndarray, f32.
    Ndarray,
    /// burn-ndarray, f64.
    NdarrayF64,
}

impl BackendName {
    /// Every backend, the default first.
    pub const ALL: [Self; 3] = [Self::Flex, Self::Ndarray, Self::NdarrayF64];

    /// The name as users write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Flex => "flex",
            Self::Ndarray => "ndarray",
            Self::NdarrayF64 => "ndarray-f64",
        }
    }

    /// The cargo feature that compiles it in.
    pub fn feature(self) -> &'static str {
        match self {
            Self::Flex => "flex",
            Self::Ndarray | Self::NdarrayF64 => "ndarray",
        }
    }

    /// Float type of its tensors.
    pub fn float(self) -> &'static str {
        match self {
            Self::Flex | Self::Ndarray => "f32",
            Self::NdarrayF64 => "f64",
        }
    }

    /// What it is, in a line.
    pub fn description(self) -> &'static str {
        match self {
            Self::Flex => "CPU, SIMD and AVX-512 kernels chosen at run time",
            Self::Ndarray => "CPU, the ndarray crate",
            Self::NdarrayF64 => "CPU, the ndarray crate in double precision",
        }
    }
}

impl fmt::Display for BackendName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// No backend has this name.
#[derive(Debug, Clone, Error, PartialEq, Eq)]
#[error("no backend is called `{0}`; choose one of flex, ndarray, ndarray-f64")]
pub struct UnknownBackend(String);

impl FromStr for BackendName {
    type Err = UnknownBackend;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|name| name.as_str() == word)
            .ok_or_else(|| UnknownBackend(word.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_read_back() {
        for name in BackendName::ALL {
            assert_eq!(name.to_string().parse(), Ok(name));
        }
    }

    #[test]
    fn an_unknown_name_lists_the_known_ones() {
        let message = "cuda".parse::<BackendName>().unwrap_err().to_string();
        for name in BackendName::ALL {
            assert!(message.contains(name.as_str()), "{message}");
        }
    }
}
