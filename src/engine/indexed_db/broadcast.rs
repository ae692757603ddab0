//! Tells watchers in other tabs and workers of the origin about commits, over one `BroadcastChannel` per database.
//!
//! An open channel can keep a page out of the back/forward cache (<https://web.dev/articles/bfcache>). So it is open only while
//! this page has watchers, and briefly after each commit: whether other pages have watchers is not known.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use send_wrapper::SendWrapper;
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{BroadcastChannel, MessageEvent};

use super::{
    bindings::{OfNode, set_timeout},
    defer::{after_frame, defer},
    open_resources::OpenResource,
};
use crate::{
    engine::bus::{Bus, Listener, Watch},
    model::{
        Change,
        json::wire::{Wire, to_json},
    },
};

/// How long the channel stays open after the last commit.
const LINGER_MS: i32 = 500;

/// Publishes the commits of one database, in this page and to the whole origin.
#[derive(Clone)]
pub(super) struct Broadcast(SendWrapper<Rc<Shared>>);

struct Shared {
    name: String,
    here: Bus,
    channel: RefCell<Option<Channel>>,
    watchers: Cell<usize>,
    /// How many messages were posted so far: the timer sees from it that the channel is idle.
    told: Cell<u64>,
    /// Changes still to be posted to other pages, as JSON texts.
    untold: RefCell<Vec<String>>,
    /// Whether a message is about to be posted, or was less than a frame ago: the next one waits for the frame to end.
    in_frame: Cell<bool>,
}

struct Channel {
    raw: BroadcastChannel,
    _open: OpenResource,
    /// Kept alive while the browser may call it.
    _on_message: Closure<dyn FnMut(MessageEvent)>,
}

impl Broadcast {
    pub(super) fn new(database: &str) -> Self {
        Self(SendWrapper::new(Rc::new(Shared {
            name: format!("burrow:{database}"),
            here: Bus::default(),
            channel: RefCell::default(),
            watchers: Cell::default(),
            told: Cell::default(),
            untold: RefCell::default(),
            in_frame: Cell::default(),
        })))
    }

    pub(super) fn watch(&self, listener: Listener) -> Watch {
        let shared = &self.0;
        shared.watchers.set(shared.watchers.get() + 1);
        shared.open();
        let ended = self.clone();
        shared.here.watch(listener).at_end(move || {
            ended.0.watchers.set(ended.0.watchers.get() - 1);
            ended.0.close_if_idle();
        })
    }

    /// Publishes changes: in this page at once, to other pages after the callers of the commits were answered. Posting a message
    /// takes longer than the rest of a commit's work in this thread, so it is done while the next commit waits for the disk, and
    /// once per frame: the first message of a burst at once, then one for all commits of a frame.
    pub(super) fn publish(&self, changes: &[Change]) {
        let shared = &self.0;
        changes.iter().for_each(|change| shared.here.publish(change));
        shared.untold.borrow_mut().extend(changes.iter().map(to_json));
        if !shared.in_frame.replace(true) {
            let shared = Rc::clone(shared);
            defer(move || shared.post());
        }
    }
}

impl Shared {
    /// Posts the pending changes in one message. If posting fails, the commits stand all the same.
    fn post(self: Rc<Self>) {
        let message = format!("[{}]", self.untold.take().join(","));
        self.told.set(self.told.get() + 1);
        if self.open() {
            linger(Rc::clone(&self));
        }
        if let Some(channel) = &*self.channel.borrow() {
            let _ = channel.raw.post_message(&message.into());
        }
        after_frame(move || {
            let is_told = self.untold.borrow().is_empty();
            if is_told { self.in_frame.set(false) } else { self.post() }
        });
    }

    /// Opens the channel if it is not open; returns whether it was opened now.
    fn open(&self) -> bool {
        if self.channel.borrow().is_some() {
            return false;
        }
        // An environment without the API has no other tabs.
        let Ok(raw) = BroadcastChannel::new(&self.name) else { return false };
        let here = self.here.clone();
        let on_message = Closure::new(move |event: MessageEvent| {
            let told = event.data().as_string().and_then(|message| Vec::<Change>::read(&message).ok());
            told.iter().flatten().for_each(|change| here.publish(change));
        });
        raw.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        // To watch is no reason for a process to go on.
        if let Some(raw) = OfNode::of(&raw) {
            raw.let_process_end();
        }
        let _open = OpenResource::new(&raw);
        self.channel.replace(Some(Channel { raw, _open, _on_message: on_message }));
        true
    }

    fn close_if_idle(&self) {
        if self.watchers.get() == 0
            && let Some(channel) = self.channel.take()
        {
            channel.raw.set_onmessage(None);
            channel.raw.close();
        }
    }
}

/// Closes the channel once no commit was published for `LINGER_MS`.
fn linger(shared: Rc<Shared>) {
    let told = shared.told.get();
    let look = Closure::once_into_js(move || match shared.told.get() == told {
        true => shared.close_if_idle(),
        false => linger(shared),
    });
    set_timeout(look.unchecked_ref(), LINGER_MS);
}
