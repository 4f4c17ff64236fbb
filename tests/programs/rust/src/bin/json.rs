//! Reads a JSON file, reshapes it, prints it and writes it back: recursion, allocation, maps, floats.
//!
//! In: FILE PATH..., where PATH is a JSON pointer.  Out: the values on stdout, the sorted whole in out.json.
use serde_json::{json, Value};
use std::{collections::BTreeMap, env, fs, process};

fn sorted(v: &Value) -> Value {
    match v {
        Value::Object(m) => {
            let inner: BTreeMap<_, _> = m.iter().map(|(k, v)| (k.clone(), sorted(v))).collect();
            Value::Object(inner.into_iter().collect())
        }
        Value::Array(a) => Value::Array(a.iter().rev().map(sorted).collect()),
        other => other.clone(),
    }
}

fn count(v: &Value, depth: usize, stats: &mut BTreeMap<&'static str, (usize, usize, f64)>) {
    let (name, number) = match v {
        Value::Null => ("null", 0.0),
        Value::Bool(b) => ("bool", *b as u8 as f64),
        Value::Number(n) => ("number", n.as_f64().unwrap_or(f64::NAN)),
        Value::String(s) => ("string", s.chars().count() as f64),
        Value::Array(a) => ("array", a.iter().map(|x| count(x, depth + 1, stats)).count() as f64),
        Value::Object(o) => ("object", o.values().map(|x| count(x, depth + 1, stats)).count() as f64),
    };
    let e = stats.entry(name).or_default();
    *e = (e.0 + 1, e.1.max(depth), e.2 + number);
}

fn main() {
    let args: Vec<String> = env::args().skip(1).collect();
    if args.is_empty() {
        eprintln!("usage: json FILE PATH...");
        process::exit(2);
    }
    let text = fs::read_to_string(&args[0]).unwrap_or_else(|e| {
        eprintln!("{}: {:?}", args[0], e.kind());
        process::exit(1)
    });
    let doc: Value = serde_json::from_str(&text).expect("valid");
    for path in &args[1..] {
        match doc.pointer(path) {
            Some(v) => println!("{path}: {v}"),
            None => println!("{path}: absent"),
        }
    }
    let big = json!({ "copies": (0..300).map(|i| json!({"i": i, "half": i as f64 / 2.0, "doc": doc})).collect::<Vec<_>>() });
    let text = serde_json::to_string(&big).unwrap();
    let back: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(big, back);
    let mut stats = BTreeMap::new();
    count(&back, 0, &mut stats);
    println!("{} bytes, {stats:?}", text.len());
    for bad in ["[1,2", "{\"a\":}", "01", "\"\\u12\"", "nul", "[1e999]"] {
        println!("{bad}: {}", serde_json::from_str::<Value>(bad).unwrap_err());
    }
    fs::write("out.json", serde_json::to_string_pretty(&sorted(&doc)).unwrap()).unwrap();
    process::exit((text.len() % 100) as i32);
}
