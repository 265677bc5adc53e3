use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::{BackendName, UnknownBackend};

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
    pub fn of(backend: BackendName) -> &'static [Self] {
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
    /// Where one trial at a time would leave the device idle: a step of a
    /// small network is shorter than the time to ask for it.
    pub fn is_accelerator(self) -> bool {
        self.backend == BackendName::Wgpu || self.kind != DeviceKind::Cpu
    }

    /// The backend without its float type, and the kind of device unless it is
    /// the default one, without its index: what results may depend on.
    pub fn family(self) -> String {
        let feature = self.backend.feature();
        if self.kind == DeviceKind::of(self.backend)[0] {
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
            kind: DeviceKind::of(backend)[0],
            index: 0,
        }
    }
}

impl fmt::Display for DeviceName {
    /// As short as it can be read back.
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

/// Text that names no device.
#[derive(Debug, Clone, Error, PartialEq, Eq)]
pub enum InvalidDeviceName {
    /// The part before the colon is no backend.
    #[error(transparent)]
    Backend(#[from] UnknownBackend),
    /// The backend has no such kind of device.
    #[error("the backend `{backend}` has no device `{device}`; choose one of {}", .known.join(", "))]
    Device {
        /// The backend.
        backend: BackendName,
        /// The device asked for.
        device: String,
        /// What may be written.
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
            known: DeviceKind::of(backend)
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
    let kind = *DeviceKind::of(backend)
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
    fn every_device_is_read_back() {
        for backend in BackendName::ALL {
            for &kind in DeviceKind::of(backend) {
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
