//! Those who wait for an event of a connection.
//!
//! When Chromium closes a connection by force, because the user cleared the site's data for example, it tells the
//! database, but not the transactions under way: they neither complete nor abort. So whoever waits for one is told here.

use std::cell::{Cell, RefCell};

use js_sys::{Function, Promise};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::Event;

/// The waits under way on one connection.
#[derive(Default)]
pub(super) struct Waiting {
    resolves: RefCell<Vec<(u64, Function)>>,
    next: Cell<u64>,
}

impl Waiting {
    /// Waits for one of the events that `listen` has the given function called on; `None` if the connection is closed by
    /// force before.
    pub(super) async fn event(&self, mut listen: impl FnMut(&Function)) -> Option<Event> {
        let wait = self.next.get();
        self.next.set(wait + 1);
        let event = Promise::new(&mut |resolve, _| {
            listen(&resolve);
            self.resolves.borrow_mut().push((wait, resolve));
        });
        let event = JsFuture::from(event).await;
        self.resolves.borrow_mut().retain(|(other, _)| *other != wait);
        event.ok()?.dyn_into().ok()
    }

    /// Tells everybody that the connection was closed by force.
    pub(super) fn give_up(&self) {
        for (_, resolve) in self.resolves.take() {
            // A resolve function does not throw.
            let _ = resolve.call1(&JsValue::UNDEFINED, &JsValue::NULL);
        }
    }
}
