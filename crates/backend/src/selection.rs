//! The choice of a device at run time, and the work that runs on it.

use thiserror::Error;

use crate::{Backend, BackendName, DeviceName, FoundDevice, InvalidDeviceName, devices};

/// Work that is generic over the backend it runs on.
pub trait Task {
    /// The result of the work.
    type Output;

    /// Does the work on `device` of the backend `B`.
    fn run<B: Backend>(self, device: B::Device) -> Self::Output;
}

/// A backend or device that cannot be used.
#[derive(Debug, Clone, Error, PartialEq, Eq)]
pub enum Unavailable {
    /// The program was built without the backend.
    #[error("the backend `{0}` is not compiled in; build with `{how}`", how = .0.how_to_compile())]
    NotCompiled(BackendName),
    /// The machine does not have the device.
    #[error("there is no device `{asked}`; found: {}. {hint}", list(.found))]
    NoDevice {
        /// The device asked for.
        asked: DeviceName,
        /// The devices of the backend that the machine has.
        found: Vec<FoundDevice>,
        /// How to make it available.
        hint: &'static str,
    },
}

fn list(found: &[FoundDevice]) -> String {
    if found.is_empty() {
        return "none".to_owned();
    }
    let names = found.iter().map(|device| device.name.to_string());
    names.collect::<Vec<_>>().join(", ")
}

/// The list of devices is invalid, or one of them cannot be used.
#[derive(Debug, Clone, Error, PartialEq, Eq)]
pub enum InvalidDeviceList {
    /// A name is not the name of a device.
    #[error(transparent)]
    Name(#[from] InvalidDeviceName),
    /// A device cannot be used.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// A device of a backend that is compiled in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Selection {
    device: DeviceName,
}

impl Selection {
    /// Selects a device.
    ///
    /// # Errors
    /// If the backend's cargo feature was not enabled, or the machine does not
    /// have the device.
    pub fn new(device: impl Into<DeviceName>) -> Result<Self, Unavailable> {
        let device = device.into();
        if !device.backend.is_compiled() {
            return Err(Unavailable::NotCompiled(device.backend));
        }
        if let Some(hint) = devices::missing(device) {
            return Err(Unavailable::NoDevice {
                asked: device,
                found: devices::found(device.backend),
                hint,
            });
        }
        Ok(Self { device })
    }

    /// The first backend of [`BackendName::ALL`] that is compiled in.
    pub fn default_name() -> BackendName {
        BackendName::ALL
            .into_iter()
            .find(|name| name.is_compiled())
            .unwrap_or(BackendName::Flex)
    }

    /// The devices of a list (`flex,tch:cuda:0`), or without a list the default
    /// device of every compiled backend of single precision. Double precision is
    /// left out because Burn keeps one default float type per device: a process
    /// can use only one float type of `ndarray`.
    ///
    /// # Errors
    /// If a name is not the name of a device, or its device cannot be used.
    pub fn list(names: Option<&str>) -> Result<Vec<Self>, InvalidDeviceList> {
        let Some(names) = names else {
            let compiled = BackendName::ALL
                .into_iter()
                .filter(|name| name.is_compiled() && name.float() == "f32");
            return compiled.map(|name| Ok(Self::new(name)?)).collect();
        };
        let names = names.split(',').map(str::trim);
        names
            .map(|name| Ok(Self::new(name.parse::<DeviceName>()?)?))
            .collect()
    }

    /// The device's name.
    pub fn device(self) -> DeviceName {
        self.device
    }

    /// The backend's name.
    pub fn name(self) -> BackendName {
        self.device.backend
    }

    /// The description of the device.
    pub fn device_description(self) -> String {
        devices::description(self.device)
    }

    /// Runs `task` on this device.
    ///
    /// A process should use only one float type of a backend: Burn keeps one
    /// default float type per device and takes the first one used.
    pub fn run<T: Task>(self, task: T) -> T::Output {
        match self.device.backend {
            #[cfg(feature = "flex")]
            BackendName::Flex => task.run::<burn_flex::Flex>(Default::default()),
            #[cfg(feature = "ndarray")]
            BackendName::Ndarray => task.run::<burn_ndarray::NdArray<f32>>(Default::default()),
            #[cfg(feature = "ndarray")]
            BackendName::NdarrayF64 => task.run::<burn_ndarray::NdArray<f64>>(Default::default()),
            #[cfg(feature = "tch")]
            BackendName::Tch => {
                devices::tch::prepare();
                task.run::<burn_tch::LibTorch<f32>>(devices::tch::device(self.device))
            }
            #[cfg(feature = "wgpu")]
            BackendName::Wgpu => {
                crate::failure::watch();
                task.run::<burn_wgpu::Wgpu<f32>>(devices::wgpu::device(self.device))
            }
            #[allow(unreachable_patterns, reason = "reachable where a feature is off")]
            name => {
                drop(task);
                unreachable!("`Selection::new` refuses {name}, which is not compiled in")
            }
        }
    }
}

#[cfg(all(test, any(feature = "flex", feature = "ndarray", feature = "tch")))]
mod tests {
    use super::*;

    struct Name;

    impl Task for Name {
        type Output = String;

        fn run<B: Backend>(self, device: B::Device) -> String {
            B::name(&device)
        }
    }

    #[test]
    fn a_task_runs_on_the_backend_that_was_asked_for() {
        for name in BackendName::ALL {
            // The machine may have no graphics processor.
            let Ok(selection) = Selection::new(name) else {
                continue;
            };
            let ran_on = selection.run(Name).to_lowercase();
            let expected = match name {
                BackendName::Tch => "libtorch",
                other => other.feature(),
            };
            // Fusion puts its name around the backend's.
            assert!(ran_on.contains(expected), "{ran_on}");
        }
    }

    #[test]
    fn lists_name_devices() {
        let all = Selection::list(None);
        // The machine may have no graphics processor.
        if !BackendName::Wgpu.is_compiled() {
            assert!(all.unwrap().iter().all(|one| one.name().float() == "f32"));
        }
        let name = Selection::default_name().to_string();
        let twice = Selection::list(Some(&format!("{name}, {name}"))).unwrap();
        assert_eq!(twice.len(), 2);
        assert!(Selection::list(Some("flex,cuda")).is_err());
    }

    #[test]
    fn what_is_not_compiled_says_how_to_have_it() {
        for name in BackendName::ALL
            .into_iter()
            .filter(|name| !name.is_compiled())
        {
            let message = Selection::new(name).unwrap_err().to_string();
            assert!(message.contains(name.feature()), "{message}");
        }
    }
}
