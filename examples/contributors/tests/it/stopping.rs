//! As PID 1, the program must exit on SIGTERM and SIGINT.

use std::thread;
use std::time::Duration;

use rustix::process::Signal;

use crate::app::{App, request};
use crate::github::GitHub;

const A_SECOND: Duration = Duration::from_secs(1);

#[test]
fn server_stops_within_a_second_of_either_signal() {
    for signal in [Signal::TERM, Signal::INT] {
        let mut app = App::asking("http://127.0.0.1:1");
        assert_eq!(app.get("/healthz").status, 200);
        app.signal(signal);
        assert!(app.ended() < A_SECOND);
    }
}

#[test]
fn requests_in_flight_are_answered_before_the_end() {
    let github = GitHub::plain();
    // A request that ends within the grace period is answered; any other gets a 503.
    for (owner, status, text) in [("soon", 200, "octocat"), ("silent", 503, "about to stop")] {
        let mut app = App::asking(&github.url("http"));
        let port = app.port;
        let asked = github.count();
        let requests: Vec<_> = (0..10)
            .map(|_| {
                thread::spawn(move || request(port, "GET", &format!("/?owner={owner}&repo=x")))
            })
            .collect();
        while github.count() < asked + 10 {
            thread::sleep(Duration::from_millis(1));
        }
        app.signal(Signal::TERM);
        let took = app.ended();
        for answer in requests {
            let answer = answer.join().unwrap().unwrap();
            assert_eq!(answer.status, status, "{}", answer.body);
            assert!(answer.body.contains(text), "{}", answer.body);
        }
        assert!(took < A_SECOND, "{took:?}");
        assert!(request(port, "GET", "/healthz").is_err());
    }
}
