//! Why a PKCS#12 is not read.

/// It is damaged, or of a kind that is not in use.
pub(super) const UNREADABLE: &str = "the PKCS#12 cannot be read";

/// The password is wrong, or missing.
pub(super) fn wrong_password(password: Option<&str>) -> String {
    match password {
        Some(_) => "the password is not that of this PKCS#12, or the file is damaged".to_owned(),
        None => {
            "the PKCS#12 needs a password: write it to a file, and name that with --password-file"
                .to_owned()
        }
    }
}
