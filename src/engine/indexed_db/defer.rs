//! Work for when the event loop comes round again. `setTimeout` would do, but that a hidden tab's timers wait for a second,
//! or a minute.

use std::cell::RefCell;

use js_sys::Reflect;
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use web_sys::{EventTarget, MessageChannel, MessagePort};

use super::bindings::{OfNode, set_timeout};

thread_local! {
    static DEFERRED: Option<Deferred> = Deferred::new();
    static FRAME: Frame = Frame::new();
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

/// The length of a frame of most displays.
const FRAME_MS: i32 = 16;

/// What waits for the end of the frame.
struct Frame {
    work: RefCell<Vec<Box<dyn FnOnce()>>>,
}

/// Has something done after a frame's time; at once when the page goes away or is hidden, since its timers stop then, or wait.
pub(super) fn after_frame(work: impl FnOnce() + 'static) {
    if is_hidden() {
        return defer(work);
    }
    FRAME.with(|frame| {
        let mut waiting = frame.work.borrow_mut();
        waiting.push(Box::new(work));
        if waiting.len() == 1 {
            let timer = set_timeout(Closure::once_into_js(end_frame).unchecked_ref(), FRAME_MS);
            if let Some(timer) = OfNode::of(&timer) {
                timer.let_process_end();
            }
        }
    });
}

fn end_frame() {
    let work = FRAME.with(|frame| frame.work.take());
    work.into_iter().for_each(|work| work());
}

impl Frame {
    fn new() -> Self {
        let global = js_sys::global();
        // Workers are neither hidden nor told of their end, and Node's global is no event target.
        if Reflect::has(&global, &"document".into()).unwrap_or_default() {
            let target: &EventTarget = global.unchecked_ref();
            let on_hiding = Closure::<dyn FnMut()>::new(end_frame).into_js_value();
            for event in ["pagehide", "visibilitychange"] {
                // It fails only where the page has replaced the method.
                let _ = target.add_event_listener_with_callback(event, on_hiding.unchecked_ref());
            }
        }
        Self { work: RefCell::default() }
    }
}

fn is_hidden() -> bool {
    let document = Reflect::get(&js_sys::global(), &"document".into());
    document.and_then(|document| Reflect::get(&document, &"hidden".into())).is_ok_and(|hidden| hidden.is_truthy())
}
