//! The methods about runtimes. Most take more than one transaction.

use super::{
    RpcHandler,
    message::{Params, RpcError},
};
use crate::{
    engine::Engine,
    model::{
        LogicalRuntimeId,
        json::{
            wire::{put, to_json},
            writer::JsonWriter,
        },
    },
    store::{Prune, moving::base64, recovery},
};

impl<E: Engine> RpcHandler<'_, E> {
    /// Carries out a method about a runtime; `None` where it is none.
    pub(super) async fn of_runtime(&self, method: &str, params: &Params<'_>) -> Option<Result<String, RpcError>> {
        let method = method.strip_prefix("burrow/runtime/")?;
        let runtime = match params.id("runtime_id").map(LogicalRuntimeId::new) {
            Ok(runtime) => runtime,
            Err(error) => return Some(Err(error)),
        };
        Some(match (method, runtime) {
            (_, Err(error)) => Err(error.into()),
            ("recover", Ok(runtime)) => self.recover(&runtime).await,
            ("counts", Ok(runtime)) => self.counts(&runtime).await,
            ("prune", Ok(runtime)) => self.prune(&runtime, params).await,
            ("delete", Ok(runtime)) => {
                let deleted = self.store.delete_runtime(&runtime).await;
                deleted.map(|()| r#"{"accepted":true}"#.to_owned()).map_err(RpcError::from)
            }
            _ => return None,
        })
    }

    async fn recover(&self, runtime: &LogicalRuntimeId) -> Result<String, RpcError> {
        let found = self.store.run(recovery::recover(runtime)).await?;
        let mut json = JsonWriter::default();
        let mut object = json.object();
        object.named("state").string(found.state.as_str());
        put(&mut object, "session", &found.session.as_deref().map(base64::encode));
        object.named("inputs").json(&to_json(&found.inputs));
        put(&mut object, "last_receipt", &found.last_receipt);
        put(&mut object, "ops", &found.ops);
        object.named("epoch").string(&found.epoch.to_string());
        object.end();
        Ok(json.into_text())
    }

    async fn counts(&self, runtime: &LogicalRuntimeId) -> Result<String, RpcError> {
        let counts = self.store.counts(runtime).await?;
        let mut json = JsonWriter::default();
        let mut object = json.object();
        let mut live = object.named("live_inputs").object();
        for (state, count) in &counts.live_inputs {
            live.named(state.as_str()).json(&count.to_string());
        }
        live.end();
        for (name, count) in [
            ("terminal_inputs", counts.terminal_inputs),
            ("receipts", counts.receipts),
            ("runs", counts.runs),
            ("session_bytes", counts.session_bytes),
        ] {
            object.named(name).json(&count.to_string());
        }
        object.end();
        Ok(json.into_text())
    }

    async fn prune(&self, runtime: &LogicalRuntimeId, params: &Params<'_>) -> Result<String, RpcError> {
        let prune = Prune {
            keep_receipts: params.optional_cursor("keep_receipts")?,
            keep_terminal_inputs: params.optional_cursor("keep_terminal_inputs")?,
            before: params.optional_cursor("before")?,
            dry_run: params.flag("dry_run")?,
        };
        let pruned = self.store.prune(runtime, prune).await?;
        Ok(format!(r#"{{"receipts":{},"inputs":{}}}"#, pruned.receipts, pruned.inputs))
    }
}
