//! Turns a Markdown file into HTML with a table of contents.
//!
//! In: FILE OUTPUT.  Out: OUTPUT, headings and counts on stdout.
use pulldown_cmark::{html, Event, HeadingLevel, Options, Parser, Tag, TagEnd};
use std::{collections::BTreeMap, env, fs, process};

fn main() {
    let args: Vec<String> = env::args().collect();
    let [_, file, output] = &args[..] else {
        eprintln!("usage: markdown FILE OUTPUT");
        process::exit(2)
    };
    let text = fs::read_to_string(file).unwrap();
    let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
    let (mut level, mut heading, mut contents) = (None, String::new(), Vec::<(HeadingLevel, String)>::new());
    let events: Vec<Event> = Parser::new_ext(&text, Options::all()).collect();
    for event in &events {
        match event {
            Event::Start(Tag::Heading { level: l, .. }) => level = Some(*l),
            Event::End(TagEnd::Heading(l)) => {
                contents.push((*l, std::mem::take(&mut heading)));
                level = None;
            }
            Event::Text(t) | Event::Code(t) if level.is_some() => heading += t,
            _ => {}
        }
        let name = format!("{event:?}");
        *kinds.entry(name.split(['(', ' ', '{']).next().unwrap().to_string()).or_default() += 1;
    }
    let mut page = String::from("<!doctype html>\n");
    for _ in 0..40 {
        page.truncate(16);
        html::push_html(&mut page, events.iter().cloned());
    }
    fs::write(output, &page).unwrap();
    for (level, text) in contents {
        println!("{}{text}", "  ".repeat(level as usize - 1));
    }
    println!("{kinds:?} {} bytes", page.len());
}
