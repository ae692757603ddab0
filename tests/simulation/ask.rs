//! How each call is asked of a store, and its answer read.

use burrow::{
    LabelPatch, MobClaim, PersistentMetadataStore, RuntimeClaim, RuntimeMetadataTable, RuntimeStore,
    RuntimeStoreError as Error, SessionDelta, Store,
};

use super::{
    call::{Answer, Call, Subject},
    values,
    world::Connection,
};

/// What the caller's own update fails with.
pub const OWN_ERROR: &str = "the caller's own";

pub type Answered = Result<(Answer, Option<HeldClaim>), Error>;

/// A claim that a client holds.
#[derive(Clone)]
pub enum HeldClaim {
    Mob(MobClaim<Connection>),
    Runtime(RuntimeClaim<Connection>),
}

impl HeldClaim {
    pub fn store(&self) -> &Store<Connection> {
        match self {
            Self::Mob(claim) => claim.store(),
            Self::Runtime(claim) => claim.store(),
        }
    }

    fn epoch(&self) -> u64 {
        match self {
            Self::Mob(claim) => claim.epoch(),
            Self::Runtime(claim) => claim.epoch(),
        }
    }

    async fn release(self) -> Result<(), Error> {
        match self {
            Self::Mob(claim) => claim.release().await,
            Self::Runtime(claim) => claim.release().await,
        }
    }
}

pub async fn answer(store: &Store<Connection>, call: &Call, claim: Option<&HeldClaim>) -> Answered {
    let made = match call {
        Call::ClaimMob { mob } => Some(HeldClaim::Mob(store.claim_mob(&values::mob(*mob)).await?)),
        Call::Claim { runtime } => Some(HeldClaim::Runtime(store.claim(&values::runtime(*runtime)).await?)),
        _ => None,
    };
    if let Some(claim) = made {
        return Ok((Answer::Epoch(claim.epoch()), Some(claim)));
    }
    if let (Call::Release { .. } | Call::ReleaseMob { .. }, Some(claim)) = (call, claim) {
        claim.clone().release().await?;
        return Ok((Answer::Done, None));
    }
    let answer = match call.subject() {
        Subject::Mob(_) => of_mob(store, call).await,
        Subject::Runtime(_) => of_runtime(store, call).await,
        Subject::Flows => of_flows(store, call).await,
    };
    Ok((answer?, None))
}

async fn of_mob(store: &Store<Connection>, call: &Call) -> Result<Answer, Error> {
    let done = |()| Answer::Done;
    Ok(match call.clone() {
        Call::SetLabels { mob, run, labels } => store.set_labels(&values::scope(mob, run), labels).await.map(done)?,
        Call::DeleteLabels { mob, run } => Answer::Labels(store.delete_labels(&values::scope(mob, run)).await?),
        Call::PatchLabels { mob, run, set, remove } => {
            Answer::Labels(store.patch_labels(&values::scope(mob, run), LabelPatch { set, remove }).await?)
        }
        Call::CompareLabels { mob, run, expected, labels } => {
            store.compare_and_set_labels(&values::scope(mob, run), expected, labels).await.map(done)?
        }
        Call::Labels { mob, run } => Answer::Labels(store.get_labels(&values::scope(mob, run)).await?),
        Call::LabelsOfMob { mob } => {
            let found = store.list_labels_for_mob(&values::mob(mob)).await?;
            Answer::LabelsOfMob(found.into_iter().map(|(scope, labels)| (values::run_of(&scope), labels)).collect())
        }
        Call::SetCursor { mob, cursor } => store.set_subscription_cursor(&values::mob(mob), cursor).await.map(done)?,
        Call::AdvanceCursor { mob, cursor } => {
            Answer::Cursor(Some(store.advance_subscription_cursor(&values::mob(mob), cursor).await?))
        }
        Call::CompareCursor { mob, expected, cursor } => {
            store.compare_and_set_subscription_cursor(&values::mob(mob), expected, cursor).await.map(done)?
        }
        Call::Cursor { mob } => Answer::Cursor(store.get_subscription_cursor(&values::mob(mob)).await?),
        Call::DeleteMob { mob } => store.delete_mob(&values::mob(mob)).await.map(done)?,
        other => unreachable!("{other:?}"),
    })
}

async fn of_runtime(store: &Store<Connection>, call: &Call) -> Result<Answer, Error> {
    let Subject::Runtime(runtime) = call.subject() else { unreachable!() };
    let id = &values::runtime(runtime);
    let done = |()| Answer::Done;
    let read = |answer: Result<Answer, Answer>| answer.unwrap_or_else(|strange| strange);
    Ok(match call.clone() {
        Call::Commit { boundary, .. } => {
            let session = boundary.session.map(|session| SessionDelta::new(values::snapshot(runtime, session)));
            let key = boundary.session.filter(|session| session.own).map(|_| values::session_id(runtime));
            let inputs = boundary.inputs.iter().map(|(id, version)| values::input(*id, *version)).collect();
            store.atomic_apply(id, session, values::receipt(&boundary), inputs, key).await.map(done)?
        }
        Call::CommitSession { session, .. } => {
            let snapshot = SessionDelta::new(values::snapshot(runtime, session));
            store.commit_session_snapshot(id, snapshot).await.map(done)?
        }
        Call::Session { .. } => {
            let found = store.load_session_snapshot(id).await?;
            let session = found.map(|found| values::read_snapshot(runtime, &found)).transpose();
            read(session.map(Answer::Session))
        }
        Call::SessionById { .. } => {
            let found = store.load_session_by_id(values::session_id(runtime)).await?;
            if found.as_ref().is_some_and(|(holder, _)| holder != id) {
                return Ok(Answer::Strange(format!("{found:?}")));
            }
            let session = found.map(|(_, found)| values::read_snapshot(runtime, &found)).transpose();
            read(session.map(Answer::Session))
        }
        Call::Receipt { run, sequence, .. } => {
            let found = store.load_boundary_receipt(id, &values::run(run), sequence).await?;
            Answer::Receipt(found.as_ref().map(values::read_receipt))
        }
        Call::Receipts { .. } => {
            let found = store.list_receipts(id, None, 100).await?;
            Answer::Receipts(found.iter().map(values::read_receipt).collect())
        }
        Call::LastReceipt { .. } => {
            Answer::Receipt(store.load_last_receipt(id, None).await?.as_ref().map(values::read_receipt))
        }
        Call::PersistInput { input, version, .. } => {
            store.persist_input_state(id, &values::input(input, version)).await.map(done)?
        }
        Call::Input { input, .. } => {
            let found = store.load_input_state(id, &values::input(input, 0).input_id).await?;
            read(found.as_ref().map(values::read_input).transpose().map(|read| Answer::Input(read.map(|read| read.1))))
        }
        Call::Inputs { .. } => {
            let found = store.load_input_states(id).await?;
            read(found.iter().map(values::read_input).collect::<Result<_, _>>().map(Answer::Inputs))
        }
        Call::InputIds { .. } => {
            let found = store.list_inputs(id, None, 100).await?;
            Answer::InputIds(found.into_iter().map(values::read_input_id).collect())
        }
        Call::Step { from, to, inputs, .. } => {
            let inputs: Vec<_> = inputs.iter().map(|(id, version)| values::input(*id, *version)).collect();
            store.commit_machine_lifecycle(id, from.step(to)?, &inputs).await.map(done)?
        }
        Call::State { .. } => Answer::State(store.load_runtime_state(id).await?),
        Call::Delete { .. } => store.delete_runtime(id).await.map(done)?,
        Call::DeleteRun { run, .. } => store.delete_run(id, &values::run(run)).await.map(done)?,
        Call::Prune { prune, .. } => {
            let pruned = store.prune(id, values::prune(prune)).await?;
            Answer::Pruned { receipts: pruned.receipts, inputs: pruned.inputs }
        }
        Call::PersistOps { version, .. } => store.persist_ops_lifecycle(id, &values::ops(version)).await.map(done)?,
        Call::Ops { .. } => {
            let found = store.load_ops_lifecycle(id).await?;
            read(found.as_ref().map(values::read_ops).transpose().map(Answer::Ops))
        }
        other => unreachable!("{other:?}"),
    })
}

async fn of_flows(store: &Store<Connection>, call: &Call) -> Result<Answer, Error> {
    let done = |()| Answer::Done;
    Ok(match *call {
        Call::AddFlow { flow } => {
            let add = move |stored: Option<&[u8]>| Ok([stored.unwrap_or_default(), &values::flows(&[flow])].concat());
            store.update_auth_oauth_flow_snapshot(Box::new(add)).await.map(done)?
        }
        Call::FailToAddFlow => {
            let fail = |_: Option<&[u8]>| Err(Error::Conflict(OWN_ERROR.to_owned()));
            store.update_auth_oauth_flow_snapshot(Box::new(fail)).await.map(done)?
        }
        Call::ReplaceFlows { flow } => {
            store.persist_auth_oauth_flow_snapshot(&values::flows(&[flow])).await.map(done)?
        }
        Call::Flows => {
            let found = store.load_auth_oauth_flow_snapshot().await?;
            Answer::Flows(found.as_deref().map(values::read_flows))
        }
        ref other => unreachable!("{other:?}"),
    })
}
