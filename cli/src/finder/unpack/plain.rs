//! What is no archive from its beginning, and is searched.

use std::io::{self, Cursor, Read};
use std::mem;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use super::{BESIDE, Inside, Scan};
use crate::finder::contents::Contents;
use crate::finder::findings::{KeyStore, Place};
use crate::finder::limits::Counter;
use crate::finder::location::Location;
use crate::finder::parts::SharedFile;
use crate::finder::range::Range;
use crate::finder::store::{KeepingReader, StoreForm};
use crate::finder::tail::TailReader;
use crate::finder::{unread, zip};
use crate::input::opened::{self, OpenedFile, Refusal};

impl<'h> Scan<'h> {
    /// What is signed in a file.
    pub(super) fn contents(&mut self, name: &Location, contents: Vec<Vec<u8>>, depth: usize) {
        for content in contents {
            let place = name.entry(b"content");
            let depth = match self.deeper(depth) {
                Ok(depth) => depth,
                Err(why) => return self.failed(&place, &why),
            };
            let length = content.len() as u64;
            self.or_failed(&place, |scan| {
                let mut content = scan.limited(content.as_slice(), Counter::new(length));
                scan.unpacked(&place, length, &mut content, depth)
            });
        }
    }

    /// What is no archive from its beginning, but may have one behind that.
    pub(super) fn plain_or_zip(
        &mut self,
        name: &Location,
        reader: &mut dyn Read,
        head: &[u8],
        depth: usize,
    ) {
        let reader = &mut Cursor::new(head).chain(reader);
        let (memory, disk) = (self.left.in_memory.clone(), self.left.on_disk.clone());
        let mut reader = TailReader::new(reader, memory, disk);
        let inside = self.plain(name, &mut reader, head);
        self.contents(name, inside.contents, depth);
        let payloads = inside.payloads;
        self.or_failed(name, |scan| {
            let Some(mut tail) = reader.into_tail(!payloads.is_empty())? else {
                return Ok(());
            };
            let start = tail.start();
            scan.payloads(name, &mut tail, start, &payloads, depth);
            let directory = zip::Directory::find(&mut tail)?;
            if directory.is_some() {
                scan.zip(name, tail, directory, scan.deeper(depth)?)?;
            }
            Ok(())
        });
    }

    /// Returns what else is in it.
    pub(super) fn plain(&mut self, name: &Location, reader: &mut dyn Read, head: &[u8]) -> Inside {
        self.search.progress.place(&name.shown);
        let Some(store) = StoreForm::from_head(head) else {
            let (found, result) = self.search.read(reader, &self.left.report);
            return self.searched(name, head, found, result, OpenedFile::default());
        };
        let mut reader = KeepingReader::new(reader, self.left.in_memory.clone());
        let (mut found, result) = self.search.read(&mut reader, &self.left.report);
        let mut opened = OpenedFile::default();
        if result.is_ok() {
            opened = self.store(name, store, reader.kept().as_deref(), &mut found);
        }
        let result = result.and_then(|()| found.is_complete());
        drop(reader);
        self.searched(name, head, found, result, opened)
    }

    /// The certificates of a file that has them in a form of its own.
    pub(super) fn store(
        &mut self,
        name: &Location,
        store: StoreForm,
        content: Option<&[u8]>,
        found: &mut Contents<'h>,
    ) -> OpenedFile {
        let (mut opened, mut form) = (OpenedFile::default(), None);
        match self.read_store(store, content) {
            Ok(read) => opened = read,
            Err(_) if found.has_encrypted_data => opened.refusal = Some(Refusal::Password),
            Err(why) => form = Some(why),
        }
        for der in &opened.certificates {
            if !self.search.certificate_of_store(der, store.form(), found) {
                form = Some("a certificate cannot be read".to_owned());
            }
        }
        let form = form.map(|why| format!("{}: {why}", store.name()));
        if opened.refusal == Some(Refusal::UsedUp) {
            // Another scan may find more.
            self.left.in_memory.note_short();
        }
        let refusal = opened.refusal.as_ref().map(|why| why.shown().to_owned());
        if let Some(form) = refusal.or(form) {
            self.unread(name, &form);
        }
        opened
    }

    /// A large file.
    pub(super) fn parts(&mut self, name: &Location, file: &Range, head: &[u8]) -> Inside {
        self.search.progress.place(&name.shown);
        let room = self.left.report.clone();
        let file = Arc::new(SharedFile::new(file.clone(), room.value()));
        let (found, result) = match self.crowd.clone() {
            Some(crowd) => {
                let shared = crowd.share(Arc::clone(&file) as _);
                file.result(&mut self.search, &room, || shared.has_moved())
            }
            None => file.result(&mut self.search, &room, || {}),
        };
        self.searched(name, head, found, result, OpenedFile::default())
    }

    /// Notes what was found in a place.
    pub(super) fn searched(
        &mut self,
        name: &Location,
        head: &[u8],
        mut found: Contents<'h>,
        result: io::Result<()>,
        opened: OpenedFile,
    ) -> Inside {
        self.findings.searched += 1;
        self.findings.bytes += found.bytes;
        let payloads = mem::take(&mut found.payloads);
        if payloads.is_cut_off {
            self.failed(name, &"more payloads than are looked into");
        }
        if let Some(form) = unread::form(head) {
            self.unread(name, form);
        }
        if !found.is_empty() {
            // What was found has taken their part of the report.
            self.left.report.take((name.size() + BESIDE) as u64);
            self.findings.places.push(Place {
                location: name.clone(),
                key_store: KeyStore::from_head(head),
                password: opened.password,
                found,
            });
        }
        if let Err(why) = result {
            self.failed(name, &why);
        }
        Inside {
            payloads: payloads.all,
            contents: opened.contents,
        }
    }

    /// What a file has in a form of its own, of which the bytes are there unless they are too many.
    pub(super) fn read_store(
        &self,
        form: StoreForm,
        content: Option<&[u8]>,
    ) -> Result<OpenedFile, String> {
        let content = content.ok_or_else(|| "too large to be converted".to_owned())?;
        match form {
            StoreForm::Pkcs12 => {
                let before = self.digests.load(Relaxed);
                let mut left = before;
                let opened = opened::pkcs12(content, &self.passwords, &mut left);
                let spent = |now: u64| Some(now.saturating_sub(before - left));
                let _ = self.digests.fetch_update(Relaxed, Relaxed, spent);
                opened
            }
            StoreForm::Pkcs7 => opened::pkcs7(content),
            StoreForm::Pkcs7Pem => opened::pkcs7_of_pem(content),
        }
    }
}
