//! Packages in the files of Cargo.

use std::error::Error;

use serde::Deserialize;

#[derive(Deserialize)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) version: String,
}

impl Package {
    pub(crate) fn from_manifest(manifest: &str) -> Result<Self, Box<dyn Error>> {
        #[derive(Deserialize)]
        struct Manifest {
            package: Package,
        }
        Ok(toml::from_str::<Manifest>(manifest)?.package)
    }

    /// Those of Cargo.lock.
    pub(crate) fn all_in_lock(lock: &str) -> Result<Vec<Self>, Box<dyn Error>> {
        #[derive(Deserialize)]
        struct Lock {
            package: Vec<Package>,
        }
        Ok(toml::from_str::<Lock>(lock)?.package)
    }
}
