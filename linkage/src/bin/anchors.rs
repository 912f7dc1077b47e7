//! A program that uses only the anchors.

fn main() {
    let anchors = embedded_roots::bundle().anchors().iter();
    let subjects = anchors.map(|anchor| anchor.trust_anchor().subject.len());
    println!("{}", subjects.sum::<usize>());
}
