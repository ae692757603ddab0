//! The operations that JavaScript calls, by name.
//!
//! One export takes them all: each export of its own would bring code to move its arguments, in the wasm and in the
//! bindings. `pkg/src/calls.ts` has their types.

use js_sys::{Function, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};

use super::{
    answer::{Answered, bytes, done, optional_text, text, texts},
    arguments::Arguments,
};
use crate::{
    LogicalRuntimeId, RuntimeStoreError, SessionDelta,
    store::{claim::Fence, listing, metadata, runtime},
};

/// Makes the operation `name`; `fence` is the claim of the handle that it is called on.
pub(super) fn operation(fence: Option<&Fence>, name: &str, given: &Arguments) -> Answered {
    match name {
        "setLabels" => done(metadata::set_labels(&given.scope(), given.json("labels", 2)?)),
        "getLabels" => text(metadata::labels(&given.scope())),
        "deleteLabels" => text(metadata::delete_labels(&given.scope())),
        "listLabels" => text(metadata::labels_of_mob(&given.text(0))),
        "selectLabels" => text(listing::selected(given.text(0).parse()?)),
        "getCursor" => Ok(metadata::cursor(&given.text(0))?.map(|cursor| Ok(cursor.into()))),
        "setCursor" => done(metadata::set_cursor(&given.text(0), given.u64(1))),

        "mobs" => texts(listing::mobs(given.optional_text(0).as_deref(), given.limit(1))),
        "runtimes" => {
            let after = given.optional_text(0).map(LogicalRuntimeId::new).transpose()?;
            texts(listing::runtimes(after.as_ref(), given.limit(1)))
        }
        "runs" => texts(listing::runs(&given.runtime()?, given.optional_id("after", 1)?.as_ref(), given.limit(2))),
        "inputIds" => {
            texts(listing::input_ids(&given.runtime()?, given.optional_id("after", 1)?.as_ref(), given.limit(2)))
        }
        "receipts" => {
            let after = given.optional_id("after.run_id", 1)?;
            let after = after.as_ref().map(|run| (run, given.u64(2)));
            text(listing::receipts(&given.runtime()?, after, given.limit(3)))
        }
        "sessionHolder" => {
            let holder = listing::holder(given.id("sessionId", 0)?)?;
            Ok(holder.map(|holder| Ok(holder.map(|runtime| runtime.to_string()).into())))
        }
        "sessionOf" => bytes(listing::session_of(&given.runtime()?, given.id("sessionId", 1)?)),

        "oauthFlows" => bytes(runtime::oauth_flows()),
        "persistOauthFlows" => done(runtime::persist_oauth_flows(&given.bytes(0))),
        "updateOauthFlows" => done(runtime::update_oauth_flows(oauth_flow_update(given.value(0)))),

        "commitBoundary" => done(runtime::commit_boundary(
            fence,
            &given.runtime()?,
            given.optional_bytes(2).map(SessionDelta::new).as_ref(),
            given.json("receipt", 1)?,
            given.json("inputs", 3)?,
            given.optional_id("sessionKey", 4)?,
        )),
        "commitSession" => done(runtime::commit_session(fence, &given.runtime()?, &SessionDelta::new(given.bytes(1)))),
        "session" => bytes(runtime::session(&given.runtime()?)),
        "receipt" => optional_text(runtime::receipt(&given.runtime()?, &given.id("runId", 1)?, given.u64(2))),
        "persistInput" => done(runtime::persist_input(fence, &given.runtime()?, given.json("input", 1)?)),
        "inputs" => text(runtime::inputs(&given.runtime()?)),
        "input" => optional_text(runtime::input(&given.runtime()?, &given.id("inputId", 1)?)),
        "state" => Ok(runtime::state(&given.runtime()?)?.map(|state| Ok(state.map(|state| state.as_str()).into()))),
        "transition" => {
            let step = given.state("from", 1)?.step(given.state("to", 2)?)?;
            done(runtime::transition(fence, &given.runtime()?, step, given.json("inputs", 3)?))
        }
        "persistOps" => done(runtime::persist_ops(fence, &given.runtime()?, given.json("snapshot", 1)?)),
        "ops" => optional_text(runtime::ops(&given.runtime()?)),
        _ => Err(RuntimeStoreError::Internal(format!("there is no operation {name}"))),
    }
}

/// A function of JavaScript's that gives bytes, or anything else to change nothing.
fn oauth_flow_update(update: JsValue) -> crate::OAuthFlowUpdate {
    let update: Function = update.unchecked_into();
    Box::new(move |stored| {
        let stored = stored.map_or(JsValue::UNDEFINED, |stored| Uint8Array::from(stored).into());
        let next = update.call1(&JsValue::UNDEFINED, &stored).ok();
        let next = next.as_ref().and_then(|next| next.dyn_ref::<Uint8Array>());
        next.map(Uint8Array::to_vec).ok_or_else(|| RuntimeStoreError::invalid("update", "it gave no bytes"))
    })
}
