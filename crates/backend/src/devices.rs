//! The devices of each backend that this machine has.

#[cfg(any(feature = "tch", feature = "wgpu"))]
use crate::DeviceKind;
use crate::{BackendName, DeviceName};

/// A device that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundDevice {
    /// The name that selects it.
    pub name: DeviceName,
    /// The vendor's name of the device, or `cpu`.
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

/// How to make other devices of a backend available; none for backends whose
/// only device is the processor.
pub fn hint(backend: BackendName) -> Option<&'static str> {
    match backend {
        BackendName::Flex | BackendName::Ndarray | BackendName::NdarrayF64 => None,
        BackendName::Tch => Some(
            "CUDA devices need an NVIDIA driver and libtorch with CUDA: \
             `cargo xtask backend tch --cuda`",
        ),
        BackendName::Wgpu => Some(
            "A GPU needs a Vulkan, Metal or DirectX 12 driver; without a GPU, Mesa's Vulkan driver \
             runs on the CPU (on Debian and Ubuntu: `apt-get install mesa-vulkan-drivers`)",
        ),
    }
}

/// How to make a device available that the machine lacks; none if it is there.
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

/// The description of a device.
pub(crate) fn description(device: DeviceName) -> String {
    let found = found(device.backend);
    let same = found.iter().find(|found| found.name == device);
    // The default of `wgpu` stands for the first one found.
    same.or(found.first())
        .map_or_else(String::new, |device| device.description.clone())
}

/// libtorch's devices.
#[cfg(feature = "tch")]
pub(crate) mod tch {
    use burn_tch::LibTorchDevice;

    use super::{BackendName, DeviceKind, DeviceName, FoundDevice};

    /// Must precede any work on libtorch.
    ///
    /// One thread an operation: trials run side by side already, and how libtorch
    /// splits a sum among its threads would change the last bits.
    pub(crate) fn prepare() {
        tch::set_num_threads(1);
    }

    /// Burn's name of a device.
    pub(crate) fn device(name: DeviceName) -> LibTorchDevice {
        match name.kind {
            DeviceKind::Cuda => LibTorchDevice::Cuda(name.index),
            DeviceKind::Mps => LibTorchDevice::Mps,
            _ => LibTorchDevice::Cpu,
        }
    }

    /// The devices that libtorch finds.
    pub(crate) fn found() -> Vec<FoundDevice> {
        let of_kind = |kind, index, description: String| FoundDevice {
            name: DeviceName {
                backend: BackendName::Tch,
                kind,
                index,
            },
            description,
        };
        let mut found = vec![FoundDevice::processor(BackendName::Tch)];
        let cuda = usize::try_from(tch::Cuda::device_count()).unwrap_or(0);
        found.extend((0..cuda).map(|index| {
            of_kind(
                DeviceKind::Cuda,
                index,
                format!("CUDA device {index} of {cuda}"),
            )
        }));
        if tch::utils::has_mps() {
            let description = "Metal Performance Shaders".to_owned();
            found.push(of_kind(DeviceKind::Mps, 0, description));
        }
        found
    }
}

/// The graphics adapters of `wgpu`.
#[cfg(feature = "wgpu")]
pub(crate) mod wgpu {
    use std::collections::HashMap;

    use burn_wgpu::WgpuDevice;
    use burn_wgpu::graphics::{AutoGraphicsApi, GraphicsApi};
    use wgpu::{DeviceType, Instance, InstanceDescriptor};

    use super::{BackendName, DeviceKind, DeviceName, FoundDevice};

    /// Burn's name of a device.
    pub(crate) fn device(name: DeviceName) -> WgpuDevice {
        match name.kind {
            DeviceKind::Discrete => WgpuDevice::DiscreteGpu(name.index),
            DeviceKind::Integrated => WgpuDevice::IntegratedGpu(name.index),
            DeviceKind::Virtual => WgpuDevice::VirtualGpu(name.index),
            DeviceKind::Cpu => WgpuDevice::Cpu,
            _ => WgpuDevice::DefaultDevice,
        }
    }

    /// The adapters of the graphics API that Burn uses here, the fastest kind
    /// first.
    pub(crate) fn found() -> Vec<FoundDevice> {
        let api = AutoGraphicsApi::backend();
        let instance = Instance::new(InstanceDescriptor {
            backends: api.into(),
            ..InstanceDescriptor::new_without_display_handle()
        });
        let adapters = futures_lite::future::block_on(instance.enumerate_adapters(api.into()));
        let mut seen: HashMap<DeviceKind, usize> = HashMap::new();
        let mut found: Vec<FoundDevice> = adapters
            .iter()
            .filter_map(|adapter| {
                let info = adapter.get_info();
                let kind = match info.device_type {
                    DeviceType::DiscreteGpu => DeviceKind::Discrete,
                    DeviceType::IntegratedGpu => DeviceKind::Integrated,
                    DeviceType::VirtualGpu => DeviceKind::Virtual,
                    DeviceType::Cpu => DeviceKind::Cpu,
                    DeviceType::Other => return None,
                };
                let count = seen.entry(kind).or_default();
                let index = *count;
                *count += 1;
                Some(FoundDevice {
                    name: DeviceName {
                        backend: BackendName::Wgpu,
                        kind,
                        index,
                    },
                    description: format!("{} ({})", info.name, info.backend),
                })
            })
            .collect();
        let order = DeviceKind::available_on(BackendName::Wgpu);
        found.sort_by_key(|device| order.iter().position(|kind| *kind == device.name.kind));
        found
    }
}
