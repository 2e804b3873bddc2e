//! Just enough XML to read the documents of event packages.
//!
//! Names are told apart by their local part, whatever their namespace. Left out on purpose:
//! document types, and with them every entity but the five that XML has and numbered characters.
//! Depth and the number of elements are bounded, the length is by the message.

use crate::text::{before, cut, find, from, part};

/// An element with all that is in it.
#[derive(Debug, Default)]
pub(super) struct Element {
    pub(super) name: String,
    attributes: Vec<(String, String)>,
    /// Its own text, without that of the elements in it and without space around it.
    pub(super) text: String,
    pub(super) children: Vec<Self>,
}

/// Deeper is no document of ours.
const DEEPEST: usize = 16;
/// More elements and attributes are a flood.
const MOST: usize = 4000;

impl Element {
    /// What an attribute says.
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(given, _)| given == name).map(|(_, value)| value.as_str())
    }

    /// The first element of this name directly in it.
    pub(super) fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The text of such a child, unless it is empty.
    pub(super) fn text_of(&self, name: &str) -> Option<&str> {
        self.child(name).map(|child| child.text.as_str()).filter(|text| !text.is_empty())
    }
}

/// The root of a document; nothing if it is none.
pub(super) fn parse(text: &str) -> Option<Element> {
    let mut open: Vec<Element> = Vec::new();
    let mut rest = text;
    let mut left = MOST;
    loop {
        let (before_tag, tag) = cut(rest, b'<')?;
        if let Some(element) = open.last_mut() {
            element.text.push_str(&unescape(before_tag)?);
        }
        if let Some(comment) = tag.strip_prefix("!--") {
            rest = from(comment, find(comment, "-->")? + 3);
            continue;
        }
        if let Some(data) = tag.strip_prefix("![CDATA[") {
            let end = find(data, "]]>")?;
            open.last_mut()?.text.push_str(part(data, 0..end));
            rest = from(data, end + 3);
            continue;
        }
        if let Some(instruction) = tag.strip_prefix('?') {
            rest = from(instruction, find(instruction, "?>")? + 2);
            continue;
        }
        // A document type, which may hold entities.
        if tag.starts_with('!') {
            return None;
        }
        let end = end_of_tag(tag)?;
        let inside = part(tag, 0..end);
        rest = from(tag, end + 1);
        let closed = if let Some(name) = inside.strip_prefix('/') {
            let element = open.pop()?;
            if local(name.trim_ascii_end()) != element.name {
                return None;
            }
            element
        } else {
            let element = read_tag(inside.strip_suffix('/').unwrap_or(inside), &mut left)?;
            if !inside.ends_with('/') {
                if open.len() >= DEEPEST {
                    return None;
                }
                open.push(element);
                continue;
            }
            element
        };
        let closed = Element { text: closed.text.trim_ascii().to_owned(), ..closed };
        match open.last_mut() {
            Some(parent) => parent.children.push(closed),
            None => return Some(closed),
        }
    }
}

/// Where the `>` stands that ends a tag; one in quotes does not.
fn end_of_tag(tag: &str) -> Option<usize> {
    let mut quote = None;
    tag.bytes().position(|byte| {
        let is_quote = matches!(byte, b'"' | b'\'');
        if quote.is_none() && is_quote {
            quote = Some(byte);
        } else if quote == Some(byte) {
            quote = None;
        }
        quote.is_none() && byte == b'>'
    })
}

fn read_tag(tag: &str, left: &mut usize) -> Option<Element> {
    *left = left.checked_sub(1)?;
    let name = before(tag, SPACE);
    let mut element = Element { name: local(name).to_owned(), ..Element::default() };
    let mut rest = from(tag, name.len()).trim_ascii();
    while !rest.is_empty() {
        *left = left.checked_sub(1)?;
        let (name, value) = cut(rest, b'=')?;
        let value = value.trim_ascii_start();
        let quote = *value.as_bytes().first().filter(|quote| matches!(quote, b'"' | b'\''))?;
        let (value, behind) = cut(from(value, 1), quote)?;
        let name = local(name.trim_ascii()).to_owned();
        element.attributes.push((name, unescape(value)?));
        rest = behind.trim_ascii_start();
    }
    (!element.name.is_empty()).then_some(element)
}

/// Without the prefix of its namespace.
fn local(name: &str) -> &str {
    cut(name, b':').map_or(name, |(_, local)| local)
}

fn unescape(text: &str) -> Option<String> {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before_entity, entity)) = cut(rest, b'&') {
        plain.push_str(before_entity);
        let (name, behind) = cut(entity, b';')?;
        rest = behind;
        plain.push(match name {
            "lt" => '<',
            "gt" => '>',
            "amp" => '&',
            "quot" => '"',
            "apos" => '\'',
            _ => {
                let number = name.strip_prefix('#')?;
                let code = match number.strip_prefix('x') {
                    Some(hex) => u32::from_str_radix(hex, 16),
                    None => number.parse(),
                };
                char::from_u32(code.ok()?)?
            }
        });
    }
    plain.push_str(rest);
    Some(plain)
}

/// Text as it may stand in a document, between tags and in quotes.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::new();
    for letter in text.chars() {
        match letter {
            '<' => escaped.push_str("&lt;"),
            '&' => escaped.push_str("&amp;"),
            '"' => escaped.push_str("&quot;"),
            // What no document may hold.
            '\0'..='\x08' | '\x0b' | '\x0c' | '\x0e'..='\x1f' => {}
            _ => escaped.push(letter),
        }
    }
    escaped
}

const SPACE: &[u8] = b" \t\r\n";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_attributes_and_text_are_read() {
        let root = parse(
            "<?xml version=\"1.0\"?><!-- <x> --><p:root a='1' b=\"x &gt; y > z\">\n one \
             <![CDATA[<two>]]><p:leaf/><leaf x = '&#65;&#x42;'>&lt;&amp;&gt;&quot;&apos;</leaf>\
             </p:root>",
        )
        .unwrap();
        assert_eq!((root.name.as_str(), root.text.as_str()), ("root", "one <two>"));
        assert_eq!((root.attribute("a"), root.attribute("b")), (Some("1"), Some("x > y > z")));
        assert_eq!(root.children.len(), 2);
        assert_eq!(root.children[1].attribute("x"), Some("AB"));
        assert_eq!(root.children[1].text, "<&>\"'");
    }

    #[test]
    fn what_is_no_document_is_nothing() {
        for text in [
            "",
            "plain",
            "<",
            "<a",
            "<a>",
            "<a></b>",
            "</a>",
            "<>",
            "<a b></a>",
            "<a b=c></a>",
            "<a b='c></a>",
            "<a>&nbsp;</a>",
            "<a>&#xd800;</a>",
            "<a>&amp</a>",
            "<!-- <a/>",
            "<![CDATA[x]]><a/>",
            "<a><![CDATA[x</a>",
            "<?xml <a/>",
        ] {
            assert!(parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn document_types_are_refused() {
        let laughs = "<!DOCTYPE a [<!ENTITY b \"bbbb\"><!ENTITY c \"&b;&b;\">]><a>&c;</a>";
        assert!(parse(laughs).is_none());
    }

    #[test]
    fn depth_and_number_are_bounded() {
        let deep = |depth: usize| ["<a>".repeat(depth), "</a>".repeat(depth)].concat();
        assert!(parse(&deep(DEEPEST)).is_some());
        assert!(parse(&deep(DEEPEST + 1)).is_none());
        let wide = |count: usize| ["<a>", &"<b/>".repeat(count), "</a>"].concat();
        assert!(parse(&wide(MOST - 1)).is_some());
        assert!(parse(&wide(MOST)).is_none());
        assert!(parse(&["<a", &" b='c'".repeat(MOST), "/>"].concat()).is_none());
    }

    #[test]
    fn what_was_escaped_reads_as_before() {
        let text = "a < b & \"c\" > d 'e'";
        let root = parse(&["<a b=\"", &escape(text), "\">", &escape(text), "</a>"].concat());
        let root = root.unwrap();
        assert_eq!((root.text.as_str(), root.attribute("b")), (text, Some(text)));
        assert_eq!(escape("a\u{0}\u{1b}b"), "ab");
    }
}
