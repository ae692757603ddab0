//! Work for when the event loop comes round again. `setTimeout` would do, but that a hidden tab's timers wait for a second,
//! or a minute.

use std::cell::RefCell;

use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use web_sys::{MessageChannel, MessagePort};

thread_local! {
    static DEFERRED: Option<Deferred> = Deferred::new();
}

struct Deferred {
    work: RefCell<Vec<Box<dyn FnOnce()>>>,
    port: MessagePort,
}

/// Has something done once what is under way now has come to rest.
pub(super) fn defer(work: impl FnOnce() + 'static) {
    DEFERRED.with(|deferred| match deferred {
        Some(deferred) => {
            deferred.work.borrow_mut().push(Box::new(work));
            // A port to ourselves takes any message.
            let _ = deferred.port.post_message(&JsValue::NULL);
        }
        None => work(),
    });
}

impl Deferred {
    fn new() -> Option<Self> {
        let channel = MessageChannel::new().ok()?;
        let come_round = Closure::<dyn FnMut()>::new(|| {
            let work = DEFERRED.with(|deferred| deferred.as_ref().map(|deferred| deferred.work.take()));
            work.into_iter().flatten().for_each(|work| work());
        });
        channel.port1().set_onmessage(Some(come_round.into_js_value().unchecked_ref()));
        Some(Self { work: RefCell::default(), port: channel.port2() })
    }
}
