//! The buffers of a glTF document: the binary chunk, `data:` URIs and files beside it.

use super::accessor::{optional, size};
use super::{REEXPORT, array};
use crate::import::beside::Folder;
use crate::import::error::Fault;
use serde_json::Value;
use std::borrow::Cow;

/// A document and the content of its buffers.
pub(super) struct Document<'a> {
    /// The JSON text.
    pub json: &'a Value,
    buffers: Vec<Cow<'a, [u8]>>,
    folder: Folder<'a>,
}

impl<'a> Document<'a> {
    pub(super) fn load(
        json: &'a Value,
        binary: Option<&'a [u8]>,
        folder: Folder<'a>,
    ) -> Result<Document<'a>, Fault> {
        let mut buffers = Vec::new();
        for (i, buffer) in array(&json["buffers"]).iter().enumerate() {
            buffers.push(match (buffer["uri"].as_str(), binary) {
                (Some(uri), _) => Cow::Owned(read_uri("buffer", uri, &folder)?),
                (None, Some(binary)) if i == 0 => Cow::Borrowed(binary),
                _ => return Err(Fault::malformed(format!("buffer {i}"), "has no uri")),
            });
        }
        Ok(Document { json, buffers, folder })
    }

    /// Element `index` of the top-level array `kind`.
    pub(super) fn item(&self, kind: &str, index: u64) -> Result<&'a Value, Fault> {
        let index = usize::try_from(index).unwrap_or(usize::MAX);
        let item = array(&self.json[kind]).get(index);
        item.ok_or_else(|| Fault::malformed(kind, format!("there is no element {index}")))
    }

    /// The bytes of a buffer view, and its stride if it states one.
    pub(super) fn view(&self, index: u64) -> Result<(&[u8], Option<usize>), Fault> {
        let view = self.item("bufferViews", index)?;
        if let Some(name) = view["extensions"].as_object().and_then(|all| all.keys().next()) {
            return Err(Fault::unsupported(format!("a glTF file with {name}"), REEXPORT));
        }
        let part = || format!("bufferView {index}");
        let buffer = size(&view["buffer"]).and_then(|i| self.buffers.get(i));
        let (Some(buffer), Some(offset), Some(length)) =
            (buffer, optional(&view["byteOffset"]), size(&view["byteLength"]))
        else {
            return Err(Fault::malformed(part(), "has no good buffer, byteOffset or byteLength"));
        };
        let rest = buffer.get(offset..).unwrap_or_default();
        let data = rest.get(..length).ok_or_else(|| Fault::Truncated {
            part: part(),
            at: offset as u64,
            needed: length as u64,
            available: rest.len() as u64,
        })?;
        Ok((data, size(&view["byteStride"])))
    }

    /// The content behind an image's URI.
    pub(super) fn uri(&self, uri: &str) -> Result<Vec<u8>, Fault> {
        read_uri("image", uri, &self.folder)
    }
}

/// The content behind a URI: base64 data, or a file beside this one.
fn read_uri(part: &str, uri: &str, folder: &Folder) -> Result<Vec<u8>, Fault> {
    let Some(data) = uri.strip_prefix("data:") else {
        return match uri.contains(':') {
            true => Err(Fault::malformed(part, format!("its uri {uri:?} is no file beside it"))),
            false => folder.read(part, &percent_decoded(uri)),
        };
    };
    let encoded = data.split_once(";base64,").map(|(_, encoded)| encoded);
    let decoded = encoded.and_then(|encoded| base64(encoded.as_bytes()));
    decoded.ok_or_else(|| Fault::malformed(part, "its data URI is no base64"))
}

/// The bytes of base64 text (RFC 4648, section 4), padded or not.
fn base64(text: &[u8]) -> Option<Vec<u8>> {
    let padding = text.iter().rev().take_while(|&&byte| byte == b'=').count();
    let mut data = Vec::with_capacity(text.len() / 4 * 3 + 3);
    let (mut word, mut bits) = (0u32, 0);
    for &byte in &text[..text.len() - padding] {
        let digit = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        word = word << 6 | u32::from(digit);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            data.push((word >> bits) as u8);
            word &= (1 << bits) - 1;
        }
    }
    Some(data)
}

/// Text with `%xx` replaced; what is no such escape stays.
fn percent_decoded(uri: &str) -> String {
    let mut data = Vec::new();
    let mut rest = uri.as_bytes();
    while let [first, tail @ ..] = rest {
        let digits = tail.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        let byte = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        (rest, _) = match (first, byte) {
            (b'%', Some(byte)) => (&tail[2..], data.push(byte)),
            _ => (tail, data.push(*first)),
        };
    }
    String::from_utf8_lossy(&data).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn base64_follows_the_rfc() {
        for (text, data) in [("", ""), ("Zg==", "f"), ("Zm8=", "fo"), ("Zm9vYmE", "fooba")] {
            assert_eq!(base64(text.as_bytes()).unwrap(), data.as_bytes());
        }
        assert_eq!(base64(b"Zm!v"), None);
        assert_eq!(base64(b"===="), Some(vec![]));
    }

    #[test]
    fn files_elsewhere_are_refused() {
        let folder = Folder(Some(Path::new("folder")));
        for uri in ["../x.bin", "/etc/passwd", "%2e%2e/x.bin", "file:///x", "http://x/y"] {
            let text = read_uri("buffer", uri, &folder).unwrap_err().to_string();
            assert!(text.contains("no file beside it"), "{text}");
        }
        assert_eq!(percent_decoded("a%20b%zz%"), "a b%zz%");
    }
}
