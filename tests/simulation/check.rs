//! Whether what the clients saw can have happened: nothing is asked of the database, which may have broken every rule.

use std::{
    collections::{BTreeSet, HashSet},
    fmt::Write as _,
};

use burrow::{Change, ChangeScope};

use super::{
    call::{Answer, Call, Entry, MOBS, Outcome, RUNTIMES, Subject},
    client::WatchNotes,
    model::{Move, State, Told},
    values,
};

/// Whether each error that an engine gave came to its caller, and no other.
pub fn entries(entries: &[Entry], met: &[(usize, &'static str)]) -> Result<(), String> {
    for (number, entry) in entries.iter().enumerate() {
        let mut given: Vec<_> = met.iter().filter(|(call, _)| *call == number).map(|(_, code)| *code).collect();
        // Where there is no room a runtime is deleted in another way, and where inputs are large a pruning reads fewer.
        let handled = match entry.call {
            Call::Delete { .. } => Some(&"QuotaExceeded"),
            Call::Prune { .. } => Some(&"TooLarge"),
            _ => None,
        };
        let went_on = given.len() > 1 || !matches!(entry.outcome, Outcome::Failed(_));
        if handled.is_some() && went_on && given.first() == handled {
            given.remove(0);
        }
        let is_right = match &entry.outcome {
            Outcome::Failed(code) => given == [*code],
            // A call whose future was dropped was not told its error.
            Outcome::Unknown => entry.ended.is_none(),
            Outcome::Answered(_) => given.is_empty(),
        };
        if !is_right {
            return Err(format!("call {number} ended with {:?} where the engine gave {given:?}", entry.outcome));
        }
    }
    Ok(())
}

/// Whether the calls about each subject can be put in one order that explains every answer and all that was told: each
/// takes effect once, at a moment between its call and its end; one whose outcome is unknown at most once; one that failed
/// never. A pruning takes effect in parts, and what it has taken before it fails stays gone.
pub fn subjects(entries: &[Entry], told: &WatchNotes) -> Result<(), String> {
    let told = told.told.lock().unwrap();
    let subjects: BTreeSet<_> = entries
        .iter()
        .map(|entry| entry.call.subject())
        .chain(told.iter().map(|(_, change)| subject(change)))
        .collect();
    for of in subjects {
        let calls = entries.iter().enumerate().filter(|(_, entry)| entry.call.subject() == of);
        let calls: Vec<_> = calls.filter(|(_, entry)| has_effects(entry)).collect();
        let told: Vec<_> = told.iter().filter(|(_, change)| subject(change) == of).collect();
        if calls.len() > 128 {
            return Err(format!("{of:?}: {} calls are too many to be put in order", calls.len()));
        }
        let mut search = Search { calls, told, tells: of != Subject::Flows, been: HashSet::new(), furthest: 0 };
        if !search.explains(State::of(of), 0, 0) {
            let made = search.furthest;
            return Err(format!(
                "{of:?}: no order of the calls explains the answers and what was told ({made} at most)"
            ));
        }
    }
    Ok(())
}

fn has_effects(entry: &Entry) -> bool {
    is_due(entry) || entry.ended.is_none() || matches!(entry.call, Call::Prune { .. })
}

/// Whether it must have taken effect.
fn is_due(entry: &Entry) -> bool {
    matches!(entry.outcome, Outcome::Answered(_))
}

fn subject(change: &Change) -> Subject {
    match &change.scope {
        ChangeScope::Mob(scope) => (0..MOBS).find(|mob| values::mob(*mob) == scope.mob_id()).map(Subject::Mob),
        ChangeScope::Runtime(id) => {
            (0..RUNTIMES).find(|runtime| values::runtime(*runtime) == *id).map(Subject::Runtime)
        }
    }
    .unwrap_or(Subject::Flows)
}

/// The search for an order, as of Wing and Gong, with what was seen not to lead anywhere.
struct Search<'a> {
    calls: Vec<(usize, &'a Entry)>,
    told: Vec<&'a (u64, Change)>,
    /// Whether watchers are told of writes to this subject.
    tells: bool,
    been: HashSet<(u128, usize, State)>,
    furthest: u32,
}

impl Search<'_> {
    /// Whether the calls that are not in the set `made` explain the rest.
    fn explains(&mut self, mut state: State, mut made: u128, told: usize) -> bool {
        // A read that the state explains can come next: it changes nothing for the other calls.
        while let Some(at) = self.next(made).find(|at| self.is_read_explained_by(*at, &state)) {
            made |= 1 << at;
        }
        self.furthest = self.furthest.max(made.count_ones());
        let unexplained = |(at, (_, entry)): (usize, &(usize, &Entry))| made >> at & 1 == 0 && is_due(entry);
        if told == self.told.len() && !self.calls.iter().enumerate().any(unexplained) {
            return true;
        }
        let place = (made, told, state);
        if self.been.contains(&place) {
            return false;
        }
        state = place.2.clone();
        self.been.insert(place);
        for at in self.next(made).collect::<Vec<_>>() {
            let (number, entry) = self.calls[at];
            for Move { after, told: tells, answer } in state.moves(number, &entry.call, entry.claim) {
                let made = if answer.is_some() { made | 1 << at } else { made };
                let is_seen = after != state || tells.is_some() || is_due(entry);
                let Some(tells) = self.tells(entry, tells, told).filter(|_| is_seen && may_answer(entry, answer))
                else {
                    continue;
                };
                if self.explains(after, made, told + tells) {
                    return true;
                }
            }
        }
        false
    }

    /// The calls that may come next: those that began before any other that is still to come had ended.
    fn next(&self, made: u128) -> impl Iterator<Item = usize> + use<'_> {
        let rest = move || self.calls.iter().enumerate().filter(move |(at, _)| made >> at & 1 == 0);
        let end = rest().filter(|(_, (_, entry))| is_due(entry)).filter_map(|(_, (_, entry))| entry.ended).min();
        let end = end.unwrap_or(u64::MAX);
        rest().filter(move |(_, (_, entry))| entry.called < end).map(|(at, _)| at)
    }

    fn is_read_explained_by(&self, at: usize, state: &State) -> bool {
        let (number, entry) = self.calls[at];
        let answer = || state.clone().apply(number, &entry.call, entry.claim).answer;
        entry.call.only_reads() && entry.outcome == Outcome::Answered(answer())
    }

    /// How many of the changes that were told are these of a call. `None` where it cannot have told them.
    fn tells(&self, entry: &Entry, tells: Option<Told>, told: usize) -> Option<usize> {
        let Some((run, mut kinds)) = tells.filter(|_| self.tells) else { return Some(0) };
        let (time, change) = self.told.get(told)?;
        let in_time = entry.called <= *time && entry.ended.is_none_or(|ended| *time <= ended);
        let of_run = match &change.scope {
            ChangeScope::Mob(scope) => values::run_of(scope) == run,
            ChangeScope::Runtime(_) => true,
        };
        let mut told = change.kinds.clone();
        told.sort_by_key(|kind| *kind as u8);
        kinds.sort_by_key(|kind| *kind as u8);
        (in_time && of_run && told == kinds).then_some(1)
    }
}

/// Whether a call may have come to an answer, or to none yet. What was answered is not known of one that failed, or that nobody saw.
fn may_answer(entry: &Entry, answer: Option<Answer>) -> bool {
    answer.is_none_or(|answer| !is_due(entry) || entry.outcome == Outcome::Answered(answer))
}

/// Whether each watch was told what is in its scope of all that was told while it was there.
pub fn watches(watches: &[WatchNotes], all: &WatchNotes) -> Result<(), String> {
    let all = all.told.lock().unwrap();
    for (number, watch) in watches.iter().enumerate() {
        let heard = watch.told.lock().unwrap();
        let due: Vec<_> = all
            .iter()
            .filter(|(time, change)| (watch.from..=watch.to).contains(time) && watch.scope.includes(change))
            .collect();
        if !heard.iter().eq(due.iter().copied()) {
            return Err(format!("watch {number} of {:?} was told {heard:?} instead of {due:?}", watch.scope));
        }
    }
    Ok(())
}

/// The history, in the order of the calls.
pub fn shown(entries: &[Entry], told: &WatchNotes) -> String {
    let mut text = String::new();
    for (number, Entry { client, call, claim, called, ended, outcome }) in entries.iter().enumerate() {
        let ended = ended.map_or("?".to_owned(), |ended| ended.to_string());
        let claim = claim.map_or(String::new(), |claim| format!(" under claim {}", claim.made_by));
        let _ = writeln!(text, "{number:4}  client {client}  {called:>5}–{ended:<5} {call:?}{claim} → {outcome:?}");
    }
    for (time, change) in told.told.lock().unwrap().iter() {
        let _ = writeln!(text, "      told at {time}: {:?} {:?}", change.scope, change.kinds);
    }
    text
}
