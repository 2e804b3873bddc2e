//! Shows how SIP messages are read: one JSON line a file, or what is wrong and where.
//!
//! `cargo run -q --example inspect -- FILE…`; `-` reads standard input.

#![allow(clippy::print_stdout, reason = "its purpose")]

mod fields;

use std::io::Read as _;
use std::process::ExitCode;

use serde_json::{Map, Value};

fn main() -> ExitCode {
    let files: Vec<String> = std::env::args().skip(1).collect();
    if files.is_empty() {
        eprintln!("usage: inspect FILE…   (- for standard input)");
        return ExitCode::from(2);
    }
    let mut code = ExitCode::SUCCESS;
    for file in files {
        let mut line = Map::new();
        line.insert("file".to_owned(), Value::from(file.as_str()));
        match read(&file) {
            Ok(frame) => match fields::read(&frame) {
                Ok(fields) => line.extend(fields),
                Err(error) => line.extend(fields::refusal(&error)),
            },
            Err(error) => {
                line.insert("error".to_owned(), Value::from(error.to_string()));
                code = ExitCode::FAILURE;
            }
        }
        println!("{}", Value::Object(line));
    }
    code
}

fn read(file: &str) -> std::io::Result<Vec<u8>> {
    if file != "-" {
        return std::fs::read(file);
    }
    let mut frame = Vec::new();
    std::io::stdin().read_to_end(&mut frame)?;
    Ok(frame)
}
