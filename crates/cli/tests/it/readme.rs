//! The examples of README.md.

#[test]
fn the_examples_are_what_the_program_prints() {
    trycmd::TestCases::new()
        .env("SSL_CERT_FILE", "")
        .case("README.md");
}
