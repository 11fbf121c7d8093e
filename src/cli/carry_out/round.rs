//! Which profiles may be worked on at the same time.

/// Profiles in rounds: in none of them does a hub stand twice, so that nothing is planned for a hub that another profile
/// of the same command is about to change. Each goes into the first round that is free for it.
pub(super) fn rounds<T>(all: Vec<T>, hub: impl Fn(&T) -> &str) -> Vec<Vec<T>> {
    let mut rounds: Vec<Vec<T>> = Vec::new();
    for one in all {
        match rounds.iter_mut().find(|round| round.iter().all(|other| hub(other) != hub(&one))) {
            Some(round) => round.push(one),
            None => rounds.push(vec![one]),
        }
    }
    rounds
}

/// Each that has the place of an earlier one, with that one.
pub(super) fn twins<T, P: PartialEq>(all: &[T], place: impl Fn(&T) -> P) -> Vec<(&T, &T)> {
    let earlier = |index: usize, one: &T| all[..index].iter().find(|other| place(other) == place(one));
    all.iter().enumerate().filter_map(|(index, one)| Some((earlier(index, one)?, one))).collect()
}

#[cfg(test)]
mod tests {
    use super::{rounds, twins};

    #[test]
    fn profiles_of_one_hub_take_turns_in_their_order() {
        let all = vec![("a1", "a"), ("b1", "b"), ("a2", "a"), ("c1", "c"), ("a3", "a")];
        let names = |all: Vec<(&'static str, &'static str)>| all.into_iter().map(|(name, _)| name).collect();
        let rounds: Vec<Vec<&str>> = rounds(all, |(_, hub)| hub).into_iter().map(names).collect();
        assert_eq!(rounds, [vec!["a1", "b1", "c1"], vec!["a2"], vec!["a3"]]);
    }

    #[test]
    fn two_of_one_place_are_found() {
        let all = [("eu.yaml", 1), ("us.yaml", 2), ("copy.yaml", 1), ("copy2.yaml", 1)];
        let twins = twins(&all, |(_, place)| *place);
        assert_eq!(twins, [(&all[0], &all[2]), (&all[0], &all[3])]);
    }
}
