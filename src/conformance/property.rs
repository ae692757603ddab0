//! Random sequences of operations, on a store and on a model that is too simple to be wrong.

use super::{
    door::Door,
    model::{Dice, Model},
};

const SEED: u64 = 0x000b_0220;

pub async fn any_sequence_of_operations_leaves_what_the_model_says(store: impl Door) {
    let (mut dice, mut model) = (Dice::new(SEED, 130_000), Model::default());
    for step in 0..300 {
        let operation = dice.operation();
        let outcome = operation.clone().run(&store).await;
        assert_eq!(outcome, model.apply(operation), "seed {SEED}, step {step}");
        if step % 20 == 0 {
            model.compare(&store).await;
        }
    }
    model.compare(&store).await;
}
