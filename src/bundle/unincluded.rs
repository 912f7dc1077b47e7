//! The errors of the macros without the feature `macros`.

/// Needs the feature `macros`, and is a compile error that says so.
#[doc(hidden)]
#[macro_export]
macro_rules! include_bundle {
    ($($arguments:tt)*) => {
        ::core::compile_error!(
            "`include_bundle!` needs the feature `macros`: `cargo add embedded-roots --features macros`"
        )
    };
}

/// Needs the feature `macros`, and is a compile error that says so.
#[doc(hidden)]
#[macro_export]
macro_rules! include_intermediates {
    ($($arguments:tt)*) => {
        ::core::compile_error!(
            "`include_intermediates!` needs the feature `macros`: `cargo add embedded-roots --features macros`"
        )
    };
}
