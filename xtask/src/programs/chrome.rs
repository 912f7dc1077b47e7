//! Chrome's list, as the source of the crate `chromium-roots` has it. It needs a newer compiler than this project, so that
//! its source is read.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::path::Path;
use std::time::Duration;

use embedded_roots_bundle::digest::sha256;
use embedded_roots_bundle::rfc3339;
use rustls_pki_types::{CertificateDer, UnixTime};
use syn::{Expr, ExprStruct, Item, Lit, Member};

use super::SourceList;
use super::record::ListedRoot;
use crate::package::Package;

pub(super) fn list(folder: &Path) -> Result<SourceList, Box<dyn Error>> {
    let manifest = fs::read_to_string(folder.join("Cargo.toml"))?;
    let Package { name, version } = Package::from_manifest(&manifest)?;
    let source = fs::read_to_string(folder.join("src/generated.rs"))?;
    from_source(&source, format!("{name} {version}"))
}

fn from_source(source: &str, package: String) -> Result<SourceList, Box<dyn Error>> {
    let constants = Constants::read(source)?;
    let store = number(constants.get("ROOT_STORE_VERSION")?)?;
    let browser = text(constants.get("SOURCE_BROWSER_VERSION")?)?;
    let mut roots = Vec::new();
    for anchor in elements(constants.get("TLS_TRUST_ANCHORS")?)? {
        roots.extend(root(anchor, &constants, &browser)?);
    }
    Ok(SourceList {
        package,
        release: format!("Chrome Root Store {store}, for Chrome {browser}"),
        licence: "BSD-3-Clause",
        roots,
    })
}

/// The values of a file's constants, by their names.
struct Constants(BTreeMap<String, Expr>);

impl Constants {
    fn read(source: &str) -> Result<Self, Box<dyn Error>> {
        let items = syn::parse_file(source)?.items.into_iter();
        let constants = items.filter_map(|item| match item {
            Item::Const(item) => Some((item.ident.to_string(), *item.expr)),
            _ => None,
        });
        Ok(Self(constants.collect()))
    }

    fn get(&self, name: &str) -> Result<&Expr, Box<dyn Error>> {
        let value = self.0.get(name);
        Ok(value.ok_or_else(|| format!("there is no constant {name}"))?)
    }
}

/// None if Chrome of this version does not trust it.
fn root(
    anchor: &Expr,
    constants: &Constants,
    browser: &str,
) -> Result<Option<(ListedRoot, CertificateDer<'static>)>, Box<dyn Error>> {
    let fields = fields(anchor, "TrustAnchor")?;
    fields.check_known(&[
        "der",
        "sha256",
        "kind",
        "constraints",
        "enforce_anchor_expiry",
        "enforce_anchor_constraints",
        // Not about whether a certificate is trusted.
        "crs_root_id",
        "trust_anchor_id",
        "ev_policy_oids",
        "display_name",
        "eutl",
    ])?;
    let der = bytes(constants.get(&name_of(fields.get("der")?)?)?)?;
    if bytes(fields.get("sha256")?)? != sha256(&der) {
        return Err("a certificate has another digest than the crate says".into());
    }
    let intermediate = match name_of(fields.get("kind")?)?.as_str() {
        "Root" => false,
        "Additional" => true,
        kind => return Err(format!("there is an anchor of an unknown kind: {kind}").into()),
    };
    for enforced in ["enforce_anchor_expiry", "enforce_anchor_constraints"] {
        if flag(fields.get(enforced)?)? != intermediate {
            return Err(format!("{enforced} is not as expected of its kind of anchor").into());
        }
    }
    let sets = elements(fields.get("constraints")?)?;
    let mut applicable = Vec::new();
    for set in &sets {
        if applies(set, browser)? {
            applicable.push(sct_not_after(set)?);
        }
    }
    if !sets.is_empty() && applicable.is_empty() {
        return Ok(None);
    }
    // One of the sets has to be met. None is later than any time.
    let is_free = applicable.contains(&None);
    let latest = applicable.into_iter().flatten().max().filter(|_| !is_free);
    let listed = ListedRoot {
        intermediate,
        sct_not_after: latest
            .map(|seconds| rfc3339(UnixTime::since_unix_epoch(Duration::from_secs(seconds)))),
        ..ListedRoot::default()
    };
    Ok(Some((listed, der.into())))
}

/// Whether a set of constraints is for this version of Chrome.
fn applies(set: &Expr, browser: &str) -> Result<bool, Box<dyn Error>> {
    let fields = fields(set, "RootConstraint")?;
    let browser = version(browser)?;
    let bound = |name| -> Result<Option<Vec<u64>>, Box<dyn Error>> {
        let value = some(fields.get(name)?)?;
        value.map(|value| version(&text(value)?)).transpose()
    };
    let is_new_enough = bound("min_version")?.is_none_or(|min| browser >= min);
    Ok(is_new_enough && bound("max_version_exclusive")?.is_none_or(|max| browser < max))
}

/// The one constraint of a set that is known here, versions aside; any other one is an error.
fn sct_not_after(set: &Expr) -> Result<Option<u64>, Box<dyn Error>> {
    let mut time = None;
    for (name, value) in &fields(set, "RootConstraint")?.0 {
        match (name.as_str(), some(value)?) {
            ("sct_not_after_sec", Some(seconds)) => time = Some(number(seconds)?),
            ("min_version" | "max_version_exclusive", _) | (_, None) => {}
            (name, Some(_)) => {
                return Err(
                    format!("a root has a constraint that is not known here: {name}").into(),
                );
            }
        }
    }
    Ok(time)
}

/// The fields of a struct.
struct Fields<'a>(BTreeMap<String, &'a Expr>);

impl<'a> Fields<'a> {
    fn get(&self, name: &str) -> Result<&'a Expr, Box<dyn Error>> {
        Ok(self
            .0
            .get(name)
            .copied()
            .ok_or_else(|| format!("there is no field {name}"))?)
    }

    fn check_known(&self, known: &[&str]) -> Result<(), Box<dyn Error>> {
        match self.0.keys().find(|name| !known.contains(&name.as_str())) {
            Some(name) => Err(format!("there is an unknown field: {name}").into()),
            None => Ok(()),
        }
    }
}

fn fields<'a>(expression: &'a Expr, of: &str) -> Result<Fields<'a>, Box<dyn Error>> {
    match expression {
        Expr::Struct(ExprStruct { path, fields, .. }) if path.is_ident(of) => {
            let fields = fields.iter().filter_map(|field| match &field.member {
                Member::Named(name) => Some((name.to_string(), &field.expr)),
                Member::Unnamed(_) => None,
            });
            Ok(Fields(fields.collect()))
        }
        _ => Err(format!("expected {of}").into()),
    }
}

/// Of a slice.
fn elements(expression: &Expr) -> Result<Vec<&Expr>, Box<dyn Error>> {
    match expression {
        Expr::Reference(reference) => elements(&reference.expr),
        Expr::Array(array) => Ok(array.elems.iter().collect()),
        _ => Err("expected a slice".into()),
    }
}

/// The value of an option, or of a slice that is not empty.
fn some(expression: &Expr) -> Result<Option<&Expr>, Box<dyn Error>> {
    match expression {
        Expr::Path(path) if path.path.is_ident("None") => Ok(None),
        Expr::Call(call) if name_of(&call.func)? == "Some" => Ok(call.args.first()),
        Expr::Reference(_) => Ok(elements(expression)?.first().map(|_| expression)),
        _ => Err("expected an option".into()),
    }
}

/// The last part of a path.
fn name_of(expression: &Expr) -> Result<String, Box<dyn Error>> {
    match expression {
        Expr::Path(path) => {
            let last = path.path.segments.last();
            Ok(last.ok_or("an empty path")?.ident.to_string())
        }
        _ => Err("expected a name".into()),
    }
}

fn literal(expression: &Expr) -> Result<&Lit, Box<dyn Error>> {
    match expression {
        Expr::Lit(literal) => Ok(&literal.lit),
        // `*b"..."` is an array.
        Expr::Unary(unary) => literal(&unary.expr),
        _ => Err("expected a literal".into()),
    }
}

fn bytes(expression: &Expr) -> Result<Vec<u8>, Box<dyn Error>> {
    match literal(expression)? {
        Lit::ByteStr(bytes) => Ok(bytes.value()),
        _ => Err("expected bytes".into()),
    }
}

fn text(expression: &Expr) -> Result<String, Box<dyn Error>> {
    match literal(expression)? {
        Lit::Str(text) => Ok(text.value()),
        _ => Err("expected a text".into()),
    }
}

fn number(expression: &Expr) -> Result<u64, Box<dyn Error>> {
    match literal(expression)? {
        Lit::Int(number) => Ok(number.base10_parse()?),
        _ => Err("expected a number".into()),
    }
}

fn flag(expression: &Expr) -> Result<bool, Box<dyn Error>> {
    match literal(expression)? {
        Lit::Bool(flag) => Ok(flag.value),
        _ => Err("expected true or false".into()),
    }
}

/// The numbers of a version, without zeros at the end.
fn version(text: &str) -> Result<Vec<u64>, Box<dyn Error>> {
    let numbers = text.split('.').map(str::parse);
    let mut numbers: Vec<u64> = numbers.collect::<Result<_, _>>()?;
    while numbers.last() == Some(&0) {
        numbers.pop();
    }
    Ok(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the crate says of an anchor, whose certificate has two bytes.
    fn read(
        kind: &str,
        enforced: bool,
        constraints: &str,
        more: &str,
    ) -> Result<Vec<ListedRoot>, String> {
        let digest = sha256(b"0\0").map(|byte| format!("\\x{byte:02x}")).concat();
        let source = format!(
            r#"
            const CERTIFICATE_0: &[u8] = b"0\0";
            pub const SOURCE_BROWSER_VERSION: &str = "154.0.8037.97";
            pub const ROOT_STORE_VERSION: i64 = 40i64;
            pub const TLS_TRUST_ANCHORS: &[TrustAnchor] = &[TrustAnchor {{
                der: CERTIFICATE_0,
                sha256: *b"{digest}",
                kind: TrustAnchorKind::{kind},
                constraints: &[{constraints}],
                enforce_anchor_expiry: {enforced},
                enforce_anchor_constraints: {enforced},
                {more}
            }}];"#
        );
        let list = from_source(&source, "p 1".to_owned()).map_err(|why| why.to_string())?;
        assert_eq!(
            list.release,
            "Chrome Root Store 40, for Chrome 154.0.8037.97"
        );
        Ok(list.roots.into_iter().map(|(root, _)| root).collect())
    }

    fn set(fields: &str) -> String {
        let all = [
            "sct_not_after_sec: None",
            "min_version: None",
            "max_version_exclusive: None",
            "permitted_dns_names: &[]",
        ];
        let name = |field: &str| field.split(':').next().unwrap().to_owned();
        let given: Vec<&str> = fields
            .split("; ")
            .filter(|field| !field.is_empty())
            .collect();
        let others = all
            .into_iter()
            .filter(|field| given.iter().all(|other| name(other) != name(field)));
        let fields: Vec<&str> = given.iter().copied().chain(others).collect();
        format!("RootConstraint {{ {} }},", fields.join(", "))
    }

    #[test]
    fn constraints_are_those_of_the_version_of_chrome() {
        let date = "sct_not_after_sec: Some(1_820_966_399_i64)";
        for (constraints, expected) in [
            (String::new(), Some(None)),
            (set(""), Some(None)),
            (set(date), Some(Some("2027-09-14T23:59:59Z"))),
            // The later one, or none, as one of them is enough.
            (
                set(date) + &set("sct_not_after_sec: Some(1)"),
                Some(Some("2027-09-14T23:59:59Z")),
            ),
            (set(date) + &set(""), Some(None)),
            (
                set(&format!("{date}; min_version: Some(\"154\")")),
                Some(Some("2027-09-14T23:59:59Z")),
            ),
            (
                set(&format!("{date}; min_version: Some(\"154.0.8037.97\")")),
                Some(Some("2027-09-14T23:59:59Z")),
            ),
            (
                set(&format!("{date}; min_version: Some(\"154.0.8037.98\")")),
                None,
            ),
            (
                set(&format!("{date}; min_version: Some(\"155\")"))
                    + &set("max_version_exclusive: Some(\"155\")"),
                Some(None),
            ),
            (set("max_version_exclusive: Some(\"154.0.8037.97\")"), None),
            (
                set("max_version_exclusive: Some(\"154.0.8037.98\")"),
                Some(None),
            ),
        ] {
            let roots = read("Root", false, &constraints, "").unwrap();
            let seen = roots.first().map(|root| root.sct_not_after.as_deref());
            assert_eq!(seen, expected, "{constraints}");
        }
        assert!(read("Additional", true, "", "").unwrap()[0].intermediate);
    }

    #[test]
    fn unknown_fields_are_errors_that_name_them() {
        for (seen, named) in [
            (read("Root", false, "", "pq_only: None,"), "pq_only"),
            (read("Other", false, "", ""), "Other"),
            (read("Root", true, "", ""), "enforce_anchor_expiry"),
            (
                read(
                    "Root",
                    false,
                    &set("permitted_dns_names: &[\"a.test\"]"),
                    "",
                ),
                "permitted_dns_names",
            ),
            (
                read("Root", false, &set("index_after: Some(7)"), ""),
                "index_after",
            ),
        ] {
            let why = seen.unwrap_err();
            assert!(why.contains(named), "{why}");
        }
    }
}
