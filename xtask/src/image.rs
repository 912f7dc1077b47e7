//! The image of examples/contributors.

use std::error::Error;
use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use object::elf::{FileHeader64, PT_DYNAMIC, PT_INTERP};
use object::read::elf::{FileHeader as _, ProgramHeader as _};

use crate::command::{cargo, output, run};
use crate::path;

/// Builds the static program and its image, with the bundle of this feature (`mozilla` or
/// `custom`), and says how large both are.
pub(crate) fn build(bundle: &str) -> Result<String, Box<dyn Error>> {
    let program = program(bundle)?;
    let folder = path("target/image");
    fs::create_dir_all(&folder)?;
    fs::copy(&program, folder.join("contributors"))?;
    fs::copy(
        path("examples/contributors/Dockerfile"),
        folder.join("Dockerfile"),
    )?;

    let archive = folder.join(format!("contributors-{bundle}.tar"));
    // Engines add to an archive that is there.
    if archive.exists() {
        fs::remove_file(&archive)?;
    }
    let engine = engine()?;
    archive_with(engine, &folder, &archive)?;
    Ok(format!(
        "program: {} bytes, static\nimage: {} bytes uncompressed, by {engine}, in {}",
        fs::metadata(&program)?.len(),
        uncompressed(&archive)?,
        archive.strip_prefix(path(""))?.display(),
    ))
}

/// The program, built for musl if that target is installed, else for glibc.
pub(crate) fn program(bundle: &str) -> Result<PathBuf, Box<dyn Error>> {
    const MUSL: &str = "x86_64-unknown-linux-musl";
    const GLIBC: &str = "x86_64-unknown-linux-gnu";

    let library =
        output(Command::new("rustc").args(["--print", "target-libdir", "--target", MUSL]))?;
    let target = if Path::new(library.trim()).exists() {
        MUSL
    } else {
        GLIBC
    };
    let target_folder = path("target");
    run(cargo()
        .args([
            "build",
            "--package",
            "contributors",
            "--profile",
            "image",
            "--target",
            target,
        ])
        .args(["--no-default-features", "--features", bundle])
        .env("CARGO_TARGET_DIR", &target_folder)
        .env("RUSTFLAGS", "-C target-feature=+crt-static"))?;
    let program = target_folder.join(target).join("image/contributors");
    check_static(&fs::read(&program)?)?;
    Ok(program)
}

/// A static program asks for no interpreter and needs no library.
fn check_static(program: &[u8]) -> Result<(), Box<dyn Error>> {
    const DT_NEEDED: u64 = 1;

    let header = FileHeader64::<object::Endianness>::parse(program)?;
    let endian = header.endian()?;
    for segment in header.program_headers(endian, program)? {
        if segment.p_type(endian) == PT_INTERP {
            return Err("the program is not static: it asks for an interpreter".into());
        }
        if segment.p_type(endian) == PT_DYNAMIC {
            let entries = segment.dynamic(endian, program)?.unwrap_or_default();
            if entries
                .iter()
                .any(|entry| entry.d_tag.get(endian) == DT_NEEDED)
            {
                return Err("the program is not static: it needs a library".into());
            }
        }
    }
    Ok(())
}

/// The first engine that is there and works; buildah needs no daemon.
fn engine() -> Result<&'static str, Box<dyn Error>> {
    let works = |engine: &str| {
        let mut command = Command::new(engine);
        let quiet = command
            .arg("info")
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        quiet.status().is_ok_and(|status| status.success())
    };
    // buildah's storage may want what the machine has not; it is told what to take below.
    let is_there = |engine: &str| output(Command::new(engine).arg("--version")).is_ok();
    if let Some(engine) = ["docker", "podman"]
        .into_iter()
        .find(|engine| works(engine))
    {
        return Ok(engine);
    }
    if is_there("buildah") {
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
        "docker" => {
            run(Command::new(engine)
                .args(["build", "--tag", TAG])
                .arg(folder))?;
            run(Command::new(engine).args(["save", "--output", archive, TAG]))
        }
        "podman" => {
            run(Command::new(engine)
                .args(["build", "--tag", TAG])
                .arg(folder))?;
            let save = ["save", "--format", "oci-archive", "--output", archive, TAG];
            run(Command::new(engine).args(save))
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

/// The size of what is in an archive of an image: its layers, as they are unpacked, and its metadata.
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
