use notice_mail::{Brand, Fault, Logo, Mail, Templates};

/// The templates of this repository.
pub(crate) fn files() -> Vec<(String, String)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../templates/mail");
    std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            (name, std::fs::read_to_string(path).unwrap())
        })
        .collect()
}

pub(crate) fn with(overrides: &[(&str, &str)]) -> Result<Templates, Vec<Fault>> {
    let files = files();
    let overrides = overrides.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
    let templates =
        Templates::new(files.iter().map(|(name, text)| (name.as_str(), text.as_str())), overrides)?;
    let faults = templates.check();
    if faults.is_empty() { Ok(templates) } else { Err(faults) }
}

pub(crate) fn templates() -> Templates {
    let files = files();
    Templates::new(files.iter().map(|(name, text)| (name.as_str(), text.as_str())), [])
        .unwrap_or_else(|faults| panic!("{}", said(&faults)))
}

pub(crate) fn said(faults: &[Fault]) -> String {
    faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

pub(crate) fn brand() -> Brand {
    Brand {
        name: "Example KYC".parse().unwrap(),
        contact_url: Some("https://kyc.example.com/contact".parse().unwrap()),
        privacy_url: Some("https://kyc.example.com/privacy?a=b&c=d".parse().unwrap()),
        your_data_url: Some("https://kyc.example.com/me".parse().unwrap()),
        logo: Some(Logo::new(b"\x89PNG\r\n\x1a\nand so on".to_vec()).unwrap()),
    }
}

pub(crate) fn sample(name: &str) -> Mail {
    Mail::samples().into_iter().find(|mail| mail.name() == name).unwrap()
}
