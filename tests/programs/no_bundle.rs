//! Checks the errors without a bundle.

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
