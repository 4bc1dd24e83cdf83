//! How does a request get its answer?
//!
//! [`Client::open`] makes one attempt: it waits for the gate, sends, and
//! judges the status. [`Client::json`] adds the retries, for answers that are one
//! JSON text; [`Client::answer`] too, and takes a refusal for an answer. HTTP's own
//! redirects are off: [`redirect`] says which one is followed.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use reqwest::{
    Response,
    header::{ACCEPT_ENCODING, AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderValue},
};
use tokio::time::Instant;
use url::Url;

use super::{
    Api, Body, Failure, Method, Policy, Quota, Request, Retry, Tries, auth,
    body::{self, Sentence},
    errors::{self, Refusal},
    network, redact, redirect,
    throttle::{self, SaidOfTheHour},
    tls, with_retries, words,
};
use crate::{
    config::{BaseUrl, Kind, Target},
    contract::{Code, Error, Result},
    quota::{Closed, Gate, Permit},
};

const USER_AGENT: &str = concat!("duckdb-mixpanel/", env!("CARGO_PKG_VERSION"));

/// The longest JSON text that is read: `/api/app/me` was seen with 136 MB.
const LONGEST_TEXT: usize = 512 << 20;

/// So much of a refusal's body is read for its sentence.
const LONGEST_SENTENCE: usize = 64 << 10;

/// Requests to one target. Cheap to clone.
#[derive(Clone)]
pub struct Client(Arc<Inner>);

struct Inner {
    http: reqwest::Client,
    target: Target,
    authorization: HeaderValue,
    gate: Gate,
    requests: AtomicU64,
    /// Of whoever made this client, where they keep one.
    policy: Policy,
}

/// An answer that has arrived whole, decompressed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    pub body: Bytes,
    /// How many bytes travelled, that is compressed.
    pub received: u64,
}

/// An answer's head; its body is still to come.
struct Arrival {
    response: Response,
    /// Method and address, without parameters.
    place: String,
    permit: Option<Permit>,
    sent_at: Instant,
}

impl Client {
    /// Makes no connection yet.
    ///
    /// Errors: `InvalidConfig` for a token that no header can carry, `NetworkError` where this machine has no
    /// certificates to trust.
    pub fn new(target: &Target) -> Result<Self> {
        Self::made(target, Gate::process(target)?, Policy::of(target))
    }

    /// A client that tries once more and no oftener: for those who wait to hear whether it works at all.
    pub fn hasty(target: &Target) -> Result<Self> {
        Self::made(target, Gate::process(target)?, Policy::hasty(target))
    }

    /// A client that counts with a ledger of its own.
    #[cfg(test)]
    pub(super) fn counting(target: &Target, ledger: Arc<crate::quota::Ledger>) -> Result<Self> {
        Self::made(target, Gate::of(target, ledger, Arc::default()), Policy::of(target))
    }

    fn made(target: &Target, gate: Gate, policy: Policy) -> Result<Self> {
        target.warnings.iter().for_each(|warning| target.journal.warn(warning));
        let plain = target.base_url.as_ref().is_some_and(BaseUrl::is_plain);
        let mut builder = reqwest::Client::builder()
            .tls_backend_preconfigured(tls::config(!plain)?)
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(USER_AGENT)
            .connect_timeout(policy.connect)
            // Exports can be silent for minutes while Mixpanel prepares them; middleboxes drop what looks dead.
            .tcp_keepalive(Duration::from_secs(30))
            // A connection serves one request: what a confused server or proxy sends behind its answer, at whatever moment,
            // would be taken for the answer to the next one.
            .pool_max_idle_per_host(0)
            .http1_only();
        if plain {
            // Plain http is for this machine only; a proxy would carry the credentials off it.
            builder = builder.no_proxy();
        }
        let http = builder.build().map_err(|error| {
            Error::new(Code::Internal, format!("the HTTP client could not be created: {error}")).caused_by(error)
        })?;
        Ok(Self(Arc::new(Inner {
            http,
            authorization: auth::authorization(&target.credentials)?,
            gate,
            requests: AtomicU64::new(0),
            policy,
            target: target.clone(),
        })))
    }

    pub fn target(&self) -> &Target {
        &self.0.target
    }

    /// How many requests this client has sent so far, retries included.
    pub fn requests(&self) -> u64 {
        self.0.requests.load(Ordering::Relaxed)
    }

    /// Whether so many requests may be made within the hour. Errors: `RateLimited`.
    pub fn afford(&self, quota: Quota, requests: usize) -> Result<()> {
        self.0.gate.afford(quota, requests)
    }

    /// The tries of something that is asked for, none made yet.
    pub fn tries(&self) -> Tries {
        Tries::new(self.0.policy)
    }

    /// One attempt: waits for the gate, sends, checks the status.
    ///
    /// Failures: any code that a request can have; [`Failure::retry`] says whether to try again. Only a whole answer with
    /// status 200 is a success.
    pub async fn open(&self, request: &Request) -> Result<Body, Failure> {
        let Arrival { response, place, permit, sent_at } = self.send(request).await?;
        if errors::is_answer(response.status(), response.headers()) {
            return Ok(Body::new(response, place, self.0.policy, permit)?);
        }
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let sentence = match Body::new(response, place.clone(), self.0.policy, None) {
            Ok(body) => body.sentence(LONGEST_SENTENCE).await,
            Err(_) => Sentence::default(),
        };
        let failure = self.refused(request, &place, status, &headers, &sentence.text, permit);
        // What a 400 means stands in its words: a session may be forgotten, a deadline over. Half of them say neither.
        let retry = if status == 400 && sentence.is_cut { Retry::Backoff } else { failure.retry };
        Err(Failure { retry, ..failure.unanswered(sent_at.elapsed()) })
    }

    /// One attempt, up to the head of the answer, whatever its status.
    async fn send(&self, request: &Request) -> Result<Arrival, Failure> {
        let url = request.url(&self.0.target)?;
        let arrival = self.noted(request, &url).await?;
        let (status, headers) = (arrival.response.status().as_u16(), arrival.response.headers());
        match redirect::other_spelling(request.method(), &url, status, headers) {
            Some(other) => {
                // Its place among the requests at once is another's now.
                drop(arrival);
                self.noted(request, &other).await
            }
            None => Ok(arrival),
        }
    }

    /// An exchange, written down for whoever keeps a journal.
    async fn noted(&self, request: &Request, url: &Url) -> Result<Arrival, Failure> {
        let arrival = self.exchange(request, url).await;
        let (outcome, is_failure) = match &arrival {
            Ok(Arrival { response, .. }) if response.status().is_success() => {
                (response.status().as_str().to_owned(), false)
            }
            Ok(Arrival { response, .. }) => (format!("HTTP {}", response.status().as_str()), true),
            Err(failure) => (failure.error.to_string(), true),
        };
        self.0.target.journal.write(format!("{} {url}: {outcome}", request.method().as_str()), is_failure);
        arrival
    }

    async fn exchange(&self, request: &Request, url: &Url) -> Result<Arrival, Failure> {
        let inner = &*self.0;
        require_readable(&inner.target, request.api())?;
        let place = self.place(request);
        let mut message = match request.method() {
            Method::Get => inner.http.get(url.clone()),
            Method::Post => inner.http.post(url.clone()),
        };
        message = message.header(AUTHORIZATION, inner.authorization.clone()).header(ACCEPT_ENCODING, "gzip");
        message = match (request.body(), request.method()) {
            (Some((content_type, bytes)), _) => message.header(CONTENT_TYPE, content_type).body(bytes),
            // Load balancers answer 411 to a POST that doesn't say how long it is.
            (None, Method::Post) => message.header(CONTENT_LENGTH, "0"),
            (None, Method::Get) => message,
        };
        let gate = &inner.gate;
        let mut permit = match request.counts_against() {
            Some(quota) => Some(match request.claim() {
                None => gate.pass(quota).await?,
                Some(claim) => gate.attempt(quota, claim).await.map_err(|closed| match closed {
                    Closed::Failed(error) => Failure::never(error),
                    Closed::Until(at) => Failure::new(gate.spent(quota, at), Retry::Later(at)),
                })?,
            }),
            None => None,
        };
        if let Some(permit) = &mut permit {
            permit.leave();
        }
        inner.requests.fetch_add(1, Ordering::Relaxed);
        let patience = inner.policy.first_byte(request.api());
        let sent_at = Instant::now();
        let failed = |failure: Failure| Err(failure.unanswered(sent_at.elapsed()));
        match tokio::time::timeout(patience, message.send()).await {
            Err(_) => failed(network::silence(&place, patience.as_secs_f64())),
            Ok(Err(error)) => {
                if error.is_connect() {
                    inner.requests.fetch_sub(1, Ordering::Relaxed);
                    permit.iter_mut().for_each(Permit::refused);
                }
                failed(network::failure(&place, error))
            }
            Ok(Ok(response)) => {
                self.learn(request, throttle::said(response.headers(), ""));
                Ok(Arrival { response, place, permit, sent_at })
            }
        }
    }

    /// Keeps what an answer said of the hour.
    fn learn(&self, request: &Request, SaidOfTheHour { allowed, left }: SaidOfTheHour) {
        if let Some(quota) = request.counts_against()
            && quota.is_hourly()
            && (allowed.is_some() || left.is_some())
        {
            self.0.gate.learn(quota, allowed, left);
        }
    }

    /// The answer as one JSON text, decompressed, with retries.
    ///
    /// A complaint inside an answer with status 200 is an error too.
    pub async fn json(&self, request: &Request) -> Result<Answer> {
        with_retries(&mut self.tries(), || self.json_once(request), || ()).await
    }

    async fn json_once(&self, request: &Request) -> Result<Answer, Failure> {
        let answer = self.text_once(request).await?;
        match body::breaks_off(&answer.body) {
            true => Err(self.broken_off(request, answer.body.len())),
            false => Ok(answer),
        }
    }

    /// One attempt to get an answer that should be JSON, for whoever can tell whether it is whole.
    pub async fn text_once(&self, request: &Request) -> Result<Answer, Failure> {
        let attempt = async {
            let mut body = self.open(request).await?;
            let (status, content_type) = (body.status(), body.content_type());
            let place = self.place(request);
            let text = redact::without_credentials(&self.0.target.credentials, body.text(LONGEST_TEXT).await?);
            self.judge(request, &place, status, &content_type, &text)?;
            Ok(Answer { status, body: text, received: body.received() })
        };
        attempt.await.map_err(|failure: Failure| Failure { error: self.redacted(failure.error), ..failure })
    }

    /// What a text is that is the beginning of a JSON text and no more.
    pub fn broken_off(&self, request: &Request, length: usize) -> Failure {
        network::broken_off(&self.place(request), length)
    }

    /// Method and address, without parameters: what messages show.
    fn place(&self, request: &Request) -> String {
        format!("{} {}", request.method().as_str(), request.place(&self.0.target))
    }

    /// The answer whatever its status, as it came but decompressed, with retries: refusals that may pass
    /// are tried again, and the last one is the answer.
    ///
    /// Errors: where there is no answer, because of the network or because none was asked for (a spent hour).
    pub async fn answer(&self, request: &Request) -> Result<Answer> {
        let refusal = Mutex::new(None);
        let keep = |answer| *refusal.lock().unwrap_or_else(PoisonError::into_inner) = answer;
        let attempt = || async {
            keep(None);
            let Arrival { response, place, permit, sent_at } = self.send(request).await?;
            let (status, headers) = (response.status(), response.headers().clone());
            let mut body = Body::new(response, place.clone(), self.0.policy, None)?;
            let text = redact::without_credentials(&self.0.target.credentials, body.text(LONGEST_TEXT).await?);
            let answer = (status.as_u16(), text, body.received());
            if status.is_success() {
                return Ok(answer);
            }
            let sentence = answer.1.get(..LONGEST_SENTENCE).unwrap_or(&answer.1);
            let failure = self.refused(request, &place, status.as_u16(), &headers, sentence, permit);
            keep(Some(answer));
            Err(failure.unanswered(sent_at.elapsed()))
        };
        let outcome = with_retries(&mut self.tries(), attempt, || ()).await;
        let refusal = refusal.into_inner().unwrap_or_else(PoisonError::into_inner);
        let (status, body, received) = outcome.or_else(|error| refusal.ok_or_else(|| self.redacted(error)))?;
        Ok(Answer { status, body, received })
    }

    /// Headers may repeat the credentials too.
    fn redacted(&self, error: Error) -> Error {
        error.redacted(|text| redact::redact(&self.0.target.credentials, text))
    }

    /// What an answer means that is no success, to the user and to whoever counts requests. `sentence` is the beginning
    /// of its body.
    fn refused(
        &self,
        request: &Request,
        place: &str,
        status: u16,
        headers: &HeaderMap,
        sentence: &[u8],
        mut permit: Option<Permit>,
    ) -> Failure {
        let inner = &*self.0;
        let words = self.words(&body::content_type(headers), sentence);
        let (target, api) = (&inner.target, request.api());
        let refusal = Refusal { target, api, place, status, headers, words: &words };
        if status != 429 {
            return refusal.failure();
        }
        permit.iter_mut().for_each(Permit::refused);
        let throttle = throttle::read(headers, &words);
        self.learn(request, SaidOfTheHour { left: None, ..throttle::said(&HeaderMap::new(), &words) });
        let until = errors::pause(throttle, request.counts_against())
            .and_then(|(quota, length)| inner.gate.pause(quota, length));
        refusal.throttled(throttle, until)
    }

    /// Whether a text that came with status 200 is an answer.
    fn judge(
        &self,
        request: &Request,
        place: &str,
        status: u16,
        content_type: &str,
        text: &Bytes,
    ) -> Result<(), Failure> {
        let (target, api) = (&self.0.target, request.api());
        if words::is_html(content_type, text) {
            let what = format!("the answer is a web page ({place})");
            let error = Error::new(Code::UnexpectedResponse, what).server(words::clip(&self.words(content_type, text)));
            return Err(Failure::backoff(
                error.fix("Check for a proxy or login page between this machine and Mixpanel"),
            ));
        }
        let Some(complaint) = words::error_in_answer(text) else { return Ok(()) };
        let words = redact::redact(&target.credentials, &complaint);
        Err(Refusal { target, api, place, status, headers: &HeaderMap::new(), words: &words }.failure())
    }

    /// The words of a body, without anything secret that the server may have repeated.
    fn words(&self, content_type: &str, body: &[u8]) -> String {
        redact::redact(&self.0.target.credentials, &words::find(content_type, body))
    }
}

/// Whether the kind of credentials can read this API at all. Errors: `InvalidConfig`.
pub fn require_readable(target: &Target, api: Api) -> Result<()> {
    if api == Api::App && target.credentials.kind() == Kind::ProjectSecret {
        let what = format!("{} is a project secret, which Mixpanel's app API does not accept", target.owner());
        return Err(Error::new(Code::InvalidConfig, what).fix("Use a service account"));
    }
    Ok(())
}

/// Where it goes, not with what.
impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("target", &self.0.target).finish_non_exhaustive()
    }
}
