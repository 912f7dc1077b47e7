//! The files in `examples/ci`, and the hook of pre-commit.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::{env, fs};

use serde_json::Value;

use crate::command::{Folder, ca, run};

fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

#[test]
fn examples_name_this_version() {
    let version = env!("CARGO_PKG_VERSION");
    for (file, line) in [
        ("action.yml", format!("    default: {version}\n")),
        ("action.yml", format!("/examples/ci@v{version}`")),
        ("workflow.yml", format!("/examples/ci@v{version}\n")),
        (".pre-commit-config.yaml", format!("    rev: v{version}\n")),
    ] {
        let text = fs::read_to_string(top().join("examples/ci").join(file)).unwrap();
        assert!(text.contains(&line), "{file}: {line}");
    }
}

#[test]
fn example_of_a_policy_allows_what_it_says() {
    let folder = Folder::new("ci-policy");
    let list = run(&["list", "mozilla", "--pem"]).out;
    let own = ca("Own CA", |_| {});
    folder.file("today.pem", list);
    folder.file("tests/own.pem", &own);
    let policy = top().join("examples/ci/roots.toml");
    let scan = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_embedded-roots"));
        command.args(["scan", ".", "--policy"]).arg(&policy);
        command.current_dir(folder.path()).output().unwrap()
    };
    assert_eq!(scan().status.code(), Some(0));
    folder.file("own.pem", &own);
    let output = scan();
    assert_eq!(output.status.code(), Some(1));
    let out = String::from_utf8(output.stdout).unwrap();
    let line = "forbidden: ./own.pem: Own CA: ask the platform team for another root\n";
    assert!(out.contains(line), "{out}");
}

/// A folder with roots that are removed, and one with none.
fn repository() -> Folder {
    let folder = Folder::new("ci-repository");
    folder.file("good.txt", "no roots");
    folder.file(
        "old file.pem",
        run(&["list", "mozilla@2022-01-01", "--pem"]).out,
    );
    folder
}

/// This program, and Python's packages.
fn path(python: &Path) -> std::ffi::OsString {
    let program = Path::new(env!("CARGO_BIN_EXE_embedded-roots"));
    let path = env::var_os("PATH").unwrap();
    let folders = [program.parent().unwrap().to_owned(), python.join("bin")];
    env::join_paths(folders.into_iter().chain(env::split_paths(&path))).unwrap()
}

/// An environment of Python with pre-commit, which brings a reader of YAML.
fn python(folder: &Folder) -> PathBuf {
    let python = folder.path().join("python");
    let made = Command::new("python3")
        .args(["-m", "venv"])
        .arg(&python)
        .status();
    assert!(made.unwrap().success());
    let mut pip = Command::new(python.join("bin/pip"));
    pip.args([
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "pre-commit==4.7.0",
    ]);
    assert!(pip.status().unwrap().success());
    python
}

fn yaml(python: &Path, file: &Path) -> Value {
    let read = "import json, sys, yaml; print(json.dumps(yaml.safe_load(open(sys.argv[1]))))";
    let mut command = Command::new(python.join("bin/python"));
    let output = command.args(["-c", read]).arg(file).output().unwrap();
    assert!(output.status.success(), "{}", file.display());
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Runs the steps of the action as a runner does, as far as it needs that.
fn act(action: &Value, inputs: &[(&str, &str)], folder: &Folder, path: &std::ffi::OsStr) -> Output {
    let all = action["inputs"].as_object().unwrap();
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let mut values: BTreeMap<String, String> = all
        .iter()
        .map(|(name, input)| (name.clone(), text(&input["default"])))
        .collect();
    for (name, value) in inputs {
        let known = values.insert((*name).to_owned(), (*value).to_owned());
        assert!(known.is_some(), "{name}");
    }
    let mut last = None;
    for step in action["runs"]["steps"].as_array().unwrap() {
        assert_eq!(step["shell"], "bash");
        let script = step["run"].as_str().unwrap();
        // Else an input could be a part of the script.
        assert!(!script.contains("${{"));
        let mut bash = Command::new("bash");
        bash.args(["--noprofile", "--norc", "-eo", "pipefail", "-c", script]);
        bash.current_dir(folder.path()).env("PATH", path);
        for (name, value) in step["env"].as_object().unwrap() {
            let value = value.as_str().unwrap();
            let input = value.strip_prefix("${{ inputs.").unwrap();
            bash.env(name, &values[input.strip_suffix(" }}").unwrap()]);
        }
        let output = bash.output().unwrap();
        let is_over = !output.status.success();
        last = Some(output);
        if is_over {
            break;
        }
    }
    last.unwrap()
}

#[test]
#[ignore = "needs Python, Git, Bash and the package index"]
fn action_and_hook_find_removed_roots() {
    let tools = Folder::new("ci-tools");
    let python = python(&tools);
    let path = path(&python);
    let examples = top().join("examples/ci");
    let folder = repository();

    let action = yaml(&python, &examples.join("action.yml"));
    assert_eq!(action["runs"]["using"], "composite");
    let status = |inputs: &[(&str, &str)]| act(&action, inputs, &folder, &path).status.code();
    let output = act(&action, &[], &folder, &path);
    assert_eq!(output.status.code(), Some(1));
    let out = String::from_utf8(output.stdout).unwrap();
    assert!(out.contains("./old file.pem\n"), "{out}");
    let sarif = fs::read(folder.path().join("roots.sarif")).unwrap();
    let sarif: Value = serde_json::from_slice(&sarif).unwrap();
    assert!(sarif["runs"][0]["results"].as_array().unwrap().len() > 10);
    assert_eq!(status(&[("paths", "good.txt")]), Some(0));
    assert_eq!(status(&[("paths", "good.txt\nold file.pem\n")]), Some(1));
    assert_eq!(status(&[("fail-on", "")]), Some(0));
    let policy = examples.join("roots.toml");
    let policy = policy.to_str().unwrap();
    assert_eq!(status(&[("fail-on", ""), ("policy", policy)]), Some(1));
    folder.file(
        "before.json",
        run(&["scan", "--json", folder.path().to_str().unwrap()]).out,
    );
    let baseline = [("paths", "old file.pem"), ("baseline", "before.json")];
    assert_eq!(status(&baseline), Some(0));
    // An input stays one.
    let marker = folder.path().join("marker");
    let hostile = format!("$(touch {})", marker.display());
    assert_eq!(status(&[("paths", &hostile)]), Some(2));
    assert!(!marker.exists());

    let workflow = yaml(&python, &examples.join("workflow.yml"));
    let steps = workflow["jobs"]["scan"]["steps"].as_array().unwrap().iter();
    let with = steps.filter(|step| step["id"] == "scan");
    let with = with.flat_map(|step| step["with"].as_object().unwrap().keys());
    for input in with {
        assert!(action["inputs"].get(input).is_some(), "{input}");
    }

    // Of a repository with the hook alone, since all of this one is much to copy.
    let hooks = Folder::new("ci-hooks");
    let hook = fs::read(top().join(".pre-commit-hooks.yaml")).unwrap();
    hooks.file(".pre-commit-hooks.yaml", hook);
    let config = yaml(&python, &examples.join(".pre-commit-config.yaml"));
    let id = config["repos"][0]["hooks"][0]["id"].as_str().unwrap();
    let git = |folder: &Folder, arguments: &[&str]| {
        let mut git = Command::new("git");
        git.args(["-c", "user.name=t", "-c", "user.email=t@example.org"]);
        let status = git.args(arguments).current_dir(folder.path()).status();
        assert!(status.unwrap().success(), "{arguments:?}");
    };
    for folder in [&hooks, &folder] {
        git(folder, &["init", "--quiet"]);
        git(folder, &["add", "."]);
        git(folder, &["commit", "--quiet", "--message", "x"]);
    }
    let hook = |arguments: &[&str]| {
        let mut command = Command::new(python.join("bin/pre-commit"));
        command
            .arg("try-repo")
            .arg(hooks.path())
            .arg(id)
            .args(arguments);
        command.current_dir(folder.path()).env("PATH", &path);
        command.env("PRE_COMMIT_HOME", tools.path().join("cache"));
        let output = command.output().unwrap();
        let out = String::from_utf8(output.stdout).unwrap();
        (output.status.code().unwrap(), out)
    };
    let (status, out) = hook(&["--all-files"]);
    assert_eq!(status, 1, "{out}");
    assert!(
        out.contains("old file.pem\n") && out.contains("removed by Mozilla"),
        "{out}"
    );
    let (status, out) = hook(&["--files", "good.txt"]);
    assert_eq!(status, 0, "{out}");
    assert!(
        out.contains("embedded-roots scan") && out.contains("Passed"),
        "{out}"
    );
    folder.file(".embedded-rootsignore", "/old file.pem\n");
    assert_eq!(hook(&["--files", "old file.pem"]).0, 0);
}
