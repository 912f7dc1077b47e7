//! `diff`.

use rcgen::KeyPair;

use crate::command::{Folder, ca, ca_of, json, run};

#[test]
fn what_came_and_went_and_changed_is_told() {
    let folder = Folder::new("diff");
    let (stays, goes, comes) = (ca("Stays", |_| {}), ca("Goes", |_| {}), ca("Comes", |_| {}));
    let key = KeyPair::generate().unwrap();
    let renewed = || {
        ca_of(&key, "Renewed", |params| {
            params.serial_number = Some(rand_serial());
        })
    };
    let limited = "# embedded-roots: permitted-dns=.corp.example\n".to_owned() + &stays;
    let old = folder.file("old.pem", stays + &goes + &renewed());
    let new = folder.file("new.pem", limited + &comes + &renewed());

    let (status, value) = json(&["diff", &old, &new]);
    assert_eq!(status, 1);
    let subjects = |list: &str| -> Vec<&str> {
        let roots = value[list].as_array().unwrap().iter();
        roots
            .map(|root| root["subject"].as_str().unwrap())
            .collect()
    };
    assert_eq!(subjects("came"), ["CN=Comes"]);
    assert_eq!(subjects("went"), ["CN=Goes"]);
    assert_eq!(subjects("changed"), ["CN=Stays", "CN=Renewed"]);

    let ran = run(&["diff", &old, &new]);
    assert_eq!(
        ran.out,
        "- CN=Goes\n\
         + CN=Comes\n\
         ~ CN=Stays: no limits -> permitted-dns=.corp.example\n\
         ~ CN=Renewed: another certificate of the same key\n\
         1 root went, 1 came, 2 changed\n"
    );
    let ran = run(&["diff", &old, &old]);
    assert_eq!(
        (ran.status, ran.out.as_str()),
        (0, "0 roots went, 0 came, 0 changed\n")
    );
}

fn rand_serial() -> rcgen::SerialNumber {
    let key = KeyPair::generate().unwrap();
    rcgen::SerialNumber::from_slice(&key.public_key_raw()[1..9])
}
