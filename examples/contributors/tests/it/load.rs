//! Many requests at once.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::app::{App, request};
use crate::github::GitHub;

#[test]
#[ignore = "takes 40 seconds; .ci/run runs it"]
fn two_hundred_at_once_are_served() {
    const AT_ONCE: usize = 200;
    const TIME: Duration = Duration::from_secs(20);
    // The app's timeout for GitHub, plus a second for this machine.
    const LONGEST: Duration = Duration::from_secs(11);

    let github = GitHub::plain();
    for owner in ["example", "slow"] {
        let app = App::asking(&github.url("http"));
        let (port, end) = (app.port, Instant::now() + TIME);
        let served = AtomicUsize::new(0);
        thread::scope(|scope| {
            for _ in 0..AT_ONCE {
                scope.spawn(|| {
                    while Instant::now() < end {
                        let start = Instant::now();
                        let answer =
                            request(port, "GET", &format!("/?owner={owner}&repo=x")).unwrap();
                        assert_eq!(answer.status, 200, "{}", answer.body);
                        assert!(start.elapsed() < LONGEST, "{:?}", start.elapsed());
                        served.fetch_add(1, Ordering::Relaxed);
                    }
                });
            }
        });
        let (served, memory) = (served.into_inner(), app.most_memory());
        println!("{owner}: {served} served in {TIME:?}, at most {memory} KiB");
        assert!(served >= 5 * AT_ONCE, "{served}");
        assert!(memory < 64 * 1024, "{memory} KiB");
    }
}
