//! The event bus: how watchers in this process hear of commits.

#[cfg(feature = "sqlite")]
use std::collections::BTreeMap;
use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
};

use crate::model::Change;

/// Called with each commit before the commit's own future resolves, so keep it short. It must not wait for the store,
/// which may be waiting for it.
pub type Listener = Box<dyn Fn(&Change) + Send + Sync>;

type Listeners = Mutex<Vec<Weak<Listener>>>;

/// The listeners of a store. A clone is the same bus.
#[derive(Clone, Default)]
pub struct Bus {
    listeners: Arc<Listeners>,
}

/// A listener's registration: it is called until this is dropped.
pub struct Watch {
    _listener: Arc<Listener>,
    on_end: Option<Box<dyn FnOnce() + Send + Sync>>,
}

impl Bus {
    /// The bus of a durable store: every engine in this process that has the same store open shares it.
    #[cfg(feature = "sqlite")]
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

    /// Calls every listener, in the order in which they were added.
    pub fn publish(&self, change: &Change) {
        // The lock is released first: a listener may add or drop a watch.
        let listeners: Vec<_> = {
            let mut listeners = self.lock();
            listeners.retain(|listener| listener.strong_count() > 0);
            listeners.iter().filter_map(Weak::upgrade).collect()
        };
        for listener in listeners {
            // A listener's panic must not fail the commit, which is made, nor keep the others from being called.
            let _ = super::panic::caught(|| {
                listener(change);
                Ok(())
            });
        }
    }

    /// A poisoned lock is usable: no code that may panic runs while it is held.
    fn lock(&self) -> MutexGuard<'_, Vec<Weak<Listener>>> {
        self.listeners.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Watch {
    /// Adds what runs when the watch is dropped.
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
