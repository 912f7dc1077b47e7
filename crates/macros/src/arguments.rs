//! The arguments of the macro: `"a.pem", "b.pem", only = ["..."]`.

use proc_macro::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};

use crate::error::Error;
use crate::literal;

pub(crate) struct Arguments {
    pub(crate) source: Source,
    pub(crate) sha256: Option<Text>,
    pub(crate) only: Option<Vec<Text>>,
    pub(crate) without: Option<Vec<Text>>,
}

pub(crate) enum Source {
    /// At least one.
    Files(Vec<Text>),
    Mozilla,
}

/// A string literal.
pub(crate) struct Text {
    pub(crate) value: String,
    pub(crate) span: Span,
}

impl Arguments {
    pub(crate) fn read(tokens: Vec<TokenTree>) -> Result<Self, Error> {
        let mut files = Vec::new();
        let mut mozilla = None;
        let (mut sha256, mut only, mut without) = (None, None, None);
        for argument in split(tokens)? {
            match &argument[..] {
                [TokenTree::Ident(name), TokenTree::Punct(equals), value @ ..]
                    if equals.as_char() == '=' =>
                {
                    match name.to_string().as_str() {
                        "sha256" => set(&mut sha256, name, text_of(name, value)?)?,
                        "only" => set(&mut only, name, list_of(name, value)?)?,
                        "without" => set(&mut without, name, list_of(name, value)?)?,
                        other => {
                            let why = "the options are `sha256`, `only` and `without`";
                            let message = format!("unknown option `{other}`: {why}");
                            return Err(Error::new(name.span(), message));
                        }
                    }
                }
                [TokenTree::Ident(name)] if name.to_string() == "mozilla" => {
                    set(&mut mozilla, name, name.span())?;
                }
                [token] => files.push(text(token).ok_or_else(|| unexpected(token))?),
                [token, ..] => return Err(unexpected(token)),
                [] => {}
            }
        }
        let source = match (files.is_empty(), mozilla) {
            (false, None) => Source::Files(files),
            (true, Some(_)) => Source::Mozilla,
            (false, Some(span)) => {
                let message = "`mozilla` cannot be combined with files: declare a static for each, \
                               and pass both to `Roots::builder()`";
                return Err(Error::new(span, message));
            }
            (true, None) => {
                let message = "expected a PEM file, `include_bundle!(\"certs/corp.pem\")`, or a part of Mozilla's list, `include_bundle!(mozilla, only = \
                               [\"ISRG Root X1\"])`";
                return Err(Error::at_call_site(message));
            }
        };
        Ok(Self {
            source,
            sha256,
            only,
            without,
        })
    }
}

/// The paths of `include_intermediates!`, which has no options.
pub(crate) fn files(tokens: Vec<TokenTree>) -> Result<Vec<Text>, Error> {
    const EXPECTED: &str =
        "expected a PEM file, `include_intermediates!(\"certs/intermediates.pem\")`";
    let files = texts(tokens, |span| Error::new(span, EXPECTED))?;
    if files.is_empty() {
        return Err(Error::at_call_site(EXPECTED));
    }
    Ok(files)
}

/// The string literals between the commas; `unexpected` makes the error of anything else.
fn texts(tokens: Vec<TokenTree>, unexpected: impl Fn(Span) -> Error) -> Result<Vec<Text>, Error> {
    let mut texts = Vec::new();
    for argument in split(tokens)? {
        let only = argument.first().filter(|_| argument.len() == 1);
        match (only.and_then(text), argument.first()) {
            (Some(text), _) => texts.push(text),
            (None, Some(token)) => return Err(unexpected(token.span())),
            (None, None) => {}
        }
    }
    Ok(texts)
}

/// The arguments between the commas, of which the last may be one too many.
fn split(tokens: Vec<TokenTree>) -> Result<Vec<Vec<TokenTree>>, Error> {
    let mut arguments = vec![Vec::new()];
    for token in tokens {
        let is_comma = matches!(&token, TokenTree::Punct(punct) if punct.as_char() == ',');
        match arguments.last_mut() {
            Some(argument) if !is_comma => argument.push(token),
            Some(argument) if argument.is_empty() => return Err(unexpected(&token)),
            _ => arguments.push(Vec::new()),
        }
    }
    Ok(arguments)
}

fn unexpected(token: &TokenTree) -> Error {
    let message = "expected a path in quotation marks, `mozilla`, or an option: `sha256 = \"...\"`, \
                   `only = [\"...\"]`, `without = [\"...\"]`";
    Error::new(token.span(), message)
}

fn set<T>(option: &mut Option<T>, name: &Ident, value: T) -> Result<(), Error> {
    if option.replace(value).is_some() {
        let message = format!("`{name}` is given twice");
        return Err(Error::new(name.span(), message));
    }
    Ok(())
}

fn text_of(name: &Ident, value: &[TokenTree]) -> Result<Text, Error> {
    let only = match value {
        [token] => text(token),
        _ => None,
    };
    only.ok_or_else(|| {
        let expected = format!("expected `{name} = \"...\"`");
        Error::new(value.first().map_or(name.span(), TokenTree::span), expected)
    })
}

fn list_of(name: &Ident, value: &[TokenTree]) -> Result<Vec<Text>, Error> {
    let expected = |span| {
        let what = "subjects, common names or SHA-256 fingerprints";
        Error::new(
            span,
            format!("expected `{name} = [\"...\", \"...\"]`: {what}"),
        )
    };
    let list = match value {
        [TokenTree::Group(group)] if group.delimiter() == Delimiter::Bracket => group,
        _ => return Err(expected(value.first().map_or(name.span(), TokenTree::span))),
    };
    let texts = texts(list.stream().into_iter().collect(), expected)?;
    if texts.is_empty() {
        return Err(expected(list.span()));
    }
    Ok(texts)
}

/// The string literal, which a `macro_rules!` of the user may have passed on in an invisible group.
fn text(token: &TokenTree) -> Option<Text> {
    let span = token.span();
    match token {
        TokenTree::Literal(literal) => {
            let value = literal::string(&literal.to_string())?;
            Some(Text { value, span })
        }
        TokenTree::Group(group) => text(&only_token(group)?),
        _ => None,
    }
}

fn only_token(group: &Group) -> Option<TokenTree> {
    let mut tokens = TokenStream::into_iter(group.stream());
    let first = tokens.next();
    first.filter(|_| group.delimiter() == Delimiter::None && tokens.next().is_none())
}
