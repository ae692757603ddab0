//! Damaged files: bytes of the file itself are others, or it ends too early, or a page is empty.

use std::{collections::BTreeMap, fs, path::Path};

use burrow::SqliteRuntimeStore;
use fastrand::Rng;

use super::{
    DEADLINE,
    population::{Population, populate, populate_and_keep_open},
    seeds,
};

const PAGE: usize = 4096;

/// What became of it all.
#[derive(Debug, Default)]
struct Tally {
    /// Openings that were refused, by their code.
    refused: BTreeMap<&'static str, usize>,
    /// Calls that failed, by their code.
    failed: BTreeMap<&'static str, usize>,
    as_before: usize,
    /// Calls whose answers are others than before, without an error.
    passed_for_whole: BTreeMap<&'static str, usize>,
}

#[tokio::test]
async fn a_damaged_file_is_told_and_never_a_panic_and_never_deleted() {
    let folder = tempfile::tempdir().unwrap();
    let (whole, path) = (folder.path().join("whole.sqlite"), folder.path().join("damaged.sqlite"));
    let population = populate(&whole).await;
    let mut tally = Tally::default();
    for seed in seeds(60) {
        let mut file = fs::read(&whole).unwrap();
        let how = damage(&mut file, &mut Rng::with_seed(seed));
        for ending in ["", "-wal", "-shm"] {
            let _ = fs::remove_file(format!("{}{ending}", path.display()));
        }
        fs::write(&path, &file).unwrap();
        read_all(&population, &whole, &path, &file, &mut tally, &format!("seed {seed}, {how}")).await;
    }
    println!("{tally:#?}");
}

/// The log of a process that was killed. SQLite takes its commits up to the first that is not whole.
#[tokio::test]
async fn a_damaged_log_gives_whole_commits() {
    let folder = tempfile::tempdir().unwrap();
    let (whole, path) = (folder.path().join("whole.sqlite"), folder.path().join("damaged.sqlite"));
    let (population, _running) = populate_and_keep_open(&whole).await;
    let [whole_log, log] = [&whole, &path].map(|path| format!("{}-wal", path.display()));
    let mut lost = BTreeMap::new();
    for seed in seeds(60) {
        let mut bytes = fs::read(&whole_log).unwrap();
        let how = damage(&mut bytes, &mut Rng::with_seed(seed));
        let _ = fs::remove_file(format!("{}-shm", path.display()));
        fs::copy(&whole, &path).unwrap();
        fs::write(&log, &bytes).unwrap();
        let what = format!("seed {seed}, {how}");
        let opened = tokio::time::timeout(DEADLINE, SqliteRuntimeStore::open(&path)).await;
        let store = opened
            .unwrap_or_else(|_| panic!("{what}: opening hangs"))
            .unwrap_or_else(|error| panic!("{what}: {error}"));
        let found = population.read(&store).await;
        for (reading, outcome) in &found {
            assert!(outcome.is_ok(), "{what}: {reading:?}: {outcome:?}");
        }
        *lost.entry(population.assert_that_boundaries_are_whole(&store, &what).await).or_insert(0) += 1;
    }
    println!("boundaries that were left, of {}, and how often: {lost:?}", population.boundaries());
}

/// Flips bits, writes other bytes over some, empties a page, swaps two, or cuts the end off.
fn damage(file: &mut Vec<u8>, random: &mut Rng) -> String {
    let pages = file.len() / PAGE;
    match random.u8(..10) {
        0..5 => {
            let count = random.usize(1..20);
            let places: Vec<_> = (0..count).map(|_| random.usize(..file.len())).collect();
            places.iter().for_each(|at| file[*at] ^= 1 << random.u8(..8));
            format!("bits at {places:?}")
        }
        5 | 6 => {
            let (at, length) = (random.usize(..file.len()), random.usize(1..600));
            file.iter_mut().skip(at).take(length).for_each(|byte| *byte = random.u8(..));
            format!("{length} bytes at {at}")
        }
        7 => {
            let page = random.usize(..pages);
            file[page * PAGE..][..PAGE].fill(0);
            format!("page {page} emptied")
        }
        8 => {
            let (one, other) = (random.usize(1..pages), random.usize(1..pages));
            for at in 0..PAGE {
                file.swap(one * PAGE + at, other * PAGE + at);
            }
            format!("pages {one} and {other} swapped")
        }
        _ => {
            let length = random.usize(..file.len());
            file.truncate(length);
            format!("cut off at {length}")
        }
    }
}

async fn read_all(population: &Population, whole: &Path, path: &Path, file: &[u8], tally: &mut Tally, what: &str) {
    let opened = tokio::time::timeout(DEADLINE, SqliteRuntimeStore::open(path)).await;
    match opened.unwrap_or_else(|_| panic!("{what}: opening hangs")) {
        Err(error) => {
            assert_ne!(error.code(), "Internal", "{what}: {error}");
            *tally.refused.entry(error.code()).or_default() += 1;
            assert!(fs::read(path).unwrap() == file, "{what}: a file that was refused was changed: {error}");
        }
        Ok(store) => {
            let sound = SqliteRuntimeStore::open(whole).await.unwrap();
            let before = population.read(&sound).await;
            for (reading, outcome) in population.read(&store).await {
                match outcome {
                    Err(error) => {
                        let expected = ["Decode", "Unopenable", "ReadFailed", "Unsupported", "TooLarge"];
                        assert!(expected.contains(&error.code()), "{what}: {reading:?}: {error:?}");
                        *tally.failed.entry(error.code()).or_default() += 1;
                    }
                    Ok(answer) if before[&reading].as_ref().is_ok_and(|before| *before == answer) => {
                        tally.as_before += 1
                    }
                    Ok(answer) => {
                        let is_whole = answer == "None" || !reading.is_of_a_snapshot();
                        assert!(is_whole, "{what}: {reading:?} passed for whole: {answer}");
                        *tally.passed_for_whole.entry(reading.name).or_default() += 1;
                    }
                }
            }
            for (reading, outcome) in population.decide(&store).await {
                if let Err(error) = outcome {
                    assert_ne!(error.code(), "Internal", "{what}: {reading:?}: {error}");
                }
            }
            drop(store);
            assert!(fs::metadata(path).unwrap().len() >= file.len() as u64, "{what}: the file became shorter");
        }
    }
}
