//! The static program of examples/contributors, linked with one of two C libraries.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use object::elf::{FileHeader64, PT_DYNAMIC, PT_INTERP};
use object::read::elf::{FileHeader as _, ProgramHeader as _};

use crate::command::{cargo, output, run};
use crate::path;

pub(crate) struct Program {
    pub(crate) path: PathBuf,
    pub(crate) library: Library,
    /// How this C library was chosen, and why the other one was not.
    pub(crate) how: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Library {
    Musl,
    Glibc,
}

impl Library {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Musl => "musl",
            Self::Glibc => "glibc",
        }
    }

    const fn target(self) -> &'static str {
        match self {
            Self::Musl => "x86_64-unknown-linux-musl",
            Self::Glibc => "x86_64-unknown-linux-gnu",
        }
    }
}

/// Links with musl, which is smaller, if this machine can; else with glibc.
pub(crate) fn program(bundle: &str) -> Result<Program, Box<dyn Error>> {
    match with_musl(bundle)? {
        Ok(program) => Ok(program),
        Err(missing) => {
            let mut program = with_glibc(bundle)?;
            program.how = format!("not musl: {missing}");
            Ok(program)
        }
    }
}

pub(crate) fn with_glibc(bundle: &str) -> Result<Program, Box<dyn Error>> {
    let library = Library::Glibc;
    Ok(Program {
        path: build(bundle, library, &path("target"), &[], |cargo| cargo)?,
        library,
        how: "of the machine".to_owned(),
    })
}

/// Uses the installed target, else Debian's packages; the inner error says what is missing.
pub(crate) fn with_musl(bundle: &str) -> Result<Result<Program, String>, Box<dyn Error>> {
    let library = Library::Musl;
    let std = Command::new("rustc")
        .args(["--print", "target-libdir", "--target", library.target()])
        .output()?;
    let (program, how) = if Path::new(String::from_utf8(std.stdout)?.trim()).exists() {
        let program = build(bundle, library, &path("target"), &[], |cargo| cargo)?;
        (program, "of the installed target")
    } else {
        match Debian::find() {
            Ok(debian) => (debian.build(bundle)?, "of Debian"),
            Err(missing) => return Ok(Err(missing)),
        }
    };
    Ok(Ok(Program {
        path: program,
        library,
        how: how.to_owned(),
    }))
}

/// Debian's compiler with std's source, its musl and its LLVM, in place of rustup's target.
struct Debian {
    compiler: PathBuf,
    parts: Vec<PathBuf>,
}

impl Debian {
    /// The error says what is missing.
    fn find() -> Result<Self, String> {
        const MUSL: &str = "/usr/lib/x86_64-linux-musl";

        let mut missing = Vec::new();
        // The start files of both position-independent and other static programs; rustc picks.
        let mut parts: Vec<_> = ["crt1.o", "rcrt1.o", "crti.o", "crtn.o", "libc.a"]
            .map(|name| Path::new(MUSL).join(name))
            .into();
        if !parts.iter().all(|part| part.exists()) || !is_installed("musl-gcc") {
            missing.push("musl-tools");
        }
        let of_gcc = ["crtbegin.o", "crtbeginS.o", "crtend.o", "crtendS.o"];
        parts.extend(of_gcc.into_iter().filter_map(of_gcc_named));
        // gcc's unwinder needs glibc; LLVM's does not.
        match llvm_unwinder() {
            Some(library) => parts.push(library),
            None => missing.push("libunwind-14-dev"),
        }
        if !missing.is_empty() {
            return Err(format!(
                "install its target with `rustup target add {}`, or on Debian: {}",
                Library::Musl.target(),
                missing.join(", ")
            ));
        }
        let folder = path("target/debian-rust/1.96");
        let unpack = run(Command::new(path(".ci/debian-rust"))
            .arg("1.96")
            .arg(&folder));
        unpack.map_err(|why| why.to_string())?;
        Ok(Self {
            compiler: folder.join("rustc"),
            parts,
        })
    }

    /// Copies the parts into a folder of their own for rustc to search, since the folders of the
    /// originals also have glibc's. musl-gcc cannot be the linker: it has no start file for a
    /// static program that is position-independent.
    fn build(&self, bundle: &str) -> Result<PathBuf, Box<dyn Error>> {
        let target_folder = path("target/musl");
        let parts = target_folder.join("parts");
        fs::create_dir_all(&parts)?;
        for part in &self.parts {
            fs::copy(part, parts.join(part.file_name().unwrap_or_default()))?;
        }
        let search = format!("native={}", parts.display());
        let search = ["-L", &*search];
        build(bundle, Library::Musl, &target_folder, &search, |cargo| {
            cargo
                .args(["-Z", "build-std=std,panic_abort"])
                .env("RUSTC", &self.compiler)
                // Allows `-Z` in a stable compiler.
                .env("RUSTC_BOOTSTRAP", "1")
                .env("CC_x86_64_unknown_linux_musl", "musl-gcc")
        })
    }
}

pub(super) fn is_installed(program: &str) -> bool {
    let version = Command::new(program).arg("--version").output();
    version.is_ok_and(|output| output.status.success())
}

fn of_gcc_named(name: &str) -> Option<PathBuf> {
    let path = output(Command::new("cc").arg(format!("-print-file-name={name}"))).ok()?;
    Some(PathBuf::from(path.trim())).filter(|path| path.is_absolute())
}

/// LLVM's unwinder, such as in /usr/lib/llvm-14/lib, of the newest LLVM that has it.
fn llvm_unwinder() -> Option<PathBuf> {
    let folders = fs::read_dir("/usr/lib").ok()?.flatten();
    folders
        .filter(|folder| folder.file_name().to_string_lossy().starts_with("llvm-"))
        .map(|folder| folder.path().join("lib/libunwind.a"))
        .filter(|library| library.exists())
        .max()
}

fn build(
    bundle: &str,
    library: Library,
    target_folder: &Path,
    flags: &[&str],
    with: impl FnOnce(&mut Command) -> &mut Command,
) -> Result<PathBuf, Box<dyn Error>> {
    let target = library.target();
    // The encoded form separates flags so that a path may contain a space.
    let flags = [&["-C", "target-feature=+crt-static"], flags].concat();
    let mut cargo = cargo();
    cargo
        .args(["build", "--package", "contributors", "--profile", "image"])
        .args(["--target", target])
        .args(["--no-default-features", "--features", bundle])
        .env("CARGO_TARGET_DIR", target_folder)
        .env("CARGO_ENCODED_RUSTFLAGS", flags.join("\u{1f}"));
    run(with(&mut cargo))?;
    let program = target_folder.join(target).join("image/contributors");
    check_static(&fs::read(&program)?)?;
    Ok(program)
}

/// A static program has no interpreter and needs no shared library.
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
