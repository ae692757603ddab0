//! How commits reach those who watch, within this process.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
};

use crate::model::Change;

/// Called with each commit. It must not panic, and it is called before the commit's own future resolves: keep it short.
pub type Listener = Box<dyn Fn(&Change) + Send + Sync>;

/// Who watches. A clone is the same bus.
#[derive(Clone, Default)]
pub struct Bus {
    listeners: Arc<Mutex<Vec<Weak<Listener>>>>,
}

/// A listener's place on a bus: it is called for as long as this lives.
pub struct Watch {
    _listener: Arc<Listener>,
    on_end: Option<Box<dyn FnOnce() + Send + Sync>>,
}

impl Bus {
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
            listener(change);
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
