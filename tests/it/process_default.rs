//! The default roots, each case in a process of its own.

use embedded_roots_testing::authority::{root, server};

use crate::scratch::{Package, RUSTLS};

#[test]
fn install_default_works_once_and_before_the_first_use() {
    let ca = root("CA");
    let package = Package::with_rustls("install-first", &["mozilla", "rustls", "ring"]);
    package.file("ca.pem", ca.pem());
    package
        .main(include_str!("../programs/install_first.rs"))
        .run();
}

#[test]
fn default_is_made_by_the_first_use() {
    Package::with_rustls("first-use", &["mozilla", "rustls", "ring"])
        .main(include_str!("../programs/first_use.rs"))
        .run();
}

#[test]
fn a_failed_first_call_can_be_retried() {
    Package::with_rustls("retried", &["mozilla", "rustls"])
        .main(include_str!("../programs/retried.rs"))
        .run();
}

#[test]
fn without_a_bundle_it_is_an_error_that_names_the_features() {
    Package::with_rustls("no-bundle", &["rustls", "ring"])
        .main(include_str!("../programs/no_bundle.rs"))
        .run();
}

/// Without the feature `system`, the methods that need it do not exist: the mistake is a compile
/// error rather than a run-time one.
#[test]
fn a_policy_that_asks_the_system_needs_its_feature_to_compile() {
    let package = Package::with_rustls("no-system", &["mozilla", "rustls", "ring"])
        .main(include_str!("../programs/system_policies.rs"));
    let output = package.cargo(&["build"]);
    assert!(!output.status.success());
    let text = String::from_utf8(output.stderr).unwrap();
    for missing in ["`system`", "`system_or_embedded`", "`embedded_and_system`"] {
        let missing = format!("item named {missing} found for struct `Roots`");
        assert!(text.contains(&missing), "{text}");
    }
    assert!(
        text.contains("`system` found for struct `RootsBuilder`"),
        "{text}"
    );
    drop(package);
    let features = ["mozilla", "rustls", "ring", "system"];
    Package::with_rustls("with-system", &features)
        .main(include_str!("../programs/system_policies.rs"))
        .build();
}

#[test]
fn without_a_bundle_the_feature_system_makes_it_the_default() {
    let mut package = Package::with_rustls("system-default", &["rustls", "ring", "system"])
        .main(include_str!("../programs/system_default.rs"));
    let file = package.file("system.pem", root("CA").pem());
    package.set_env("SSL_CERT_FILE", file);
    assert_eq!(package.run(), "1");

    let empty = package.file("empty.pem", "");
    package.set_env("SSL_CERT_FILE", &empty);
    let expected = format!(
        "false SSL_CERT_FILE: {}: no certificate: expected",
        empty.display()
    );
    let printed = package.run();
    assert!(printed.starts_with(&expected), "{printed}");
}

/// The report is logged once, when the default roots are made. The logger may use them.
#[test]
fn concurrent_first_calls_return_one_value() {
    let dependencies = format!(
        "embedded-roots = {{ path = \"{{checkout}}\", features = [\"log\"] }}\n\
         log = \"0.4\"\n{RUSTLS}"
    );
    Package::new("threads", &dependencies)
        .main(include_str!("../programs/threads.rs"))
        .run();
}

#[test]
fn a_refusal_is_logged_with_its_reason() {
    let dependencies = format!(
        "embedded-roots = {{ path = \"{{checkout}}\", features = [\"log\"] }}\n\
         log = \"0.4\"\n{RUSTLS}"
    );
    let package = Package::new("logged", &dependencies);
    let identity = server(&root("Private CA"), "a.example");
    package.file("server.der", &identity.chain[0]);
    let printed = package.main(include_str!("../programs/logged.rs")).run();
    let start = "DEBUG the issuer \"CN=Private CA\" is not trusted by bundle mozilla (";
    assert!(
        printed.starts_with(start) && printed.lines().count() == 1,
        "{printed}"
    );
}
