//! Presence: `application/pidf+xml`, RFC 3863, with the person's notes and activities of RFC 4479
//! and RFC 4480.

use crate::api::Parsed;

use super::xml::{Element, escape};

pub(crate) const TYPE: &str = "application/pidf+xml";

/// Activities that are told.
const MOST_ACTIVITIES: usize = 16;

pub(super) fn read(root: &Element) -> Option<Parsed> {
    if root.name != "presence" {
        return None;
    }
    let is_open = |tuple: &Element| {
        let basic = tuple.child("status").and_then(|status| status.text_of("basic"));
        tuple.name == "tuple" && basic == Some("open")
    };
    let note = root.children.iter().find_map(|child| child.text_of("note"));
    let activities = root.children.iter().filter_map(|child| child.child("activities"));
    let activities = activities.flat_map(|all| &all.children).take(MOST_ACTIVITIES);
    Some(Parsed::Presence {
        entity: root.attribute("entity").unwrap_or_default().to_owned(),
        open: root.children.iter().any(is_open),
        note: root.text_of("note").or(note).map(str::to_owned),
        activities: activities.map(|activity| activity.name.clone()).collect(),
    })
}

/// A document that says whether `entity` can be reached, with a note for people.
pub(crate) fn write(entity: &str, open: bool, note: &str) -> String {
    let basic = if open { "open" } else { "closed" };
    let note =
        if note.is_empty() { String::new() } else { ["<note>", &escape(note), "</note>"].concat() };
    let entity = escape(entity);
    [
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\
         <presence xmlns=\"urn:ietf:params:xml:ns:pidf\" entity=\"",
        &entity,
        "\"><tuple id=\"phone\"><status><basic>",
        basic,
        "</basic></status><contact>",
        &entity,
        "</contact>",
        &note,
        "</tuple></presence>",
    ]
    .concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::package::parse;

    #[test]
    fn what_is_written_is_read() {
        for (open, note) in [(true, "in <the> office & \"here\""), (false, "")] {
            let presence = Parsed::Presence {
                entity: "sip:alice@example.com".to_owned(),
                open,
                note: Some(note.to_owned()).filter(|note| !note.is_empty()),
                activities: Vec::new(),
            };
            assert_eq!(parse(TYPE, &write("sip:alice@example.com", open, note)), Some(presence));
        }
    }

    #[test]
    fn the_person_has_a_note_and_activities() {
        let body = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\
            <presence xmlns=\"urn:ietf:params:xml:ns:pidf\" \
            xmlns:dm=\"urn:ietf:params:xml:ns:pidf:data-model\" \
            xmlns:rpid=\"urn:ietf:params:xml:ns:pidf:rpid\" entity=\"pres:bob@example.com\">\
            <tuple id=\"a\"><status><basic>closed</basic></status></tuple>\
            <tuple id=\"b\"><status><basic>open</basic></status><contact>sip:bob@b</contact></tuple>\
            <dm:person id=\"p\"><rpid:activities><rpid:on-the-phone/><rpid:busy/>\
            </rpid:activities><dm:note>at lunch</dm:note></dm:person></presence>";
        let read = parse("Application/PIDF+XML; charset=utf-8", body);
        let presence = Parsed::Presence {
            entity: "pres:bob@example.com".to_owned(),
            open: true,
            note: Some("at lunch".to_owned()),
            activities: vec!["on-the-phone".to_owned(), "busy".to_owned()],
        };
        assert_eq!(read, Some(presence));
        assert_eq!(parse(TYPE, "<absence/>"), None);
    }
}
