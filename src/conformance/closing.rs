use crate::{RuntimeStore, RuntimeStoreError, Store, engine::Engine};

use super::samples::{queued, receipt, runtime, snapshot};

pub async fn a_closed_store_refuses_everything(store: Store<impl Engine>) {
    store.close();
    let read = store.load_session_snapshot(&runtime("r")).await.map(drop);
    let write = store.commit_session_snapshot(&runtime("r"), snapshot("{}")).await;
    for outcome in [read, write] {
        assert!(matches!(outcome, Err(RuntimeStoreError::Closed(_))), "{outcome:?}");
    }
}

/// On a claimed handle too, whichever handle is closed.
pub async fn what_was_called_before_closing_finishes(store: Store<impl Engine>) {
    let (id, receipt) = (runtime("r"), receipt(0));
    let claim = store.claim(&id).await.unwrap();
    let (boundary, session, read, ()) = futures_util::join!(
        claim.atomic_apply(&id, None, receipt, vec![queued()], None),
        store.commit_session_snapshot(&id, snapshot("{}")),
        store.load_session_snapshot(&id),
        async { claim.close() },
    );
    boundary.unwrap();
    session.unwrap();
    assert_eq!(read.unwrap().as_deref(), Some(&b"{}"[..]));
    let late = store.load_session_snapshot(&id).await;
    assert!(matches!(late, Err(RuntimeStoreError::Closed(_))), "{late:?}");
}

/// However far a write had come when its future was dropped, its parts are all there or none is.
pub async fn a_dropped_write_is_whole_or_absent(store: Store<impl Engine>) {
    for polls in 0..8 {
        let (id, receipt) = (runtime(&format!("dropped after {polls}")), receipt(0));
        {
            let write = store.atomic_apply(&id, Some(snapshot("{}")), receipt.clone(), vec![queued()], None);
            let mut write = std::pin::pin!(write);
            for _ in 0..polls {
                if futures_util::poll!(write.as_mut()).is_ready() {
                    break;
                }
                // Gives the engine a turn, so that the next poll finds the write further on.
                store.load_runtime_state(&id).await.unwrap();
            }
        }
        let parts = [
            store.load_boundary_receipt(&id, &receipt.run_id, 0).await.unwrap().is_some(),
            store.load_session_snapshot(&id).await.unwrap().is_some(),
            !store.load_input_states(&id).await.unwrap().is_empty(),
        ];
        assert!(parts == [true; 3] || parts == [false; 3], "after {polls} polls: {parts:?}");
    }
}
