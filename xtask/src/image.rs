//! The container image of examples/contributors.

pub(crate) mod program;

use std::error::Error;
use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::command::run;
use crate::path;
use program::{Library, Program, is_installed};

/// Builds the static program and its image, with the bundle of this feature (`mozilla` or
/// `custom`), and reports both sizes. An image beyond its size limit is an error.
pub(crate) fn build(bundle: &str) -> Result<String, Box<dyn Error>> {
    let Program { path, library, how } = program::program(bundle)?;
    let image = Image::build(&path, &format!("contributors-{bundle}"))?;
    let report = format!(
        "program: {} bytes, static, with {} ({how})\nimage: {} bytes uncompressed, by {}, in {}",
        fs::metadata(&path)?.len(),
        library.name(),
        image.bytes,
        image.engine,
        image.archive.strip_prefix(crate::path(""))?.display(),
    );
    let most = match library {
        Library::Musl => 2_100_000,
        Library::Glibc => 3_000_000,
    };
    if image.bytes > most {
        return Err(format!("{report}\nThat is over its limit, which is {most} bytes").into());
    }
    Ok(report)
}

/// The image of one static program, which it contains as `/contributors`.
pub(crate) struct Image {
    pub(crate) archive: PathBuf,
    pub(crate) engine: &'static str,
    /// The size of the unpacked layers and the metadata.
    pub(crate) bytes: u64,
}

impl Image {
    /// Builds the image under this name in target/image.
    pub(crate) fn build(program: &Path, name: &str) -> Result<Self, Box<dyn Error>> {
        let folder = path("target/image");
        fs::create_dir_all(&folder)?;
        fs::copy(program, folder.join("contributors"))?;
        fs::copy(
            path("examples/contributors/Dockerfile"),
            folder.join("Dockerfile"),
        )?;
        let archive = folder.join(format!("{name}.tar"));
        // Engines append to an existing archive.
        if archive.exists() {
            fs::remove_file(&archive)?;
        }
        let engine = engine()?;
        archive_with(engine, &folder, &archive)?;
        let bytes = uncompressed(&archive)?;
        Ok(Self {
            archive,
            engine,
            bytes,
        })
    }
}

/// The first engine that is installed and works. buildah needs no daemon.
fn engine() -> Result<&'static str, Box<dyn Error>> {
    let works = |engine: &str| {
        let mut command = Command::new(engine);
        let quiet = command
            .arg("info")
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        quiet.status().is_ok_and(|status| status.success())
    };
    // `buildah info` fails without its default storage driver; `archive_with` uses another one.
    if let Some(engine) = ["docker", "podman"]
        .into_iter()
        .find(|engine| works(engine))
    {
        return Ok(engine);
    }
    if is_installed("buildah") {
        return Ok("buildah");
    }
    Err(
        "no engine: install docker, podman or buildah (a Debian package that needs no daemon)"
            .into(),
    )
}

fn archive_with(engine: &str, folder: &Path, archive: &Path) -> Result<(), Box<dyn Error>> {
    const TAG: &str = "embedded-roots/contributors";

    let archive = archive
        .to_str()
        .ok_or("the path of the archive is not UTF-8")?;
    match engine {
        "docker" | "podman" => {
            run(Command::new(engine)
                .args(["build", "--tag", TAG])
                .arg(folder))?;
            let mut save = Command::new(engine);
            save.args(["save", "--output", archive]);
            if engine == "podman" {
                save.args(["--format", "oci-archive"]);
            }
            run(save.arg(TAG))
        }
        _ => {
            let storage = ["--storage-driver", "vfs"];
            let build = ["bud", "--isolation", "chroot", "--tag", TAG];
            run(Command::new(engine).args(storage).args(build).arg(folder))?;
            let push = ["push", TAG];
            let to = format!("oci-archive:{archive}");
            run(Command::new(engine).args(storage).args(push).arg(to))
        }
    }
}

/// The uncompressed size of the contents of an image archive.
fn uncompressed(archive: &Path) -> Result<u64, Box<dyn Error>> {
    const GZIP: [u8; 2] = [0x1f, 0x8b];

    let mut sum = 0;
    for entry in tar::Archive::new(fs::File::open(archive)?).entries()? {
        let mut content = Vec::new();
        entry?.read_to_end(&mut content)?;
        let size = if content.starts_with(&GZIP) {
            io::copy(
                &mut flate2::read::GzDecoder::new(&*content),
                &mut io::sink(),
            )?
        } else {
            u64::try_from(content.len())?
        };
        sum += size;
    }
    Ok(sum)
}
