//! How users name backends and devices, and how these names are read.

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

    /// A description in one line.
    pub fn description(self) -> &'static str {
        match self {
            Self::Flex => "CPU, SIMD and AVX-512 kernels chosen at run time",
            Self::Ndarray => "CPU, the ndarray crate",
            Self::NdarrayF64 => "CPU, the ndarray crate in double precision",
            Self::Tch => "libtorch: CPU, CUDA, Metal",
            Self::Wgpu => "Vulkan, Metal, DirectX 12, WebGPU",
        }
    }

    /// The command that compiles it in.
    pub fn how_to_compile(self) -> String {
        match self {
            // These need more than a feature: libtorch, a driver.
            Self::Tch | Self::Wgpu => format!("cargo xtask backend {self}"),
            _ => format!(
                "cargo install --path crates/cli --features {}",
                self.feature()
            ),
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

/// A kind of device. Not every backend has every kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DeviceKind {
    /// The processor; for `wgpu`, a driver that runs on the processor.
    Cpu,
    /// A CUDA device.
    Cuda,
    /// Metal Performance Shaders.
    Mps,
    /// The fastest adapter that `wgpu` finds.
    Best,
    /// A graphics card with memory of its own.
    Discrete,
    /// A graphics processor that shares the processor's memory.
    Integrated,
    /// A graphics processor of a virtual machine.
    Virtual,
}

impl DeviceKind {
    /// The name as users write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Cuda => "cuda",
            Self::Mps => "mps",
            Self::Best => "best",
            Self::Discrete => "discrete",
            Self::Integrated => "integrated",
            Self::Virtual => "virtual",
        }
    }

    /// The kinds a backend has, its default first.
    pub fn available_on(backend: BackendName) -> &'static [Self] {
        match backend {
            BackendName::Flex | BackendName::Ndarray | BackendName::NdarrayF64 => &[Self::Cpu],
            BackendName::Tch => &[Self::Cpu, Self::Cuda, Self::Mps],
            BackendName::Wgpu => &[
                Self::Best,
                Self::Discrete,
                Self::Integrated,
                Self::Virtual,
                Self::Cpu,
            ],
        }
    }

    /// Whether there may be several, told apart by an index.
    fn is_numbered(self) -> bool {
        matches!(
            self,
            Self::Cuda | Self::Discrete | Self::Integrated | Self::Virtual
        )
    }
}

/// A backend and one of its devices, as users write it: `flex`, `tch:cuda:1`,
/// `wgpu:integrated`. Without a device, the backend's default one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DeviceName {
    /// The backend.
    pub backend: BackendName,
    /// The kind of device.
    pub kind: DeviceKind,
    /// Which one of its kind, from 0.
    pub index: usize,
}

impl DeviceName {
    /// Whether one trial at a time would leave the device idle, because a step
    /// of a small network takes less time than its launch.
    pub fn is_accelerator(self) -> bool {
        self.backend == BackendName::Wgpu || self.kind != DeviceKind::Cpu
    }

    /// The backend without its float type, and the kind of device unless it is
    /// the default one, without its index: what results may depend on.
    pub fn family(self) -> String {
        let feature = self.backend.feature();
        if self.kind == DeviceKind::available_on(self.backend)[0] {
            return feature.to_owned();
        }
        format!("{feature}:{}", self.kind.as_str())
    }
}

impl From<BackendName> for DeviceName {
    /// The backend's default device.
    fn from(backend: BackendName) -> Self {
        Self {
            backend,
            kind: DeviceKind::available_on(backend)[0],
            index: 0,
        }
    }
}

impl fmt::Display for DeviceName {
    /// The shortest form that parses to the same device.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.backend)?;
        if *self == Self::from(self.backend) {
            return Ok(());
        }
        write!(formatter, ":{}", self.kind.as_str())?;
        if self.index > 0 {
            write!(formatter, ":{}", self.index)?;
        }
        Ok(())
    }
}

/// The text does not name a device.
#[derive(Debug, Clone, Error, PartialEq, Eq)]
pub enum InvalidDeviceName {
    /// The part before the colon is not a backend.
    #[error(transparent)]
    Backend(#[from] UnknownBackend),
    /// The backend has no such kind of device.
    #[error("the backend `{backend}` has no device `{device}`; choose one of {}", .known.join(", "))]
    Device {
        /// The backend.
        backend: BackendName,
        /// The device asked for.
        device: String,
        /// The devices that the backend has.
        known: Vec<String>,
    },
}

impl FromStr for DeviceName {
    type Err = InvalidDeviceName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (backend, device) = match text.split_once(':') {
            Some((backend, device)) => (backend.parse::<BackendName>()?, Some(device)),
            None => (text.parse::<BackendName>()?, None),
        };
        let Some(device) = device else {
            return Ok(backend.into());
        };
        read_device(backend, device).ok_or_else(|| InvalidDeviceName::Device {
            backend,
            device: device.to_owned(),
            known: DeviceKind::available_on(backend)
                .iter()
                .map(|kind| match kind.is_numbered() {
                    true => format!("{backend}:{}:N", kind.as_str()),
                    false => format!("{backend}:{}", kind.as_str()),
                })
                .collect(),
        })
    }
}

/// Reads `cuda`, `cuda:1`, ..
fn read_device(backend: BackendName, device: &str) -> Option<DeviceName> {
    let (kind, index) = match device.split_once(':') {
        Some((kind, index)) => (kind, Some(index)),
        None => (device, None),
    };
    let kind = *DeviceKind::available_on(backend)
        .iter()
        .find(|known| known.as_str() == kind)?;
    let index = match index {
        Some(index) if kind.is_numbered() => index.parse().ok()?,
        Some(_) => return None,
        None => 0,
    };
    Some(DeviceName {
        backend,
        kind,
        index,
    })
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

    #[test]
    fn every_device_is_read_back() {
        for backend in BackendName::ALL {
            for &kind in DeviceKind::available_on(backend) {
                let most = if kind.is_numbered() { 2 } else { 0 };
                for index in 0..=most {
                    let name = DeviceName {
                        backend,
                        kind,
                        index,
                    };
                    assert_eq!(name.to_string().parse(), Ok(name));
                }
            }
        }
    }

    #[test]
    fn names_are_short() {
        for name in ["flex", "tch", "tch:cuda", "tch:cuda:3", "wgpu:integrated"] {
            assert_eq!(name.parse::<DeviceName>().unwrap().to_string(), name);
        }
        let same: DeviceName = "tch:cpu".parse().unwrap();
        assert_eq!(same.to_string(), "tch");
        let family = "tch:cuda:3".parse::<DeviceName>().unwrap().family();
        assert_eq!(family, "tch:cuda");
        let default = "ndarray-f64".parse::<DeviceName>().unwrap().family();
        assert_eq!(default, "ndarray");
    }

    #[test]
    fn what_is_no_device_lists_the_known_ones() {
        for wrong in [
            "tch:gpu",
            "tch:cuda:x",
            "tch:cpu:1",
            "tch:",
            "tch:cuda:0:1",
            "flex:cuda",
        ] {
            let message = wrong.parse::<DeviceName>().unwrap_err().to_string();
            assert!(message.contains(":cpu"), "{message}");
        }
        let message = "cuda:0".parse::<DeviceName>().unwrap_err().to_string();
        assert!(message.contains("no backend is called `cuda`"), "{message}");
    }

    #[test]
    fn graphics_processors_are_accelerators() {
        let accelerator = |name: &str| name.parse::<DeviceName>().unwrap().is_accelerator();
        assert!(["tch:cuda", "tch:mps", "wgpu", "wgpu:cpu"].map(accelerator) == [true; 4]);
        assert!(["flex", "ndarray", "tch"].map(accelerator) == [false; 3]);
    }
}
