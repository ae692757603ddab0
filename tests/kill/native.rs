//! What the process does that is killed.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use burrow::{
    LogicalRuntimeId, MetadataScope, OAuthFlowUpdate, PersistentMetadataStore, Prune, RunBoundaryReceipt, RunId,
    RuntimeMetadataTable, RuntimeState, RuntimeStore, SessionDelta, SessionId, SqliteRuntimeStore, StoredInputState,
};
use serde_json::{Value, json};

pub fn main() {
    let path = std::env::args().nth(1).unwrap();
    let store = pollster::block_on(SqliteRuntimeStore::open(path)).unwrap();
    println!("{}", json!({ "ready": true }));
    for line in std::io::stdin().lines() {
        let request: Value = serde_json::from_str(&line.unwrap()).unwrap();
        let store = store.clone();
        std::thread::spawn(move || {
            let outcome = pollster::block_on(perform(&store, &request["operation"]));
            println!("{}", json!({ "id": request["id"], "error": outcome.err() }));
        });
    }
}

async fn perform(store: &SqliteRuntimeStore, operation: &Value) -> Result<(), String> {
    let text = |name: &str| operation[name].as_str().unwrap();
    let number = |name: &str| operation[name].as_u64().unwrap();
    let runtime = || LogicalRuntimeId::new(text("runtime")).unwrap();
    let said = |error: &dyn std::fmt::Debug| format!("{error:?}");
    match text("do") {
        "boundary" => {
            let session = SessionDelta::new(text("session").as_bytes().to_vec());
            let receipt = read::<RunBoundaryReceipt>(&operation["receipt"]);
            let key = read::<SessionId>(&operation["sessionKey"]);
            let inputs = read(&operation["inputs"]);
            store.atomic_apply(&runtime(), Some(session), receipt, inputs, Some(key)).await.map_err(|e| said(&e))
        }
        "input" => {
            let input = read::<StoredInputState>(&operation["input"]);
            store.persist_input_state(&runtime(), &input).await.map_err(|e| said(&e))
        }
        "step" => {
            let (from, to) = (read::<RuntimeState>(&operation["from"]), read(&operation["to"]));
            let inputs = read::<Vec<StoredInputState>>(&operation["inputs"]);
            let step = from.step(to).unwrap();
            store.commit_machine_lifecycle(&runtime(), step, &inputs).await.map_err(|e| said(&e))
        }
        "labels" => {
            let mob = text("mob").to_owned();
            let scope = match operation["run"].as_str() {
                Some(run) => MetadataScope::Run(mob, run.to_owned()),
                None => MetadataScope::Mob(mob),
            };
            store.set_labels(&scope, read(&operation["labels"])).await.map_err(|e| said(&e))
        }
        "cursor" => store.set_subscription_cursor(text("mob"), number("cursor")).await.map_err(|e| said(&e)),
        "oauth" => {
            let (writer, flow) = (text("writer").to_owned(), number("flow"));
            let update: OAuthFlowUpdate = Box::new(move |stored| {
                let mut flows: Value = stored.map_or(json!({}), |stored| serde_json::from_slice(stored).unwrap());
                flows[&writer] = json!(flow);
                Ok(flows.to_string().into_bytes())
            });
            store.update_auth_oauth_flow_snapshot(update).await.map_err(|e| said(&e))
        }
        "prune" => {
            let prune = Prune {
                keep_receipts: Some(number("keepReceipts")),
                keep_terminal_inputs: Some(number("keepTerminalInputs")),
                ..Prune::default()
            };
            store.prune(&runtime(), prune).await.map(drop).map_err(|e| said(&e))
        }
        "delete" => store.delete_runtime(&runtime()).await.map_err(|e| said(&e)),
        "deleteRun" => {
            let run = read::<RunId>(&operation["run"]);
            store.delete_run(&runtime(), &run).await.map_err(|e| said(&e))
        }
        "deleteMob" => store.delete_mob(text("mob")).await.map_err(|e| said(&e)),
        other => panic!("{other}"),
    }
}

fn read<T: serde::de::DeserializeOwned>(value: &Value) -> T {
    serde_json::from_value(value.clone()).unwrap()
}
