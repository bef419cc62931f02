//! Makes picture files fit, and writes what becomes of them beside them: `cargo run -p idos-images --example fit -- BYTES FILE…`. A
//! file whose name has `selfie` in it shows a face.

#![expect(clippy::print_stdout, reason = "an example shows something")]

use std::error::Error;

use idos_images::{Budget, File, Limits, Role, fit};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let budget = arguments.next().ok_or("how many bytes?")?.parse()?;
    let files: Result<Vec<_>, std::io::Error> = arguments
        .map(|name| {
            let role = if name.contains("selfie") { Role::Face } else { Role::Document };
            std::fs::read(&name).map(|bytes| File { bytes: bytes.into(), name, role })
        })
        .collect();
    match fit(files?, &Budget::bytes(budget), &Limits::default()) {
        Ok(fitted) => {
            for file in fitted {
                std::fs::write(format!("{}.fitted", file.name), &*file.bytes)?;
                println!("{file:?}");
            }
        }
        Err(refused) => println!("{refused:?}"),
    }
    Ok(())
}
