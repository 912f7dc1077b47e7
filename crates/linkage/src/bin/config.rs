//! The one line.

fn main() {
    println!(
        "{:?}",
        embedded_roots::client_config().map(|config| config.enable_sni)
    );
}
