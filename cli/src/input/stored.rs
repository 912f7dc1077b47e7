//! What is taken out of a file.

/// A certificate of a key store.
pub(super) struct StoredCertificate {
    pub(super) der: Vec<u8>,
    /// It is that of a key in the store.
    pub(super) is_own: bool,
}

/// Adds a certificate, unless there are too many.
pub(super) fn add<T>(certificates: &mut Vec<T>, certificate: T) -> Result<(), String> {
    if certificates.len() >= MOST_CERTIFICATES {
        return Err(format!("more than {MOST_CERTIFICATES} certificates"));
    }
    certificates.push(certificate);
    Ok(())
}

/// No file has more. A forged one of 16 MiB could have millions, each of which takes far more memory than it is long.
pub(super) const MOST_CERTIFICATES: usize = 10_000;
