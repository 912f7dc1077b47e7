//! What BoringSSL makes of the shapes and files of a folder.

use std::path::Path;
use std::{env, fs};

use boring::stack::Stack;
use boring::x509::store::X509StoreBuilder;
use boring::x509::{X509, X509StoreContext};
use interop_programs::{Result, count, entries, verdict};

fn main() -> Result<()> {
    let folder = env::args().nth(1).ok_or("usage: boringssl FOLDER")?;
    for shape in entries(&Path::new(&folder).join("shapes"))? {
        verdict("boringssl", &shape, verify(&shape));
    }
    for file in entries(&Path::new(&folder).join("files"))? {
        let stack = X509::stack_from_pem(&fs::read(&file)?);
        count("boringssl", &file, stack.map(|stack| stack.len()));
    }
    Ok(())
}

/// Nothing, or why the server is not trusted. Without a purpose, which the crate cannot set.
fn verify(shape: &Path) -> Result<Option<String>> {
    let read = |name| -> Result<_> { Ok(X509::stack_from_pem(&fs::read(shape.join(name))?)?) };
    let host = fs::read_to_string(shape.join("host"))?;
    let mut store = X509StoreBuilder::new()?;
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
        let parameters = context.verify_param_mut();
        match host.parse() {
            Ok(address) => parameters.set_ip(address)?,
            Err(_) => parameters.set_host(&host)?,
        }
        let trusted = context.verify_cert()?;
        let why = context.verify_result().err();
        Ok((!trusted).then(|| why.map_or_else(|| "refused".to_owned(), |why| why.to_string())))
    });
    Ok(verified?)
}
