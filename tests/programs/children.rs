//! Starts itself as a child process while other threads read the store.

use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

static READ: AtomicUsize = AtomicUsize::new(0);

fn main() {
    let count = embedded_roots::root_store().unwrap().len();
    if std::env::args().nth(1).is_some() {
        // The child.
        print!(
            "{count} {}",
            embedded_roots::Roots::system().unwrap().anchors().len()
        );
        return;
    }
    for _ in 0..4 {
        thread::spawn(|| {
            loop {
                embedded_roots::Roots::system().unwrap();
                READ.fetch_add(1, Ordering::Relaxed);
            }
        });
    }
    let program = std::env::current_exe().unwrap();
    for turn in 0.. {
        let listed = Command::new("ls")
            .args(["-l", "/proc/self/fd"])
            .output()
            .unwrap();
        let listed = String::from_utf8(listed.stdout).unwrap();
        assert!(
            listed.contains("/proc/") && !listed.contains("store"),
            "{listed}"
        );
        let child = Command::new(&program).arg("child").output().unwrap();
        assert_eq!(child.stdout, b"1 1", "{child:?}");
        if turn > 20 && READ.load(Ordering::Relaxed) > 100 {
            print!("done");
            return;
        }
    }
}
