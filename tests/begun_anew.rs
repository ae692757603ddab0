//! The contract over an engine on which every third read or transaction is begun anew, as where a connection is lost or another process
//! has the lock: what was decided is thrown away, and decided again on what is stored by then.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, missing_docs)]

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use async_trait::async_trait;
use burrow::{
    RuntimeStoreError, Store, Watch,
    engine::{Decide, Engine, Listener, ReadSet, Reads, Result, memory::Memory},
};

struct BegunAnew {
    memory: Memory,
    every: usize,
    calls: AtomicUsize,
}

impl BegunAnew {
    fn is_nth(&self) -> bool {
        self.calls.fetch_add(1, Ordering::Relaxed).is_multiple_of(self.every)
    }

    /// Decides, and writes nothing: the transaction fails, and the error is not the caller's business. Whatever the decision
    /// does, it does here once more than its outcome counts.
    async fn fail_transiently(&self, reads: &Reads, decide: &Arc<Mutex<Decide>>) {
        let decide = Arc::clone(decide);
        let fail = move |seen: &ReadSet| {
            (decide.lock().unwrap())(seen)?;
            Err(RuntimeStoreError::WriteFailed { message: "the connection was lost".to_owned(), cause: None })
        };
        assert!(self.memory.transact(reads.clone(), Box::new(fail)).await.is_err());
    }
}

#[async_trait]
impl Engine for BegunAnew {
    async fn read(&self, reads: Reads) -> Result<ReadSet> {
        if self.is_nth() {
            self.memory.read(reads.clone()).await?;
        }
        self.memory.read(reads).await
    }

    async fn transact(&self, reads: Reads, decide: Decide) -> Result<ReadSet> {
        let decide = Arc::new(Mutex::new(decide));
        if self.is_nth() {
            self.fail_transiently(&reads, &decide).await;
        }
        // A decision that panicked in the attempt before has poisoned the lock.
        let decided = move |seen: &ReadSet| (decide.lock().unwrap_or_else(|poisoned| poisoned.into_inner()))(seen);
        self.memory.transact(reads, Box::new(decided)).await
    }

    fn authority_key(&self) -> Option<String> {
        None
    }

    fn watch(&self, listener: Listener) -> Watch {
        self.memory.watch(listener)
    }

    fn close(&self) {
        self.memory.close();
    }
}

async fn empty_store() -> Store<BegunAnew> {
    Store::over(BegunAnew { memory: Memory::default(), every: 3, calls: AtomicUsize::new(0) })
}

burrow::conformance_suite!(
    #[tokio::test]
    empty_store
);
