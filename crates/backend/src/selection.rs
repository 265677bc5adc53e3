use burn_tensor::backend::Backend;
use thiserror::Error;

use crate::BackendName;

/// Work that is generic over the backend it runs on.
pub trait Task {
    /// What the work gives back.
    type Output;

    /// Does the work on `device` of the backend `B`.
    fn run<B: Backend>(self, device: B::Device) -> Self::Output;
}

/// The program was built without this backend.
#[derive(Debug, Clone, Copy, Error, PartialEq, Eq)]
#[error(
    "the backend `{name}` is not compiled in; build with `cargo build --release --features {}`",
    .name.feature()
)]
pub struct NotCompiled {
    name: BackendName,
}

/// A backend that is compiled in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Selection {
    name: BackendName,
}

impl Selection {
    /// Selects a backend by name.
    ///
    /// # Errors
    /// If its cargo feature was not enabled.
    pub fn new(name: BackendName) -> Result<Self, NotCompiled> {
        if Self::is_compiled(name) {
            Ok(Self { name })
        } else {
            Err(NotCompiled { name })
        }
    }

    /// The first backend of [`BackendName::ALL`] that is compiled in.
    pub fn default_name() -> BackendName {
        BackendName::ALL
            .into_iter()
            .find(|&name| Self::is_compiled(name))
            .unwrap_or(BackendName::Flex)
    }

    /// Whether the backend's cargo feature is enabled.
    pub fn is_compiled(name: BackendName) -> bool {
        match name {
            BackendName::Flex => cfg!(feature = "flex"),
            BackendName::Ndarray | BackendName::NdarrayF64 => cfg!(feature = "ndarray"),
        }
    }

    /// Its name.
    pub fn name(self) -> BackendName {
        self.name
    }

    /// The device it runs on, as shown to users.
    pub fn device(self) -> &'static str {
        "cpu"
    }

    /// Runs `task` on this backend's default device.
    ///
    /// A process should use one float type of a backend only: Burn keeps the
    /// default float type by device, and the first one used decides.
    pub fn run<T: Task>(self, task: T) -> T::Output {
        match self.name {
            #[cfg(feature = "flex")]
            BackendName::Flex => task.run::<burn_flex::Flex>(Default::default()),
            #[cfg(feature = "ndarray")]
            BackendName::Ndarray => task.run::<burn_ndarray::NdArray<f32>>(Default::default()),
            #[cfg(feature = "ndarray")]
            BackendName::NdarrayF64 => task.run::<burn_ndarray::NdArray<f64>>(Default::default()),
            #[allow(unreachable_patterns, reason = "reachable where a feature is off")]
            name => unreachable!("`Selection::new` refuses {name}, which is not compiled in"),
        }
    }
}

#[cfg(all(test, any(feature = "flex", feature = "ndarray")))]
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
        for name in BackendName::ALL
            .into_iter()
            .filter(|&name| Selection::is_compiled(name))
        {
            let ran_on = Selection::new(name).unwrap().run(Name);
            assert_eq!(ran_on.to_lowercase(), name.feature());
        }
    }

    #[test]
    fn what_is_not_compiled_names_its_feature() {
        for name in BackendName::ALL
            .into_iter()
            .filter(|&name| !Selection::is_compiled(name))
        {
            let message = Selection::new(name).unwrap_err().to_string();
            assert!(
                message.contains(&format!("--features {}", name.feature())),
                "{message}"
            );
        }
    }
}
