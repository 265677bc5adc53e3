//! The devices that this machine has.

#[cfg(feature = "tch")]
pub(crate) mod tch;
#[cfg(feature = "wgpu")]
pub(crate) mod wgpu;

use crate::{BackendName, DeviceName};

/// A device that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundDevice {
    /// The name that selects it.
    pub name: DeviceName,
    /// What it is: the vendor's name, or `cpu`.
    pub description: String,
}

impl FoundDevice {
    fn processor(backend: BackendName) -> Self {
        Self {
            name: backend.into(),
            description: "cpu".to_owned(),
        }
    }
}

/// The devices of a backend; none where it is not compiled in.
pub fn found(backend: BackendName) -> Vec<FoundDevice> {
    if !backend.is_compiled() {
        return Vec::new();
    }
    match backend {
        BackendName::Flex | BackendName::Ndarray | BackendName::NdarrayF64 => {
            vec![FoundDevice::processor(backend)]
        }
        #[cfg(feature = "tch")]
        BackendName::Tch => tch::found(),
        #[cfg(feature = "wgpu")]
        BackendName::Wgpu => wgpu::found(),
        #[allow(unreachable_patterns, reason = "reachable where a feature is off")]
        _ => Vec::new(),
    }
}

/// What may make other devices of a backend appear; none for backends whose
/// only device is the processor.
pub fn hint(backend: BackendName) -> Option<&'static str> {
    match backend {
        BackendName::Flex | BackendName::Ndarray | BackendName::NdarrayF64 => None,
        BackendName::Tch => Some(
            "CUDA devices need an NVIDIA driver and libtorch with CUDA: \
             `cargo xtask backend tch --cuda`",
        ),
        BackendName::Wgpu => Some(
            "A graphics processor needs a Vulkan, Metal or DirectX 12 driver; one that runs on \
             the processor is Mesa's, on Debian and Ubuntu: `apt-get install mesa-vulkan-drivers`",
        ),
    }
}

/// Whether the machine lacks a device, and then what may make it appear.
pub(crate) fn missing(device: DeviceName) -> Option<&'static str> {
    let hint = hint(device.backend)?;
    let found = found(device.backend);
    let is_default = device == DeviceName::from(device.backend);
    let there = if is_default {
        !found.is_empty()
    } else {
        found.iter().any(|found| found.name == device)
    };
    (!there).then_some(hint)
}

/// What a device is, in words.
pub(crate) fn description(device: DeviceName) -> String {
    let found = found(device.backend);
    let same = found.iter().find(|found| found.name == device);
    // The default of `wgpu` stands for the first one found.
    same.or(found.first())
        .map_or_else(String::new, |device| device.description.clone())
}
