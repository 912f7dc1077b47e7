//! Filters of the size of Mozilla's: a base of about 6 MB, and 36 deltas.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::crlite::{Coverage, Filter, Issuer};

/// The log of all certificates.
pub const LOG: [u8; 32] = [7; 32];

/// The issuers that each filter knows.
const ISSUERS: u32 = 1000;

/// What a filter knows of each issuer.
#[derive(Clone, Copy)]
struct Size {
    revoked: u32,
    issued: usize,
}

const BASE: Size = Size {
    revoked: 5200,
    issued: 2_000_000,
};
const DELTA: Size = Size {
    revoked: 12,
    issued: 8000,
};

const DELTAS: u32 = 36;

/// Filters with their names, the base first.
///
/// They know the issuer with this digest of its key, too: its revoked certificates are those of each filter's own
/// numbers and `revoked`, and `good` is listed in all of them, so no filter stops the search.
pub fn filters(key: [u8; 32], revoked: &[u8], good: &[u8], version: u8) -> Vec<(String, Vec<u8>)> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let now = u64::try_from(now.as_millis()).unwrap();
    // Many logs, of which the certificates are in one.
    let logs = (0..40_u8).map(|log| [100 + log; 32]).chain([LOG]);
    let coverage: Vec<Coverage> = logs
        .map(|log| (log, now - 90 * 24 * HOUR, now - 24 * HOUR))
        .collect();
    let one = |nth: u32| {
        let size = if nth == 0 { BASE } else { DELTA };
        let issuers = (0..ISSUERS).map(|issuer| known(issuer, nth, size));
        let mut issuers: Vec<_> = issuers.collect();
        let mut own = known(ISSUERS, nth, size);
        own.key = key;
        own.good.push(good.to_vec());
        // Only the last knows it, so each is asked.
        if nth == DELTAS {
            own.revoked.push(revoked.to_vec());
        } else {
            own.good.push(revoked.to_vec());
        }
        issuers.push(own);
        let filter = Filter {
            coverage: coverage.clone(),
            issuers,
        };
        (format!("{nth}.filter"), filter.encode(version))
    };
    (0..=DELTAS).map(one).collect()
}

/// Milliseconds.
const HOUR: u64 = 60 * 60 * 1000;

fn known(issuer: u32, filter: u32, size: Size) -> Issuer {
    let mut key = [0; 32];
    // Spread as digests are.
    key[..4].copy_from_slice(&issuer.wrapping_mul(0x9e37_79b1).to_be_bytes());
    key[28..].copy_from_slice(&issuer.to_be_bytes());
    let serial = |nth: u32| {
        [
            issuer.to_be_bytes(),
            filter.to_be_bytes(),
            nth.to_be_bytes(),
        ]
        .concat()
    };
    Issuer {
        key,
        revoked: (0..size.revoked).map(serial).collect(),
        good: Vec::new(),
        unlisted: size.issued,
        is_inverted: false,
    }
}
