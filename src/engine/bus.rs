//! How commits reach those who watch, within this process.

#[cfg(all(feature = "sqlite", not(target_arch = "wasm32")))]
use std::collections::BTreeMap;
use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
};

use crate::model::Change;

/// Called with each commit, before the commit's own future resolves: keep it short. It must not wait for the
/// store, which may be waiting for it.
pub type Listener = Box<dyn Fn(&Change) + Send + Sync>;

type Listeners = Mutex<Vec<Weak<Listener>>>;

/// Who watches. A clone is the same bus.
#[derive(Clone, Default)]
pub struct Bus {
    listeners: Arc<Listeners>,
}

/// A listener's place on a bus: it is called for as long as this lives.
pub struct Watch {
    _listener: Arc<Listener>,
    on_end: Option<Box<dyn FnOnce() + Send + Sync>>,
}

impl Bus {
    /// The bus of a durable store, the same for all in this process who have that store open.
    #[cfg(all(feature = "sqlite", not(target_arch = "wasm32")))]
    pub(super) fn of_store(authority_key: &str) -> Self {
        static BUSES: Mutex<BTreeMap<String, Weak<Listeners>>> = Mutex::new(BTreeMap::new());
        let mut buses = BUSES.lock().unwrap_or_else(PoisonError::into_inner);
        buses.retain(|_, listeners| listeners.strong_count() > 0);
        if let Some(listeners) = buses.get(authority_key).and_then(Weak::upgrade) {
            return Self { listeners };
        }
        let bus = Self::default();
        buses.insert(authority_key.to_owned(), Arc::downgrade(&bus.listeners));
        bus
    }

    /// Calls `listener` with every commit from now on.
    pub fn watch(&self, listener: Listener) -> Watch {
        let listener = Arc::new(listener);
        self.lock().push(Arc::downgrade(&listener));
        Watch { _listener: listener, on_end: None }
    }

    /// Tells everybody who watches, in the order in which they came.
    pub fn publish(&self, change: &Change) {
        // The lock is free before anybody is called: a listener may watch or stop watching.
        let listeners: Vec<_> = {
            let mut listeners = self.lock();
            listeners.retain(|listener| listener.strong_count() > 0);
            listeners.iter().filter_map(Weak::upgrade).collect()
        };
        for listener in listeners {
            // A listener's panic is its own: the commit is made, and the other listeners are told.
            let _ = super::panic::caught(|| {
                listener(change);
                Ok(())
            });
        }
    }

    /// A panic cannot leave the list of listeners half changed.
    fn lock(&self) -> MutexGuard<'_, Vec<Weak<Listener>>> {
        self.listeners.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Watch {
    /// Has something done when the watch ends.
    #[cfg(target_arch = "wasm32")]
    pub(super) fn at_end(mut self, on_end: impl FnOnce() + Send + Sync + 'static) -> Self {
        self.on_end = Some(Box::new(on_end));
        self
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        if let Some(on_end) = self.on_end.take() {
            on_end();
        }
    }
}

impl fmt::Debug for Bus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Bus({})", self.lock().len())
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Watch")
    }
}
