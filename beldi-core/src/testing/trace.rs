//! A trace of a run: each request and invocation with its attempt, step and answer.

use tokio::time::Instant;

use super::disturbance::Disturbance;
use super::schedule::digits;
use crate::host::{CrashPoint, When};

/// Prints what attempts do, in the order in which they do it.
#[derive(Debug, Default)]
pub(super) struct Trace {
    began: std::sync::OnceLock<Instant>,
}

impl Trace {
    /// A point was reached, the first one of its attempt if `begins`.
    pub(super) fn point(&self, point: &CrashPoint, attempt: u32, begins: bool, disturbance: Option<Disturbance>) {
        let invocation = &point.invocation;
        let instance = digits(invocation.instance);
        let name = format!("{}/{} {instance:08x} #{attempt}", invocation.service, invocation.function);
        if begins {
            self.line(&name, &format!("begins: {:?}", invocation.delivery));
        }
        let step = point.step.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string);
        let key = point.key.as_deref().unwrap_or_default();
        let action = format!("step {step:<6} {} {key}", point.action);
        match &point.answer {
            Some(answer) => self.line(&name, &format!("{action} -> {answer}")),
            // What takes no time is told once, by its answer.
            None if point.action.starts_with("Invoke") => self.line(&name, &format!("{action} ..")),
            None => {}
        }
        if let Some(disturbance) = disturbance {
            let when = if point.when == When::Before { "before" } else { "after" };
            self.line(&name, &format!("*** {when} `{}`: {disturbance}", point.action));
        }
    }

    fn line(&self, name: &str, text: &str) {
        let began = self.began.get_or_init(Instant::now);
        eprintln!("{:>9.3} s  {name:<40} {text}", began.elapsed().as_secs_f64());
    }
}
