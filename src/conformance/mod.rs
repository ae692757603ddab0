//! The contract, as named rules that every engine must hold; this is the definition of the product. With the feature
//! `conformance`, whoever writes an engine can run them:
//!
//! ```
//! use burrow::{Store, engine::memory::Memory};
//!
//! /// A new, empty store over the engine that is tried. One that makes its tables when it is opened is given
//! /// `burrow::store::TABLES`.
//! async fn empty_store() -> Store<Memory> {
//!     Store::over(Memory::default())
//! }
//!
//! # #[cfg(not(target_arch = "wasm32"))]
//! burrow::conformance_suite!(#[tokio::test] empty_store);
//! # fn main() {}
//! ```
//!
//! Each rule becomes a test of that name, in a module named after its area: labels, cursors, sessions and so on. Rules about
//! documents become two, since these come as structs from a Rust program and as JSON text from JavaScript: the second is in the
//! module `as_text` of the area. The attribute says what runs them, and may be any that makes a test of an `async fn`:
//! `#[wasm_bindgen_test::wasm_bindgen_test]` on wasm32. A suite takes the modules' names where it stands; for two in one file,
//! put each in a module of its own.
//!
//! What an engine must do for its two operations is said at [`Engine`](crate::engine::Engine).

#![allow(clippy::unwrap_used, clippy::panic, reason = "a rule that does not hold is a test that fails")]

#[doc(hidden)]
pub mod claims;
#[doc(hidden)]
pub mod closing;
#[doc(hidden)]
pub mod cursors;
#[doc(hidden)]
pub mod deleting;
mod door;
#[doc(hidden)]
pub mod forms;
#[doc(hidden)]
pub mod group_commit;
#[doc(hidden)]
pub mod inputs;
#[doc(hidden)]
pub mod labels;
#[doc(hidden)]
pub mod lifecycle;
#[doc(hidden)]
pub mod limits;
#[doc(hidden)]
pub mod listing;
#[doc(hidden)]
pub mod merging;
mod model;
#[doc(hidden)]
pub mod moving;
#[doc(hidden)]
pub mod oauth;
#[doc(hidden)]
pub mod ops;
#[doc(hidden)]
pub mod property;
#[doc(hidden)]
pub mod pruning;
#[doc(hidden)]
pub mod quarantine;
#[doc(hidden)]
pub mod receipts;
#[doc(hidden)]
pub mod recovery;
#[doc(hidden)]
pub mod rewriting;
mod samples;
#[doc(hidden)]
pub mod sessions;
#[doc(hidden)]
pub mod types;
#[doc(hidden)]
pub mod watching;

#[doc(hidden)]
pub use door::AsText;

/// Makes a test of each rule of the contract: see [`conformance`](crate::conformance).
///
/// `conformance_suite!(#[attribute] path)`, where `path` names an `async fn() -> Store<E>` that makes a new, empty store,
/// and `#[attribute]` makes a test of an `async fn`.
#[macro_export]
macro_rules! conformance_suite {
    ($(#[$test:meta])+ $open:path) => {
        $crate::conformance_suite! { @documents [$(#[$test])+] $open,
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
                labels_are_found_by_selector,
            }
            limits {
                a_snapshot_that_is_too_large_is_refused_alone,
                a_snapshot_as_large_as_may_be_is_read_again,
                a_call_that_brings_too_much_is_refused_alone,
                a_document_that_is_too_large_is_refused_by_every_write,
                a_document_is_nested_as_deep_in_every_write,
                an_id_that_is_too_long_names_nothing,
            }
            merging {
                a_patch_changes_what_it_names_and_nothing_else,
                a_patch_that_cannot_be_made_changes_nothing,
                patches_made_at_once_all_count,
                labels_are_set_only_where_they_are_the_expected_ones,
                of_comparisons_made_at_once_one_wins,
                a_cursor_advances_and_never_moves_back,
                a_cursor_is_set_only_where_it_is_the_expected_one,
                watchers_are_told_of_what_a_merge_changed,
            }
            receipts {
                a_boundary_commits_snapshot_receipt_and_inputs,
                a_receipt_that_was_never_written_is_none,
                the_same_receipt_again_succeeds_and_writes_nothing,
                a_different_receipt_conflicts_and_writes_nothing,
                the_same_receipt_with_another_payload_conflicts_and_writes_nothing,
                no_session_and_an_empty_session_are_two_payloads,
                a_receipt_with_a_member_of_burrows_own_is_refused,
                sequences_are_exact_to_the_last_digit,
                a_session_key_must_be_the_snapshots_id,
                a_session_key_that_matches_is_accepted,
                a_session_key_without_a_snapshot_is_ignored,
                no_runtime_is_named_by_the_raw_session_id,
                a_boundary_without_a_snapshot_keeps_the_last_one,
                runs_and_receipts_of_a_runtime_are_listed_in_pages,
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
            ops {
                a_registry_comes_back_without_loss,
            }
            types {
                unknown_members_are_kept_unchanged,
                the_runtimes_own_json_is_kept_to_the_letter,
                every_number_is_exact,
            }
            property {
                any_sequence_of_operations_leaves_what_the_model_says,
            }
        }
        $crate::conformance_suite! { @rules [$(#[$test])+] $open,
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
            oauth {
                the_flows_come_back_byte_for_byte,
                an_update_sees_what_is_stored,
                an_update_that_fails_changes_nothing,
                updates_at_once_are_each_a_step_of_their_own,
            }
            listing {
                runtimes_that_hold_anything_are_listed_in_order,
                listings_come_in_pages,
                listings_come_in_descending_order_too,
                runtimes_are_listed_by_their_state,
                the_last_receipt_is_found_of_a_runtime_and_of_a_run,
                mobs_with_labels_or_a_cursor_are_listed,
                inputs_of_a_runtime_are_listed_in_pages,
                a_page_of_none_is_refused,
                a_session_is_found_by_its_id,
            }
            recovery {
                an_agent_recovers_all_that_it_goes_on_from,
                live_inputs_are_those_that_have_not_ended,
                inputs_come_in_pages,
                what_there_is_of_a_runtime_is_counted,
                what_there_is_of_everything_is_counted_with_the_oldest_open_claim,
            }
            deleting {
                a_deleted_runtime_leaves_nothing_and_its_neighbours_everything,
                a_large_runtime_is_hidden_while_it_is_deleted_and_another_call_goes_on,
                what_is_written_to_a_runtime_while_it_is_deleted_is_refused,
                a_deletion_that_was_overtaken_leaves_what_was_made_anew,
                a_claim_ends_with_its_runtime,
                an_overtaken_claim_deletes_and_prunes_nothing,
                a_mob_is_deleted_with_its_runs_and_its_cursor,
                the_receipts_of_a_deleted_run_can_be_committed_anew,
                watchers_are_told_of_a_deletion,
            }
            pruning {
                old_receipts_go_and_the_latest_stay,
                a_pruned_boundary_is_a_retry_and_another_one_a_conflict,
                what_live_inputs_and_an_open_run_need_stays,
                old_terminal_inputs_go,
                only_what_was_made_before_a_time_goes,
                a_dry_run_counts_and_prunes_nothing,
                what_is_to_be_pruned_must_be_said,
                many_rows_are_pruned_in_steps,
                a_pruning_stops_between_its_steps_where_the_caller_says_so,
                what_is_committed_meanwhile_is_not_pruned,
                a_boundary_that_comes_late_meanwhile_is_not_pruned_while_its_input_lives,
                a_run_that_is_opened_meanwhile_loses_no_more_receipts,
                what_an_open_run_takes_in_late_meanwhile_stays,
                what_the_last_boundary_takes_in_when_it_is_made_anew_meanwhile_stays,
                an_older_input_that_ends_meanwhile_costs_no_later_one,
                several_that_prune_at_once_keep_what_each_is_to_keep,
                a_boundary_that_never_was_is_committed_after_later_ones_were_pruned,
                a_run_whose_id_has_no_time_keeps_its_receipts,
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
                each_claim_on_a_mob_raises_the_epoch,
                the_latest_claim_on_a_mob_writes_and_an_overtaken_one_is_fenced,
                a_released_claim_on_a_mob_is_fenced,
                a_claim_on_a_mob_writes_to_its_own_mob_only,
                a_claim_on_a_mob_ends_with_it,
            }
            quarantine {
                what_is_damaged_is_set_aside_when_that_is_asked_for_and_the_rest_is_read_again,
                what_was_set_aside_is_listed_moved_and_deleted,
                what_was_set_aside_goes_with_what_it_belonged_to,
                what_is_not_damaged_or_must_count_is_never_set_aside,
            }
            moving {
                what_a_store_holds_comes_back_identical,
                what_another_engine_held_comes_back_identical,
                values_of_any_size_are_moved,
                a_file_may_be_cut_into_any_pieces,
                a_record_that_differs_is_refused_and_left_as_it_is,
                an_import_may_overwrite_what_differs,
                a_claim_that_was_overwritten_fences_whoever_held_it,
                epochs_go_on_where_they_were,
                the_proof_of_pruned_boundaries_never_goes_back,
                a_runtime_that_is_being_deleted_is_not_exported,
                an_import_that_was_cut_off_is_completed_by_another,
                a_damaged_line_is_refused_by_its_number,
                watchers_are_told_of_what_was_imported,
                an_import_needs_the_whole_store,
                a_store_is_verified,
                what_receipts_and_sessions_name_is_looked_for,
            }
            rewriting {
                only_what_was_seen_is_written_anew,
                what_is_gone_is_not_made_again,
                watchers_are_told_nothing_of_what_is_written_anew,
                of_those_who_write_one_record_anew_at_once_one_does,
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
                what_was_called_before_closing_finishes,
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
            forms {
                what_is_stored_in_one_form_is_read_in_the_other,
                a_receipt_again_in_the_other_form_is_a_retry,
                a_receipt_in_another_spelling_is_the_same,
                members_that_may_be_absent_have_their_defaults,
                an_unknown_member_with_a_known_name_is_refused,
            }
        }
        $crate::conformance_suite! { @native [$(#[$test])+] $open }
    };
    (@documents $test:tt $open:path, $($area:ident { $($rule:ident,)+ })+) => {
        $(mod $area {
            #[allow(unused_imports)]
            use super::*;
            $($crate::conformance_suite! { @rule $test ::core::convert::identity, $open, $area $rule })+
            mod as_text {
                #[allow(unused_imports)]
                use super::*;
                $($crate::conformance_suite! { @rule $test $crate::conformance::AsText, $open, $area $rule })+
            }
        })+
    };
    (@rules $test:tt $open:path, $($area:ident { $($rule:ident,)+ })+) => {
        $(mod $area {
            #[allow(unused_imports)]
            use super::*;
            $($crate::conformance_suite! { @rule $test ::core::convert::identity, $open, $area $rule })+
        })+
    };
    (@rule [$($test:tt)+] $form:path, $open:path, $area:ident $rule:ident) => {
        $($test)+
        async fn $rule() {
            $crate::conformance::$area::$rule($form($open().await)).await;
        }
    };
    // On wasm32 a panic ends the instance, so there is nobody left to ask.
    (@native [$($test:tt)+] $open:path) => {
        #[cfg(not(target_arch = "wasm32"))]
        mod panics {
            #[allow(unused_imports)]
            use super::*;
            $($test)+
            async fn a_panic_in_an_oauth_update_changes_nothing() {
                $crate::conformance::oauth::a_panic_in_an_update_changes_nothing($open().await).await;
            }
        }
    };
}
