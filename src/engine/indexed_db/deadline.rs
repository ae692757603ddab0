//! How long the browser may take to answer.

use futures_channel::oneshot;
use futures_util::future::{Either, select};
use wasm_bindgen::{JsCast, JsValue, closure::Closure};

use super::bindings::{clear_timeout, set_timeout};

/// Ten seconds, in ticks: a page that stands still (a long script, a breakpoint, a suspended laptop) spends one tick, however
/// long it stands, and the answer that waits behind it is heard in the next one.
const TICKS: usize = 5;
const TICK_MS: i32 = 2000;

/// The answer, or `None` where the browser gives none in time.
pub(super) async fn within_deadline<T>(mut answer: oneshot::Receiver<T>) -> Option<T> {
    for _ in 0..TICKS {
        let (tick, ticked) = oneshot::channel();
        let on_tick = Closure::once(move || {
            // Nobody waits where the answer came first.
            let _ = tick.send(());
        });
        let timer = Timer(set_timeout(on_tick.as_ref().unchecked_ref(), TICK_MS));
        match select(answer, ticked).await {
            Either::Left((answer, _)) => return answer.ok(),
            Either::Right((_, still)) => answer = still,
        }
        drop(timer);
    }
    None
}

struct Timer(JsValue);

impl Drop for Timer {
    fn drop(&mut self) {
        clear_timeout(&self.0);
    }
}
