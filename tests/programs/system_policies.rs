//! Names all that needs the feature `system`.

use embedded_roots::Roots;

fn main() {
    let _ = Roots::system;
    let _ = Roots::system_or_embedded;
    let _ = Roots::embedded_and_system;
    let builder = Roots::builder()
        .system()
        .system_or(embedded_roots::bundle());
    let _ = builder.system_fallback();
}
