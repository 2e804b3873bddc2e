//! How long hostile input takes: twice the bytes ought to take twice the time.
//!
//! `cargo run --release --example hostile` prints the table of docs/robustness.md.

#![allow(clippy::print_stdout, reason = "it is a program that prints")]
#![allow(dead_code, reason = "the tests use more of it")]

#[path = "../../tests/support/hostile/mod.rs"]
mod hostile;

use std::time::{Duration, Instant};

use hostile::{SHAPES, Shape};

fn main() {
    println!("| input | 1/8 | 1/4 | 1/2 | whole | whole, KB | ratio of the last doubling |");
    println!("|---|---|---|---|---|---|---|");
    let mut worst = (0.0, "");
    // Some of them, by a part of the name, and of another size.
    let asked = std::env::args().nth(1).unwrap_or_default();
    let bytes: Option<usize> = std::env::args().nth(2).and_then(|bytes| bytes.parse().ok());
    for shape in SHAPES.iter().filter(|shape| shape.name.contains(&asked)) {
        let whole = bytes.unwrap_or_else(|| shape.longest());
        let times: Vec<_> = [8, 4, 2, 1].map(|part| time(shape, whole / part)).into();
        let micros: Vec<_> =
            times.iter().map(|time| format!("{:.0} µs", time.as_secs_f64() * 1e6)).collect();
        let ratio = times[3].as_secs_f64() / times[2].as_secs_f64();
        println!("| {} | {} | {} | {ratio:.1} |", shape.name, micros.join(" | "), whole / 1000);
        if times[3].as_secs_f64() > worst.0 {
            worst = (times[3].as_secs_f64(), shape.name);
        }
    }
    println!("\nThe slowest is «{}» with {:.1} ms.", worst.1, worst.0 * 1e3);
}

/// The best of several.
fn time(shape: &Shape, bytes: usize) -> Duration {
    let rounds = 9;
    (0..rounds).map(|_| once(shape, bytes)).min().unwrap_or_default()
}

#[allow(clippy::disallowed_methods, reason = "the core has no clock, but this measures it")]
fn once(shape: &Shape, bytes: usize) -> Duration {
    let (mut phone, input) = shape.case(bytes);
    let began = Instant::now();
    phone.takes(shape, &input);
    began.elapsed()
}
