//! A message as flat fields, under the names of `tests/sip-corpus/index.json`.

use cc_sdk::sip::{Challenge, Message, NameAddr, ParseError, Refresher, Uri};
use serde_json::{Map, Value, json};

/// The fields of a message. Absent headers have no field.
///
/// # Errors
///
/// What a phone cannot use: bad framing, a missing or repeated header, or a header that it
/// reads and that does not follow its grammar.
pub(crate) fn read(frame: &[u8]) -> Result<Map<String, Value>, ParseError> {
    let message = Message::parse(frame)?;
    message.check()?;
    let mut fields = Fields(Map::new());
    fields.start_line(&message);
    fields.via(&message)?;
    fields.address("from", &message.from()?)?;
    fields.address("to", &message.to()?)?;
    fields.sequence(&message)?;
    fields.contacts(&message)?;
    fields.routes(&message)?;
    fields.numbers(&message)?;
    fields.dialogs(&message)?;
    fields.tokens(&message);
    fields.challenges(&message.challenges());
    fields.body(&message, frame);
    Ok(fields.0)
}

/// What stands in the place of the fields.
pub(crate) fn refusal(error: &ParseError) -> Map<String, Value> {
    let mut fields = Fields(Map::new());
    fields.put("error", error.to_string());
    fields.put_some("header", error.header);
    fields.put("offset", error.offset);
    fields.put("answer", error.status());
    fields.0
}

struct Fields(Map<String, Value>);

impl Fields {
    fn put(&mut self, name: &str, value: impl Into<Value>) {
        self.0.insert(name.to_owned(), value.into());
    }

    fn put_some(&mut self, name: &str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            self.put(name, value);
        }
    }

    fn start_line(&mut self, message: &Message<'_>) {
        self.put("kind", if message.is_request() { "request" } else { "response" });
        self.put_some("method", message.method().map(|method| method.to_string()));
        self.put_some("status", message.status());
        if message.status().is_some() {
            self.put("reason", message.reason());
        }
        if let Some(text) = message.request_uri() {
            self.put("ruri", text);
            if let Ok(uri) = Uri::parse(text) {
                self.uri("ruri", &uri);
            }
        }
    }

    fn uri(&mut self, prefix: &str, uri: &Uri<'_>) {
        self.put(&[prefix, "_scheme"].concat(), uri.scheme().to_ascii_lowercase());
        self.put_some(&[prefix, "_user"].concat(), uri.user());
        if uri.is_sip() {
            self.put(&[prefix, "_host"].concat(), uri.host());
        }
        self.put_some(&[prefix, "_port"].concat(), uri.port());
        if !uri.params().is_empty() {
            self.put(&[prefix, "_params"].concat(), uri.params());
        }
    }

    fn address(&mut self, prefix: &str, address: &NameAddr<'_>) -> Result<(), ParseError> {
        self.put(&[prefix, "_uri"].concat(), address.uri_text());
        self.put_some(&[prefix, "_display"].concat(), address.display_name());
        self.put_some(&[prefix, "_tag"].concat(), address.tag());
        if !address.is_star() {
            self.uri(prefix, &address.uri()?);
        }
        Ok(())
    }

    fn via(&mut self, message: &Message<'_>) -> Result<(), ParseError> {
        let via = message.via()?;
        self.put("via_n", message.vias()?.len());
        self.put("via_transport", via.transport());
        self.put("via_host", via.host());
        self.put_some("via_port", via.port());
        self.put_some("via_branch", via.branch());
        self.put_some("via_received", via.received());
        self.put_some("via_rport", via.rport());
        Ok(())
    }

    fn sequence(&mut self, message: &Message<'_>) -> Result<(), ParseError> {
        self.put("call_id", message.call_id()?);
        let cseq = message.cseq()?;
        self.put("cseq", cseq.number);
        self.put("cseq_method", cseq.method.as_str());
        if let Some(rack) = message.rack()? {
            self.put("rack", json!([[rack.rseq, rack.cseq.number, rack.cseq.method.as_str()]]));
        }
        Ok(())
    }

    fn contacts(&mut self, message: &Message<'_>) -> Result<(), ParseError> {
        let contacts = message.contacts()?;
        for contact in contacts.iter().filter(|contact| !contact.is_star()) {
            contact.uri()?;
        }
        if let Some(first) = contacts.first() {
            self.put("contact_n", contacts.len());
            self.address("contact", first)?;
            self.put_some("contact_expires", first.expires());
            self.put_some("contact_instance", first.param("+sip.instance"));
        }
        Ok(())
    }

    fn routes(&mut self, message: &Message<'_>) -> Result<(), ParseError> {
        let lists = [
            ("rr", message.record_routes()?),
            ("route", message.routes()?),
            ("service_route", message.service_routes()?),
        ];
        for (prefix, routes) in lists {
            let Some(first) = routes.first() else { continue };
            self.put(&[prefix, "_n"].concat(), routes.len());
            let prefix = [prefix, "0"].concat();
            self.address(&prefix, first)?;
            self.put(&[&prefix, "_lr"].concat(), first.uri()?.param("lr").is_some());
        }
        Ok(())
    }

    fn numbers(&mut self, message: &Message<'_>) -> Result<(), ParseError> {
        self.put_some("max_forwards", message.max_forwards()?);
        self.put_some("expires", message.expires()?);
        self.put_some("min_expires", message.min_expires()?);
        self.put_some("retry_after", message.retry_after()?);
        self.put_some("rseq", message.rseq()?);
        self.put_some("min_se", message.min_se()?);
        if let Some(timer) = message.session_expires()? {
            self.put("session_expires", timer.seconds);
            self.put_some(
                "session_refresher",
                timer.refresher.map(|refresher| match refresher {
                    Refresher::Uac => "uac",
                    Refresher::Uas => "uas",
                }),
            );
        }
        self.put_some("date", message.date()?);
        Ok(())
    }

    fn dialogs(&mut self, message: &Message<'_>) -> Result<(), ParseError> {
        if let Some(refer_to) = message.refer_to()? {
            self.address("refer_to", &refer_to)?;
            self.put_some("refer_to_replaces", refer_to.uri()?.header("Replaces"));
        }
        if let Some(replaces) = message.replaces()? {
            self.put("replaces_callid", replaces.call_id);
            self.put("replaces_to_tag", replaces.to_tag);
            self.put("replaces_from_tag", replaces.from_tag);
        }
        self.put_some("event", message.event()?.map(|event| event.value().to_owned()));
        self.put_some("substate", message.subscription_state()?.map(|s| s.value().to_owned()));
        if let Some(reason) = message.reasons()?.first() {
            self.put("reason_protocol", reason.value());
            let cause = reason.param("cause").and_then(|cause| cause.parse::<u32>().ok());
            self.put_some("reason_cause", cause);
            self.put_some("reason_text", reason.param("text"));
        }
        Ok(())
    }

    fn tokens(&mut self, message: &Message<'_>) {
        for (field, name) in [
            ("supported", "Supported"),
            ("require", "Require"),
            ("proxy_require", "Proxy-Require"),
            ("unsupported", "Unsupported"),
            ("allow", "Allow"),
        ] {
            let tokens: Vec<String> = message.tokens(name).collect();
            if !tokens.is_empty() {
                self.put(field, tokens);
            }
        }
    }

    fn challenges(&mut self, challenges: &[Challenge<'_>]) {
        const PARAMS: [&str; 9] = [
            "realm",
            "nonce",
            "algorithm",
            "qop",
            "opaque",
            "stale",
            "domain",
            "charset",
            "userhash",
        ];
        let read = |challenge: &Challenge<'_>| {
            let mut fields = Self(Map::new());
            fields.put("scheme", challenge.scheme());
            fields.put("proxy", challenge.proxy());
            for name in PARAMS {
                fields.put_some(name, challenge.param(name));
            }
            Value::Object(fields.0)
        };
        let all: Vec<Value> = challenges.iter().map(read).collect();
        self.put_some("chal_first", all.first().cloned());
        if !all.is_empty() {
            self.put("chal", all);
        }
    }

    /// The body, and whether the message comes out again as it came in.
    fn body(&mut self, message: &Message<'_>, frame: &[u8]) {
        self.put("body_len", message.body().len());
        self.put_some("content_type", message.content_type());
        let printed = match message.to_request() {
            Some(request) => request.to_bytes(),
            None => message.to_response().map_or(Ok(Vec::new()), |response| response.to_bytes()),
        };
        let Ok(printed) = printed else { return };
        let again = Message::parse(&printed);
        let same_body = again.is_ok_and(|again| again.body() == message.body());
        self.put("roundtrip_exact", printed == frame);
        self.put("roundtrip_exact_body", same_body);
        self.put("roundtrip_contains", String::from_utf8_lossy(&printed));
    }
}
