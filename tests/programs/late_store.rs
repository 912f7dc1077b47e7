//! Makes the default roots in 64 threads, of a store that appears after each of them has failed once.

use std::sync::{Arc, Barrier};
use std::thread;

fn main() {
    let (come, store) = (
        std::env::args().nth(1).unwrap(),
        std::env::args().nth(2).unwrap(),
    );
    let barrier = Arc::new(Barrier::new(65));
    let threads: Vec<_> = (0..64)
        .map(|_| {
            let barrier = Arc::clone(&barrier);
            thread::spawn(move || {
                let first = embedded_roots::roots().unwrap_err().to_string();
                assert!(first.contains("SSL_CERT_FILE"), "{first}");
                barrier.wait();
                loop {
                    match embedded_roots::client_config() {
                        Ok(config) => return config,
                        Err(why) => assert!(why.is_invalid_input(), "{why}"),
                    }
                }
            })
        })
        .collect();
    barrier.wait();
    std::fs::rename(come, store).unwrap();
    let configs: Vec<_> = threads
        .into_iter()
        .map(|thread| thread.join().unwrap())
        .collect();
    assert!(
        configs
            .iter()
            .all(|config| Arc::ptr_eq(config, &configs[0]))
    );
    print!("{}", embedded_roots::root_store().unwrap().len());
}
