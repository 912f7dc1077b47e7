//! Figures of fresh processes: a bench that runs itself anew for each sample.

use std::env;
use std::io::Write as _;
use std::process::{Command, Stdio};

use crate::median;

/// Several ways to do one thing; the first is ours.
pub struct Comparison {
    pub name: &'static str,
    pub unit: &'static str,
    pub samples: usize,
    pub ways: &'static [(&'static str, Way)],
    /// Set for all of them; `SSL_CERT_FILE` and `SSL_CERT_DIR` are unset otherwise.
    pub variables: Vec<(&'static str, String)>,
}

/// What is measured in a process of its own.
pub type Way = fn() -> f64;

/// Prints, of each way, its median and the ratio of that to ours: `name | way | median unit | ratio`.
pub fn main(comparisons: &[Comparison]) {
    let arguments: Vec<String> = env::args().skip(1).collect();
    if let [name, way] = &arguments[..] {
        let named = comparisons.iter().filter(|other| other.name == name);
        let (_, way) = named
            .flat_map(|comparison| comparison.ways)
            .find(|(other, _)| other == way)
            .unwrap();
        print!("{}", way());
        return;
    }
    for comparison in comparisons {
        comparison.print();
    }
}

impl Comparison {
    fn print(&self) {
        let Self {
            name,
            unit,
            samples,
            ways,
            ..
        } = self;
        let mut measured = vec![Vec::new(); ways.len()];
        for round in 0..*samples {
            // The way that runs after a slow one finds colder caches, so the order changes.
            let stride = if ways.len() > 2 {
                1 + round % (ways.len() - 1)
            } else {
                1
            };
            for turn in 0..ways.len() {
                let nth = (round + turn * stride) % ways.len();
                measured[nth].push(self.sample(ways[nth].0));
            }
        }
        let medians: Vec<f64> = measured.into_iter().map(median).collect();
        for ((way, _), median) in ways.iter().zip(&medians) {
            println!(
                "{name} | {way} | {median:.1} {unit} | {:.3}",
                median / medians[0]
            );
        }
        std::io::stdout().flush().unwrap();
    }

    fn sample(&self, way: &str) -> f64 {
        let mut command = Command::new(env::current_exe().unwrap());
        // The machine's own store, as a program finds it without these variables.
        command
            .args([self.name, way])
            .env_remove("SSL_CERT_FILE")
            .env_remove("SSL_CERT_DIR")
            .envs(self.variables.iter().map(|(name, value)| (name, value)));
        let output = command.stderr(Stdio::inherit()).output().unwrap();
        String::from_utf8(output.stdout).unwrap().parse().unwrap()
    }
}
