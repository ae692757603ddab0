//! The workloads.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use burrow::{LogicalRuntimeId, RunBoundaryReceipt, StoredInputState};
use tokio::runtime::Runtime;

use super::{
    contender::{Boundary, Contender},
    payload::{Payload, runtime},
    rounds::Workload,
};

/// What was told of one runtime, to be found again.
struct Told {
    runtime: LogicalRuntimeId,
    payload: Payload,
    session: Option<Vec<u8>>,
    receipts: Vec<RunBoundaryReceipt>,
    inputs: Vec<StoredInputState>,
}

impl Told {
    fn new(number: usize) -> Self {
        let (receipts, inputs) = (Vec::new(), Vec::new());
        Self { runtime: runtime(number), payload: Payload::new(), session: None, receipts, inputs }
    }

    fn boundaries(&mut self, count: usize) -> Vec<Boundary> {
        let made: Vec<Boundary> = (0..count).map(|_| self.payload.boundary()).collect();
        for Boundary { session, receipt, inputs } in made.iter().cloned() {
            self.session = Some(session.session_snapshot.to_vec());
            self.receipts.push(receipt);
            self.inputs.extend(inputs);
        }
        made
    }

    fn inputs(&mut self, count: usize) -> Vec<StoredInputState> {
        let made: Vec<_> = (0..count).map(|_| self.payload.input()).collect();
        self.inputs.extend(made.iter().cloned());
        made
    }

    async fn verify(&self, contender: &impl Contender) {
        assert!(contender.session(&self.runtime).await == self.session, "the session is another");
        assert!(contender.inputs(&self.runtime).await == self.inputs, "the inputs are others");
        for receipt in &self.receipts {
            let found = contender.receipt(&self.runtime, &receipt.run_id, receipt.sequence).await;
            assert_eq!(found.as_ref(), Some(receipt));
        }
    }
}

/// Boundary commits, one after another.
pub struct Boundaries<C> {
    contender: C,
    told: Told,
}

impl<C: Contender> Boundaries<C> {
    pub fn new(contender: C) -> Self {
        Self { contender, told: Told::new(0) }
    }
}

impl<C: Contender> Workload for Boundaries<C> {
    fn round(&mut self, tokio: &Runtime, operations: usize) -> Vec<Duration> {
        let made = self.told.boundaries(operations);
        tokio.block_on(async {
            let mut times = Vec::with_capacity(operations);
            for boundary in made {
                let start = Instant::now();
                self.contender.boundary(&self.told.runtime, boundary).await;
                times.push(start.elapsed());
            }
            times
        })
    }

    fn verify(&self, tokio: &Runtime) {
        tokio.block_on(self.told.verify(&self.contender));
    }
}

/// Inputs, one after another.
pub struct Inputs<C> {
    contender: C,
    told: Told,
}

impl<C: Contender> Inputs<C> {
    pub fn new(contender: C) -> Self {
        Self { contender, told: Told::new(0) }
    }
}

impl<C: Contender> Workload for Inputs<C> {
    fn round(&mut self, tokio: &Runtime, operations: usize) -> Vec<Duration> {
        let made = self.told.inputs(operations);
        tokio.block_on(async {
            let mut times = Vec::with_capacity(operations);
            for input in &made {
                let start = Instant::now();
                self.contender.input(&self.told.runtime, input).await;
                times.push(start.elapsed());
            }
            times
        })
    }

    fn verify(&self, tokio: &Runtime) {
        tokio.block_on(self.told.verify(&self.contender));
    }
}

/// All inputs of one runtime out of five that have as many.
pub struct Load<C> {
    contender: C,
    told: Told,
}

impl<C: Contender> Load<C> {
    pub fn new(contender: C, count: usize) -> Self {
        let mut all: Vec<Told> = (0..5).map(Told::new).collect();
        // One commit each, however many inputs it has.
        let tokio = Runtime::new().unwrap();
        for told in &mut all {
            let mut boundary = told.boundaries(1).remove(0);
            boundary.inputs.extend(told.inputs(count - boundary.inputs.len()));
            tokio.block_on(contender.boundary(&told.runtime, boundary));
        }
        Self { contender, told: all.remove(2) }
    }
}

impl<C: Contender> Workload for Load<C> {
    fn round(&mut self, tokio: &Runtime, operations: usize) -> Vec<Duration> {
        let one = || {
            let start = Instant::now();
            let inputs = tokio.block_on(self.contender.inputs(&self.told.runtime));
            let time = start.elapsed();
            assert_eq!(inputs.len(), self.told.inputs.len());
            time
        };
        (0..operations).map(|_| one()).collect()
    }

    fn verify(&self, tokio: &Runtime) {
        tokio.block_on(self.told.verify(&self.contender));
    }
}

/// Boundary commits of 16 runtimes at once, each one's own one after another. What is timed is all of them, divided by
/// their number.
pub struct AtOnce<C> {
    contender: Arc<C>,
    told: Vec<Told>,
}

impl<C: Contender> AtOnce<C> {
    pub fn new(contender: C) -> Self {
        Self { contender: Arc::new(contender), told: (0..16).map(Told::new).collect() }
    }
}

impl<C: Contender> Workload for AtOnce<C> {
    fn round(&mut self, tokio: &Runtime, operations: usize) -> Vec<Duration> {
        let made: Vec<_> =
            self.told.iter_mut().map(|told| (told.runtime.clone(), told.boundaries(operations))).collect();
        let commits = u32::try_from(made.len() * operations).unwrap();
        let start = Instant::now();
        let callers = made.into_iter().map(|(runtime, boundaries)| {
            let contender = Arc::clone(&self.contender);
            let commit_all = async move {
                for boundary in boundaries {
                    contender.boundary(&runtime, boundary).await;
                }
            };
            match C::BLOCKS {
                true => {
                    let handle = tokio.handle().clone();
                    tokio.spawn_blocking(move || handle.block_on(commit_all))
                }
                false => tokio.spawn(commit_all),
            }
        });
        for caller in callers.collect::<Vec<_>>() {
            tokio.block_on(caller).unwrap();
        }
        vec![start.elapsed() / commits]
    }

    fn verify(&self, tokio: &Runtime) {
        for told in &self.told {
            tokio.block_on(told.verify(&*self.contender));
        }
    }
}
