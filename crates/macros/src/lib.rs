//! The procedural macros of [`embedded-roots`](https://docs.rs/embedded-roots).
//!
//! This is an internal crate. `embedded_roots::include_bundle!` and `embedded_roots::include_intermediates!` call
//! these macros, and document them.

// clippy.toml allows these in test functions; helpers beside the tests need it here.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod arguments;
mod compile;
mod error;
mod literal;
mod selection;

use proc_macro::{Delimiter, Group, TokenStream, TokenTree};

use arguments::Arguments;
use error::Error;

/// Expands to an expression of type `Bundle`. The input is the `$crate` of embedded-roots, whatever its users
/// call it, and then their arguments.
#[proc_macro]
pub fn include_bundle(input: TokenStream) -> TokenStream {
    expanded(input, |arguments| {
        let arguments = Arguments::read(arguments).map_err(Vec::from)?;
        compile::bundle(&arguments)
    })
}

/// Like [`include_bundle`], but expands to an array of certificates.
#[proc_macro]
pub fn include_intermediates(input: TokenStream) -> TokenStream {
    expanded(input, |arguments| {
        let files = arguments::files(arguments).map_err(Vec::from)?;
        compile::intermediates(&files).map_err(Vec::from)
    })
}

/// A block with the source that is made of the arguments after `$crate`.
fn expanded(
    input: TokenStream,
    source: impl FnOnce(Vec<TokenTree>) -> Result<String, Vec<Error>>,
) -> TokenStream {
    let mut input = input.into_iter();
    let embedded_roots = input.next();
    let content = match source(input.collect()) {
        Ok(source) => [
            parsed("use"),
            embedded_roots.into_iter().collect(),
            parsed("::__private::*;"),
            parsed(&source),
        ]
        .into_iter()
        .collect(),
        Err(errors) => errors.iter().map(Error::to_tokens).collect(),
    };
    TokenTree::from(Group::new(Delimiter::Brace, content)).into()
}

fn parsed(source: &str) -> TokenStream {
    let tokens = source.parse::<TokenStream>();
    tokens.unwrap_or_else(|why| Error::at_call_site(why).to_tokens())
}
