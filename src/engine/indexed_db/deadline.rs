//! How long the browser may take to answer.

use std::{
    cell::{Cell, RefCell},
    pin::pin,
    rc::Rc,
    time::Duration,
};

use futures_channel::oneshot;
use futures_util::future::{Either, select};
use wasm_bindgen::{JsCast, closure::Closure};

use super::bindings::{OfNode, set_timeout};

/// How long a call waits where nobody says otherwise.
pub(super) const TIMEOUT: Duration = Duration::from_secs(10);

/// A timeout in ticks: a page that stands still (a long script, a breakpoint, a suspended laptop) spends one tick, however
/// long it stands, and the answer that waits behind it is heard in the next one. Few, since each is a second longer in a tab
/// that is hidden (<https://developer.chrome.com/blog/timer-throttling-in-chrome-88>).
const TICKS: u8 = 5;

/// The deadlines of one store's calls. One timer serves all of them, and runs only while there are some.
#[derive(Clone)]
pub(super) struct Deadlines(Rc<Shared>);

struct Shared {
    timeout_ms: u64,
    pending: RefCell<Vec<Deadline>>,
    ticking: Cell<bool>,
}

struct Deadline {
    ticks: u8,
    passed: oneshot::Sender<()>,
}

impl Deadlines {
    pub(super) fn new(timeout: Duration) -> Self {
        let timeout_ms = u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX);
        Self(Rc::new(Shared { timeout_ms, pending: RefCell::default(), ticking: Cell::default() }))
    }

    pub(super) fn timeout_ms(&self) -> u64 {
        self.0.timeout_ms
    }

    /// The answer, or `None` where it does not come in time: at least the timeout, at most a fifth more.
    pub(super) async fn within<T>(&self, answer: impl Future<Output = T>) -> Option<T> {
        let (passed, has_passed) = oneshot::channel();
        let is_ticking = self.0.ticking.replace(true);
        // The tick that is under way is not a whole one.
        self.0.pending.borrow_mut().push(Deadline { ticks: TICKS + u8::from(is_ticking), passed });
        if !is_ticking {
            tick(Rc::clone(&self.0));
        }
        match select(pin!(answer), has_passed).await {
            Either::Left((answer, _)) => Some(answer),
            Either::Right(_) => None,
        }
    }
}

fn tick(shared: Rc<Shared>) {
    let milliseconds = shared.timeout_ms / u64::from(TICKS);
    let on_tick = Closure::once_into_js(move || {
        let mut pending = shared.pending.borrow_mut();
        pending.retain_mut(|deadline| {
            deadline.ticks -= 1;
            deadline.ticks > 0 && !deadline.passed.is_canceled()
        });
        let are_some = !pending.is_empty();
        drop(pending);
        if are_some { tick(shared) } else { shared.ticking.set(false) }
    });
    let timer = set_timeout(on_tick.unchecked_ref(), i32::try_from(milliseconds).unwrap_or(i32::MAX));
    // Whoever waits keeps a process; that somebody waited is no reason for it to go on.
    if let Some(timer) = OfNode::of(&timer) {
        timer.let_process_end();
    }
}
