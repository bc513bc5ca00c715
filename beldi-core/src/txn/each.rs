//! What a step asks for at once.

use std::future::Future;

use futures_util::future::join_all;

use crate::error::Fault;

/// Awaits all, each on its own: one that never was taken, or may not be, says nothing of the others. Those are taken by a
/// request that is on its way, and are still to be ended. Of several faults, one that hides what is behind it counts: a walk
/// is not over then.
pub(crate) async fn each<T>(
    takes: impl Iterator<Item = impl Future<Output = Result<T, Fault>>>,
) -> Result<Vec<T>, Fault> {
    let (mut taken, mut is_over) = (Vec::new(), false);
    let mut failed: Option<Fault> = None;
    for one in join_all(takes).await {
        match one {
            Ok(one) => taken.push(one),
            Err(Fault::Over) => is_over = true,
            Err(fault) if failed.as_ref().is_none_or(|before| weight(&fault) > weight(before)) => failed = Some(fault),
            Err(_) => {}
        }
    }
    match failed {
        Some(fault) => Err(fault),
        None if is_over => Err(Fault::Over),
        None => Ok(taken),
    }
}

/// How much a fault says of the others: an operator may pass a divergence, and nothing else that hides what is behind it.
fn weight(fault: &Fault) -> u8 {
    match fault {
        Fault::Diverged(_) => 1,
        fault if fault.hides_what_is_behind() => 2,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Divergence;
    use crate::store::StoreError;

    #[tokio::test]
    async fn a_fault_that_hides_what_is_behind_it_counts() {
        let too_large = || Fault::TooLarge { what: "a row".to_owned(), bytes: 2, limit: 1, remedy: "read less" };
        let throttled = || Fault::Store(StoreError::Throttled { message: "later".to_owned() });
        let diverged = || Divergence { recorded: "a row".to_owned(), asked: "another row".to_owned() }.into();
        for faults in [
            [too_large(), throttled(), diverged()],
            [diverged(), throttled(), too_large()],
            [throttled(), diverged(), too_large()],
        ] {
            let takes = faults.map(|fault| async { Err::<(), _>(fault) });
            assert!(matches!(each(takes.into_iter()).await, Err(Fault::Store(_))));
        }
    }
}
