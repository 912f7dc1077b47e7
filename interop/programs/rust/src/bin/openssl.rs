//! What OpenSSL 3.6 makes of the shapes and files of a folder, and crates that read PEM of its files.

use std::path::Path;
use std::{env, fs};

use interop_programs::{Result, count, entries, line, verdict};
use openssl::ssl::{SslContext, SslMethod};
use openssl::stack::Stack;
use openssl::x509::store::X509StoreBuilder;
use openssl::x509::verify::{X509VerifyFlags, X509VerifyParam};
use openssl::x509::{X509, X509PurposeId, X509StoreContext};
use x509_parser::pem::Pem;

fn main() -> Result<()> {
    let folder = env::args().nth(1).ok_or("usage: interop-programs FOLDER")?;
    let version = openssl::version::version();
    println!("version\t{}", version.split(' ').nth(1).unwrap_or(version));
    for shape in entries(&Path::new(&folder).join("shapes"))? {
        verdict("openssl-3.6", &shape, by_openssl(&shape, false));
        verdict("openssl-3.6-strict", &shape, by_openssl(&shape, true));
    }
    for file in entries(&Path::new(&folder).join("files"))? {
        readings(&file)?;
    }
    Ok(())
}

/// Nothing, or why the server is not trusted.
fn by_openssl(shape: &Path, strict: bool) -> Result<Option<String>> {
    let read = |name| -> Result<_> { Ok(X509::stack_from_pem(&fs::read(shape.join(name))?)?) };
    let host = fs::read_to_string(shape.join("host"))?;
    let mut parameters = X509VerifyParam::new()?;
    match host.parse() {
        Ok(address) => parameters.set_ip(address)?,
        Err(_) => parameters.set_host(&host)?,
    }
    parameters.set_purpose(X509PurposeId::SSL_SERVER)?;
    // What Debian sets for TLS: 112 bits of security.
    parameters.set_auth_level(2);
    if strict {
        parameters.set_flags(X509VerifyFlags::X509_STRICT)?;
    }
    let mut store = X509StoreBuilder::new()?;
    store.set_param(&parameters)?;
    for root in read("roots.pem")? {
        store.add_cert(root)?;
    }
    let leaf = &read("leaf.pem")?[0];
    let mut others = Stack::new()?;
    for certificate in read("intermediates.pem")? {
        others.push(certificate)?;
    }
    let mut context = X509StoreContext::new()?;
    let verified = context.init(&store.build(), leaf, &others, |context| {
        let trusted = context.verify_cert()?;
        Ok((!trusted).then(|| context.error().error_string().to_owned()))
    });
    Ok(verified?)
}

fn readings(file: &Path) -> Result<()> {
    let text = fs::read(file)?;

    let mut context = SslContext::builder(SslMethod::tls_client())?;
    let read = context.set_ca_file(file);
    let roots = context.build().cert_store().all_certificates().len();
    count("openssl-3.6", file, read.map(|()| roots));
    let stack = X509::stack_from_pem(&text);
    count("openssl-3.6-stack", file, stack.map(|stack| stack.len()));
    let chain = x509_cert::Certificate::load_pem_chain(&text);
    count("x509-cert-0.2", file, chain.map(|chain| chain.len()));
    let blocks = pem::parse_many(&text).map(|blocks| {
        let certificates = blocks.iter().filter(|block| block.tag() == "CERTIFICATE");
        certificates.count()
    });
    count("pem-3", file, blocks);

    let (mut roots, mut words) = (0, String::new());
    for block in Pem::iter_from_buffer(&text) {
        match block {
            Ok(_) => roots += 1,
            Err(why) => {
                words = why.to_string();
                break;
            }
        }
    }
    line("x509-parser", file, &roots.to_string(), &words);
    Ok(())
}
