//! Lanes in rounds of random order, and the table that comes of them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use fastrand::Rng;
use tokio::runtime::Runtime;

/// Warm-up rounds, not counted.
const WARM_UPS: usize = 2;

/// A workload on one contender.
pub trait Workload {
    /// Makes what is needed for so many operations, then does them one after another; how long each took.
    fn round(&mut self, tokio: &Runtime, operations: usize) -> Vec<Duration>;

    /// Panics unless everything written is there.
    fn verify(&self, tokio: &Runtime);
}

/// A contender that runs a workload.
pub struct Lane {
    contender: &'static str,
    workload: Box<dyn Workload>,
    rounds: Vec<Vec<Duration>>,
}

impl Lane {
    pub fn new(contender: &'static str, workload: impl Workload + 'static) -> Self {
        Self { contender, workload: Box::new(workload), rounds: Vec::new() }
    }
}

/// How the lanes are run.
pub struct Rounds {
    quick: bool,
    tokio: Runtime,
}

impl Rounds {
    pub fn new(quick: bool) -> Self {
        Self { quick, tokio: Runtime::new().unwrap() }
    }

    /// Runs workloads, each given by its title, the operations of one round, and its lanes, of which the first is the
    /// baseline; then prints their table.
    pub fn print(&self, workloads: Vec<(&str, usize, Vec<Lane>)>) {
        println!("| workload | with | median µs | p95 µs | ratio |\n| --- | --- | ---: | ---: | ---: |");
        for (title, operations, mut lanes) in workloads {
            self.run(operations, &mut lanes);
            let baseline: Vec<f64> = lanes[0].rounds.iter().map(|round| median(round)).collect();
            for lane in &lanes {
                let all: Vec<Duration> = lane.rounds.iter().flatten().copied().collect();
                let ratios = lane.rounds.iter().zip(&baseline).map(|(round, base)| median(round) / base).collect();
                let (middle, high, ratio) = (median(&all), quantile(micros(&all), 0.95), quantile(ratios, 0.5));
                println!("| {title} | {} | {middle:.1} | {high:.1} | {ratio:.2} |", lane.contender);
            }
        }
        println!();
    }

    fn run(&self, operations: usize, lanes: &mut [Lane]) {
        let (warm_ups, rounds, operations) = if self.quick { (0, 2, 2) } else { (WARM_UPS, 30, operations) };
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let mut rng = Rng::with_seed(u64::from(now.subsec_nanos()));
        let mut order: Vec<usize> = (0..lanes.len()).collect();
        for round in 0..warm_ups + rounds {
            rng.shuffle(&mut order);
            for &lane in &order {
                let times = lanes[lane].workload.round(&self.tokio, operations);
                if round >= warm_ups {
                    lanes[lane].rounds.push(times);
                }
            }
        }
        for lane in lanes {
            lane.workload.verify(&self.tokio);
        }
    }
}

fn median(times: &[Duration]) -> f64 {
    quantile(micros(times), 0.5)
}

fn micros(times: &[Duration]) -> Vec<f64> {
    times.iter().map(|time| time.as_secs_f64() * 1e6).collect()
}

fn quantile(mut values: Vec<f64>, part: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let at = (values.len() - 1) as f64 * part;
    let (below, above) = (values[at.floor() as usize], values[at.ceil() as usize]);
    below + (above - below) * at.fract()
}
