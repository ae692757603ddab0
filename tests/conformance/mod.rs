//! The contract, as named rules that every engine must hold. A rule is a generic function over a fresh, empty store;
//! [`suite!`] names each one as a test of one engine. A rule that is not listed there is dead code, which `clippy`
//! refuses.

pub mod claims;
pub mod closing;
pub mod cursors;
pub mod group_commit;
pub mod inputs;
pub mod labels;
pub mod lifecycle;
pub mod listing;
mod model;
pub mod oauth;
pub mod ops;
pub mod property;
pub mod receipts;
pub mod sessions;
pub mod types;
pub mod watching;

use burrow::{
    InputId, InputLifecycleState, InputStateChange, LogicalRuntimeId, RunBoundary, RunBoundaryReceipt, RunId,
    RuntimeState, RuntimeStore, SessionDelta, Store, StoredInputState, engine::Engine,
};

/// Names every rule as a test over the stores that `$open` makes.
macro_rules! suite {
    ($open:path) => {
        $crate::conformance::suite! { @native $open }
        $crate::conformance::suite! { @tests $open,
            labels {
                set_replaces_wholesale,
                an_empty_set_clears,
                get_is_empty_where_there_are_none,
                delete_returns_the_previous_set,
                any_string_is_a_key,
                two_mobs_with_the_same_run_never_meet,
                list_gives_the_mob_then_its_runs_in_order,
                no_mob_is_a_prefix_of_another,
                an_empty_id_is_refused_and_changes_nothing,
            }
            cursors {
                a_cursor_never_set_is_none,
                a_cursor_is_exact_to_the_last_digit,
                each_mob_has_its_own,
                an_empty_mob_is_refused,
            }
            sessions {
                a_snapshot_comes_back_byte_for_byte,
                a_snapshot_may_be_larger_than_any_row,
                a_shorter_snapshot_replaces_a_longer_one_whole,
                a_snapshot_that_is_not_json_is_kept,
                a_boundarys_snapshot_need_not_be_json,
                a_snapshot_commit_writes_no_receipt,
                each_runtime_has_its_own_snapshot,
            }
            receipts {
                a_boundary_commits_snapshot_receipt_and_inputs,
                a_receipt_that_was_never_written_is_none,
                the_same_receipt_again_succeeds_and_writes_nothing,
                a_different_receipt_conflicts_and_writes_nothing,
                sequences_are_exact_to_the_last_digit,
                a_session_key_must_be_the_snapshots_id,
                a_session_key_that_matches_is_accepted,
                a_session_key_without_a_snapshot_is_ignored,
                no_runtime_is_named_by_the_raw_session_id,
                a_boundary_without_a_snapshot_keeps_the_last_one,
            }
            inputs {
                an_input_comes_back_as_it_was,
                inputs_are_listed_by_id,
                new_ids_are_version_7_and_sort_by_time,
                an_input_persisted_again_is_replaced,
                the_same_input_twice_in_one_commit_is_kept_as_given_last,
                no_runtime_sees_anothers_inputs,
                runtime_ids_may_hold_any_character,
            }
            lifecycle {
                a_runtime_that_was_never_stepped_has_no_state,
                a_step_commits_state_and_inputs,
                a_stale_step_conflicts_and_writes_nothing,
                staying_in_a_state_writes_its_inputs,
                the_first_step_begins_at_initializing,
            }
            oauth {
                the_flows_come_back_byte_for_byte,
                an_update_sees_what_is_stored,
                an_update_that_fails_changes_nothing,
                updates_at_once_are_each_a_step_of_their_own,
            }
            ops {
                a_registry_comes_back_without_loss,
            }
            listing {
                runtimes_that_hold_anything_are_listed_in_order,
                listings_come_in_pages,
                mobs_with_labels_or_a_cursor_are_listed,
                runs_and_receipts_of_a_runtime_are_listed_in_pages,
                inputs_of_a_runtime_are_listed_in_pages,
                a_page_of_none_is_refused,
                labels_are_found_by_selector,
                a_session_is_found_by_its_id,
            }
            claims {
                each_claim_raises_the_epoch,
                claims_made_at_once_have_epochs_of_their_own,
                the_latest_claim_writes,
                a_claim_that_was_overtaken_is_fenced_and_writes_nothing,
                a_retry_of_what_was_committed_is_not_fenced,
                a_stale_step_under_a_good_claim_still_conflicts,
                a_released_claim_is_fenced,
                releasing_an_overtaken_claim_leaves_the_new_one,
                writing_without_a_claim_stays_possible,
                a_claim_writes_to_its_own_runtime_only,
            }
            watching {
                every_commit_is_told_once_with_what_it_changed,
                what_was_refused_or_done_before_is_not_told,
                a_watcher_sees_its_own_scope,
                a_watch_that_was_dropped_sees_nothing_more,
                a_claimed_handle_tells_the_same_watchers,
            }
            closing {
                a_closed_store_refuses_everything,
                a_dropped_write_is_whole_or_absent,
            }
            group_commit {
                no_write_is_lost_or_made_twice,
                each_runtimes_calls_keep_their_order,
                a_later_call_sees_what_an_earlier_one_wrote,
                who_is_refused_is_refused_alone,
                a_claim_fences_those_who_come_after_it,
                watchers_are_told_of_each_call_once_and_in_order,
                a_read_sees_what_was_called_before_it,
                a_call_goes_on_when_its_caller_goes_away,
                any_interleaving_comes_to_what_the_model_says,
            }
            property {
                any_sequence_of_operations_leaves_what_the_model_says,
            }
            types {
                unknown_members_are_kept_unchanged,
                the_runtimes_own_json_is_kept_to_the_letter,
                every_number_is_exact,
                an_unknown_member_with_a_known_name_is_refused,
            }
        }
    };
    (@native $open:path) => {
        #[cfg(not(target_arch = "wasm32"))]
        mod panics {
            #[tokio::test]
            async fn a_panic_in_an_oauth_update_changes_nothing() {
                $crate::conformance::oauth::a_panic_in_an_update_changes_nothing($open().await).await;
            }
        }
    };
    (@tests $open:path, $($area:ident { $($rule:ident,)+ })+) => {
        $(mod $area {
            $(
                #[cfg_attr(not(target_arch = "wasm32"), tokio::test)]
                #[cfg_attr(target_arch = "wasm32", wasm_bindgen_test::wasm_bindgen_test)]
                async fn $rule() {
                    $crate::conformance::$area::$rule($open().await).await;
                }
            )+
        })+
    };
}
pub(crate) use suite;

/// Runs futures at once, and gives their outcomes in order.
pub async fn at_once<F: Future>(futures: impl IntoIterator<Item = F>) -> Vec<F::Output> {
    futures_util::future::join_all(futures).await
}

pub fn runtime(id: &str) -> LogicalRuntimeId {
    LogicalRuntimeId::new(id).unwrap()
}

pub fn input(state: InputLifecycleState) -> StoredInputState {
    let now: burrow::Timestamp = "2026-11-22T02:48:30.193749452Z".parse().unwrap();
    StoredInputState {
        input_id: InputId::new(),
        current_state: state,
        policy: None,
        runtime_semantics: None,
        terminal_outcome: None,
        durability: Some(burrow::InputDurability::Durable),
        idempotency_key: None,
        attempt_count: 1,
        recovery_count: 0,
        history: vec![InputStateChange {
            timestamp: now.clone(),
            from: InputLifecycleState::Accepted,
            to: state,
            reason: Some("because — of “it”".into()),
            extra: Default::default(),
        }],
        reconstruction_source: None,
        persisted_input: Some(r#"{"input_type":"prompt","text":"ポチ"}"#.parse().unwrap()),
        last_run_id: None,
        last_boundary_sequence: None,
        created_at: now.clone(),
        updated_at: now,
        extra: Default::default(),
    }
}

pub fn queued() -> StoredInputState {
    input(InputLifecycleState::Queued)
}

pub fn receipt(sequence: u64) -> RunBoundaryReceipt {
    RunBoundaryReceipt {
        conversation_digest: Some("07".repeat(32)),
        message_count: 3,
        ..RunBoundaryReceipt::new(RunId::new(), RunBoundary::RunCheckpoint, sequence)
    }
}

pub fn snapshot(text: &str) -> SessionDelta {
    SessionDelta::new(text.as_bytes())
}

/// All that a runtime holds, and one receipt: what a refused operation must leave as it was.
#[derive(Debug, PartialEq)]
pub struct Holdings {
    session: Option<Vec<u8>>,
    inputs: Vec<StoredInputState>,
    state: Option<RuntimeState>,
    receipt: Option<RunBoundaryReceipt>,
}

pub async fn holdings(store: &Store<impl Engine>, id: &LogicalRuntimeId, receipt: &RunBoundaryReceipt) -> Holdings {
    Holdings {
        session: store.load_session_snapshot(id).await.unwrap(),
        inputs: store.load_input_states(id).await.unwrap(),
        state: store.load_runtime_state(id).await.unwrap(),
        receipt: store.load_boundary_receipt(id, &receipt.run_id, receipt.sequence).await.unwrap(),
    }
}
