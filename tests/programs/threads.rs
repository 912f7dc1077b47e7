//! Makes the default roots in 64 threads, with a logger that uses them.

use std::sync::{Arc, Barrier, Mutex};
use std::thread;

static LOGGED: Mutex<Vec<String>> = Mutex::new(Vec::new());

struct Logger;

impl log::Log for Logger {
    fn enabled(&self, _: &log::Metadata) -> bool {
        true
    }
    fn log(&self, record: &log::Record) {
        if record.target().starts_with("embedded_roots") {
            assert_eq!(record.level(), log::Level::Info);
            LOGGED.lock().unwrap().push(record.args().to_string());
            embedded_roots::client_config().unwrap();
        }
    }
    fn flush(&self) {}
}

fn main() {
    log::set_logger(&Logger).unwrap();
    log::set_max_level(log::LevelFilter::Trace);
    let barrier = Arc::new(Barrier::new(64));
    let threads: Vec<_> = (0..64)
        .map(|_| {
            let barrier = Arc::clone(&barrier);
            thread::spawn(move || {
                barrier.wait();
                embedded_roots::client_config().unwrap()
            })
        })
        .collect();
    let configs: Vec<_> = threads
        .into_iter()
        .map(|thread| thread.join().unwrap())
        .collect();
    assert!(
        configs
            .iter()
            .all(|config| Arc::ptr_eq(config, &configs[0]))
    );

    let logged = LOGGED.lock().unwrap();
    assert_eq!(logged.len(), 1, "{logged:?}");
    let count = format!("...): {} roots", embedded_roots::bundle().len());
    assert!(logged[0].starts_with("bundle mozilla ("), "{logged:?}");
    assert!(logged[0].contains(&count), "{logged:?}");
}
