//! Plays random calls until there were enough of them, or one shows a fault.
//!
//! ```sh
//! cargo run --release -p cc-sdk --example simulate -- --calls 100000 --seed 42
//! cargo run --release -p cc-sdk --example simulate -- --seed 42 --only 17 --trace
//! cargo run --release -p cc-sdk --example simulate -- --long 10000
//! ```
//!
//! Each run is a telephone system of its own: two to four phones, a proxy, a network of random
//! quality, some dozens of happenings. What must hold is in [`cc_sdk::testing::play`]; here the
//! memory is counted besides. A run that fails prints how to play it again. With `--long`, two
//! phones play so many calls one after the other, and what they hold is shown after each tenth.

#![expect(clippy::print_stdout, reason = "a command line program")]

use std::alloc::System;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::time::Duration;

use cc_sdk::api::Command;
use cc_sdk::testing::{Chance, FaultCounts, Outcome, Plan, SimCall, Simulation, play};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static MEMORY: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

struct Options {
    calls: u64,
    seed: u64,
    only: Option<u64>,
    happenings: Option<u32>,
    keep_going: bool,
    long: Option<u64>,
    trace: bool,
    whole: bool,
}

/// What all runs together came to.
#[derive(Default)]
struct Sum {
    runs: u64,
    calls: u64,
    talked: u64,
    failed: u64,
    virtual_time: Duration,
    faults: FaultCounts,
    most_held: usize,
}

fn main() -> ExitCode {
    let options = match options() {
        Ok(options) => options,
        Err(error) => {
            println!("{error}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    if let Some(calls) = options.long {
        return long(options.seed, calls);
    }
    let mut sum = Sum::default();
    if let Some(only) = options.only {
        run(&options, only, &mut sum);
    } else {
        let mut number = 0;
        while sum.calls < options.calls && (options.keep_going || sum.failed == 0) {
            run(&options, number, &mut sum);
            number += 1;
        }
    }
    println!(
        "seed {}: {} calls ({} were talking) in {} runs, {} h of virtual time",
        options.seed,
        sum.calls,
        sum.talked,
        sum.runs,
        sum.virtual_time.as_secs() / 3600
    );
    println!("faults: {}", sum.faults);
    println!("most memory held by one run: {} KiB", sum.most_held / 1024);
    println!("{} runs failed", sum.failed);
    ExitCode::from(u8::from(sum.failed > 0))
}

/// Plays one run, again with a ladder if it fails.
fn run(options: &Options, number: u64, sum: &mut Sum) {
    let mut chance = Chance::new(options.seed ^ number.rotate_left(32));
    let seed = chance.bits();
    let happenings = 5 + u32::try_from(chance.below(40)).unwrap_or_default();
    let happenings = options.happenings.unwrap_or(happenings);
    let plan = Plan { seed, happenings, trace: false, whole: false };
    let problem = measured(&plan, sum);
    let Some(problem) = problem else {
        if options.only.is_some() && options.trace {
            show(&Plan { trace: true, whole: options.whole, ..plan });
        }
        return;
    };
    sum.failed += 1;
    let happenings = shortest(&plan, &problem);
    println!("run {number} fails: {problem}");
    println!("again: --seed {} --only {number} --happenings {happenings} --trace", options.seed);
    if options.trace {
        show(&Plan { happenings, trace: true, whole: options.whole, ..plan });
    }
}

/// Plays one run and counts; what was wrong with it.
fn measured(plan: &Plan, sum: &mut Sum) -> Option<String> {
    let region = Region::new(MEMORY);
    let outcome = match catch_unwind(AssertUnwindSafe(|| play(plan))) {
        Ok(outcome) => outcome,
        Err(panic) => return Some(format!("a panic: {}", words(&*panic))),
    };
    let held = held(&region);
    sum.runs += 1;
    sum.calls += outcome.calls;
    sum.talked += outcome.talked;
    sum.faults.add(outcome.simulation.counts());
    sum.virtual_time += outcome.simulation.now().since_epoch().saturating_sub(BEGUN);
    sum.most_held = sum.most_held.max(held);
    let problem = problem(&outcome);
    drop(outcome);
    let left = self::held(&region).saturating_sub(problem.as_ref().map_or(0, String::capacity));
    problem.or_else(|| (left > 0).then(|| format!("{left} bytes are left")))
}

fn held(region: &Region<'_, System>) -> usize {
    let change = region.change();
    change.bytes_allocated.saturating_sub(change.bytes_deallocated)
}

fn problem(outcome: &Outcome) -> Option<String> {
    outcome.violations.first().cloned()
}

/// The fewest happenings with which something goes wrong.
fn shortest(plan: &Plan, problem: &str) -> u32 {
    let fails = |happenings: &u32| {
        let plan = Plan { happenings: *happenings, ..*plan };
        catch_unwind(AssertUnwindSafe(|| play(&plan)))
            .map_or_else(|_| problem.starts_with("a panic"), |it| !it.violations.is_empty())
    };
    (0..plan.happenings).find(fails).unwrap_or(plan.happenings)
}

fn show(plan: &Plan) {
    match catch_unwind(AssertUnwindSafe(|| play(plan))) {
        Ok(outcome) => {
            println!("{}", outcome.simulation.trace());
            for violation in outcome.violations {
                println!("wrong: {violation}");
            }
        }
        Err(panic) => println!("a panic: {}", words(&*panic)),
    }
}

/// One pair of phones and many calls: what it holds after the first tenth it holds after the last.
fn long(seed: u64, calls: u64) -> ExitCode {
    let region = Region::new(MEMORY);
    let mut sim = Simulation::new(seed);
    let (alice, bob) = (sim.phone("alice"), sim.phone("bob"));
    sim.passes(Duration::from_secs(1));
    let mut samples = Vec::with_capacity(10);
    for number in 1..=calls {
        let dialled = sim.dial(alice, "bob");
        sim.passes(Duration::from_secs(1));
        let ringing = sim.calls(bob).last().map(SimCall::call_id);
        if let (Ok(call), Some(ringing)) = (dialled, ringing) {
            // Neither is refused where nothing goes wrong, and the next sample shows if it was.
            let _ = sim.command(bob, Command::Answer(ringing));
            sim.passes(Duration::from_secs(2));
            let _ = sim.command(alice, Command::Hangup(call));
        }
        sim.passes(Duration::from_secs(1)).forget_ended();
        if number % (calls / 10).max(1) == 0 {
            // Longer than any transaction, and than the proxy remembers an INVITE.
            sim.passes(Duration::from_secs(200)).forget_ended();
            samples.push(held(&region));
            println!("{number} calls: {} KiB held", held(&region) / 1024);
        }
    }
    let first = samples.first().copied().unwrap_or_default();
    let grown = samples.last().copied().unwrap_or_default().saturating_sub(first);
    println!("grown by {grown} bytes since the first tenth");
    ExitCode::from(u8::from(grown > 4096 || !sim.violations().is_empty()))
}

fn words(panic: &(dyn std::any::Any + Send)) -> String {
    panic
        .downcast_ref::<String>()
        .cloned()
        .or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()))
        .unwrap_or_default()
}

fn options() -> Result<Options, lexopt::Error> {
    use lexopt::prelude::{Long, ValueExt};

    let mut options = Options {
        calls: 2_000,
        seed: 42,
        only: None,
        happenings: None,
        keep_going: false,
        long: None,
        trace: false,
        whole: false,
    };
    let mut arguments = lexopt::Parser::from_env();
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("calls") => options.calls = arguments.value()?.parse()?,
            Long("seed") => options.seed = arguments.value()?.parse()?,
            Long("only") => options.only = Some(arguments.value()?.parse()?),
            Long("happenings") => options.happenings = Some(arguments.value()?.parse()?),
            Long("long") => options.long = Some(arguments.value()?.parse()?),
            Long("keep-going") => options.keep_going = true,
            Long("trace") => options.trace = true,
            Long("whole") => (options.trace, options.whole) = (true, true),
            other => return Err(other.unexpected()),
        }
    }
    Ok(options)
}

const USAGE: &str = "simulate [--calls N] [--seed N] [--keep-going] [--long N] \
    [--only RUN [--happenings N]] [--trace | --whole]";
/// When virtual time begins.
const BEGUN: Duration = Duration::from_secs(1_800_000_000);
