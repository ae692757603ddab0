//! Export, import and verification.

use super::{
    AsText,
    samples::{at_once, queued, receipt, runtime, snapshot},
};
use crate::{
    InputId, MetadataScope, PersistentMetadataStore, Prune, RunBoundary, RunBoundaryReceipt, RunId,
    RuntimeMetadataTable, RuntimeState, RuntimeStore, RuntimeStoreError, SessionDelta, SessionId, Store,
    engine::{Engine, memory::Memory},
    model::json::wire::to_json,
    store::{Finding, Imported, OnConflict, deleting::begin_deletion},
};

/// All lines of an export.
pub(super) async fn exported(store: &Store<impl Engine>) -> String {
    let (mut export, mut text) = (store.export(), String::new());
    while let Some(lines) = export.next().await.unwrap() {
        assert!(lines.ends_with('\n'));
        text += &lines;
    }
    assert_eq!(export.records(), text.lines().filter(|line| is_last_of_record(line)).count() as u64);
    text
}

fn is_last_of_record(line: &str) -> bool {
    line.starts_with("{\"table\":") && !line.contains("\"more\":true")
}

async fn imported(
    store: &Store<impl Engine>,
    file: impl AsRef<[u8]>,
    on_conflict: OnConflict,
) -> Result<Imported, RuntimeStoreError> {
    let mut import = store.import(on_conflict);
    import.write(file.as_ref()).await?;
    import.finish().await
}

/// What refuses a file names the line, and is of this code.
async fn refused(store: &Store<impl Engine>, file: impl AsRef<[u8]>, code: &str, told: &str) {
    let error = imported(store, file, OnConflict::Refuse).await.unwrap_err();
    assert_eq!(error.code(), code, "{error}");
    assert!(error.to_string().contains(told), "{error}");
}

/// Something of each kind, with ids of every kind, and JSON in a spelling of its own.
async fn fill(store: &Store<impl Engine>) {
    let text = AsText(store.clone());
    for id in ["agent-1", "zwei \"anführungszeichen\" \\ \n \u{1}", "ポチ", "agent-10"] {
        let id = runtime(id);
        let (session, input) = (SessionId::new(), queued());
        let json = format!(r#"{{ "id" : "{session}", "messages": ["\u00e9"] }}"#);
        let first = RunBoundaryReceipt {
            contributing_input_ids: vec![input.input_id],
            ..RunBoundaryReceipt::new(RunId::new(), RunBoundary::RunStart, u64::MAX - 1)
        };
        let next = RunBoundaryReceipt { sequence: u64::MAX, ..first.clone() };
        text.atomic_apply(&id, Some(snapshot(&json)), first, vec![input], Some(session)).await.unwrap();
        text.atomic_apply(&id, None, next, vec![], None).await.unwrap();
        let odd = to_json(&queued()).replacen('{', "{ \"future\" :\t18446744073709551616 ,\n", 1);
        text.persist_input_text(&id, &odd).await.unwrap();
        let step = RuntimeState::Initializing.step(RuntimeState::Idle).unwrap();
        store.commit_machine_lifecycle(&id, step, &[]).await.unwrap();
        store.claim(&id).await.unwrap();
    }
    for mob in ["mob-a", "mob-b"] {
        store.set_subscription_cursor(mob, u64::MAX).await.unwrap();
        for scope in [MetadataScope::Mob(mob.into()), MetadataScope::Run(mob.into(), "läuft".into())] {
            store.set_labels(&scope, [("env".to_owned(), "\u{7f}é".to_owned())].into()).await.unwrap();
        }
    }
    store.persist_auth_oauth_flow_snapshot(b"{\"flows\":[]}").await.unwrap();
}

async fn filled() -> Store<Memory> {
    let store = Store::new();
    fill(&store).await;
    store
}

pub async fn what_a_store_holds_comes_back_identical(store: Store<impl Engine>) {
    fill(&store).await;
    let file = exported(&store).await;
    assert_eq!(exported(&store).await, file);
    let other = Store::new();
    let moved = imported(&other, &file, OnConflict::Refuse).await.unwrap();
    assert_eq!(moved.records, moved.written);
    assert_eq!(exported(&other).await, file);
    // Records that are there already, byte for byte, are not written again.
    let again = imported(&store, &file, OnConflict::Refuse).await.unwrap();
    assert_eq!(again, Imported { records: moved.records, written: 0 });
    assert_eq!(exported(&store).await, file);
}

pub async fn what_another_engine_held_comes_back_identical(store: Store<impl Engine>) {
    let other = filled().await;
    let file = exported(&other).await;
    let moved = imported(&store, &file, OnConflict::Refuse).await.unwrap();
    assert_eq!(exported(&store).await, file);
    assert_eq!(moved.written, file.lines().filter(|line| is_last_of_record(line)).count() as u64);
    for id in other.list_runtimes(None, 10).await.unwrap() {
        assert_eq!(store.load_session_snapshot(&id).await.unwrap(), other.load_session_snapshot(&id).await.unwrap());
        assert_eq!(store.load_input_states(&id).await.unwrap(), other.load_input_states(&id).await.unwrap());
        assert_eq!(
            store.list_receipts(&id, None, 10).await.unwrap(),
            other.list_receipts(&id, None, 10).await.unwrap()
        );
        assert_eq!(store.load_runtime_state(&id).await.unwrap(), Some(RuntimeState::Idle));
    }
    assert_eq!(store.get_subscription_cursor("mob-a").await.unwrap(), Some(u64::MAX));
    assert_eq!(store.list_labels_for_mob("mob-b").await.unwrap(), other.list_labels_for_mob("mob-b").await.unwrap());
    // What was imported is a record as any other: a receipt committed again is a retry.
    let id = runtime("agent-1");
    let receipts = store.list_receipts(&id, None, 10).await.unwrap();
    store.atomic_apply(&id, None, receipts[1].clone(), vec![], None).await.unwrap();
    let another = store.atomic_apply(&id, Some(snapshot("other")), receipts[1].clone(), vec![], None).await;
    assert_eq!(another.unwrap_err().code(), "Conflict");
}

pub async fn values_of_any_size_are_moved(store: Store<impl Engine>) {
    let other = Store::new();
    // Lengths about those of the pieces of a line, of an IndexedDB value and of a Durable Object's.
    for length in [0, 1, 61_440, 786_431, 786_432, 786_433, 2 * 786_432] {
        let bytes: Vec<u8> = (0..length).map(|i| (i % 251) as u8).collect();
        other.commit_session_snapshot(&runtime(&format!("{length}")), SessionDelta::new(bytes)).await.unwrap();
    }
    let id = runtime("many");
    at_once((0..700).map(|_| async { other.persist_input_state(&runtime("many"), &queued()).await.unwrap() })).await;
    let mut large = queued();
    large.idempotency_key = Some("\"x\\".repeat(100_000));
    for _ in 0..3 {
        large.input_id = InputId::new();
        other.persist_input_state(&id, &large).await.unwrap();
    }
    let file = exported(&other).await;
    imported(&store, &file, OnConflict::Refuse).await.unwrap();
    assert!(exported(&store).await == file);
    assert_eq!(store.load_input_states(&id).await.unwrap().len(), 703);
    assert_eq!(store.load_session_snapshot(&runtime("0")).await.unwrap(), Some(vec![]));
    // Over what is there already.
    assert_eq!(imported(&store, &file, OnConflict::Overwrite).await.unwrap().written, 0);
}

pub async fn a_file_may_be_cut_into_any_pieces(store: Store<impl Engine>) {
    let file = exported(&filled().await).await;
    for size in [1, 7, 4096] {
        let mut import = store.import(OnConflict::Refuse);
        for piece in file.as_bytes().chunks(size) {
            import.write(piece).await.unwrap();
        }
        import.write(b"").await.unwrap();
        import.finish().await.unwrap();
        assert_eq!(exported(&store).await, file);
    }
    // Editors take the last line feed, or leave it out.
    imported(&store, file.trim_end(), OnConflict::Refuse).await.unwrap();
}

pub async fn a_record_that_differs_is_refused_and_left_as_it_is(store: Store<impl Engine>) {
    let other = filled().await;
    let file = exported(&other).await;
    let (id, session) = (runtime("agent-1"), snapshot("its own"));
    store.commit_session_snapshot(&id, session.clone()).await.unwrap();
    refused(&store, &file, "Conflict", "another record under runtime_session_snapshots [agent-1]").await;
    assert_eq!(store.load_session_snapshot(&id).await.unwrap().as_deref(), Some(&*session.session_snapshot));
    // The records of one runtime in one table are written all or none.
    let inputs = other.load_input_states(&id).await.unwrap();
    let changed = crate::StoredInputState { attempt_count: 7, ..inputs[1].clone() };
    let third = Store::new();
    third.persist_input_state(&id, &changed).await.unwrap();
    refused(&third, &file, "Conflict", "line 3: the store has another record under runtime_input_states").await;
    assert_eq!(third.load_input_states(&id).await.unwrap(), [changed]);
}

pub async fn an_import_may_overwrite_what_differs(store: Store<impl Engine>) {
    let file = exported(&filled().await).await;
    let id = runtime("agent-1");
    store.commit_session_snapshot(&id, snapshot("its own")).await.unwrap();
    store.set_subscription_cursor("mob-a", 1).await.unwrap();
    store.set_subscription_cursor("mob-z", 1).await.unwrap();
    let moved = imported(&store, &file, OnConflict::Overwrite).await.unwrap();
    assert_eq!(moved.records, moved.written);
    assert_eq!(store.get_subscription_cursor("mob-a").await.unwrap(), Some(u64::MAX));
    // Records that are not in the file stay.
    assert_eq!(store.get_subscription_cursor("mob-z").await.unwrap(), Some(1));
    assert_ne!(store.load_session_snapshot(&id).await.unwrap(), Some(b"its own".to_vec()));
}

pub async fn a_claim_that_was_overwritten_fences_whoever_held_it(store: Store<impl Engine>) {
    let id = runtime("agent-1");
    let first = store.claim(&id).await.unwrap();
    let file = exported(&store).await;
    let second = store.claim(&id).await.unwrap();
    let third = store.claim(&id).await.unwrap();
    assert_eq!(third.epoch(), 3);
    refused(&store, &file, "Conflict", "burrow_claims [agent-1]").await;
    third.commit_session_snapshot(&id, snapshot("x")).await.unwrap();
    imported(&store, &file, OnConflict::Overwrite).await.unwrap();
    for held in [first, second, third] {
        assert_eq!(held.commit_session_snapshot(&id, snapshot("y")).await.unwrap_err().code(), "Fenced");
    }
    assert_eq!(store.claim(&id).await.unwrap().epoch(), 5);
}

pub async fn epochs_go_on_where_they_were(store: Store<impl Engine>) {
    let (other, id) = (Store::new(), runtime("agent-1"));
    other.claim(&id).await.unwrap();
    let held = other.claim(&id).await.unwrap();
    imported(&store, exported(&other).await, OnConflict::Refuse).await.unwrap();
    assert_eq!(store.claim(&id).await.unwrap().epoch(), held.epoch() + 1);
}

pub async fn the_proof_of_pruned_boundaries_never_goes_back(store: Store<impl Engine>) {
    let id = runtime("r");
    let run = receipt(0);
    let commit = async |sequence| {
        let receipt = RunBoundaryReceipt { sequence, ..run.clone() };
        store.atomic_apply(&id, Some(snapshot("as it was")), receipt, vec![], None).await.unwrap();
    };
    let prune = async || {
        store.prune(&id, Prune { keep_receipts: Some(0), ..Prune::default() }).await.unwrap();
    };
    for sequence in 0..4 {
        commit(sequence).await;
    }
    prune().await;
    let early = exported(&store).await;
    for sequence in 4..8 {
        commit(sequence).await;
    }
    prune().await;
    imported(&store, &early, OnConflict::Overwrite).await.unwrap();
    // Receipts that came back are pruned again, and the boundaries after them are still known.
    prune().await;
    store.commit_session_snapshot(&id, snapshot("now")).await.unwrap();
    for sequence in 0..8 {
        commit(sequence).await;
    }
    assert_eq!(store.load_session_snapshot(&id).await.unwrap(), Some(b"now".to_vec()));
}

pub async fn a_runtime_that_is_being_deleted_is_not_exported(store: Store<impl Engine>) {
    let (id, whole) = (runtime("r"), runtime("whole"));
    for boundary in 0..1001 {
        let receipt = RunBoundaryReceipt { sequence: boundary, ..receipt(0) };
        let session = SessionId::new();
        let bytes = SessionDelta::new(format!(r#"{{"id":"{session}"}}"#).into_bytes());
        store.atomic_apply(&id, Some(bytes), receipt, vec![], Some(session)).await.unwrap();
    }
    store.atomic_apply(&whole, Some(snapshot("whole")), receipt(0), vec![queued()], None).await.unwrap();
    // As where the process is killed after the first transaction.
    store.run(begin_deletion(None, &id)).await.unwrap();
    let file = exported(&store).await;
    let other = Store::new();
    other.commit_session_snapshot(&id, snapshot("its own")).await.unwrap();
    imported(&other, &file, OnConflict::Refuse).await.unwrap();
    assert_eq!(other.load_session_snapshot(&id).await.unwrap(), Some(b"its own".to_vec()));
    assert_eq!(other.counts(&id).await.unwrap().receipts, 0);
    assert_eq!(other.recover(&whole).await.unwrap(), store.recover(&whole).await.unwrap());
    store.delete_runtime(&id).await.unwrap();
    assert_eq!(exported(&store).await, file);
}

pub async fn an_import_that_was_cut_off_is_completed_by_another(store: Store<impl Engine>) {
    let file = exported(&filled().await).await;
    let lines: Vec<&str> = file.split_inclusive('\n').collect();
    for kept in [0, 1, 2, lines.len() / 2, lines.len() - 1] {
        let whole = lines[..kept].concat();
        let told = format!("source: it was cut off after line {kept}");
        refused(&store, &whole, "InvalidInput", &told).await;
        let begun = &lines[kept][..lines[kept].len() / 2];
        refused(&store, whole + begun, "InvalidInput", &told).await;
        // What was whole before is there.
        let there = exported(&store).await;
        assert_eq!(there.lines().count(), kept.max(1) + 1);
    }
    let moved = imported(&store, &file, OnConflict::Refuse).await.unwrap();
    assert_eq!(moved.written, 0);
    assert_eq!(exported(&store).await, file);
}

pub async fn a_damaged_line_is_refused_by_its_number(store: Store<impl Engine>) {
    let file = exported(&filled().await).await;
    let lines: Vec<&str> = file.split_inclusive('\n').collect();
    let without = |line: usize| [&lines[..line], &lines[line + 1..]].concat().concat();
    let swapped = |line: usize| {
        let mut lines = lines.clone();
        lines.swap(line, line + 1);
        lines.concat()
    };
    refused(&store, without(0), "InvalidInput", "source: line 1: its sum is another").await;
    refused(&store, "", "InvalidInput", "it was cut off after line 0").await;
    for garbage in ["\n", "{}\n", "hello\n", "\u{feff}{}\n", "[]", "{\"mob\":1}\n"] {
        refused(&store, garbage, "InvalidInput", "source: ").await;
        refused(&store, lines[0].to_owned() + garbage + lines[1], "InvalidInput", "source: ").await;
    }
    refused(&store, file.replace('\n', "\r\n"), "InvalidInput", "source: line 1: expected a line").await;
    refused(&store, [lines[0].as_bytes(), b"\xff\xfe\n"].concat(), "InvalidInput", "line 2: it is not UTF-8").await;
    assert_eq!(exported(&store).await.lines().count(), 2, "nothing was written");
    for at in [2, lines.len() - 3] {
        refused(&store, without(at), "InvalidInput", &format!("line {}: its sum is another", at + 1)).await;
        refused(&store, swapped(at), "InvalidInput", &format!("line {}: its sum is another", at + 1)).await;
        let middle = lines[at].len() / 2;
        let mut damaged = file.clone().into_bytes();
        let start = lines[..at].concat().len();
        damaged[start + middle] ^= 1;
        refused(&store, damaged, "InvalidInput", &format!("line {}", at + 1)).await;
    }
    let behind = format!("line {}: its sum is another", lines.len() + 1);
    refused(&store, file.clone() + lines[1], "InvalidInput", &behind).await;
    // An import that has failed takes no more lines.
    let mut import = store.import(OnConflict::Refuse);
    assert!(import.write(b"x\n").await.is_err());
    assert_eq!(import.write(file.as_bytes()).await.unwrap_err().code(), "Closed");
    assert_eq!(import.finish().await.unwrap_err().code(), "Closed");
}

pub async fn watchers_are_told_of_what_was_imported(store: Store<impl Engine>) {
    let file = exported(&filled().await).await;
    let (told, heard) = std::sync::mpsc::channel();
    let _watch = store.watch(crate::WatchScope::Everything, move |change| told.send(change.clone()).unwrap());
    imported(&store, &file, OnConflict::Refuse).await.unwrap();
    let changes: Vec<_> = heard.try_iter().collect();
    for id in ["agent-1", "ポチ"] {
        let scope = crate::ChangeScope::Runtime(runtime(id));
        let kinds: Vec<_> = changes.iter().filter(|change| change.scope == scope).flat_map(|c| &c.kinds).collect();
        assert_eq!(kinds.len(), 5, "{id}: {kinds:?}");
    }
    let run = crate::ChangeScope::Mob(MetadataScope::Run("mob-b".into(), "läuft".into()));
    assert_eq!(changes.iter().filter(|change| change.scope == run).count(), 1);
    imported(&store, &file, OnConflict::Refuse).await.unwrap();
    assert_eq!(heard.try_iter().count(), 0, "nothing was written");
}

pub async fn an_import_needs_the_whole_store(store: Store<impl Engine>) {
    let file = exported(&filled().await).await;
    let claim = store.claim(&runtime("agent-1")).await.unwrap();
    let error = imported(claim.store(), &file, OnConflict::Overwrite).await.unwrap_err();
    assert_eq!(error.code(), "Unsupported");
    assert_eq!(exported(claim.store()).await.lines().count(), 3);
}

/// All that a verification finds.
pub(super) async fn findings(store: &Store<impl Engine>) -> Vec<Finding> {
    let (mut verify, mut all) = (store.verify(), Vec::new());
    while let Some(findings) = verify.next().await.unwrap() {
        all.extend(findings);
    }
    all
}

pub async fn a_store_is_verified(store: Store<impl Engine>) {
    assert_eq!(findings(&store).await, []);
    fill(&store).await;
    let file = exported(&store).await;
    let mut verify = store.verify();
    while let Some(findings) = verify.next().await.unwrap() {
        assert_eq!(findings, []);
    }
    assert_eq!(verify.records(), file.lines().filter(|line| is_last_of_record(line)).count() as u64);
    assert_eq!(exported(&store).await, file);
}

pub async fn what_receipts_and_sessions_name_is_looked_for(store: Store<impl Engine>) {
    fill(&store).await;
    let id = runtime("agent-2");
    let first = receipt(3);
    let missing = InputId::new();
    let third = RunBoundaryReceipt { sequence: 5, contributing_input_ids: vec![missing], ..first.clone() };
    for receipt in [first.clone(), third] {
        store.atomic_apply(&id, None, receipt, vec![], None).await.unwrap();
    }
    let run = first.run_id;
    let found = |problem: &str| Finding {
        table: "runtime_boundary_receipts",
        key: format!("[agent-2, {run}, 5]"),
        problem: problem.to_owned(),
        quarantined: false,
    };
    assert_eq!(
        findings(&store).await,
        [
            found("the receipt before it in its run is that of sequence 3"),
            found(&format!("the input {missing}, which it names, is not there")),
        ]
    );
}
