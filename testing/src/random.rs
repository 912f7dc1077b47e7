//! Numbers that are the same for a seed.

/// Numbers below a bound.
pub fn numbers() -> impl FnMut(usize) -> usize {
    numbers_from(0)
}

/// Numbers below a bound that are the same for each seed (xorshift; Marsaglia, 2003).
pub fn numbers_from(seed: u32) -> impl FnMut(usize) -> usize {
    // Never zero, which would stay as it is.
    let mut state = 0x9e37_79b9_7f4a_7c15_u64 ^ u64::from(seed);
    move |bound| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % bound as u64).unwrap()
    }
}
