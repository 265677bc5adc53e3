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
    /// burn-tch (libtorch), f32.
    Tch,
    /// burn-wgpu, f32.
    Wgpu,
}

impl BackendName {
    /// Every backend, the default first.
    pub const ALL: [Self; 5] = [
        Self::Flex,
        Self::Ndarray,
        Self::NdarrayF64,
        Self::Tch,
        Self::Wgpu,
    ];

    /// The name as users write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Flex => "flex",
            Self::Ndarray => "ndarray",
            Self::NdarrayF64 => "ndarray-f64",
            Self::Tch => "tch",
            Self::Wgpu => "wgpu",
        }
    }

    /// The cargo feature that compiles it in.
    pub fn feature(self) -> &'static str {
        match self {
            Self::Flex => "flex",
            Self::Ndarray | Self::NdarrayF64 => "ndarray",
            Self::Tch => "tch",
            Self::Wgpu => "wgpu",
        }
    }

    /// Whether this program was built with its cargo feature.
    pub fn is_compiled(self) -> bool {
        match self {
            Self::Flex => cfg!(feature = "flex"),
            Self::Ndarray | Self::NdarrayF64 => cfg!(feature = "ndarray"),
            Self::Tch => cfg!(feature = "tch"),
            Self::Wgpu => cfg!(feature = "wgpu"),
        }
    }

    /// Float type of its tensors.
    pub fn float(self) -> &'static str {
        match self {
            Self::NdarrayF64 => "f64",
            Self::Flex | Self::Ndarray | Self::Tch | Self::Wgpu => "f32",
        }
    }

    /// What it is, in a line.
    pub fn description(self) -> &'static str {
        match self {
            Self::Flex => "CPU, SIMD and AVX-512 kernels chosen at run time",
            Self::Ndarray => "CPU, the ndarray crate",
            Self::NdarrayF64 => "CPU, the ndarray crate in double precision",
            Self::Tch => "libtorch: CPU, CUDA, Metal",
            Self::Wgpu => "Vulkan, Metal, DirectX 12, WebGPU",
        }
    }

    /// What compiles it in, as a command.
    pub fn how_to_compile(self) -> String {
        match self {
            // These need more than a feature: libtorch, a driver.
            Self::Tch | Self::Wgpu => format!("cargo xtask backend {self}"),
            _ => format!("cargo build --release --features {}", self.feature()),
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
#[error("no backend is called `{0}`; choose one of {known}", known = known_names())]
pub struct UnknownBackend(String);

fn known_names() -> String {
    BackendName::ALL.map(BackendName::as_str).join(", ")
}

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
        let message = "rocm".parse::<BackendName>().unwrap_err().to_string();
        for name in BackendName::ALL {
            assert!(message.contains(name.as_str()), "{message}");
        }
    }
}
