//! The methods about runtimes.

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
    store::{Operation, Prune, moving::base64, recovery},
};

impl<E: Engine> RpcHandler<'_, E> {
    /// Carries out a method that takes several transactions; `None` where it is none.
    pub(super) async fn in_steps(&self, method: &str, params: &Params<'_>) -> Option<Result<String, RpcError>> {
        match method {
            "burrow/runtime/prune" => Some(self.prune(params).await),
            "burrow/runtime/delete" => Some(self.delete(params).await),
            _ => None,
        }
    }

    async fn prune(&self, params: &Params<'_>) -> Result<String, RpcError> {
        let prune = Prune {
            keep_receipts: params.optional_cursor("keep_receipts")?,
            keep_terminal_inputs: params.optional_cursor("keep_terminal_inputs")?,
            before: params.optional_cursor("before")?,
            dry_run: params.flag("dry_run")?,
        };
        let pruned = self.store.prune(&runtime(params)?, prune).await?;
        Ok(format!(r#"{{"receipts":{},"inputs":{}}}"#, pruned.receipts, pruned.inputs))
    }

    async fn delete(&self, params: &Params<'_>) -> Result<String, RpcError> {
        self.store.delete_runtime(&runtime(params)?).await?;
        Ok(r#"{"accepted":true}"#.to_owned())
    }
}

fn runtime(params: &Params<'_>) -> Result<LogicalRuntimeId, RpcError> {
    Ok(LogicalRuntimeId::new(params.id("runtime_id")?)?)
}

pub(super) fn recover(params: &Params<'_>) -> Result<Operation<String>, RpcError> {
    Ok(recovery::recover(&runtime(params)?)?.map(|found| {
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
    }))
}

pub(super) fn counts(params: &Params<'_>) -> Result<Operation<String>, RpcError> {
    Ok(recovery::counts(&runtime(params)?)?.map(|counts| {
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
    }))
}
