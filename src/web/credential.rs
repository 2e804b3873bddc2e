//! Where credentials come from: the page's token provider, and the service that exchanges tokens.

use std::rc::Weak;

use js_sys::{Function, Promise, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Headers, RequestInit, RequestRedirect, Response, Window};

use super::driver::Driver;
use super::promise::{settled, words};
use crate::account::Account;
use crate::agent::CredentialReply;
use crate::api::{AccountId, ProviderId};
use crate::json::Json;
use crate::media::Ticket;

/// Whose answer it will be.
#[derive(Clone)]
pub(super) struct Asked {
    pub(super) account: AccountId,
    pub(super) ticket: Ticket,
    pub(super) driver: Weak<Driver>,
}

impl Asked {
    fn answer(&self, reply: CredentialReply) {
        if let Some(driver) = self.driver.upgrade() {
            driver.on_credential(self.account, self.ticket, reply);
        }
    }

    fn failed(&self, why: &str) {
        self.answer(CredentialReply::Failed(why.to_owned()));
    }
}

/// Calls the page's function, which gives a token or a promise of one.
pub(super) fn ask_provider(provider: Option<Function>, asked: Asked) {
    let given = provider.map(|provider| provider.call0(&JsValue::UNDEFINED));
    match given {
        Some(Ok(token)) => settled(
            &Promise::resolve(&token),
            Box::new(move |outcome| match outcome.map(|token| token.as_string()) {
                Ok(Some(token)) => asked.answer(CredentialReply::Token(token)),
                Ok(None) => asked.failed("the token provider gave no string"),
                Err(thrown) => asked.failed(&words(&thrown)),
            }),
        ),
        Some(Err(thrown)) => asked.failed(&words(&thrown)),
        None => asked.failed("there is no token provider"),
    }
}

/// `POST <service>/v1/account` with the token as Bearer.
pub(super) fn exchange(window: &Window, service: &str, token: &str, asked: Asked) {
    let Some(request) = request(token) else {
        return asked.failed("the token cannot be sent");
    };
    let mut url = service.trim_end_matches('/').to_owned();
    url.push_str("/v1/account");
    settled(
        window.fetch_with_str_and_init(&url, &request).unchecked_ref(),
        Box::new(move |outcome| match outcome {
            Ok(response) => on_response(response.unchecked_ref(), asked),
            Err(_) => asked.failed("the service could not be reached"),
        }),
    );
}

fn request(token: &str) -> Option<RequestInit> {
    let mut bearer = String::from("Bearer ");
    bearer.push_str(token);
    let headers = Headers::new().ok()?;
    headers.set("Authorization", &bearer).ok()?;
    let request = RequestInit::new();
    request.set_method("POST");
    request.set_headers(&headers);
    // The token goes to the service that the page named and to nobody else.
    request.set_redirect(RequestRedirect::Error);
    Some(request)
}

fn on_response(response: &Response, asked: Asked) {
    if !response.ok() {
        return asked.answer(CredentialReply::Refused(response.status()));
    }
    let Ok(body) = response.text() else {
        return asked.failed(UNREADABLE);
    };
    settled(
        body.unchecked_ref(),
        Box::new(move |outcome| {
            match outcome.ok().and_then(|body| exchanged(&body.as_string()?)) {
                Some((account, seconds)) => {
                    asked.answer(CredentialReply::Account(Box::new(account), seconds));
                }
                None => asked.failed(UNREADABLE),
            }
        }),
    );
}

/// `{ account, expiresIn }`
fn exchanged(body: &str) -> Option<(Account, Option<u32>)> {
    let body = Json::parse(body)?;
    let seconds = body.get("expiresIn").and_then(Json::as_u64);
    let account = Account::from_json(body.get("account")?).ok()?;
    Some((account, seconds.and_then(|seconds| seconds.try_into().ok())))
}

const UNREADABLE: &str = "the service's answer makes no sense";

/// The function in a `register` command, if there is one.
pub(super) fn provider_of(command: &JsValue) -> Option<Function> {
    Reflect::get(command, &"token".into()).ok()?.dyn_into().ok()
}

/// The providers of a page's phones.
#[derive(Default)]
pub(super) struct Providers {
    count: u32,
    kept: Vec<(AccountId, ProviderId, Function)>,
}

impl Providers {
    /// The number that [`keep`](Self::keep) gives next.
    pub(super) const fn next(&self) -> ProviderId {
        ProviderId(self.count)
    }

    pub(super) fn keep(&mut self, account: AccountId, provider: Function) {
        self.kept.push((account, self.next(), provider));
        self.count += 1;
    }

    /// Forgets those that are not `needed`.
    pub(super) fn retain(&mut self, needed: impl Fn(AccountId, ProviderId) -> bool) {
        self.kept.retain(|(account, provider, _)| needed(*account, *provider));
    }

    pub(super) fn get(&self, provider: ProviderId) -> Option<Function> {
        self.kept.iter().find(|(_, id, _)| *id == provider).map(|(.., function)| function.clone())
    }
}
