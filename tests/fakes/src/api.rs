//! A fake API server.

use std::collections::HashMap;
use std::fmt;
use std::io::Write as _;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Duration;

use futures::FutureExt as _;
use futures::stream::unfold;
use http::Method;
use hyper::body::Bytes;
use rustls::ServerConfig;
use serde_json::{Value, json};
use tempfile::NamedTempFile;
use tokio::sync::{broadcast, watch};
use tokio::time::sleep;

use crate::answer::{Answer, ok};
use crate::image::{self, InRegistry};
use crate::seen::Seen;
use crate::server::{Answering, Server, client};
use crate::store::{self, Lists, Objects, refusal};

/// An API server that stores objects, serves discovery, lists, watches and access reviews, and records
/// its requests. Methods that configure it before [`Api::start`] return it.
pub struct Api {
    /// The URL on which it listens; empty in memory.
    pub url: String,
    inner: Arc<Inner>,
    kubeconfig: Option<NamedTempFile>,
    _server: Option<Server>,
}

/// Answers instead of the objects; `None` uses the objects.
type Hook = Box<dyn Fn(&Seen, &mut Objects) -> Option<Answer> + Send + Sync>;

/// Answers before everything else, without the lock of the objects, so that it can wait.
type Special = Box<dyn Fn(&Seen) -> Option<Answer> + Send + Sync>;

/// The answer to the first, second … object that is posted to a path.
type OnPost = Box<dyn Fn(usize, &Value) -> (u16, Value) + Send>;

struct Inner {
    special: Option<Special>,
    hook: Option<Hook>,
    registry: Box<InRegistry>,
    /// Verbs with resources, such as `create secrets`, that access reviews deny.
    denied: Vec<String>,
    lists: Mutex<Lists>,
    objects: Mutex<Objects>,
    refused: Mutex<HashMap<String, u16>>,
    on_post: Mutex<HashMap<String, OnPost>>,
    events: broadcast::Sender<(String, Value)>,
    behavior: watch::Sender<Behavior>,
    /// The collections of the started watches.
    watches: Mutex<Vec<String>>,
    seen: Mutex<Vec<Seen>>,
    came: Condvar,
}

/// How the server treats every request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Behavior {
    /// Answers, and sends each watch a bookmark every minute.
    #[default]
    Answers,
    /// Accepts requests without an answer, and sends nothing on existing watches.
    Silent,
    /// Ends each watch with 410.
    Expires,
}

impl fmt::Debug for Api {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Api")
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}

/// A text in error messages that must not be passed on.
pub const QUOTED: &str = "hunter2";

/// A marker instead of a collection: every watch ends.
const HANG_UP: &str = "";
const BOOKMARK_EVERY: Duration = Duration::from_mins(1);

impl Default for Api {
    fn default() -> Self {
        let inner = Inner {
            special: None,
            hook: None,
            registry: Box::new(|_| Ok("sha256:new")),
            denied: Vec::new(),
            lists: Mutex::default(),
            objects: Mutex::default(),
            refused: Mutex::default(),
            on_post: Mutex::default(),
            events: broadcast::Sender::new(64),
            behavior: watch::Sender::default(),
            watches: Mutex::default(),
            seen: Mutex::default(),
            came: Condvar::new(),
        };
        Self {
            url: String::new(),
            inner: Arc::new(inner),
            kubeconfig: None,
            _server: None,
        }
    }
}

/// Configuration before the start.
impl Api {
    /// A server with these objects, each at its own path.
    pub fn with(objects: &[Value]) -> Self {
        let api = Self::default();
        api.objects().extend(
            objects
                .iter()
                .map(|object| (store::path(object), object.clone())),
        );
        api
    }

    /// A server with these values by path: objects, arrays (lists), or error codes.
    pub fn at<P: Into<String>>(values: impl IntoIterator<Item = (P, Value)>) -> Self {
        Self::default().and_at(values)
    }

    /// A started server without objects.
    pub fn answering(answer: impl Fn(&Seen) -> Answer + Send + Sync + 'static) -> Self {
        let mut api = Self::default();
        api.own().special = Some(Box::new(move |seen| Some(answer(seen))));
        api.start()
    }

    /// Adds these values.
    #[must_use]
    pub fn and_at<P: Into<String>>(self, values: impl IntoIterator<Item = (P, Value)>) -> Self {
        let values = values.into_iter().map(|(path, value)| (path.into(), value));
        self.objects().extend(values);
        self
    }

    /// Uses the answer of `hook`, if any; it can change the stored objects.
    #[must_use]
    pub fn unless(
        mut self,
        hook: impl Fn(&Seen, &mut Objects) -> Option<Answer> + Send + Sync + 'static,
    ) -> Self {
        self.own().hook = Some(Box::new(hook));
        self
    }

    /// Adds discovery of these resources of a group version, such as `/apis/apps/v1`.
    #[must_use]
    pub fn serving(self, group_version: &str, plurals: &[&str]) -> Self {
        let resources: Vec<Value> = plurals.iter().map(|name| json!({ "name": name })).collect();
        let list = json!({"kind": "APIResourceList", "resources": resources});
        self.and_at([(group_version, list)])
    }

    /// Lists below these paths are empty without objects; all other empty lists are not found.
    #[must_use]
    pub fn listing(self, paths: &[&str]) -> Self {
        let mut lists = self.inner.lists.lock().unwrap();
        lists.served.extend(paths.iter().map(ToString::to_string));
        drop(lists);
        self
    }

    /// Makes every namespace exist.
    #[must_use]
    pub fn with_any_namespace(self) -> Self {
        self.inner.lists.lock().unwrap().any_namespace = true;
        self
    }

    /// Splits lists into pages of `page` objects; each list expires `expiries` times between two pages.
    #[must_use]
    pub fn paging(self, page: usize, expiries: usize) -> Self {
        let mut lists = self.inner.lists.lock().unwrap();
        (lists.page, lists.expiries) = (Some(page), expiries);
        drop(lists);
        self
    }

    /// Access reviews deny these verbs with their resources, such as `create secrets`.
    #[must_use]
    pub fn denying(mut self, denied: &[&str]) -> Self {
        self.own().denied = denied.iter().map(ToString::to_string).collect();
        self
    }

    /// The answer of the registry about an imported image: its digest, or a reason with a message.
    #[must_use]
    pub fn importing(
        mut self,
        registry: impl Fn(&str) -> Result<&'static str, (&'static str, &'static str)>
        + Send
        + Sync
        + 'static,
    ) -> Self {
        self.own().registry = Box::new(registry);
        self
    }

    /// Starts it on loopback.
    #[must_use]
    pub fn start(self) -> Self {
        self.listen(None)
    }

    /// The same over TLS.
    #[must_use]
    pub fn start_tls(self, tls: Arc<ServerConfig>) -> Self {
        self.listen(Some(tls))
    }

    fn listen(mut self, tls: Option<Arc<ServerConfig>>) -> Self {
        let scheme = if tls.is_some() { "https" } else { "http" };
        let server = Server::start(tls, self.inner.answering(true));
        self.url = format!("{scheme}://{}", server.address);
        let mut file = NamedTempFile::new().unwrap();
        write!(
            file,
            "clusters: [{{name: c, cluster: {{server: '{}'}}}}]\ncontexts: [{{name: x, context: {{cluster: \
             c}}}}]\ncurrent-context: x\n",
            self.url
        )
        .unwrap();
        (self.kubeconfig, self._server) = (Some(file), Some(server));
        self
    }

    /// A client that reaches it without a network, for a paused clock.
    pub fn in_memory(&self) -> kube::Client {
        client(self.inner.answering(false))
    }

    fn own(&mut self) -> &mut Inner {
        Arc::get_mut(&mut self.inner).unwrap()
    }
}

/// Control and inspection while it runs.
impl Api {
    /// A kubeconfig for it: unlike a flag, it is not repeated in suggested commands.
    pub fn kubeconfig(&self) -> &Path {
        self.kubeconfig.as_ref().unwrap().path()
    }

    /// Its address without the scheme.
    pub fn host(&self) -> &str {
        self.url.split_once("://").unwrap().1
    }

    /// The stored values, by path.
    pub fn objects(&self) -> MutexGuard<'_, Objects> {
        self.inner.objects.lock().unwrap()
    }

    /// A stored object; null if it does not exist.
    pub fn object(&self, path: &str) -> Value {
        self.objects().get(path).cloned().unwrap_or_default()
    }

    /// Stores a value.
    pub fn put(&self, path: &str, value: Value) {
        self.objects().insert(path.to_owned(), value);
    }

    /// Sets the items of a list, by its path and field selector. Watches get no event.
    pub fn set(&self, collection: &str, items: Vec<Value>) {
        self.put(collection, Value::Array(items));
    }

    /// Changes an object and its resourceVersion.
    pub fn change(&self, path: &str, change: impl FnOnce(&mut Value)) {
        store::touch(&mut self.objects(), path, change);
    }

    /// Answers this code to every request whose path starts with `path`.
    pub fn refuse(&self, path: &str, code: u16) {
        self.inner
            .refused
            .lock()
            .unwrap()
            .insert(path.to_owned(), code);
    }

    /// Ends [`Api::refuse`] for a path.
    pub fn accept(&self, path: &str) {
        self.inner.refused.lock().unwrap().remove(path);
    }

    /// Answers POST requests to this path with `answer` instead of storing the object.
    pub fn on_post(
        &self,
        path: &str,
        answer: impl Fn(usize, &Value) -> (u16, Value) + Send + 'static,
    ) {
        let mut on_post = self.inner.on_post.lock().unwrap();
        on_post.insert(path.to_owned(), Box::new(answer));
    }

    /// Changes the behavior for all requests.
    pub fn set_behavior(&self, behavior: Behavior) {
        self.inner.behavior.send_replace(behavior);
    }

    /// Sends an event to the watches of a collection; lists change only by [`Api::set`].
    pub fn send(&self, collection: &str, kind: &str, object: &Value) {
        let event = json!({"type": kind, "object": object});
        let _ = self.inner.events.send((collection.to_owned(), event));
    }

    /// The number of started watches of a collection: they get all later events.
    pub fn watches(&self, collection: &str) -> usize {
        let watches = self.inner.watches.lock().unwrap();
        watches.iter().filter(|other| *other == collection).count()
    }

    /// Ends every watch.
    pub fn end_watches(&self) {
        let _ = self.inner.events.send((HANG_UP.to_owned(), Value::Null));
    }

    /// The requests so far.
    pub fn seen(&self) -> Vec<Seen> {
        self.inner.seen.lock().unwrap().clone()
    }

    /// The requests since the last call.
    pub fn take(&self) -> Vec<Seen> {
        std::mem::take(&mut *self.inner.seen.lock().unwrap())
    }

    /// Waits for a request that matches.
    pub fn wait_for(&self, what: impl Fn(&Seen) -> bool) {
        let seen = self.inner.seen.lock().unwrap();
        let patience = Duration::from_mins(1);
        let is_missing = |seen: &mut Vec<Seen>| !seen.iter().any(&what);
        let (seen, waited) = self
            .inner
            .came
            .wait_timeout_while(seen, patience, is_missing)
            .unwrap();
        assert!(!waited.timed_out(), "it never came: {seen:#?}");
    }

    /// The write requests: method with target, and the body.
    pub fn writes(&self) -> Vec<(String, Value)> {
        let seen = self.inner.seen.lock().unwrap();
        let writes = seen.iter().filter(|seen| !seen.is_get());
        writes
            .map(|seen| (seen.line.replace(" HTTP/1.1", ""), seen.json()))
            .collect()
    }

    /// The paths and bodies of requests with a method, without those that [`Api::refuse`] refused.
    pub fn sent(&self, method: &Method) -> Vec<(String, Value)> {
        let seen = self.inner.seen.lock().unwrap();
        let of_method = seen
            .iter()
            .filter(|seen| !seen.is_refused && seen.method == *method);
        of_method
            .map(|seen| (seen.path.clone(), seen.json()))
            .collect()
    }

    /// The objects that were posted to a path.
    pub fn posts(&self, path: &str) -> Vec<Value> {
        self.inner.posts(path)
    }

    /// The number of list requests for stored objects.
    pub fn lists(&self) -> usize {
        let objects = self.objects();
        let seen = self.inner.seen.lock().unwrap();
        let is_list = |seen: &&Seen| {
            let narrowed = seen
                .param("fieldSelector")
                .map(|own| format!("{}?{own}", seen.path));
            let found = narrowed
                .and_then(|path| objects.get(&path))
                .or(objects.get(&seen.path));
            let is_read = seen.is_get() && !seen.is_refused && !seen.query.contains("watch=");
            is_read && found.is_some_and(Value::is_array)
        };
        seen.iter().filter(is_list).count()
    }
}

impl Inner {
    /// `can_block`: answers on the runtime's threads for blocking calls.
    fn answering(self: &Arc<Self>, can_block: bool) -> Answering {
        let inner = Arc::clone(self);
        Arc::new(move |seen| {
            let inner = Arc::clone(&inner);
            async move {
                inner.answers().await;
                if can_block {
                    let answer = tokio::task::spawn_blocking(move || inner.answer(seen)).await;
                    answer.unwrap_or_else(|_| refusal(500, "the fake API server panicked"))
                } else {
                    inner.answer(seen)
                }
            }
            .boxed()
        })
    }

    async fn answers(&self) {
        let mut behavior = self.behavior.subscribe();
        let _ = behavior
            .wait_for(|behavior| *behavior != Behavior::Silent)
            .await;
    }

    async fn expires(&self) {
        let mut behavior = self.behavior.subscribe();
        let _ = behavior
            .wait_for(|behavior| *behavior == Behavior::Expires)
            .await;
    }

    fn posts(&self, path: &str) -> Vec<Value> {
        let seen = self.seen.lock().unwrap();
        let posts = seen
            .iter()
            .filter(|seen| !seen.is_refused && seen.method == Method::POST && seen.path == path);
        posts.map(Seen::json).collect()
    }

    fn answer(self: Arc<Self>, mut seen: Seen) -> Answer {
        {
            let mut all = self.seen.lock().unwrap();
            seen.number = all.len() + 1;
            all.push(seen.clone());
        }
        self.came.notify_all();
        if let Some(answer) = self.special.as_ref().and_then(|special| special(&seen)) {
            return answer;
        }
        let mut objects = self.objects.lock().unwrap();
        if let Some(answer) = self
            .hook
            .as_ref()
            .and_then(|hook| hook(&seen, &mut objects))
        {
            return answer;
        }
        let refused = self.refused.lock().unwrap();
        let found = refused
            .iter()
            .find(|(path, _)| seen.path.starts_with(*path));
        if let Some((_, code)) = found {
            let mut all = self.seen.lock().unwrap();
            let own = all.iter_mut().find(|other| other.number == seen.number);
            own.unwrap().is_refused = true;
            return refusal(*code, QUOTED);
        }
        drop(refused);
        if seen.is_get() && seen.query.contains("watch=") {
            drop(objects);
            return self.watch(&seen);
        }
        if seen.is_get() {
            return store::read(&seen, &objects, &mut self.lists.lock().unwrap());
        }
        if let Some(answer) = self.on_post.lock().unwrap().get(&seen.path) {
            let (code, body) = answer(self.posts(&seen.path).len(), &seen.json());
            return Answer::json(code, &body);
        }
        if let Some(answer) = self.review(&seen) {
            return answer;
        }
        image::write(&seen, &mut objects, &self.registry)
            .unwrap_or_else(|| store::write(&seen, &mut objects))
    }

    /// Reviews of the user's identity and rights.
    fn review(&self, seen: &Seen) -> Option<Answer> {
        let body = match seen.path.rsplit('/').next()? {
            "selfsubjectreviews" => json!({"status": {"userInfo": {"username": "ann"}}}),
            "selfsubjectaccessreviews" => {
                let review = seen.json();
                let of = &review["spec"]["resourceAttributes"];
                let asked = format!("{} {}", of["verb"], of["resource"]).replace('"', "");
                json!({"status": {"allowed": !self.denied.contains(&asked)}})
            }
            _ => return None,
        };
        Some(ok(&body))
    }

    fn watch(self: Arc<Self>, seen: &Seen) -> Answer {
        let collection = match seen.param("fieldSelector") {
            Some(selector) => format!("{}?{selector}", seen.path),
            None => seen.path.clone(),
        };
        let events = self.events.subscribe();
        self.watches.lock().unwrap().push(collection.clone());
        let state = (self, events, collection);
        Answer::parts(unfold(
            state,
            |(inner, mut events, collection)| async move {
                let event = loop {
                    tokio::select! {
                        event = events.recv() => match event.ok()? {
                            (of, event) if of == collection => break event,
                            (of, _) if of == HANG_UP => return None,
                            _ => {}
                        },
                        () = inner.expires() => break gone(),
                        () = sleep(BOOKMARK_EVERY) => break bookmark(),
                    }
                };
                inner.answers().await;
                let line = Bytes::from(format!("{event}\n"));
                Some((line, (inner, events, collection)))
            },
        ))
    }
}

fn bookmark() -> Value {
    json!({"type": "BOOKMARK", "object": {
        "apiVersion": "v1", "kind": "Any", "metadata": {"resourceVersion": "2"}}})
}

fn gone() -> Value {
    json!({"type": "ERROR", "object": {"kind": "Status", "status": "Failure", "reason": "Expired",
        "code": 410, "message": "", "metadata": {}}})
}
