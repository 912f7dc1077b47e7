//! Compile errors.

use std::fmt::Display;

use proc_macro::{Delimiter, Group, Ident, Literal, Punct, Spacing, Span, TokenStream, TokenTree};

/// A mistake, and the tokens that have to change.
pub(crate) struct Error {
    span: Span,
    message: String,
}

impl Error {
    pub(crate) fn new(span: Span, message: impl Display) -> Self {
        Self {
            span,
            message: message.to_string(),
        }
    }

    /// A mistake that no single token shows.
    pub(crate) fn at_call_site(message: impl Display) -> Self {
        Self::new(Span::call_site(), message)
    }

    /// `compile_error! { "message" }`, which rustc shows at the span of its tokens.
    pub(crate) fn to_tokens(&self) -> TokenStream {
        let message = TokenTree::from(Literal::string(&self.message));
        let tokens: [TokenTree; 3] = [
            Ident::new("compile_error", self.span).into(),
            Punct::new('!', Spacing::Alone).into(),
            Group::new(Delimiter::Brace, message.into()).into(),
        ];
        let at_span = tokens.into_iter().map(|mut token| {
            token.set_span(self.span);
            token
        });
        at_span.collect()
    }
}

/// Several mistakes may be found at once.
impl From<Error> for Vec<Error> {
    fn from(error: Error) -> Self {
        vec![error]
    }
}
