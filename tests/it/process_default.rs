//! The default roots, each case in a process of its own.

use embedded_roots_testing::authority::{root, server};

use crate::scratch::{Package, RUSTLS};

#[test]
fn the_binary_may_install_another_default_once_and_first() {
    let ca = root("CA");
    let package = Package::with_rustls("install-first", &["mozilla", "rustls", "ring"]);
    let pem = package.file("ca.pem", ca.pem());
    let main = r#"
        use std::sync::Arc;
        use embedded_roots::Roots;

        fn main() -> Result<(), embedded_roots::Error> {
            let roots = || Roots::builder().pem(include_str!(CA)).build();
            let installed = roots()?;
            installed.clone().install_default()?;
            assert_eq!(embedded_roots::root_store()?.len(), 1);
            assert!(Arc::ptr_eq(&embedded_roots::root_store()?, &installed.root_store()));
            assert!(Arc::ptr_eq(&embedded_roots::verifier()?, &installed.verifier()));
            assert!(Arc::ptr_eq(&embedded_roots::client_config()?, &installed.client_config()));

            let error = roots()?.install_default().unwrap_err();
            assert!(error.is_already_installed());
            assert!(error.to_string().contains("`install_default` once, at the start"));
            assert_eq!(embedded_roots::root_store()?.len(), 1);
            Ok(())
        }
    "#;
    package
        .main(&main.replace("CA)", &format!("{pem:?})")))
        .run();
}

#[test]
fn the_first_use_makes_the_default() {
    Package::with_rustls("first-use", &["mozilla", "rustls", "ring"])
        .main(
            r"
            fn main() -> Result<(), embedded_roots::Error> {
                let store = embedded_roots::root_store()?;
                let other = embedded_roots::Roots::embedded()?;
                assert!(other.install_default().unwrap_err().is_already_installed());
                assert!(std::sync::Arc::ptr_eq(&store, &embedded_roots::root_store()?));
                assert!(store.len() > 100);
                Ok(())
            }
            ",
        )
        .run();
}

#[test]
fn a_failed_first_call_can_be_retried() {
    Package::with_rustls("retried", &["mozilla", "rustls"])
        .main(
            r#"
            fn main() -> Result<(), embedded_roots::Error> {
                let error = embedded_roots::client_config().unwrap_err();
                assert!(error.is_crypto_provider(), "{error}");
                for mends in ["`ring`", "`aws-lc-rs`", "install_default", "provider()"] {
                    assert!(error.to_string().contains(mends), "{error}");
                }
                // A store needs no crypto provider.
                assert!(embedded_roots::root_store()?.len() > 100);

                rustls::crypto::ring::default_provider().install_default().unwrap();
                let config = embedded_roots::client_config()?;
                let provider = rustls::crypto::CryptoProvider::get_default().unwrap();
                assert!(std::sync::Arc::ptr_eq(config.crypto_provider(), provider));
                Ok(())
            }
            "#,
        )
        .run();
}

#[test]
fn without_a_bundle_it_is_an_error_that_names_the_features() {
    Package::with_rustls("no-bundle", &["rustls", "ring"])
        .main(
            r#"
            use embedded_roots::Roots;

            fn main() {
                let default = embedded_roots::client_config().unwrap_err();
                let embedded = Roots::embedded().unwrap_err();
                for error in [default, embedded] {
                    assert!(error.is_no_roots(), "{error}");
                    for feature in ["`mozilla`", "`custom`", "`webpki-roots`"] {
                        assert!(error.to_string().contains(feature), "{error}");
                    }
                }
            }
            "#,
        )
        .run();
}

/// Without the feature `system`, the methods that need it do not exist: the mistake is a compile
/// error rather than a run-time one.
#[test]
fn a_policy_that_asks_the_system_needs_its_feature_to_compile() {
    const MAIN: &str = r"
        use embedded_roots::Roots;

        fn main() {
            let _ = Roots::system;
            let _ = Roots::system_or_embedded;
            let _ = Roots::embedded_and_system;
            let builder = Roots::builder().system().system_or(embedded_roots::bundle());
            let _ = builder.system_fallback();
        }
    ";

    let package = Package::with_rustls("no-system", &["mozilla", "rustls", "ring"]).main(MAIN);
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
        .main(MAIN)
        .build();
}

#[test]
fn without_a_bundle_the_feature_system_makes_it_the_default() {
    let mut package = Package::with_rustls("system-default", &["rustls", "ring", "system"]).main(
        r#"
        fn main() {
            match embedded_roots::roots() {
                Ok(roots) => print!("{}", roots.root_store().len()),
                Err(error) => print!("{} {error}", error.is_no_roots()),
            }
        }
        "#,
    );
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
fn sixty_four_threads_that_come_first_get_one_value() {
    let dependencies = format!(
        "embedded-roots = {{ path = \"{{checkout}}\", features = [\"log\"] }}\n\
         log = \"0.4\"\n{RUSTLS}"
    );
    Package::new("threads", &dependencies)
        .main(
            r#"
            use std::sync::{Arc, Barrier, Mutex};
            use std::thread;

            static LOGGED: Mutex<Vec<String>> = Mutex::new(Vec::new());

            struct Logger;

            impl log::Log for Logger {
                fn enabled(&self, _: &log::Metadata) -> bool {
                    true
                }
                fn log(&self, record: &log::Record) {
                    if record.target().starts_with("embedded_roots") {
                        assert_eq!(record.level(), log::Level::Debug);
                        LOGGED.lock().unwrap().push(record.args().to_string());
                        embedded_roots::client_config().unwrap();
                    }
                }
                fn flush(&self) {}
            }

            fn main() {
                log::set_logger(&Logger).unwrap();
                log::set_max_level(log::LevelFilter::Trace);
                let barrier = Arc::new(Barrier::new(64));
                let threads: Vec<_> = (0..64)
                    .map(|_| {
                        let barrier = Arc::clone(&barrier);
                        thread::spawn(move || {
                            barrier.wait();
                            embedded_roots::client_config().unwrap()
                        })
                    })
                    .collect();
                let configs: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
                assert!(configs.iter().all(|config| Arc::ptr_eq(config, &configs[0])));

                let logged = LOGGED.lock().unwrap();
                assert_eq!(logged.len(), 1, "{logged:?}");
                let count = format!("...): {} roots", embedded_roots::bundle().len());
                assert!(logged[0].starts_with("bundle mozilla ("), "{logged:?}");
                assert!(logged[0].contains(&count), "{logged:?}");
            }
            "#,
        )
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
    let der = package.file("server.der", &identity.chain[0]);
    let main = r#"
        use rustls::client::danger::ServerCertVerifier;
        use rustls::pki_types::{CertificateDer, UnixTime};

        struct Logger;

        impl log::Log for Logger {
            fn enabled(&self, _: &log::Metadata) -> bool {
                true
            }
            fn log(&self, record: &log::Record) {
                if record.target().starts_with("embedded_roots") {
                    println!("{} {}", record.level(), record.args());
                }
            }
            fn flush(&self) {}
        }

        fn main() {
            let verifier = embedded_roots::verifier().unwrap();
            log::set_logger(&Logger).unwrap();
            log::set_max_level(log::LevelFilter::Trace);
            let certificate = CertificateDer::from_slice(include_bytes!(DER));
            let name = "a.example".try_into().unwrap();
            let verdict = verifier.verify_server_cert(&certificate, &[], &name, &[], UnixTime::now());
            assert!(verdict.is_err());
        }
    "#;
    let printed = package
        .main(&main.replace("DER)", &format!("{der:?})")))
        .run();
    let start = "DEBUG the issuer \"CN=Private CA\" is not trusted by bundle mozilla (";
    assert!(
        printed.starts_with(start) && printed.lines().count() == 1,
        "{printed}"
    );
}
