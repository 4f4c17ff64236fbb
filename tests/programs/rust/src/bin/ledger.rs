//! Reads a CSV file, sums by group in several kinds of map, sorts, and writes a summary.
//!
//! In: FILE GROUP-COLUMN VALUE-COLUMN.  Out: a table on stdout, summary.csv.  A bad cell is a panic that is caught.
use std::{collections::{BTreeMap, HashMap, HashSet, VecDeque}, env, error::Error, panic, rc::Rc, cell::RefCell};

#[derive(Default, Debug, Clone)]
struct Group { count: u64, sum: f64, min: f64, max: f64, names: HashSet<String> }

trait Measure { fn name(&self) -> String; fn of(&self, g: &Group) -> f64; }
struct Mean; struct Spread; struct Per(f64);
impl Measure for Mean { fn name(&self) -> String { "mean".into() } fn of(&self, g: &Group) -> f64 { g.sum / g.count as f64 } }
impl Measure for Spread { fn name(&self) -> String { "spread".into() } fn of(&self, g: &Group) -> f64 { g.max - g.min } }
impl Measure for Per { fn name(&self) -> String { format!("per {}", self.0) } fn of(&self, g: &Group) -> f64 { g.sum / self.0 } }

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = env::args().collect();
    let (key, value): (usize, usize) = (args[2].parse()?, args[3].parse()?);
    let mut groups: BTreeMap<String, Group> = BTreeMap::new();
    let mut plain: HashMap<String, i64> = HashMap::new();
    let window = Rc::new(RefCell::new(VecDeque::with_capacity(4)));
    let mut peak = f64::MIN;
    for record in csv::Reader::from_path(&args[1])?.records() {
        let record = record?;
        let v: f64 = record[value].parse()?;
        let g = groups.entry(record[key].to_string()).or_insert_with(|| Group { min: f64::MAX, max: f64::MIN, ..Default::default() });
        g.count += 1;
        g.sum += v;
        (g.min, g.max) = (g.min.min(v), g.max.max(v));
        g.names.insert(record[0].to_lowercase());
        *plain.entry(record[key].chars().rev().collect()).or_default() += v as i64;
        let mut w = window.borrow_mut();
        if w.len() == 4 { w.pop_front(); }
        w.push_back(v);
        peak = peak.max(w.iter().sum::<f64>());
    }
    let measures: Vec<Box<dyn Measure>> = vec![Box::new(Mean), Box::new(Spread), Box::new(Per(7.0))];
    let mut out = csv::Writer::from_path("summary.csv")?;
    out.write_record(["group".to_string(), "count".into()].into_iter().chain(measures.iter().map(|m| m.name())))?;
    for (name, g) in &groups {
        let row: Vec<String> = measures.iter().map(|m| format!("{:.4}", m.of(g))).collect();
        println!("{name:<12}|{:>4}|{:>4}|{}", g.count, g.names.len(), row.join("|"));
        out.write_record([name.clone(), g.count.to_string()].into_iter().chain(row))?;
    }
    out.flush()?;
    let mut order: Vec<_> = plain.into_iter().collect();
    order.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
    println!("{order:?} peak {peak:?}");
    let mut numbers: Vec<u128> = (1..40u128).map(|i| i.pow(9) * 0x1234_5678_9abc_def0_1357 % 1_000_000_007_000_000_003).collect();
    numbers.sort_unstable();
    println!("{:?} {:e} {:?}", numbers[20], 1.0f64 / 3.0, f32::MAX);
    println!("{:?}", i32::from_str_radix("-7fffffff", 16).map(|x| x.checked_sub(2)));
    println!("{:?}", "9999999999".parse::<i32>().map_err(|e| e.to_string()));
    panic::set_hook(Box::new(|info| println!("panic: {info}")));
    let table = vec![1, 2, 3];
    println!("{}", table[args.len() * 10]); // out of bounds: the program ends here, as it must
    Ok(())
}
