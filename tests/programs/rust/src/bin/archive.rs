//! Packs files into one gzip archive with SHA-256 sums, unpacks it again, and compares.
//!
//! In: OUTPUT FILES...  Out: OUTPUT, and each file's copy in OUTPUT.d/.
use flate2::{read::GzDecoder, write::GzEncoder, Compression, GzBuilder};
use sha2::{Digest, Sha256, Sha512};
use std::{env, fs, io::{Read, Write}, path::Path};

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = env::args().skip(1).collect();
    let (output, files) = args.split_first().ok_or("usage: archive OUTPUT FILES...")?;
    let mut gz: GzEncoder<fs::File> = GzBuilder::new().mtime(0).write(fs::File::create(output)?, Compression::best());
    for name in files {
        let body = fs::read(name)?;
        writeln!(gz, "{name} {} {}", body.len(), hex(&Sha256::digest(&body)))?;
        gz.write_all(&body)?;
    }
    let mut long = Vec::new();
    for i in 0..200_000u32 {
        long.extend_from_slice(&(i.wrapping_mul(2654435761) >> (i % 23)).to_le_bytes());
    }
    writeln!(gz, "long {} {}", long.len(), hex(&Sha256::digest(&long)))?;
    gz.write_all(&long)?;
    gz.finish()?.sync_all()?;

    let packed = fs::read(output)?;
    println!("{} bytes, {}", packed.len(), hex(&Sha512::digest(&packed)));
    let mut text = Vec::new();
    GzDecoder::new(&packed[..]).read_to_end(&mut text)?;
    fs::create_dir_all(format!("{output}.d"))?;
    let mut rest = &text[..];
    while !rest.is_empty() {
        let end = rest.iter().position(|&b| b == b'\n').ok_or("no line")?;
        let line = std::str::from_utf8(&rest[..end])?;
        let fields: Vec<&str> = line.split(' ').collect();
        let size: usize = fields[1].parse()?;
        let body = &rest[end + 1..][..size];
        let sum = hex(&Sha256::digest(body));
        println!("{} {size} {}", fields[0], if sum == fields[2] { "ok" } else { "DAMAGED" });
        fs::write(Path::new(&format!("{output}.d")).join(fields[0]), body)?;
        rest = &rest[end + 1 + size..];
    }
    let mut broken = packed.clone();
    broken[packed.len() / 3] ^= 1;
    let mut sink = Vec::new();
    println!("damaged: {}", GzDecoder::new(&broken[..]).read_to_end(&mut sink).is_err());
    Err(format!("{} files, as asked", files.len()).into())
}
