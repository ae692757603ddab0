//! Work for when the event loop comes round again. `setTimeout` would do, but that a hidden tab's timers wait for a second,
//! or a minute.

use std::cell::RefCell;

use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use web_sys::{MessageChannel, MessagePort};

use super::bindings::OfNode;

thread_local! {
    static DEFERRED: Option<Deferred> = Deferred::new();
}

struct Deferred {
    work: RefCell<Vec<Box<dyn FnOnce()>>>,
    /// The port that listens, where it would keep a process.
    of_node: Option<OfNode>,
    port: MessagePort,
}

/// Has something done once what is under way now has come to rest.
pub(super) fn defer(work: impl FnOnce() + 'static) {
    DEFERRED.with(|deferred| match deferred {
        Some(deferred) => {
            deferred.work.borrow_mut().push(Box::new(work));
            deferred.of_node.iter().for_each(OfNode::keep_process);
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
            let work = DEFERRED.with(|deferred| {
                let deferred = deferred.as_ref()?;
                deferred.of_node.iter().for_each(OfNode::let_process_end);
                Some(deferred.work.take())
            });
            work.into_iter().flatten().for_each(|work| work());
        });
        let listening = channel.port1();
        listening.set_onmessage(Some(come_round.into_js_value().unchecked_ref()));
        Some(Self { work: RefCell::default(), of_node: OfNode::of(&listening), port: channel.port2() })
    }
}
