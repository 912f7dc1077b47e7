//! Prints how many roots each selection has. `FINGERPRINT` is that of one root.

use embedded_roots::{Bundle, include_bundle};

static BY_COMMON_NAME: Bundle = include_bundle!("corp.pem", only = ["Example, Inc. \"CA\""]);
static BY_SUBJECT: Bundle =
    include_bundle!("corp.pem", without = ["CN=Example\\, Inc. \\\"CA\\\""]);
static BY_FINGERPRINT: Bundle = include_bundle!("corp.pem", only = ["FINGERPRINT"]);

fn main() {
    print!(
        "{} {} {}",
        BY_COMMON_NAME.len(),
        BY_SUBJECT.len(),
        BY_FINGERPRINT.len()
    );
}
