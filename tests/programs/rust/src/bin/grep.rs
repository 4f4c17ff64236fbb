//! Searches the files of a folder with regular expressions, and rewrites what it finds into another folder.
//!
//! In: FOLDER OUT PATTERN [REPLACEMENT].  Out: matches on stdout, changed files in OUT.
use regex::{Regex, RegexSet};
use std::{env, fs, path::Path, process::ExitCode};

fn main() -> ExitCode {
    let args: Vec<String> = env::args().collect();
    if args.len() < 4 {
        eprintln!("usage: grep FOLDER OUT PATTERN [REPLACEMENT]");
        return ExitCode::from(2);
    }
    let re = match Regex::new(&args[3]) {
        Ok(re) => re,
        Err(e) => {
            println!("{e}");
            return ExitCode::from(1);
        }
    };
    let set = RegexSet::new([r"^\s*$", r"\d+\.\d+", r"(?i)\bthe\b.*\bthe\b", r"[\p{Lu}]\p{Ll}+", r"(\w+)@(\w+)\.\w+"]).unwrap();
    fs::create_dir_all(&args[2]).unwrap();
    let mut names: Vec<_> = fs::read_dir(&args[1]).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    let mut total = 0;
    for name in names {
        let path = Path::new(&args[1]).join(&name);
        if !path.is_file() {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let mut kinds = [0; 5];
        for (n, line) in text.lines().enumerate() {
            set.matches(line).iter().for_each(|i| kinds[i] += 1);
            for m in re.captures_iter(line) {
                total += 1;
                let groups: Vec<_> = m.iter().flatten().map(|g| format!("{}-{} {:?}", g.start(), g.end(), g.as_str())).collect();
                println!("{name}:{}: {}", n + 1, groups.join(", "));
            }
        }
        println!("{name}: {} bytes, kinds {kinds:?}", text.len());
        if let Some(with) = args.get(4) {
            let out = re.replace_all(&text, with.as_str());
            fs::write(Path::new(&args[2]).join(&name), out.as_bytes()).unwrap();
        }
    }
    println!("{total} matches");
    ExitCode::from((total % 100) as u8)
}
