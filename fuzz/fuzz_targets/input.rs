//! Files of certificates in other forms than PEM are read or refused, within bounds.

#![no_main]

use embedded_roots_bundle::{PrivateKeys, parse_each};
use embedded_roots_cli::as_pem;
use libfuzzer_sys::fuzz_target;

/// That of the seeds.
const PASSWORD: &str = "password";

fuzz_target!(|content: &[u8]| {
    for password in [None, Some(PASSWORD)] {
        match as_pem(content.to_vec(), password) {
            Ok((None, pem)) => assert_eq!(pem, content),
            Ok((Some(_), pem)) => {
                // A block has two boundaries, and base64 takes a third more.
                assert!(pem.len() <= 100 * content.len() + 200, "{}", pem.len());
                // What was made of it is read like any other file.
                assert!(parse_each("", &pem, PrivateKeys::Refuse).count() <= content.len() + 1);
            }
            Err(why) => assert!(!why.contains(char::is_control), "{why:?}"),
        }
    }
});
