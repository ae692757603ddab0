//! Work for when the event loop comes round again. `setTimeout` would do, but that a hidden tab's timers wait for a second,
//! or a minute.

use std::cell::RefCell;

use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use web_sys::{MessageChannel, MessagePort};

thread_local! {
    static LATER: Option<Later> = Later::new();
}

struct Later {
    work: RefCell<Vec<Box<dyn FnOnce()>>>,
    port: MessagePort,
}

/// Has something done once what is under way now has come to rest.
pub(super) fn later(work: impl FnOnce() + 'static) {
    LATER.with(|later| match later {
        Some(later) => {
            later.work.borrow_mut().push(Box::new(work));
            // A port to ourselves takes any message.
            let _ = later.port.post_message(&JsValue::NULL);
        }
        None => work(),
    });
}

impl Later {
    fn new() -> Option<Self> {
        let channel = MessageChannel::new().ok()?;
        let come_round = Closure::<dyn FnMut()>::new(|| {
            let work = LATER.with(|later| later.as_ref().map(|later| later.work.take()));
            work.into_iter().flatten().for_each(|work| work());
        });
        channel.port1().set_onmessage(Some(come_round.into_js_value().unchecked_ref()));
        Some(Self { work: RefCell::default(), port: channel.port2() })
    }
}
