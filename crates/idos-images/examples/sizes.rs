//! What becomes of files, and why not.

#![expect(clippy::print_stdout, reason = "an example shows something")]

use idos_images::{Budget, File, Limits, Role, fit};

fn main() {
    let scan = b"%PDF-1.7 and so on".to_vec().into();
    let files = vec![File { name: "front".to_owned(), role: Role::Document, bytes: scan }];
    match fit(files, &Budget::bytes(1_000_000), &Limits::default()) {
        Ok(fitted) => {
            for file in fitted {
                println!(
                    "{}: {} of {} bytes, {:?}",
                    file.name,
                    file.bytes.len(),
                    file.bytes_before,
                    file.size
                );
            }
        }
        Err(refused) => {
            for one in refused {
                println!("{} {} ({})", one.name, one.refusal, one.refusal.code());
            }
        }
    }
}
