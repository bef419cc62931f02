//! Pictures that are made to fit.

use idos_images::{Budget, File, Limits, Role, fit};

/// The first byte says how much room there is, the rest is a file: what comes back fits, is taken again as it is, and has no metadata by
/// any of its names; or it is refused.
pub fn images(data: &[u8]) {
    const NAMES: [&[u8]; 6] =
        [b"Exif\0\0", b"http://ns.adobe.com/", b"ICC_PROFILE\0", b"eXIf", b"iTXt", b"EXIF"];
    let Some((room, file)) = data.split_first() else { return };
    let budget = Budget::bytes(usize::from(*room) * 256);
    let limits = Limits { max_pixels: 1_000_000, max_memory: 16_000_000, min_width: 64, ..Limits::default() };
    let files = |bytes: &[u8]| {
        vec![File { name: "a".to_owned(), role: Role::Document, bytes: bytes.to_vec().into() }]
    };
    let Ok(fitted) = fit(files(file), &budget, &limits) else { return };
    let [one] = fitted.as_slice() else { panic!("one file came back as {}", fitted.len()) };
    assert!(one.bytes.len() <= budget.total);
    let again = fit(files(&one.bytes), &budget, &limits).expect("what fits is taken");
    assert!(again.iter().all(|again| !again.is_remade && again.bytes == one.bytes && again.size == one.size));
    if one.is_remade {
        let has = |name: &[u8]| one.bytes.windows(name.len()).any(|window| window == name);
        // Coded data may have any bytes, but hardly the long names.
        assert!(!NAMES.iter().filter(|name| name.len() > 5).any(|name| has(name)));
    }
}
