//! Figures of fresh processes: each way to do a thing is a program of its own, as its users have it,
//! and each sample is a run of it. In one program for all ways, what the others link decides which
//! pages of the code are in memory already.

use std::hint::black_box;
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::Instant;

/// Several ways to do one thing; the first is ours.
pub struct Comparison {
    pub name: &'static str,
    pub unit: Unit,
    pub samples: usize,
    /// Each with its program, which calls [`print_time`].
    pub ways: &'static [(&'static str, &'static str)],
    /// Set for all of them; `SSL_CERT_FILE` and `SSL_CERT_DIR` are unset otherwise.
    pub variables: Vec<(&'static str, String)>,
}

pub enum Unit {
    Millis,
    Micros,
}

/// Times what a program is for, and prints the seconds.
pub fn print_time<T>(make: impl FnOnce() -> T) {
    let start = Instant::now();
    let result = black_box(make());
    let time = start.elapsed();
    drop(result);
    print!("{}", time.as_secs_f64());
}

impl Comparison {
    /// Prints, of each way, its median and the ratio of that to ours:
    /// `name | way | median unit | ratio`.
    pub fn print(&self) {
        let Self {
            name,
            samples,
            ways,
            ..
        } = self;
        let (unit, a_second) = match self.unit {
            Unit::Millis => ("ms", 1e3),
            Unit::Micros => ("µs", 1e6),
        };
        let mut measured = vec![Vec::new(); ways.len()];
        for round in 0..*samples {
            // The program that runs after a slow one finds colder caches, so the order changes.
            let stride = if ways.len() > 2 {
                1 + round % (ways.len() - 1)
            } else {
                1
            };
            for turn in 0..ways.len() {
                let nth = (round + turn * stride) % ways.len();
                measured[nth].push(self.sample(ways[nth].1) * a_second);
            }
        }
        let medians: Vec<f64> = measured
            .iter_mut()
            .map(|values| {
                values.sort_unstable_by(f64::total_cmp);
                values[values.len() / 2]
            })
            .collect();
        for ((way, _), median) in ways.iter().zip(&medians) {
            println!(
                "{name} | {way} | {median:.1} {unit} | {:.3}",
                median / medians[0]
            );
        }
        std::io::stdout().flush().unwrap();
    }

    fn sample(&self, program: &str) -> f64 {
        // The machine's own store, as a program finds it without these variables.
        let output = Command::new(program)
            .env_remove("SSL_CERT_FILE")
            .env_remove("SSL_CERT_DIR")
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .stderr(Stdio::inherit())
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap().parse().unwrap()
    }
}
